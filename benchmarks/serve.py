"""How fast the API serves a large published version to sixteen connections, beside the same SQL in a bare process.

    python -m benchmarks.serve --rows 1000000 --seconds 20

Asks for pages of 100 records (every other one the first, else behind a random row) and for single records by random
ids, from one process of the API as `aos api` starts it: a real port, a real sign-in, nothing switched off. The peer is
a process of sixteen threads that run, on the same file under the same limits, exactly the statements that the API
ran for the same asks. Either is asked again as soon as it has answered. Ends with one line of JSON: `cpu_ms` is what
one ask costs the API's or the peer's process, `busy` the share of the time in which the asking process was at work
(near 1, and it is what is measured), `p99_ratio` the API's by the peer's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import psutil

from benchmarks.stage import DEALS, connect, decide, installation, tenant

AT_ONCE, LIMIT = 16, 100
ASKS = 1000  # different ones of each kind; both sides draw from the same
WARMING = 2.0  # seconds that are not counted
EMAIL, PASSWORD = "bench@example.com", "correct horse battery"
KINDS = ("page", "record")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--seconds", type=float, default=20, help="of each of the measurements; four in each round")
    asked.add_argument("--rounds", type=int, default=3, help="the figures are their medians")
    asked.add_argument("--side", choices=("api", "sql"), help=argparse.SUPPRESS)
    asked.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    asked.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--process", type=int, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.side:
        asks = json.loads((given.home / "asks.json").read_text())[given.kind]
        served = psutil.Process(given.process)
        found = api(given.port, served, asks, given.seconds) if given.side == "api" else sql(given.home, given.kind, asks, given.seconds)
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"rows": given.rows} | measure(Path(folder), given.rows, given.seconds, given.rounds)))


def measure(folder: Path, rows: int, seconds: float, rounds: int) -> dict[str, Any]:
    with installation(folder) as world:
        publish(world, folder, rows)
        return compare(world.settings, seconds, rounds)


def publish(world: Any, folder: Path, rows: int) -> None:
    """The deals as the published version of a tenant that has a member."""
    from aos_assets.steps.events import build_events
    from aos_assets.steps.land import sync_connection
    from aos_assets.steps.publish import refresh
    from aos_resources.people import add_member, create_user

    (folder / "files").mkdir()
    duckdb.execute(f"copy ({DEALS.format(rows=rows)}) to '{folder}/files/deals.csv'")
    work = tenant(world)
    sync_connection(work, connect(work, "files", {"folder": str(folder / "files")}))
    decide(work)
    build_events(work, "opportunity")
    assert refresh(work).tables["unified/opportunities"]["rows"] == rows
    add_member(world.database, work.tenant, create_user(world.database, EMAIL, "Bench", PASSWORD), "viewer")


def compare(settings: Any, seconds: float, rounds: int) -> dict[str, Any]:
    """Each kind of ask on either side, in turns, so that neither has the quieter machine."""
    (settings.home / "asks.json").write_text(json.dumps(asks_of(settings)))
    measured: dict[str, Any] = {kind: {"api": [], "sql": []} for kind in KINDS}
    with serving(settings) as (port, process):
        for _ in range(rounds):
            for kind in KINDS:
                for side in ("api", "sql"):
                    measured[kind][side].append(_apart(side, kind, settings.home, port, process, seconds))
    for kind in KINDS:
        for side, found in measured[kind].items():
            measured[kind][side] = {name: round(statistics.median(one[name] for one in found), 2) for name in found[0]}
        measured[kind]["p99_ratio"] = round(measured[kind]["api"]["p99_ms"] / measured[kind]["sql"]["p99_ms"], 2)
    return measured


def asks_of(settings: Any) -> dict[str, list[str]]:
    """The addresses that are asked for, behind that of all opportunities."""
    from aos_api.paging import write_cursor

    chance = random.Random(7)
    with opened(settings) as (warehouse, _), warehouse.current() as version:
        (rows,) = version.first("select max(_ordinal) from unified.opportunities") or (0,)
        pages = ["" if n % 2 else f"&cursor={write_cursor('opportunity []', version.id, chance.randrange(rows))}" for n in range(ASKS)]
        places = [chance.randrange(rows) + 1 for _ in range(ASKS)]
        ids = version.all("select opportunity_id from unified.opportunities where list_contains(?, _ordinal)", places)
    chance.shuffle(ids)
    return {"page": [f"?limit={LIMIT}{one}" for one in pages], "record": [f"/{one}" for (one,) in ids]}


@contextlib.contextmanager
def opened(settings: Any, hearing: list[tuple[str, list[Any]]] | None = None) -> Iterator[tuple[Any, Any]]:
    """The tenant's warehouse and database; what is read of the warehouse is written down in `hearing`."""
    from aos_resources.database import Database
    from aos_resources.warehouse import TenantWarehouse, Warehouse

    database = Database(settings)
    warehouse = Warehouse(settings, database)
    mine = warehouse.of(database.tenant("bench"))
    try:
        yield mine if hearing is None else TenantWarehouse(mine._database, mine._lake, Hearing(mine._open, hearing)), mine._database
    finally:
        warehouse.close()
        database.close()


@dataclass
class Hearing:
    """Open versions, or a cursor on one, whose every statement is written down."""

    of: Any
    heard: list[tuple[str, list[Any]]]

    @contextlib.contextmanager
    def cursor(self, path: Path) -> Iterator[Hearing]:
        with self.of.cursor(path) as cursor:
            yield Hearing(cursor, self.heard)

    def kept(self, path: Path) -> Any:
        return self.of.kept(path)

    def execute(self, statement: str, values: list[Any]) -> Any:
        self.heard.append((statement, values))
        return self.of.execute(statement, values)


@contextlib.contextmanager
def serving(settings: Any) -> Iterator[tuple[int, int]]:
    """Its port and its process."""
    from aos_cli.processes import Process
    from aos_cli.servers import api
    from aos_resources.embedded import free_port

    unbounded = {"tenant_limit": "100000000/minute", "caller_limit": "100000000/minute"}
    free = settings.model_copy(update=unbounded | {"api_port": free_port(settings.api_port)})
    (settings.home / "logs").mkdir(exist_ok=True)
    process = Process(api(free))
    try:
        while not process.answers():
            assert process.ended is None, process.last_words()
            time.sleep(0.1)
        yield free.api_port, process.pid
    finally:
        process.stop(10)


def _apart(side: str, kind: str, home: Path, port: int, process: int, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.serve", "--side", side, "--kind", kind, "--home", str(home),
               "--port", str(port), "--process", str(process), "--seconds", str(seconds)]  # fmt: skip
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    print(f"{kind} {side} {json.dumps(found)}", file=sys.stderr)
    return found


def summed_up(taken: list[float], seconds: float, cpu: float) -> dict[str, float]:
    cuts = statistics.quantiles(taken, n=100)
    found = {"p50_ms": cuts[49] * 1000, "p99_ms": cuts[98] * 1000, "per_second": len(taken) / seconds, "cpu_ms": cpu / len(taken) * 1000}
    return {name: round(figure, 2) for name, figure in found.items()}


def spent(process: psutil.Process) -> float:
    """CPU seconds so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


# --- the API, asked by one thread over bare sockets ----------------------------------------------------------


def api(port: int, served: psutil.Process, asks: list[str], seconds: float) -> dict[str, float]:
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    lead = f"Host: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    signed_in = Caller(port)
    signed_in.send(f"POST /api/v1/auth/login HTTP/1.1\r\n{lead}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    while (answer := signed_in.receive()) is None:
        pass
    lead = f" HTTP/1.1\r\n{lead}Authorization: Bearer {json.loads(answer)['access_token']}\r\n\r\n"
    requests = [f"GET /api/v1/entities/opportunity{one}{lead}".encode() for one in asks]
    chance, taken, waiting = random.Random(11), list[float](), selectors.DefaultSelector()
    for _ in range(AT_ONCE):
        caller = Caller(port)
        waiting.register(caller.socket, selectors.EVENT_READ, caller)
        caller.send(chance.choice(requests))
    for counted in (WARMING, seconds):
        taken.clear()
        end, cpu, own = time.monotonic() + counted, spent(served), time.process_time()
        while time.monotonic() < end:
            for key, _ in waiting.select():
                if key.data.receive() is not None:
                    taken.append(time.monotonic() - key.data.asked)
                    key.data.send(chance.choice(requests))
    return summed_up(taken, seconds, spent(served) - cpu) | {"busy": round((time.process_time() - own) / seconds, 2)}


class Caller:
    """A connection that is kept."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.asked = 0.0

    def send(self, request: bytes) -> None:
        self._parts: list[bytes] = []
        self._missing: int | None = None
        self.asked = time.monotonic()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """What has come; the answer's body once it is there."""
        part = self.socket.recv(1 << 18)
        assert part, "the API hung up"
        self._parts.append(part)
        if self._missing is None:
            head, found, rest = b"".join(self._parts).partition(b"\r\n\r\n")
            if not found:
                return None
            assert head.startswith(b"HTTP/1.1 200"), head
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            self._parts, self._missing = [rest], int(length) - len(rest)
        else:
            self._missing -= len(part)
        return b"".join(self._parts) if self._missing == 0 else None


# --- the peer, sixteen threads on the same file --------------------------------------------------------------


def sql(home: Path, kind: str, asks: list[str], seconds: float) -> dict[str, float]:
    from aos_resources.settings import Settings
    from aos_resources.warehouse import OpenVersions

    settings = Settings(home=home)
    with opened(settings) as (warehouse, _):
        published = warehouse.published()
        path = warehouse._lake.absolute(published.path)
    heard = statements(settings, kind, asks)
    versions, taken = OpenVersions(settings), list[float]()
    counted = time.monotonic() + WARMING

    def ask(number: int) -> None:
        chance = random.Random(number)
        with versions.cursor(path) as cursor:
            while (asked := time.monotonic()) < counted + seconds:
                for statement, values in chance.choice(heard):
                    cursor.execute(statement, values).fetchall()
                now = time.monotonic()
                if counted <= now < counted + seconds:
                    taken.append(now - asked)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, counted - time.monotonic()))
    cpu = time.process_time()
    for thread in threads:
        thread.join()
    return summed_up(taken, seconds, time.process_time() - cpu)


def statements(settings: Any, kind: str, asks: list[str]) -> list[list[tuple[str, list[Any]]]]:
    """What the API reads of the version for each ask, told by its own reading functions."""
    from aos_api.masking import Mask
    from aos_api.reads.entities import one_record, page
    from aos_api.reads.finding import Asked
    from aos_core.masking import Policy
    from aos_core.ontology import standard
    from aos_resources.masks import Known

    unmasked = Mask("owner", standard(), Known(Policy()))
    hearing: list[tuple[str, list[Any]]] = []
    read: Callable[[str], str]
    with opened(settings, hearing) as (warehouse, database):
        if kind == "page":
            def read(ask: str) -> str:
                return page(standard(), warehouse, "opportunity", Asked(), LIMIT, ask.partition("cursor=")[2] or None, unmasked)
        else:
            def read(ask: str) -> str:
                return one_record(standard(), database, warehouse, "opportunity", UUID(ask[1:]), unmasked)
        found = []
        for ask in asks:
            read(ask)
            found.append(hearing.copy())
            hearing.clear()
    return found


if __name__ == "__main__":
    main()
