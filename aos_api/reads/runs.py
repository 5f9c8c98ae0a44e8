"""Runs that the tenant has seen, and asking for one."""

from __future__ import annotations

from typing import Any

from aos_core.tenancy import Tenant
from aos_resources.database import Transaction


def runs(transaction: Transaction, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    rows = transaction.all(
        "select id, stage, subject, state, started_at, ended_at, summary, error from aos.runs"
        " order by started_at desc, id limit :limit",
        limit=limit,
    )
    return [dict(row) for row in rows]


def ask_for_run(transaction: Transaction, tenant: Tenant, reason: str, by: str) -> int:
    """One entry of the outbox; whoever watches it starts the run. Gives its seq."""
    seq = transaction.next_seq()
    transaction.announce(seq, "run.requested", tenant.slug, {"reason": reason, "by": by})
    return seq
