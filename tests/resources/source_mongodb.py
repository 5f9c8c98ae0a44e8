"""A MongoDB that is somebody else's, in the conformance suite: a database of its own, whose documents are laid out as a table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
import pytest

from aos_resources.connectors import connect
from aos_resources.connectors.mongodb import MongoDb
from aos_resources.connectors.source import (
    Connector,
    Discovery,
    Doors,
    Part,
    Probe,
    SourceColumn,
    SourceStream,
)
from aos_resources.settings import Settings
from tests.resources.mongodb_proxy import Proxy, Wide
from tests.resources.sources import Row, within

PASSWORD = "p@ss/w%rd 'ö"
_numbers = count()


class MongoDbSource:
    """A first column `id` is the document's `_id`; whole numbers and booleans are kept as such, all else as text."""

    empty: str | None = ""
    declares = False
    slices = True
    prompt: ClassVar[dict[str, Any]] = {"compare_hours": 0}
    limits: Literal["", "held", "counted"] = ""
    tells_writing = True
    breaks_by = ("the collection was dropped", "the right to read was taken", "the database lets nobody in")

    @classmethod
    def at(cls, request: pytest.FixtureRequest, folder: Path, settings: Settings) -> MongoDbSource:
        return cls(request.getfixturevalue("mongodb"), settings, f"shop{next(_numbers)}")

    def __init__(self, server: Any, settings: Settings, name: str) -> None:
        from pymongo import MongoClient

        self.settings = settings
        self.database = name
        self.proxy = Proxy(server.port)
        self.owner: Any = MongoClient("127.0.0.1", server.port, username="owner", password=PASSWORD, directConnection=True)
        self.owner[name].command("createUser", "reader", pwd=PASSWORD, roles=["read"])
        self.account = f"reader at 127.0.0.1:{self.proxy.port}/{name}"
        self.tables: dict[str, list[str]] = {}
        self._streams: dict[str, SourceStream] = {}
        self._kinds: dict[str, dict[str, str]] = {}
        self._slice_rows: int | None = None
        self.breaks = {
            "the collection was dropped": self._drop,
            "the right to read was taken": self.lose_permission,
            "the database lets nobody in": self._nobody_in,
        }

    def close(self) -> None:
        self.owner.drop_database(self.database)
        self.owner.close()
        self.proxy.close()

    def config(self, **more: Any) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.proxy.port, "database": self.database, "user": "reader", "auth_database": self.database, "tls": False} | more

    def secret(self) -> dict[str, str]:
        return {"password": PASSWORD}

    def bare(self, **more: Any) -> MongoDb:
        made = within(connect(Doors(self.settings), "mongodb", self.config(**more), json.dumps(self.secret())))
        assert isinstance(made, MongoDb)
        made.slice_rows = self._slice_rows or made.slice_rows
        return made

    def connector(self, **more: Any) -> Connector:
        return AsTables(self.bare(**more), self.tables, self._streams)

    def stream(self, table: str) -> str:
        return table

    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None:
        self.tables[table], self._kinds[table] = list(columns), columns
        self.owner[self.database].create_collection(table)
        if rows:
            self.owner[self.database][table].insert_many([self._document(table, row) for row in rows])

    def add(self, table: str, row: Row) -> None:
        self.owner[self.database][table].insert_one(self._document(table, row))

    def change(self, table: str, identity: str, row: Row) -> None:
        self.owner[self.database][table].replace_one({"_id": int(identity)}, self._document(table, row))

    def delete(self, table: str, identity: str) -> None:
        self.owner[self.database][table].delete_one({"_id": int(identity)})

    def fill(self, table: str, rows: int) -> None:
        self.make(table, {"id": "integer", "t": "text"}, [["0", ""]])
        self.proxy.wide[self.database, table] = Wide(rows)

    def small_slices(self) -> None:
        self._slice_rows = 3

    def lose_permission(self, table: str) -> str:
        self.proxy.forbidden.add((self.database, table))
        return table

    def give_permission(self, table: str) -> None:
        self.proxy.forbidden.discard((self.database, table))

    def change_schema(self, table: str, how: str) -> None:
        changes = {"added": {"$set": {"extra": "new"}}, "dropped": {"$unset": {"note": ""}}, "renamed": {"$rename": {"note": "remark"}}}
        self.owner[self.database][table].update_many({}, changes[how])

    def limit_rate(self, times: int) -> None:
        raise AssertionError("MongoDB counts no questions.")

    def let_write(self) -> None:
        self.owner[self.database].command("updateUser", "reader", roles=["readWrite"])

    def _drop(self, table: str) -> str:
        self.owner[self.database].drop_collection(table)
        return table

    def _nobody_in(self, table: str) -> str:
        self.owner[self.database].command("updateUser", "reader", pwd="another")
        return self.database

    def _document(self, table: str, row: Row) -> dict[str, Any]:
        made = {name: _value(kind, text) for (name, kind), text in zip(self._kinds[table].items(), row, strict=True)}
        return {"_id" if name == "id" else name: value for name, value in made.items()}


def _value(kind: str, text: str | None) -> Any:
    import bson

    if text is None:
        return None
    kinds = {"integer": int, "bigint": lambda one: bson.Int64(int(one)), "boolean": lambda one: one == "true", "double precision": float}
    return kinds.get(kind, str)(text)


class AsTables:
    """Documents as the suite's tables: `_id` is called `id`, the whole document is left out, and so is a column that no
    document of a batch has: tables have columns, documents have fields. Parts are handed on as they are otherwise.
    """

    def __init__(self, inner: MongoDb, tables: dict[str, list[str]], streams: dict[str, SourceStream]) -> None:
        self.inner = inner
        self.name = inner.name
        self._tables = tables
        self._streams = streams

    def probe(self) -> Probe:
        return self.inner.probe()

    def discover(self) -> Discovery:
        found = self.inner.discover()
        self._streams.update({one.name: one for one in found.streams})
        return replace(found, streams=tuple(self._stream(one) for one in found.streams))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        for part in self.inner.read(self._streams[stream.name], cursor, known):
            part.schema = pa.schema([(name, pa.string()) for name in (self._tables[stream.name] if part.holds == "rows" else ["id"])])
            part.batches = map(self._batch, part.batches or ())
            yield part

    def _stream(self, stream: SourceStream) -> SourceStream:
        made = self._tables[stream.name]
        shown = [_called(one.name) for one in stream.columns if one.name != "_document" and _called(one.name) in {*made, one.name} - {"_id"}]
        names = shown if len(stream.columns) > 2 or shown == made else made
        return replace(stream, key=(), columns=tuple(SourceColumn(name) for name in names))

    def _batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if batch.schema.names == ["_id"]:
            return batch.rename_columns(["id"])
        there = {name for one in batch.column("_document").to_pylist() for name in json.loads(one)}
        names = [name for name in batch.schema.names if name in there and (name != "_id" or "id" in self._tables_with(batch))]
        return batch.select(names).rename_columns([_called(name) for name in names])

    def _tables_with(self, batch: pa.RecordBatch) -> set[str]:
        """A table whose ids MongoDB made itself has no column for them."""
        return set() if '"$oid"' in str(batch.column("_document")[0]) else {"id"}


def _called(name: str) -> str:
    return "id" if name == "_id" else name
