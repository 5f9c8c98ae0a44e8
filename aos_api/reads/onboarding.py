"""Intents to connect sources: where each stands, what was found on the way, and how many get through."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_core.onboarding import PROMISE, funnel, is_eligible
from aos_resources.database import Transaction

_INTENTS = "select id, origin, external_id, name, source, connection_id, state, stuck, attempts, changed_at, found from aos.intents"


def all_intents(transaction: Transaction, limit: int, mask: Mask) -> dict[str, Any]:
    """The funnel of all intents, and the newest of them."""
    counted = transaction.all("select state, stuck is not null as stuck from aos.intents")
    told = funnel((row["state"], row["stuck"]) for row in counted)
    rows = transaction.all(f"{_INTENTS} order by changed_at desc, id limit :limit", limit=limit)
    return {
        "funnel": [asdict(one) for one in told.steps],
        "eligible": told.eligible,
        "active": told.active,
        "share": told.share,
        "promise": PROMISE,
        "items": [_intent(dict(row), mask) for row in rows],
    }


def intents(transaction: Transaction, ids: list[UUID], mask: Mask) -> list[dict[str, Any]]:
    """In the order asked for."""
    rows = {row["id"]: _intent(dict(row), mask) for row in transaction.all(f"{_INTENTS} where id = any(:ids)", ids=ids)}
    return [rows[one] for one in ids]


def _intent(row: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """What stands in its way may quote values, as every error of a source may."""
    found = row["found"] | {"problems": [] if mask.kinds else row["found"].get("problems", [])}
    return row | {"eligible": is_eligible(row["state"]), "stuck": mask.trouble(row["stuck"]), "found": found}
