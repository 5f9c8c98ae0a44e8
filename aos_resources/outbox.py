"""What happened, as Postgres holds it: the only source of live events, in the order in which a tenant's changes were committed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import RowMapping

from aos_core.envelope import envelope
from aos_core.tenancy import Tenant
from aos_resources.database import Database
from aos_resources.live import Entry

PAGE = 500
# By an index of young entries: an installation in which nothing happens answers it from nothing.
_YOUNG = """
select o.tenant_id, t.slug, max(o.seq) as seq from aos.outbox o join aos.tenants t on t.id = o.tenant_id
where o.at > now() - interval '1 minute' and t.erased_at is null group by o.tenant_id, t.slug
"""
# A transaction that took longer than that began its entries before; so all tenants are looked at now and then.
_ALL = """
select t.id as tenant_id, t.slug, (select max(o.seq) from aos.outbox o where o.tenant_id = t.id) as seq
from aos.tenants t where t.erased_at is null
"""
_AFTER = "select seq, id, type, subject, data, at from aos.outbox where seq > :after order by seq limit :most"
_HEAD = "select max(seq) as seq from aos.outbox"
_A_MINUTE_AGO = "select seq from aos.outbox where at <= now() - interval '1 minute' order by seq desc limit 1"


def young(database: Database) -> dict[Tenant, int]:
    """The newest number of each tenant in which something happened within a minute."""
    with database.dispatch() as transaction:
        return _numbers(transaction.all(_YOUNG))


def heads(database: Database, tenants: Iterable[Tenant] | None = None) -> dict[Tenant, int]:
    """The newest number of each tenant, or of these."""
    which = None if tenants is None else [one.id for one in tenants]
    with database.dispatch() as transaction:
        chosen = _ALL + ("" if which is None else " and t.id = any(:which)")
        return _numbers(transaction.all(chosen, **({} if which is None else {"which": which})))


def head(database: Database, tenant: Tenant) -> int:
    """The newest number of the tenant, 0 before anything happened."""
    with database.of(tenant).transaction() as transaction:
        return _number(transaction.first(_HEAD))


def a_minute_ago(database: Database, tenant: Tenant) -> int:
    """The number of the last entry that is older than a minute."""
    with database.of(tenant).transaction() as transaction:
        return _number(transaction.first(_A_MINUTE_AGO))


def after(database: Database, tenant: Tenant, seq: int, most: int = PAGE) -> list[Entry]:
    """At most so many entries of the tenant after a number, in order. `seq` must be 0 or that of an entry for `before` to be right."""
    with database.of(tenant).transaction() as transaction:
        rows = transaction.all(_AFTER, after=seq, most=most)
    befores = [seq, *(int(row["seq"]) for row in rows)]
    return [Entry(row["seq"], before, _said(tenant, row)) for row, before in zip(rows, befores, strict=False)]


def _said(tenant: Tenant, row: RowMapping) -> bytes:
    return json.dumps(envelope(tenant, dict(row)), separators=(",", ":"), ensure_ascii=False).encode()


def _number(row: Any) -> int:
    return int(row["seq"]) if row is not None and row["seq"] is not None else 0


def _numbers(rows: list[RowMapping]) -> dict[Tenant, int]:
    return {Tenant(row["tenant_id"], row["slug"]): int(row["seq"]) for row in rows if row["seq"] is not None}
