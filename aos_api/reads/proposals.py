"""Proposals, what was decided, and the decision itself."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from aos_api.masking import Mask
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


def all_proposals(transaction: Transaction, state: State | None, limit: int, mask: Mask) -> list[dict[str, Any]]:
    """The newest first, those of one state where it is given."""
    rows = transaction.all(
        f"{_PROPOSALS} where (cast(:state as text) is null or p.state = :state) order by p.seq desc, p.id limit :limit",
        state=state,
        limit=limit,
    )
    return [_seen(dict(row), mask) for row in rows]


def one_proposal(transaction: Transaction, proposal_id: UUID, mask: Mask) -> dict[str, Any]:
    """With what was decided on it.

    Raises:
        NotFound: no such proposal.
    """
    row = transaction.one("proposal", f"{_PROPOSALS} where p.id = :id", id=proposal_id)
    decisions = transaction.all(
        "select id, verdict, change, reason, decided_by, decided_at, seq from aos.decisions where proposal_id = :id order by seq",
        id=proposal_id,
    )
    return _seen(dict(row) | {"decisions": [dict(one) for one in decisions]}, mask)


def _seen(proposal: dict[str, Any], mask: Mask) -> dict[str, Any]:
    """Without what may repeat values that the caller does not see: of a change stay the names of columns."""
    stream, entity, field = proposal["stream_id"], proposal["entity"], proposal["field"]
    told = [proposal, *proposal.get("decisions", ())]
    if all(mask.sees_entry(stream, entity, field, one["change"]) for one in told) and (not mask.kinds or proposal["change"]):
        return proposal | {"masked": []}
    changes = [one | {"change": mask.entry(stream, entity, None, one["change"])} for one in told]
    found: dict[str, Any] = changes[0] | {"evidence": [], "effect": {}, "masked": ["change", "decisions", "effect", "evidence"]}
    return found | ({"decisions": [one | {"reason": None} for one in changes[1:]]} if "decisions" in proposal else {})


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
