"""Onboarding, over HTTP: many sources at once, each connection's steps, and how many get through."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.reads import connections as read
from aos_api.reads import onboarding as told
from aos_api.routers.connection_forms import (
    SUGGESTED,
    Config,
    ConnectionSeen,
    Name,
    ProblemFound,
    Secret,
    Source,
    SuggestedSeen,
)
from aos_api.routers.connections import scheduled
from aos_api.routers.models import AT, ID, example
from aos_core.onboarding import State

router = APIRouter(tags=["onboarding"])
Reading = Annotated[Workspace, Depends(who_may("read", "connections"))]
Creating = Annotated[Workspace, Depends(who_may("create", "connections"))]
Changing = Annotated[Workspace, Depends(who_may("change", "connections"))]
Running = Annotated[Workspace, Depends(who_may("run", "connections"))]
_FOUND: dict[str, Any] = {
    "account": "reader at crm.example.com:5432/crm", "writable": False, "said": "", "streams": 3, "sampled": 3, "rows": 60, "suggested": [SUGGESTED],
    "problems": [],
}  # fmt: skip
_INTENT: dict[str, Any] = {
    "id": ID, "origin": "person", "external_id": ID, "name": "crm", "source": "postgres", "connection_id": ID, "state": "active", "stuck": None,
    "eligible": True, "attempts": 1, "changed_at": AT, "found": _FOUND,
}  # fmt: skip
_ITEM: dict[str, Any] = {"external_id": "crm-7", "name": "crm", "source": "postgres", "config": {"host": "crm.example.com", "user": "reader"}}


class Stuck(BaseModel):
    """What stands in the way. `masked`: the reason may quote values that are masked for your role."""

    code: str
    what: str
    fix: str
    masked: bool = False


class FoundSoFar(BaseModel):
    """What the steps have found, each as far as it came."""

    account: str | None = None
    writable: bool | None = None
    said: str = ""
    streams: int | None = None
    sampled: int | None = Field(default=None, description="Streams whose first rows were looked at.")
    rows: int | None = Field(default=None, description="Rows that were looked at; none of them is stored.")
    suggested: list[SuggestedSeen] | None = None
    problems: list[ProblemFound] = []


class Intent(BaseModel):
    """A source on its way to being connected."""

    model_config = example(_INTENT)

    id: UUID
    origin: Literal["person", "batch", "discovery"]
    external_id: str
    name: str
    source: str
    connection_id: UUID | None
    state: State = Field(description="The last step that it has taken.")
    stuck: Stuck | None
    eligible: bool = Field(description="It may be connected, and its credentials are there.")
    attempts: int
    changed_at: datetime
    found: FoundSoFar


class IntentList(BaseModel):
    items: list[Intent]


class PassedSeen(BaseModel):
    state: State
    reached: int
    stuck: int = Field(description="Those that stand there and cannot go on.")


class OnboardingSeen(BaseModel):
    """How many intents reach which state. `promise`: the share of the eligible ones that is to become active."""

    model_config = example(funnel=[{"state": "received", "reached": 40, "stuck": 2}], eligible=36, active=35, share=0.9722, promise=0.9, items=[_INTENT])

    funnel: list[PassedSeen]
    eligible: int
    active: int
    share: float | None = Field(description="Of the eligible ones; None while there are none.")
    promise: float
    items: list[Intent]


class IntentAsked(BaseModel):
    model_config = example(_ITEM)

    external_id: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="Yours: sent again under it, it is the same intent.")
    name: Name
    source: Source
    config: Config
    secret: Secret = None


class BatchAsked(BaseModel):
    model_config = example(items=[_ITEM])

    items: list[IntentAsked] = Field(min_length=1, max_length=500)


@router.get("/onboarding", summary="Sources on their way, and how many get through", responses=problems(401, 403, 422, 503))
def read_onboarding(here: Reading, limit: Limit = 100) -> OnboardingSeen:
    with here.database.transaction() as transaction:
        return OnboardingSeen.model_validate(told.all_intents(transaction, limit, here.mask))


@router.post("/onboarding", summary="Connect many sources", status_code=202, responses=problems(401, 403, 409, 422, 503))
def start_onboarding(here: Creating, held: Held, body: BatchAsked) -> IntentList:
    """Each is received once, however often it is sent. What is left of its way is gone by the next refresh, or when it is asked for."""
    from aos_api import asking

    def receive(change: Change) -> IntentList:
        ids = asking.received(change.transaction, asking.work_of(here, held), [one.model_dump() for one in body.items])
        change.detail = {"intents": len(ids)}
        return IntentList.model_validate({"items": told.intents(change.transaction, ids, here.mask)})

    return here.change(IntentList, receive)


@router.post("/connections/{connection_id}/onboard", summary="Take the steps that are left", responses=problems(401, 403, 404, 409, 422, 503))
def onboard_connection(here: Running, held: Held, connection_id: UUID) -> Intent:
    """Asks the source, looks at its first rows, and activates the connection where those are understood. What stands in the way is in the answer."""
    from aos_api import asking

    work = asking.work_of(here, held)
    intent, active = asking.onboarded(work, connection_id)

    def note(change: Change) -> Intent:
        if active:
            asking.ask_for_first_sync(change.transaction, work, here.caller.name)
        (seen,) = told.intents(change.transaction, [intent], here.mask)
        change.detail = {"state": seen["state"]}
        return Intent.model_validate(seen)

    return here.change(Intent, note, connection_id)


@router.post("/connections/{connection_id}/activate", summary="Approve the first reading", responses=problems(401, 403, 404, 409, 422, 503))
def activate_connection(here: Changing, held: Held, connection_id: UUID) -> ConnectionSeen:
    """From here on it is read. What its streams tell of is decided as ever, proposal by proposal."""
    from aos_api import asking

    def approve(change: Change) -> ConnectionSeen:
        asking.approved(change, asking.work_of(here, held), connection_id, here.caller.name)
        return ConnectionSeen.model_validate(read.one_connection(change.transaction, connection_id, here.mask, scheduled(here, held)))

    return here.change(ConnectionSeen, approve, connection_id)
