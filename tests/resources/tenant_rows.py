"""Rows for every table of one tenant, made from the catalogue: a table is covered the day it is added."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID
from zlib import crc32

import psycopg
from psycopg import sql

from aos_core.tenancy import Tenant
from aos_resources.settings import Role, Settings
from tests.scenario import AT, made_id

# Carry a tenant, but stand between it and people: tested by themselves.
OF_PEOPLE = {"memberships"}
# Shared by every tenant: a person may belong to several.
USER = made_id("somebody of every tenant")

# Tables whose rows a tenant may change; every other one is written once, so a new one is until it is said here.
CHANGING = {
    "sequences", "tenant_keys", "connections", "leases", "runs", "streams", "dictionaries", "syncs", "sync_streams",
    "issued_ids", "latest_states", "cursors", "mappings", "proposals", "warehouses", "invitations", "api_keys", "grants", "flags",
    "tenant_settings", "masks", "idempotency", "intents",
}  # fmt: skip
VERBS_OF = {"audit_heads": {"select", "insert", "update"}, "quotas": {"select"}}  # else all of them, or none but these two: select, insert
HEADERS = {
    "tenants": {"id", "slug", "suspended_at", "erased_at"},
    "outbox": {"tenant_id", "seq", "id", "type", "subject", "at"},
    "leases": {"tenant_id", "name", "epoch", "held_until"},
    "flags": {"tenant_id", "name", "enabled"},
    "flag_defaults": {"name", "enabled"},
}
MINE = "tenant_id = current_setting('aos.tenant')::uuid"

_COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, null), a.attnotnull
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum
"""
_PRIMARY = """
select c.relname, a.attname from pg_index i join pg_class c on c.oid = i.indrelid
join lateral unnest(i.indkey) with ordinality k(number, place) on true
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
where c.relnamespace = %s::regnamespace and i.indisprimary order by c.relname, k.place
"""
_REFERENCES = """
select c.relname, k.conname, t.relname, a.attname, b.attname
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class t on t.oid = k.confrelid
join lateral unnest(k.conkey, k.confkey) with ordinality p(mine, theirs, place) on true
join pg_attribute a on a.attrelid = c.oid and a.attnum = p.mine
join pg_attribute b on b.attrelid = t.oid and b.attnum = p.theirs
where c.relnamespace = %s::regnamespace and k.contype = 'f' order by k.conname, p.place
"""
_CHECKS = """
select c.relname, pg_get_constraintdef(k.oid) from pg_constraint k join pg_class c on c.oid = k.conrelid
where c.relnamespace = %s::regnamespace and k.contype = 'c'
"""


@dataclass(frozen=True)
class Reference:
    """A foreign key: `pairs` are (own column, the target's)."""

    name: str
    target: str
    pairs: tuple[tuple[str, str], ...]


@dataclass
class Table:
    """A table that carries a tenant. `allowed`: column → the first value that a check lets through."""

    schema: str
    name: str
    types: dict[str, str] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    primary: list[str] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    allowed: dict[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def row(self, tenant: UUID, prefix: str, *, pointing: str | None = None, but: dict[str, str] | None = None) -> dict[str, Any]:
        """A whole row. `pointing`: the prefix of what it refers to; `but`: another prefix for one foreign key."""
        row: dict[str, Any] = {name: self._value(name, prefix) for name in self.types} | {"tenant_id": tenant}
        for reference in self.references:
            whose = (but or {}).get(reference.name, pointing or prefix)
            for mine, theirs in reference.pairs:
                if reference.target == "users":
                    row[mine] = USER
                elif mine != "tenant_id":
                    row[mine] = None if reference.target == self.name and not but else made_id(f"{whose} {reference.target}.{theirs}")
        return row

    def insert(self, row: dict[str, Any]) -> sql.Composed:
        names = sql.SQL(", ").join(map(sql.Identifier, row))
        return sql.SQL("insert into {} ({}) values ({})").format(self.sql, names, sql.SQL(", ").join(map(sql.Literal, row.values())))

    def _value(self, column: str, prefix: str) -> object:
        kind = self.types[column]
        number = crc32(prefix.encode()) % 1_000_000
        values: dict[str, object] = {
            "uuid": made_id(f"{prefix} {self.name}.{column}"), "jsonb": "{}", "bytea": b"x", "boolean": True,
            "bigint": number, "integer": number, "double precision": 0.5, "timestamp with time zone": AT,
            "text": self.allowed.get(column, f"{prefix} {column}"),
        }  # fmt: skip
        return values[kind]


def tenant_tables(connection: psycopg.Connection, schema: str) -> list[Table]:
    """Tables with a column `tenant_id`, those that are referred to first."""
    tables: dict[str, Table] = {}
    for name, column, kind, needed in connection.execute(_COLUMNS, (schema,)):
        table = tables.setdefault(name, Table(schema, name))
        table.types[column] = kind
        if needed:
            table.needed.add(column)
    for name, column in connection.execute(_PRIMARY, (schema,)):
        tables[name].primary.append(column)
    pairs: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for name, constraint, target, mine, theirs in connection.execute(_REFERENCES, (schema,)):
        pairs.setdefault((name, constraint, target), []).append((mine, theirs))
    for (name, constraint, target), both in pairs.items():
        if target != "tenants":
            tables[name].references.append(Reference(constraint, target, tuple(both)))
    for name, text in connection.execute(_CHECKS, (schema,)):
        if found := re.search(r"\((\w+) = ANY \(ARRAY\['([^']+)'", text):
            tables[name].allowed[found[1]] = found[2]
    return _in_order({name: table for name, table in tables.items() if "tenant_id" in table.types})


def _in_order(tables: dict[str, Table]) -> list[Table]:
    ordered: dict[str, Table] = {}
    while len(ordered) < len(tables):
        for name, table in tables.items():
            if all(one.target in ordered or one.target not in tables or one.target == name for one in table.references):
                ordered.setdefault(name, table)
    return list(ordered.values())


def verbs_of(table: str) -> set[str]:
    """What a tenant may do with its own rows of it."""
    every = {"select", "insert", "update", "delete"} if table in CHANGING | OF_PEOPLE else {"select", "insert"}
    return VERBS_OF.get(table, every)


@dataclass(frozen=True)
class Neighbours:
    """Two tenants with the same ids in every table, and a row of its own each: Initech's `ours`, Hooli's `theirs`."""

    owner: psycopg.Connection
    settings: Settings
    tables: list[Table]
    initech: Tenant
    hooli: Tenant

    def connect(self, role: Role = "aos_app") -> psycopg.Connection:
        return psycopg.connect(self.settings.url(role))
