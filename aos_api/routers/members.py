"""Members of a tenant, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import COOKIE, Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.routers.me import Ended
from aos_api.routers.models import AT, ID, example
from aos_core.errors import NotUnderstood
from aos_resources import members as act
from aos_resources.members import Member, Wish
from aos_resources.people import Persona, Role, reading_people
from aos_resources.resets import make_reset

router = APIRouter(prefix="/members", tags=["members"])
Reading = Annotated[Workspace, Depends(who_may("read", "members"))]
Changing = Annotated[Workspace, Depends(who_may("change", "members"))]
Removing = Annotated[Workspace, Depends(who_may("delete", "members"))]
Leaving = Annotated[Workspace, Depends(who_may("delete", "membership"))]
HandingOver = Annotated[Workspace, Depends(who_may("change", "ownership"))]
Ending = Annotated[Workspace, Depends(who_may("end", "sessions"))]

_MEMBER: dict[str, Any] = {
    "user_id": ID, "email": "ada@acme.example", "name": "Ada", "role": "engineer", "persona": "CFO", "joined_at": AT, "disabled_at": None,
    "enabled": True,
}  # fmt: skip


class MemberSeen(BaseModel):
    model_config = example(_MEMBER)

    user_id: UUID
    email: str
    name: str
    role: Role
    persona: Persona | None
    joined_at: datetime
    disabled_at: datetime | None = Field(description="Since when they may not enter this tenant.")
    enabled: bool = Field(description="False also where the person may not sign in at all.")


class MemberList(BaseModel):
    items: list[MemberSeen]


class MemberChange(BaseModel):
    """What is left out stays as it is."""

    model_config = example(role="analyst", persona="COO", disabled=False)

    role: Role | None = None
    persona: Persona | Literal["none"] | None = None
    disabled: bool | None = None


class HandedOver(BaseModel):
    model_config = example(owner=_MEMBER, admin=_MEMBER)

    owner: MemberSeen
    admin: MemberSeen


class ResetToken(BaseModel):
    model_config = example(token="Zb0s...")

    token: str = Field(description="Shown once. It sets a new password within an hour.")


@router.get("", summary="Members", responses=problems(401, 403, 503))
def list_members(here: Reading) -> MemberList:
    """By name."""
    with here.database.transaction() as transaction:
        return MemberList(items=[_seen(one) for one in act.all_members(transaction)])


@router.delete("/me", summary="Leave this tenant", status_code=204, responses=problems(401, 403, 404, 409, 422, 503))
def leave_tenant(here: Leaving, held: Held, response: Response) -> None:
    """My keys of it are revoked, my sessions in it end. Its last owner stays."""

    def leave(change: Change) -> None:
        gone = act.remove_member(change.transaction, here.caller.user, here.caller.user)
        change.before, change.detail = gone.said, {"email": gone.email}

    here.change(None, leave, here.caller.user)
    held.look_again(here.caller.user)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@router.patch("/{user_id}", summary="Change a member", responses=problems(401, 403, 404, 409, 422, 503))
def change_member(here: Changing, held: Held, user_id: UUID, body: MemberChange) -> MemberSeen:
    """Role, persona, or whether they may enter. Another role ends the member's sessions in this tenant."""
    if body.role is None and body.persona is None and body.disabled is None:
        raise NotUnderstood("There is nothing to change")
    none = body.persona == "none"
    wish = Wish(body.role, None if body.persona == "none" else body.persona, none, body.disabled)

    def alter(change: Change) -> MemberSeen:
        before, after = act.change_member(change.transaction, here.caller.user, user_id, wish)
        change.before, change.after = before.said, after.said
        change.detail = {"email": after.email, "from": before.said, "to": after.said}
        return _seen(after)

    altered = here.change(MemberSeen, alter, user_id)
    held.look_again(user_id)
    return altered


@router.delete("/{user_id}", summary="Remove a member", status_code=204, responses=problems(401, 403, 404, 409, 422, 503))
def remove_member(here: Removing, held: Held, user_id: UUID) -> None:
    """Their keys are revoked, their sessions here end, invitations that they sent and nobody followed are withdrawn."""

    def remove(change: Change) -> None:
        gone = act.remove_member(change.transaction, here.caller.user, user_id)
        change.before, change.detail = gone.said, {"email": gone.email}

    here.change(None, remove, user_id)
    held.look_again(user_id)


@router.post("/{user_id}/transfer", summary="Hand this tenant over", responses=problems(401, 403, 404, 409, 422, 503))
def transfer_ownership(here: HandingOver, held: Held, user_id: UUID) -> HandedOver:
    """They become an owner, I become an admin; both sign in again."""

    def hand_over(change: Change) -> HandedOver:
        owner, admin = act.hand_over(change.transaction, here.caller.user, user_id)
        change.after, change.detail = {"owner": owner.email, "admin": admin.email}, {"email": owner.email}
        return HandedOver(owner=_seen(owner), admin=_seen(admin))

    done = here.change(HandedOver, hand_over, user_id)
    held.look_again(user_id)
    held.look_again(here.caller.user)
    return done


@router.post("/{user_id}/password-reset", summary="Let a member set a new password", responses=problems(401, 403, 404, 409, 422, 503))
def let_reset_password(here: Changing, held: Held, user_id: UUID) -> ResetToken:
    """Only of people who belong to this tenant alone; of others the operator of the installation may."""

    def let(change: Change) -> ResetToken:
        member = act.may_reset(change.transaction, here.caller.user, user_id)
        change.detail = {"email": member.email, "password": "may be set anew within an hour"}
        with reading_people(held.database) as people:
            return ResetToken(token=make_reset(people, user_id, here.caller.tenant, here.caller.name))

    return here.change(ResetToken, let, user_id)


@router.delete("/{user_id}/sessions", summary="End a member's sessions in this tenant", responses=problems(401, 403, 404, 409, 422, 503))
def end_sessions_of_member(here: Ending, held: Held, user_id: UUID) -> Ended:
    def end(change: Change) -> Ended:
        ended = act.end_sessions(change.transaction, here.caller.user, user_id)
        change.detail = {"ended": ended}
        return Ended(ended=ended)

    done = here.change(Ended, end, user_id)
    held.look_again(user_id)
    return done


def _seen(one: Member) -> MemberSeen:
    return MemberSeen(
        user_id=one.user_id, email=one.email, name=one.name, role=one.role, persona=one.persona, joined_at=one.joined_at,
        disabled_at=one.disabled_at, enabled=one.enabled,
    )  # fmt: skip
