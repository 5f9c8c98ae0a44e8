"""Invitations of a tenant, over HTTP: making, listing, withdrawing. Following one is in `joining`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.routers.models import AT, ID, example
from aos_resources import invitations as act
from aos_resources.invitations import State
from aos_resources.people import Role

router = APIRouter(prefix="/invitations", tags=["members"])
Reading = Annotated[Workspace, Depends(who_may("read", "invitations"))]
Inviting = Annotated[Workspace, Depends(who_may("create", "invitations"))]
Withdrawing = Annotated[Workspace, Depends(who_may("delete", "invitations"))]

_INVITATION: dict[str, Any] = {
    "id": ID, "email": "ada@acme.example", "role": "engineer", "invited_by": "owner@acme.example", "created_at": AT, "expires_at": AT, "state": "open",
}  # fmt: skip


class InvitationSeen(BaseModel):
    model_config = example(_INVITATION)

    id: UUID
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: State


class InvitationList(BaseModel):
    items: list[InvitationSeen]


class Invite(BaseModel):
    model_config = example(email="ada@acme.example", role="engineer", days=7)

    email: str = Field(min_length=3, max_length=320)
    role: Role
    days: int = Field(default=7, ge=1, le=30, description="Until the link opens nothing any more.")


class Invited(BaseModel):
    model_config = example(invitation=_INVITATION, token="Zb0s...", link="/invitation#Zb0s...")

    invitation: InvitationSeen
    token: str = Field(description="Shown once.")
    link: str = Field(description="A path of the app; what stands behind the # never reaches a server.")


def link_to(token: str) -> str:
    return f"/invitation#{token}"


@router.get("", summary="Invitations", responses=problems(401, 403, 422, 503))
def list_invitations(here: Reading, limit: Limit = 100) -> InvitationList:
    """The newest first, used and withdrawn ones too."""
    with here.database.transaction() as transaction:
        return InvitationList(items=[InvitationSeen(**vars(one)) for one in act.all_invitations(transaction, limit)])


@router.post("", summary="Invite somebody", status_code=201, responses=problems(401, 403, 409, 422, 503))
def create_invitation(here: Inviting, body: Invite) -> Invited:
    """For a role not above one's own. An earlier open one of the same e-mail ends."""

    def invite(change: Change) -> Invited:
        made, token = act.invite_member(
            change.transaction, here.caller.tenant, body.email, body.role, body.days, (here.caller.name, here.caller.role)
        )
        change.subject, change.detail = str(made), {"email": body.email, "role": body.role}
        return Invited(invitation=InvitationSeen(**vars(act.one_invitation(change.transaction, made))), token=token, link=link_to(token))

    return here.change(Invited, invite)


@router.delete("/{invitation_id}", summary="Withdraw an invitation", status_code=204, responses=problems(401, 403, 404, 409, 422, 503))
def withdraw_invitation(here: Withdrawing, invitation_id: UUID) -> None:
    def withdraw(change: Change) -> None:
        change.detail = {"email": act.withdraw(change.transaction, invitation_id).email}

    here.change(None, withdraw, invitation_id)
