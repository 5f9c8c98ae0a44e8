"""Proposals and decisions, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, model_validator

from aos_api.changing import Change
from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.reads import proposals as act
from aos_api.reads.proposals import State, Verdict
from aos_api.routers.models import AT, ID, example

router = APIRouter(prefix="/proposals", tags=["proposals"])
Reading = Annotated[Workspace, Depends(who_may("read", "proposals"))]
Deciding = Annotated[Workspace, Depends(who_may("decide", "proposals"))]

_PROPOSAL: dict[str, Any] = {
    "id": ID, "kind": "mapping", "stream_id": ID, "stream": "crm/accounts", "entity": "account", "field": "industry",
    "title": "crm/accounts.Sector feeds industry?", "change": {"from": "Sector"}, "change_hash": "5d41", "evidence": ["alias"],
    "effect": {}, "confidence": 0.93, "state": "open", "seq": 12, "created_at": AT, "decided_at": None,
    "masked": [],
}  # fmt: skip


class ProposalSeen(BaseModel):
    """A change that waits for a person."""

    model_config = example(_PROPOSAL)

    id: UUID
    kind: str
    stream_id: UUID | None
    stream: str | None
    entity: str | None
    field: str | None
    title: str
    change: dict[str, Any]
    change_hash: str = Field(description="Of the exact change: what a decision must name.")
    evidence: list[Any]
    effect: dict[str, Any]
    confidence: float
    state: State
    seq: int
    created_at: datetime
    decided_at: datetime | None
    masked: list[str] = Field(description="Parts that may repeat values which are masked for your role, and are left out.")


class ProposalList(BaseModel):
    items: list[ProposalSeen]


class DecisionSeen(BaseModel):
    model_config = example(
        id=ID,
        verdict="approved",
        change={"from": "Sector"},
        reason=None,
        decided_by="ada@acme.example",
        decided_at=AT,
        seq=13,
    )

    id: UUID
    verdict: str
    change: dict[str, Any]
    reason: str | None
    decided_by: str
    decided_at: datetime
    seq: int


class ProposalDetail(ProposalSeen):
    model_config = example(_PROPOSAL | {"decisions": []})

    decisions: list[DecisionSeen]


class Decision(BaseModel):
    model_config = example(verdict="approved", change_hash="5d41", change=None, reason=None)

    verdict: Verdict
    change_hash: str = Field(max_length=128, description="Of the change that you saw.")
    change: dict[str, Any] | None = Field(
        default=None, description="An edited change, in place of the one proposed."
    )
    reason: str | None = Field(default=None, max_length=2000, description="Must be given when rejecting.")

    @model_validator(mode="after")
    def _a_rejection_says_why(self) -> Decision:
        if self.verdict == "rejected" and not (self.reason or "").strip():
            raise ValueError("a rejection needs a reason")
        return self


class Decided(BaseModel):
    """The decision's number in the tenant's order of events; a run that applies it has been asked for."""

    model_config = example(seq=13)

    seq: int


@router.get("", summary="Proposals, newest first", responses=problems(401, 403, 422, 503))
def list_proposals(here: Reading, state: State | None = None, limit: Limit = 100) -> ProposalList:
    with here.database.transaction() as transaction:
        return ProposalList.model_validate({"items": act.all_proposals(transaction, state, limit, here.mask)})


@router.get("/{proposal_id}", summary="One proposal", responses=problems(401, 403, 404, 422, 503))
def read_proposal(here: Reading, proposal_id: UUID) -> ProposalDetail:
    with here.database.transaction() as transaction:
        return ProposalDetail.model_validate(act.one_proposal(transaction, proposal_id, here.mask))


@router.post(
    "/{proposal_id}/decide",
    summary="Approve or reject a proposal",
    responses=problems(401, 403, 404, 409, 422, 503),
)
def decide_proposal(here: Deciding, proposal_id: UUID, body: Decision) -> Decided:
    """Applies exactly the change that was seen, or fails."""

    def decide(change: Change) -> Decided:
        change.detail, change.after = {"verdict": body.verdict}, body.change
        seq = act.decide_exactly(
            change.transaction, here.ontology, proposal_id, verdict=body.verdict, change=body.change,
            change_hash=body.change_hash, reason=body.reason, by=here.caller.name,
        )  # fmt: skip
        return Decided(seq=seq)

    return here.change(Decided, decide, proposal_id)
