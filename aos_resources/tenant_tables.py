"""Which tables hold rows of tenants, found in the catalogue: a table is exported and erased from the day it is there."""

from __future__ import annotations

from dataclasses import dataclass

from aos_resources.database import Transaction

_TABLES = """
select c.oid::bigint as oid, c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
where c.relnamespace = 'aos'::regnamespace and c.relkind in ('r', 'p') and not a.attisdropped order by 2
"""
_REFERENCES = "select conrelid::bigint as child, confrelid::bigint as parent from pg_constraint where contype = 'f' and conrelid <> confrelid"
_COLUMNS = """
select a.attname as name from pg_attribute a where a.attrelid = ('aos.' || cast(:table as text))::regclass and a.attnum > 0 and not a.attisdropped
and a.attname <> 'tenant_id' order by a.attnum
"""


def tenant_tables(transaction: Transaction) -> list[str]:
    """Every one of them, those that refer to others before those that are referred to."""
    waiting = {row["oid"]: row["name"] for row in transaction.all(_TABLES)}
    pairs = [(row["child"], row["parent"]) for row in transaction.all(_REFERENCES)]
    ordered: list[str] = []
    while waiting:
        free = [oid for oid in waiting if not any(child in waiting and parent == oid for child, parent in pairs)]
        ordered += [waiting.pop(oid) for oid in free or list(waiting)]
    return ordered


def columns_of(transaction: Transaction, table: str) -> list[str]:
    """Its columns but the tenant's."""
    return [row["name"] for row in transaction.all(_COLUMNS, table=table)]


@dataclass(frozen=True)
class LeftOut:
    """Why a table or a column is not in an export, and what whoever imports has to do about it."""

    why: str
    enter_again: str = ""


LEFT_OUT = {
    "tenant_keys": LeftOut("a key of this installation alone"),
    "api_keys": LeftOut("a key that can be used elsewhere is a key that was stolen", "API keys are made anew"),
    "invitations": LeftOut("their links are of this installation", "invitations are sent anew"),
    "grants": LeftOut("access for this installation's operators"),
    "idempotency": LeftOut("answers to requests of a day, some of them with secrets"),
    "leases": LeftOut("who works on it here and now"),
    "audit_heads": LeftOut("seals under a key of this installation; the log itself is in the archive as evidence"),
}
COLUMNS_LEFT_OUT = {("connections", "sealed"): LeftOut("secrets of connections", "each connection's password")}
