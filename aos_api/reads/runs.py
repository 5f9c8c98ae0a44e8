"""Runs that the tenant has seen, and asking for one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_api.paging import read_cursor, write_cursor
from aos_core.errors import NeedsADecision
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction

_STEP = "select r.id, r.dagster_run_id as run, r.stage, r.subject, r.state, r.started_at, r.ended_at, r.summary, r.error from aos.runs r"
# Looked for by time, which has an index: no run lasts as long.
_LONGEST_RUN = "interval '1 day'"


def runs(transaction: Transaction, limit: int, cursor: str | None, stage: str | None, state: str | None, mask: Mask) -> dict[str, Any]:
    """Steps, the newest first, and the cursor of older ones; without a filter a run is whole on the page of its newest step.

    Raises:
        NotUnderstood: the cursor is none of ours, or of another filter.
    """
    listing = f"runs {stage} {state}"
    before = read_cursor(listing, cursor)[0] if cursor is not None else None
    items = _steps(transaction, limit, before, stage, state)
    if len(items) < limit:
        return {"items": [_seen(one, mask) for one in items], "next": None}
    last = items[-1]["id"]
    older = _steps(transaction, 1, last, stage, state)
    rest = _rest(transaction, items) if stage is None and state is None else []
    return {"items": [_seen(one, mask) for one in items + rest], "next": write_cursor(listing, last, 0) if older else None}


def _steps(transaction: Transaction, limit: int, before: UUID | None, stage: str | None, state: str | None) -> list[dict[str, Any]]:
    """Steps before that one; without a filter only those whose runs have none since it."""
    rows = transaction.all(
        f"{_STEP} left join aos.runs b on b.id = cast(:before as uuid)"
        " where (cast(:before as uuid) is null or (r.started_at, r.id) < (b.started_at, b.id))"
        " and (cast(:stage as text) is null or r.stage = :stage) and (cast(:state as text) is null or r.state = :state)"
        " and (not cast(:whole as boolean) or b.id is null or r.dagster_run_id is null or r.dagster_run_id not in ("
        "   select n.dagster_run_id from aos.runs n where (n.started_at, n.id) >= (b.started_at, b.id)"
        f"   and n.started_at < b.started_at + {_LONGEST_RUN} and n.dagster_run_id is not null))"
        " order by r.started_at desc, r.id desc limit :limit",
        before=before, stage=stage, state=state, whole=stage is None and state is None, limit=limit,
    )  # fmt: skip
    return [dict(row) for row in rows]


def one_step(transaction: Transaction, step_id: UUID, mask: Mask) -> dict[str, Any]:
    """Raises NotFound where there is no such step."""
    return _seen(dict(transaction.one("step of a run", f"{_STEP} where r.id = :id", id=step_id)), mask)


def _seen(step: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """What a step counted, and why it failed without the values that it stumbled over."""
    return step | {"summary": mask.counted(step["summary"]), "error": mask.trouble(step["error"])}


def _rest(transaction: Transaction, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The older steps of runs that a page cuts in two."""
    named = sorted({one["run"] for one in items if one["run"] is not None})
    rows = transaction.all(
        f"{_STEP} join aos.runs b on b.id = :last where r.dagster_run_id = any(:named)"
        f" and (r.started_at, r.id) < (b.started_at, b.id) and r.started_at > b.started_at - {_LONGEST_RUN}"
        " order by r.started_at desc, r.id desc",
        last=items[-1]["id"], named=named,
    )  # fmt: skip
    return [dict(row) for row in rows]


def ask_for_run(transaction: Transaction, tenant: Tenant, reason: str, by: str) -> int:
    """One entry of the outbox; whoever watches it starts the run. Gives its seq."""
    seq = transaction.next_seq()
    transaction.announce(seq, "run.requested", tenant.slug, {"reason": reason, "by": by})
    return seq


def check_active(transaction: Transaction, connection_id: UUID) -> str:
    """The connection's name, where a run would read it.

    Raises:
        NotFound: no such connection. NeedsADecision: it is not active.
    """
    row = transaction.one("connection", "select name, state from aos.connections where id = :id", id=connection_id)
    if row["state"] != "active":
        raise NeedsADecision(f"The connection is {row['state']}", culprit=row["name"], fix="Only active ones are read.")
    return str(row["name"])
