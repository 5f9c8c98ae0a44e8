"""A stand-in for a company's MongoDB, with made-up documents: `python -m aos_cli.stand_ins.mongodb --port 0 --data FOLDER` serves until it is stopped.

SecantusDB speaks the protocol. It is under the GPL, so it is installed beside the product by whoever wants the stand-in, and
only this file loads it.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aos_core.errors import NotFound, NotUnderstood

USER = "reader"
_BATCH = 10_000
_ONE_DAY = datetime(2025, 1, 1, tzinfo=UTC)


@contextmanager
def serving(*, port: int = 0, data: Path | None = None, database: str = "demo", password: str = "", fill: int = 0, store: str = ":memory:") -> Iterator[int]:
    """The port it listens at, of this machine alone. With a password, `reader` may read the database and nobody else gets in.

    `data`: a folder of `<collection>.jsonl`, a document in Extended JSON a line. `fill`: so many made-up orders.

    Raises:
        NotFound: SecantusDB is not installed. NotUnderstood: a line of a file is no document.
    """
    try:
        from secantus import SecantusDBServer
    except ImportError as absent:
        raise NotFound("The stand-in for MongoDB needs SecantusDB", culprit="secantusdb", fix="Install it beside AutonomOS: pip install secantusdb.") from absent
    from pymongo import MongoClient

    with SecantusDBServer(host="127.0.0.1", port=port, storage_path=store, enable_test_commands=False) as server:
        client: MongoClient[Any]
        with MongoClient("127.0.0.1", server.port, directConnection=True) as client:
            for file in sorted(data.glob("*.jsonl")) if data is not None else ():
                _insert(client[database][file.stem], _lines(file))
            if fill and client[database]["orders"].estimated_document_count() != fill:
                client[database]["orders"].drop()
                _insert(client[database]["orders"], map(order, range(fill)))
            if password:
                client[database].command("createUser", USER, pwd=password, roles=["read"])
        server.require_auth = bool(password)
        yield int(server.port)


def order(number: int) -> dict[str, Any]:
    """A made-up document of about a quarter of a kilobyte, with what documents have: a nested one, a list, a date, money."""
    from bson import Decimal128, ObjectId

    return {
        "_id": ObjectId(f"{number:024x}"), "number": number, "customer": {"name": f"Customer {number % 5_000}", "city": "Oslo", "address": {"zip": f"{number % 10_000:05d}"}},
        "weight": number * 0.37, "paid": number % 3 == 0, "tags": ["new", "web"] if number % 2 else ["shop"], "lines": [{"sku": f"S{number % 100}", "quantity": number % 7}],
        "updatedAt": _ONE_DAY + timedelta(seconds=number), "note": None, "amount": Decimal128(f"{number % 1_000}.50"),
    }  # fmt: skip


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    from bson.errors import BSONError
    from bson.json_util import loads

    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        try:
            document = loads(line)
        except (ValueError, TypeError, BSONError) as odd:
            raise NotUnderstood("This line is no document", culprit=f"{file.name}:{number}", fix="Write one JSON object a line.") from odd
        if not isinstance(document, dict):
            raise NotUnderstood("This line is no document", culprit=f"{file.name}:{number}", fix="Write one JSON object a line.")
        yield document


def _insert(collection: Any, documents: Iterator[dict[str, Any]]) -> None:
    waiting = list[dict[str, Any]]()
    for one in documents:
        waiting.append(one)
        if len(waiting) == _BATCH:
            collection.insert_many(waiting)
            waiting = []
    if waiting:
        collection.insert_many(waiting)


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m aos_cli.stand_ins.mongodb", description="A stand-in for a MongoDB with made-up documents.")
    asked.add_argument("--port", type=int, default=0, help="0 takes a free one")
    asked.add_argument("--data", type=Path, help="folder of <collection>.jsonl, a document a line")
    asked.add_argument("--database", default="demo", help="where the documents are")
    asked.add_argument("--password", default="", help=f"of the user {USER}; without it anybody may read")
    asked.add_argument("--fill", type=int, default=0, metavar="ROWS", help="so many made-up documents in the collection orders")
    asked.add_argument("--store", default=":memory:", help="folder to keep them in, so that --fill fills it once")
    said = asked.parse_args()
    with serving(port=said.port, data=said.data, database=said.database, password=said.password, fill=said.fill, store=said.store) as port:
        print(port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
