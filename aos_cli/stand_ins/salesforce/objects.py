"""The records: an object a table in memory, with the fields and the upkeep that Salesforce gives every record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import duckdb

from aos_cli.stand_ins.salesforce.faults import Refusal
from aos_cli.stand_ins.salesforce.soql import Query, parse

_SQL = {"boolean": "boolean", "int": "bigint", "double": "double", "currency": "double", "percent": "double", "date": "date", "datetime": "timestamp"}
_WRITTEN = 10_000
_COMPOUND = ("address", "location")


@dataclass(frozen=True)
class Field:
    name: str
    type: str = "string"
    label: str = ""
    calculated: bool = False
    help: str = ""

    @property
    def sql(self) -> str:
        return _SQL.get(self.type, "varchar")

    @property
    def numeric(self) -> bool:
        return self.type in ("double", "currency", "percent")


SYSTEM = (Field("IsDeleted", "boolean"), Field("CreatedDate", "datetime"), Field("LastModifiedDate", "datetime"), Field("SystemModstamp", "datetime"))


@dataclass(frozen=True)
class Object:
    """`system`: the fields of SYSTEM that it has; `hidden`: those that the user may not see."""

    name: str
    fields: tuple[Field, ...]
    prefix: str
    label: str = ""
    system: tuple[Field, ...] = SYSTEM
    hidden: frozenset[str] = frozenset()
    seen: bool = True
    writable: bool = False
    flags: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Field, ...]:
        return tuple(one for one in (Field("Id", "id"), *self.fields, *self.system) if one.name not in self.hidden)


class Store:
    """Many threads may ask; whoever changes an object's shape does so alone.

    `keeps`: what was written out once is kept until something changes, so that who asks is measured and not who answers.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self.keeps, self.changes = keeps, 0
        self.kept: dict[tuple[str, int], list[str]] = {}
        self._duckdb = duckdb.connect()
        self._duckdb.execute("set TimeZone = 'UTC'")
        self.objects: dict[str, Object] = {}
        self._prefixes, self._numbers = count(1), count(1)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._duckdb.cursor()

    def _change(self, statement: str, values: Sequence[Any] = ()) -> None:
        self.changes += 1
        self.cursor().execute(statement, list(values))

    def make(self, name: str, fields: Sequence[Field], *, prefix: str = "", label: str = "", system: tuple[Field, ...] = SYSTEM, **flags: Any) -> None:
        made = Object(name, tuple(fields), prefix or f"a{next(self._prefixes):02d}", label or name, system, flags=flags)
        columns = ", ".join(f'"{one.name}" {one.sql}' for one in made.all)
        self._change(f'create table "{name}" ({columns})')
        self.objects[name] = made

    def insert(self, name: str, record: Mapping[str, Any]) -> str:
        """`record` may hold an Id and a SystemModstamp of its own. Returns: the Id."""
        made, now = self.objects[name], _now()
        identity = str(record.get("Id") or f"{made.prefix}{next(self._numbers):012d}AAA")
        upkeep: dict[str, Any] = {"Id": identity, "IsDeleted": False, "CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
        values = {one: value for one, value in upkeep.items() if one in {each.name for each in made.all}} | _without_empty(record)
        columns = ", ".join(f'"{one}"' for one in values)
        self._change(f'insert into "{name}" ({columns}) values ({", ".join("?" for _ in values)})', list(values.values()))
        return identity

    def update(self, name: str, identity: str, **values: Any) -> None:
        own = {one.name for one in self.objects[name].all}
        changed = {one: _now() for one in ("LastModifiedDate", "SystemModstamp") if one in own} | _without_empty(values)
        setting = ", ".join(f'"{one}" = ?' for one in changed)
        self._change(f'update "{name}" set {setting} where "Id" = ?', [*changed.values(), identity])

    def delete(self, name: str, identity: str) -> None:
        """Into the recycle bin."""
        self.update(name, identity, IsDeleted=True)

    def purge(self, name: str, identity: str) -> None:
        """Out of it too: nothing tells of the record any more."""
        self._change(f'delete from "{name}" where "Id" = ?', [identity])

    def fill(self, name: str, rows: str) -> None:
        """`rows`: a select of the object's own fields, of which as many records are made as it has rows. Ids grow with them."""
        made = self.objects[name]
        now = "timestamp '2026-01-01' + to_seconds(row_number() over () // 100)"
        upkeep = {"Id": f"'{made.prefix}' || lpad((row_number() over ())::varchar, 12, '0') || 'AAA'", "IsDeleted": "false"}
        columns = ", ".join(f'{upkeep.get(one.name, now)} as "{one.name}"' for one in made.all if one not in made.fields)
        self._change(f'insert into "{name}" by name select *, {columns} from ({rows})')

    def reshape(self, name: str, *, fields: Sequence[Field] | None = None, **changes: Any) -> None:
        """Another `hidden`, `seen`, `writable`, or `fields`, of which one that stays keeps its values where its type does."""
        made = self.objects[name]
        if fields is not None:
            before, after = {one.name: one for one in made.fields}, {one.name: one for one in fields}
            for gone in [one for one in before if one not in after or before[one].sql != after[one].sql]:
                self._change(f'alter table "{name}" drop column "{gone}"')
            for new in [one for one in after.values() if one.name not in before or before[one.name].sql != one.sql]:
                self._change(f'alter table "{name}" add column "{new.name}" {new.sql}')
            changes["fields"] = tuple(fields)
        self.objects[name] = replace(made, **changes)

    def drop(self, name: str) -> None:
        del self.objects[name]
        self._change(f'drop table "{name}"')

    def seen(self, name: str) -> Object:
        """Raises Refusal where there is no such object, or the user may not see it."""
        made = next((one for one in self.objects.values() if one.name.lower() == name.lower()), None)
        if made is None or not made.seen:
            said = f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name."
            raise Refusal(400, "INVALID_TYPE", said)
        return made

    def parse(self, text: str) -> Query:
        return parse(text, lambda name: {one.name: one.type for one in self.seen(name).all})

    def still(self, query: Query) -> None:
        """Raises Refusal where the object or a field of the query may no longer be seen."""
        self.parse(f"SELECT {', '.join(query.fields)} FROM {query.object}")

    def count(self, query: Query, *, deleted: bool) -> int:
        rows = self.cursor().execute(f"select count(*) from ({self._rows(query, deleted, '1')})").fetchall()
        return int(rows[0][0])

    def json(self, query: Query, *, deleted: bool, version: str) -> str:
        """SQL whose rows are records as the REST API writes them."""
        made = self.seen(query.object)
        kinds = {one.name: one for one in made.all}
        url = f"'/services/data/v{version}/sobjects/{made.name}/' || \"Id\""
        parts = [f"""'{{"attributes":{{"type":"{made.name}","url":"' || {url} || '"}}'"""]
        parts += [f"""',"{name}":' || {_json(kinds[name])}""" for name in query.fields]
        return self._rows(query, deleted, f"concat({', '.join([*parts, chr(39) + '}' + chr(39)])})")

    def csv(self, query: Query, *, deleted: bool) -> str:
        """SQL whose rows are lines as a bulk job's results hold them; what is absent is an empty text."""
        kinds = {one.name: one for one in self.seen(query.object).all}
        cells = [f"""replace({_text(kinds[name], "Z")}, '"', '""')""" for name in query.fields]
        return self._rows(query, deleted, "concat('\"', " + ", '\",\"', ".join(cells) + ", '\"')")

    def _rows(self, query: Query, deleted: bool, cells: str) -> str:
        bin_too = deleted or "IsDeleted" not in {one.name for one in self.seen(query.object).all}
        where = query.where if bin_too else f'{query.where} and not "IsDeleted"'
        order = f" order by {query.order}" if query.order else ""
        limit = f" limit {query.limit}" if query.limit is not None else ""
        return f'select {cells} as said from "{self.seen(query.object).name}" where {where}{order}{limit}'


class Pages:
    """One query's rows, a page after another, of the moment the query was made; the last page may be asked for again.

    `between` joins them. Where the store keeps answers, the same query of the same records is written out once.
    """

    def __init__(self, store: Store, sql: str, total: int, between: str) -> None:
        self._store, self._sql, self.total, self._between = store, sql, total, between
        self._next, self._last = 0, (-1, -1, "")
        self._rows = store.cursor()
        if store.keeps:
            self._kept = store.kept.get((sql, store.changes)) or self._written()
        else:
            self._rows.execute(sql)

    def page(self, start: int, size: int) -> tuple[str, int]:
        """(rows, how many)."""
        many = max(0, min(size, self.total - start))
        if self._store.keeps:
            return self._between.join(self._kept[start : start + many]), many
        if self._last[:2] != (start, size):
            if start != self._next:
                self._rows.execute(f"select said from ({self._sql}) offset {start}")
            rows = [row[0] for row in self._rows.fetchmany(size)]
            self._next, self._last = start + len(rows), (start, size, self._between.join(rows))
        return self._last[2], many

    def _written(self) -> list[str]:
        kept: list[str] = []
        self._rows.execute(self._sql)
        while rows := self._rows.fetchmany(_WRITTEN):
            kept += [row[0] for row in rows]
        self._store.kept = {key: one for key, one in self._store.kept.items() if key[1] == self._store.changes} | {(self._sql, self._store.changes): kept}
        return kept


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0, tzinfo=None)


def _without_empty(record: Mapping[str, Any]) -> dict[str, Any]:
    """An empty text is nothing to Salesforce."""
    return {name: None if value == "" else value for name, value in record.items()}


def _text(one: Field, zone: str) -> str:
    name = f'"{one.name}"'
    if one.type == "datetime":
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%g{zone}')"
    return _double(name) if one.numeric else f"{name}::varchar"


def _json(one: Field) -> str:
    if one.type in _COMPOUND:
        return "'null'"
    if one.sql in ("boolean", "bigint") or one.numeric:
        return f"coalesce({_text(one, '+0000')}, 'null')"
    if one.sql == "varchar":
        return f"""coalesce(to_json("{one.name}")::varchar, 'null')"""
    return f"""coalesce('"' || {_text(one, "+0000")} || '"', 'null')"""


def _double(name: str) -> str:
    """As Java writes a double: with an exponent from ten million on."""
    digits = f"rtrim(replace(abs({name})::varchar, '.', ''), '0')"
    power = f"length(split_part(abs({name})::varchar, '.', 1)) - 1"
    written = f"case when {name} < 0 then '-' else '' end || {digits}[1] || '.' || coalesce(nullif({digits}[2:], ''), '0') || 'E' || ({power})"
    return f"case when abs({name}) >= 1e7 and not contains({name}::varchar, 'e') then {written} else upper({name}::varchar) end"

