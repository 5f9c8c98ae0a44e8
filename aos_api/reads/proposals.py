"""Proposals, what was decided, and the decision itself."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from aos_core.errors import NeedsADecision
from aos_core.ontology import Ontology
from aos_resources.database import Transaction
from aos_resources.decisions import decide

State = Literal["open", "approved", "rejected", "withdrawn"]
Verdict = Literal["approved", "rejected"]
_PROPOSALS = """
select p.id, p.kind, p.stream_id, c.name || '/' || s.name as stream, p.entity, p.field, p.title, p.change, p.change_hash,
       p.evidence, p.effect, p.confidence, p.state, p.seq, p.created_at, p.decided_at
from aos.proposals p
left join aos.streams s on s.id = p.stream_id
left join aos.connections c on c.id = s.connection_id
"""


def all_proposals(transaction: Transaction, state: State | None, limit: int) -> list[dict[str, Any]]:
    """The newest first, those of one state where it is given."""
    rows = transaction.all(
        f"{_PROPOSALS} where (cast(:state as text) is null or p.state = :state) order by p.seq desc, p.id limit :limit",
        state=state,
        limit=limit,
    )
    return [dict(row) for row in rows]


def one_proposal(transaction: Transaction, proposal_id: UUID) -> dict[str, Any]:
    """With what was decided on it.

    Raises:
        NotFound: no such proposal.
    """
    row = transaction.one("proposal", f"{_PROPOSALS} where p.id = :id", id=proposal_id)
    decisions = transaction.all(
        "select id, verdict, change, reason, decided_by, decided_at, seq from aos.decisions where proposal_id = :id order by seq",
        id=proposal_id,
    )
    return dict(row) | {"decisions": [dict(one) for one in decisions]}


def decide_exactly(
    transaction: Transaction,
    ontology: Ontology,
    proposal_id: UUID,
    *,
    verdict: Verdict,
    change: dict[str, Any] | None,
    change_hash: str,
    reason: str | None,
    by: str,
) -> int:
    """Decide on the change that the person saw, or on nothing. Gives the decision's seq.

    Raises:
        NotFound: no such proposal. NeedsADecision: decided already, or another change now than the one seen.
        NotUnderstood: the edited change is not one that can be applied.
    """
    seq = decide(transaction, ontology, proposal_id, verdict, change, reason, by)
    # Looked at afterwards, under the lock that deciding takes: a lock of our own before it could wait for ever.
    asked = transaction.one(
        "proposal", "select change_hash, title from aos.proposals where id = :id", id=proposal_id
    )
    if asked["change_hash"] != change_hash:
        raise NeedsADecision(
            "This proposal is another one than the one you saw",
            culprit=asked["title"],
            fix="Read it again, then decide.",
        )
    return seq
