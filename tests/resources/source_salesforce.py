"""Salesforce in the conformance suite: a stand-in that speaks its REST, seen with the suite's own names and keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from aos_cli.stand_ins.salesforce import Fault, Field, StandIn, Store
from aos_cli.stand_ins.salesforce.faults import Refusal
from aos_resources.connectors import connect
from aos_resources.connectors.salesforce import Salesforce
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
from tests.resources.sources import WIDE, Row, within

SECRETS = {"refresh_token": "a refresh token nobody should see", "client_secret": "a consumer secret nobody should see"}
PREFIX = "a00"


def salesforce(stand_in: StandIn, settings: Settings, secret: dict[str, str] | None = None, **config: Any) -> Salesforce:
    """A connector of the stand-in, who waits for nothing."""
    sealed = json.dumps(secret or {"refresh_token": stand_in.sessions.refresh_token, "client_secret": stand_in.sessions.client_secret})
    made = cast(Salesforce, within(connect(Doors(settings), "salesforce", {"client_id": stand_in.sessions.client_id, "login": stand_in.url} | config, sealed)))
    made._api.sleep = lambda seconds: None
    return made


def key_pair() -> tuple[str, str]:
    """An RSA key as PEM: (private, public)."""
    key = rsa.generate_private_key(65_537, 2_048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.decode(), key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def api_name(name: str) -> str:
    """Salesforce's names are identifiers: others are written in hexadecimal digits."""
    return name if name.isascii() and name.isidentifier() else f"x_{name.encode().hex()}"


class Seen:
    """A connector as the suite wants to see it: the Id as a column `id` of numbers, and nothing of what Salesforce adds itself."""

    name = "salesforce"

    def __init__(self, inner: Salesforce, tables: dict[str, dict[str, str]], cursors: dict[str, str]) -> None:
        self._inner, self._tables, self._cursors = inner, tables, cursors
        self._streams: dict[str, SourceStream] = {}

    def probe(self) -> Probe:
        return self._inner.probe()

    def discover(self) -> Discovery:
        real = {one.name: one for one in self._inner.discover().streams}
        self._streams = {name: real[api_name(name)] for name in self._tables if api_name(name) in real}
        return Discovery(tuple(self._seen(name, one) for name, one in self._streams.items()))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        if stream.name not in self._streams:
            self.discover()
        for part in self._inner.read(self._streams[stream.name], cursor, known):
            part.schema, batches = self._shown(stream.name, part.schema.empty_table()).schema, part.batches
            assert batches is not None
            part.batches = (one for batch in batches for one in self._shown(stream.name, pa.Table.from_batches([batch])).to_batches())
            yield part

    def _seen(self, name: str, real: SourceStream) -> SourceStream:
        columns = tuple(SourceColumn(one) for one in self._named(name, [one.name for one in real.columns]))
        return SourceStream(name, columns, (), self._cursors.get(name) if real.cursor else None, real.delete_mode)

    def _named(self, name: str, real: Sequence[str]) -> dict[str, str]:
        """The suite's name of a column → Salesforce's."""
        return {one: "Id" if one == "id" else api_name(one) for one in self._tables[name] if ("Id" if one == "id" else api_name(one)) in real}

    def _shown(self, name: str, table: pa.Table) -> pa.Table:
        columns = {
            one: pa.array([str(int(value[3:15])) for value in table[real].to_pylist()], pa.string()) if one == "id" else table[real]
            for one, real in self._named(name, table.schema.names).items()
        }
        return pa.table(columns)


class SalesforceSource:
    """An organisation of its own. A table without a cursor is an object that is read whole."""

    empty: str | None = None
    declares = False
    slices = True
    prompt: ClassVar[dict[str, Any]] = {}
    limits: Literal["", "held", "counted"] = "counted"
    account = "integration@demo.example"
    tells_writing = True
    breaks_by = ("the object was deleted", "the right to read was taken", "a field was deleted", "the right to a field was taken", "nobody is let in any more")

    @classmethod
    def at(cls, request: pytest.FixtureRequest, folder: Path, settings: Settings) -> SalesforceSource:
        return cls(settings)

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store()
        self.stand_in = StandIn(self.store).__enter__()
        self.stand_in.sessions.refresh_token, self.stand_in.sessions.client_secret = SECRETS.values()
        self._tables: dict[str, dict[str, str]] = {}
        self._small = False
        self.breaks: dict[str, Callable[[str], str]] = dict(zip(self.breaks_by, (self._drop, self.lose_permission, self._drop_field, self._hide_field, self._shut), strict=True))

    def close(self) -> None:
        self.stand_in.__exit__(None, None, None)

    def config(self, cursors: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        whole = [api_name(name) for name in self._tables if name not in (cursors or {})]
        return {"client_id": self.stand_in.sessions.client_id, "login": self.stand_in.url, "whole": whole} | more

    def secret(self) -> dict[str, str]:
        return SECRETS

    def connector(self, **more: Any) -> Connector:
        made = salesforce(self.stand_in, self.settings, SECRETS, **self.config(**more))
        if self._small:
            made.habits = replace(made.habits, slice=3)
        return Seen(made, self._tables, more.get("cursors", {}))

    def stream(self, table: str) -> str:
        return table

    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None:
        self._tables[table] = columns
        self.store.make(api_name(table), [Field(api_name(one)) for one in columns if one != "id"], prefix=PREFIX)
        for row in rows:
            self.add(table, row)

    def add(self, table: str, row: Row) -> None:
        self.store.insert(api_name(table), self._record(table, row))

    def change(self, table: str, identity: str, row: Row) -> None:
        record = self._record(table, row)
        self.store.update(api_name(table), str(record.pop("Id")), **record)

    def delete(self, table: str, identity: str) -> None:
        self.store.delete(api_name(table), f"{PREFIX}{int(identity):012d}AAA")

    def fill(self, table: str, rows: int) -> None:
        self.stand_in.packed = False
        self.store.make(table, [Field("t"), Field("i", "int")], prefix=PREFIX)
        self.store.fill(table, f"select t, id as i from ({WIDE.format('repeat(md5(i::text), 16)', f'range({rows}) r(i)')})")

    def small_slices(self) -> None:
        """Pages of as many rows as a slice has: what happens in between is noticed."""
        self._small, self.stand_in.page = True, 3

    def lose_permission(self, table: str) -> str:
        self.store.reshape(api_name(table), seen=False)
        return table

    def give_permission(self, table: str) -> None:
        self.store.reshape(api_name(table), seen=True)

    def change_schema(self, table: str, how: str) -> None:
        fields = {"added": ["note", "extra"], "dropped": [], "renamed": ["remark"]}[how]
        notes = self.store.cursor().execute(f'select "Id", note from "{table}"').fetchall()
        self.store.reshape(table, fields=[Field(one) for one in fields])
        self._tables[table] = {"id": "integer"} | dict.fromkeys(fields, "text")
        values: dict[str, Callable[[str], dict[str, str]]] = {"added": lambda _: {"extra": "new"}, "dropped": lambda _: {}, "renamed": lambda note: {"remark": note}}
        for identity, note in notes:  # a new field's values move no record's time
            (stamp,) = self.store.cursor().execute(f'select "SystemModstamp" from "{table}" where "Id" = ?', [identity]).fetchall()[0]
            self.store.update(table, identity, SystemModstamp=stamp, **values[how](note))

    def limit_rate(self, times: int) -> None:
        self.stand_in.faults.clear()
        self.stand_in.faults.plan(Fault("/services/data", times=times, refusal=Refusal(503, "SERVER_UNAVAILABLE", "Try again", {})))

    def let_write(self) -> None:
        for name in self.store.objects:
            self.store.reshape(name, writable=True)

    def _record(self, table: str, row: Row) -> dict[str, Any]:
        said = dict(zip(self._tables[table], row, strict=True))
        record: dict[str, Any] = {api_name(name): value for name, value in said.items() if name != "id"}
        if "id" in said:
            record["Id"] = f"{PREFIX}{int(said['id'] or 0):012d}AAA"
        if said.get("changed"):
            record["SystemModstamp"] = str(said["changed"]).removesuffix("+00")
        return record

    def _drop(self, table: str) -> str:
        self.store.drop(table)
        return table

    def _drop_field(self, table: str) -> str:
        self.store.reshape(table, fields=[])
        return f"{table}.note"

    def _hide_field(self, table: str) -> str:
        self.store.reshape(table, hidden=frozenset({"note"}))
        return f"{table}.note"

    def _shut(self, table: str) -> str:
        self.stand_in.sessions.expire()
        self.stand_in.sessions.refresh_token = "another"
        return "invalid_grant"
