"""Access that a tenant gives an operator for a time, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.routers.models import AT, ID, example
from aos_core.errors import NotUnderstood
from aos_resources import grants as act
from aos_resources.grants import LONGEST, State
from aos_resources.operating import operator_named
from aos_resources.people import reading_people

router = APIRouter(prefix="/grants", tags=["grants"])
Reading = Annotated[Workspace, Depends(who_may("read", "grants"))]
Granting = Annotated[Workspace, Depends(who_may("create", "grants"))]
Ending = Annotated[Workspace, Depends(who_may("delete", "grants"))]

_GRANT: dict[str, Any] = {
    "id": ID, "email": "operator@example.com", "reason": "A sync fails and we do not see why.", "granted_by": "owner@acme.example",
    "created_at": AT, "expires_at": AT, "ended_at": None, "state": "open",
}  # fmt: skip


class GrantSeen(BaseModel):
    model_config = example(_GRANT)

    id: UUID
    email: str
    reason: str
    granted_by: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    state: State


class GrantList(BaseModel):
    items: list[GrantSeen]


class GrantWish(BaseModel):
    model_config = example(email="operator@example.com", hours=4, reason="A sync fails and we do not see why.")

    email: str = Field(min_length=3, max_length=320, description="Of an operator of this installation.")
    hours: int = Field(ge=1, le=LONGEST)
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


@router.get("", summary="Access given to operators", responses=problems(401, 403, 422, 503))
def list_grants(here: Reading, limit: Limit = 100) -> GrantList:
    """The newest first, ended ones too."""
    with here.database.transaction() as transaction:
        return GrantList(items=[GrantSeen(**vars(one)) for one in act.all_grants(transaction, limit)])


@router.post("", summary="Let an operator look", status_code=201, responses=problems(401, 403, 409, 422, 503))
def create_grant(here: Granting, held: Held, body: GrantWish) -> GrantSeen:
    """As a viewer, for hours. Their coming in, what they look at and what they are refused stand in the audit log."""
    with reading_people(held.database) as people:
        operator = operator_named(people, body.email)
    if operator is None:
        raise NotUnderstood("There is no operator of that e-mail", culprit=body.email)

    def give(change: Change) -> GrantSeen:
        made = act.give(change.transaction, operator, body.email.strip(), body.hours, body.reason.strip(), here.caller.name)
        change.subject, change.detail = str(made.id), {"email": made.email, "hours": body.hours, "reason": made.reason}
        return GrantSeen(**vars(made))

    return here.change(GrantSeen, give)


@router.delete("/{grant_id}", summary="End an operator's access", status_code=204, responses=problems(401, 403, 404, 409, 422, 503))
def end_grant(here: Ending, held: Held, grant_id: UUID) -> None:
    """At once here, within seconds in every other process."""

    def end(change: Change) -> None:
        change.detail = {"email": act.end(change.transaction, grant_id).email}

    here.change(None, end, grant_id)
    held.tokens.forget(lambda session: session.by_grant)
