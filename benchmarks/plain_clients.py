"""Sources of a million rows, and the plain clients that people read them with: what each does with a row is said beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.increment import TABLE
from benchmarks.stage import DEALS

Read = Callable[[], int]


@dataclass(frozen=True)
class Served:
    """A source that can be asked, as a connection of ours is set up; `stream` has `rows` rows."""

    rows: int
    stream: str
    config: dict[str, Any]
    secret: dict[str, str] | None
    folder: str = ""


@dataclass(frozen=True)
class Source:
    """`clients`: each is given what is served and returns what reads all of it and counts the rows; the first sets the bar."""

    serving: Callable[[Path, int], AbstractContextManager[Served]]
    clients: dict[str, Callable[[Served], Read]]


@contextmanager
def csv_file(folder: Path, rows: int) -> Iterator[Served]:
    """Twenty columns."""
    duckdb.execute(f"copy ({DEALS.format(rows=rows)}) to '{folder}/deals.csv'")
    yield Served(rows, "deals", {"folder": str(folder)}, None, str(folder.resolve()))


def pyarrow_open_csv(served: Served) -> Read:
    """Batch by batch, as one would read a file of any size: values are parsed and typed."""
    from pyarrow import csv

    return lambda: sum(batch.num_rows for batch in csv.open_csv(Path(served.folder) / "deals.csv"))


def pyarrow_read_csv(served: Served) -> Read:
    """The whole table in memory, by all cores: values are parsed and typed."""
    from pyarrow import csv

    return lambda: int(csv.read_csv(Path(served.folder) / "deals.csv").num_rows)


@contextmanager
def postgres_table(folder: Path, rows: int) -> Iterator[Served]:
    """The same twenty columns with a primary key, on a server of its own."""
    import psycopg

    from aos_resources.embedded import Cluster

    cluster = Cluster(folder / "source")
    try:
        with psycopg.connect(cluster.start(), autocommit=True) as source:
            source.execute(TABLE.format(rows=rows))
            source.execute("vacuum analyze deals")
            at = source.info
            config = {"host": at.host, "port": at.port, "database": at.dbname, "user": at.user, "tables": ["deals"]}
            yield Served(rows, "deals", config, {"password": at.password})
    finally:
        cluster.stop()


def psycopg_copy(served: Served) -> Read:
    """COPY in Postgres's text form: the rows' bytes are received and counted, no value is parsed."""
    connection = _psycopg(served)

    def read() -> int:
        with connection.cursor().copy("copy (select * from deals) to stdout") as rows:
            return sum(bytes(one).count(b"\n") for one in rows)

    return read


def psycopg_copy_rows(served: Served) -> Read:
    """The same by `Copy.rows`, as psycopg reads rows of a COPY: each becomes a tuple of texts."""
    connection = _psycopg(served)

    def read() -> int:
        with connection.cursor().copy("copy (select * from deals) to stdout") as rows:
            return sum(1 for _ in rows.rows())

    return read


def psycopg_rows(served: Served) -> Read:
    """A server-side cursor in binary form: every value becomes one of Python's."""
    connection = _psycopg(served)

    def read() -> int:
        with connection.cursor("deals", binary=True) as cursor:
            cursor.itersize = 10_000
            return sum(1 for _ in cursor.execute("select * from deals"))

    return read


def _psycopg(served: Served) -> Any:
    import psycopg

    at = served.config
    return psycopg.connect(host=at["host"], port=at["port"], dbname=at["database"], user=at["user"], password=(served.secret or {})["password"])


@contextmanager
def mongodb_collection(folder: Path, rows: int) -> Iterator[Served]:
    """Made-up orders with nested documents, in the stand-in's own process."""
    with _stand_in("mongodb", "--fill", str(rows)) as port:
        yield Served(rows, "orders", {"host": "127.0.0.1", "port": port, "database": "demo", "tls": False}, {})


def pymongoarrow_find(served: Served) -> Read:
    """`find_arrow_all`: every value parsed and typed, the whole table in memory."""
    from pymongo import MongoClient
    from pymongoarrow.api import find_arrow_all

    orders = MongoClient("127.0.0.1", served.config["port"], directConnection=True)["demo"]["orders"]
    return lambda: int(find_arrow_all(orders, {}).num_rows)


def pymongo_raw(served: Served) -> Read:
    """The server's own answers: bytes of BSON are received and their documents counted by their lengths, no value is parsed."""
    from pymongo import MongoClient

    orders = MongoClient("127.0.0.1", served.config["port"], directConnection=True)["demo"]["orders"]
    return lambda: sum(_documents(batch) for batch in orders.find_raw_batches({}))


def _documents(batch: bytes) -> int:
    count = place = 0
    while place < len(batch):
        place += int.from_bytes(batch[place : place + 4], "little")
        count += 1
    return count


@contextmanager
def salesforce_object(folder: Path, rows: int) -> Iterator[Served]:
    """Made-up opportunities of twenty-odd fields; answers are written once and kept, so that the askers are measured."""
    with _stand_in("salesforce", "--fill", f"Opportunity={rows}", "--keep") as port:
        config = {"client_id": "demo-app", "login": f"http://127.0.0.1:{port}", "objects": ["Opportunity"]}
        yield Served(rows, "Opportunity", config, {"refresh_token": "demo-refresh-token", "client_secret": "demo-app-secret"})


def salesforce_query_all(served: Served) -> Read:
    """`query_all` page by page (`query_all_iter`, on which it is built): JSON becomes dictionaries, which are not kept."""
    client, query = _simple_salesforce(served)
    return lambda: sum(1 for _ in client.query_all_iter(query))


def salesforce_bulk2(served: Served) -> Read:
    """A Bulk API 2.0 job's CSV: texts are received, only their rows are counted."""
    client, query = _simple_salesforce(served)
    return lambda: sum(text.count("\n") - 1 for text in client.bulk2.Opportunity.query(query))


def _simple_salesforce(served: Served) -> tuple[Any, str]:
    """The client, which speaks TLS alone, made to speak to the stand-in without; and a query of every field."""
    import requests
    from simple_salesforce import Salesforce

    class Plain(requests.Session):
        def request(self, method: str | bytes, url: str | bytes, *args: Any, **named: Any) -> requests.Response:
            return super().request(method, str(url).replace("https://", "http://", 1), *args, **named)

    secret, login = served.secret or {}, served.config["login"]
    form = {"grant_type": "refresh_token", "client_id": served.config["client_id"], **secret}
    token = requests.post(f"{login}/services/oauth2/token", form, timeout=60).json()["access_token"]
    client = Salesforce(instance_url=login, session_id=token, version="64.0", session=Plain())
    names = ", ".join(one["name"] for one in client.Opportunity.describe()["fields"])
    return client, f"SELECT {names} FROM Opportunity"


@contextmanager
def _stand_in(name: str, *given: str) -> Iterator[int]:
    command = [sys.executable, "-W", "ignore", "-m", f"aos_cli.stand_ins.{name}", *given]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.kill()


SOURCES = {
    "files": Source(csv_file, {"pyarrow_open_csv": pyarrow_open_csv, "pyarrow_read_csv": pyarrow_read_csv}),
    "postgres": Source(postgres_table, {"psycopg_copy_rows": psycopg_copy_rows, "psycopg_copy": psycopg_copy, "psycopg_rows": psycopg_rows}),
    "mongodb": Source(mongodb_collection, {"pymongoarrow_find": pymongoarrow_find, "pymongo_raw": pymongo_raw}),
    "salesforce": Source(salesforce_object, {"salesforce_query_all": salesforce_query_all, "salesforce_bulk2": salesforce_bulk2}),
}
