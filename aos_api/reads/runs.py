"""Runs that the tenant has seen, and asking for one."""

from __future__ import annotations

from typing import Any

from aos_api.paging import read_cursor, write_cursor
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction


def runs(transaction: Transaction, limit: int, cursor: str | None) -> dict[str, Any]:
    """Steps, the newest first, and the cursor of older ones.

    Raises:
        NotUnderstood: the cursor is none of ours.
    """
    before = read_cursor("runs", cursor)[0] if cursor is not None else None
    rows = transaction.all(
        "select id, dagster_run_id as run, stage, subject, state, started_at, ended_at, summary, error from aos.runs"
        " where cast(:before as uuid) is null"
        " or (started_at, id) < (select b.started_at, b.id from aos.runs b where b.id = :before)"
        " order by started_at desc, id desc limit :limit",
        before=before,
        limit=limit + 1,
    )
    more = len(rows) > limit
    items = [dict(row) for row in rows[:limit]]
    return {"items": items, "next": write_cursor("runs", items[-1]["id"], 0) if more else None}


def ask_for_run(transaction: Transaction, tenant: Tenant, reason: str, by: str) -> int:
    """One entry of the outbox; whoever watches it starts the run. Gives its seq."""
    seq = transaction.next_seq()
    transaction.announce(seq, "run.requested", tenant.slug, {"reason": reason, "by": by})
    return seq
