"""API keys of a tenant, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.identity import Caller, check_scopes
from aos_api.paging import Limit
from aos_api.routers.models import AT, ID, example
from aos_resources import api_keys as act
from aos_resources.api_keys import State
from aos_resources.people import Role

router = APIRouter(prefix="/keys", tags=["keys"])
Reading = Annotated[Workspace, Depends(who_may("read", "keys"))]
Making = Annotated[Workspace, Depends(who_may("create", "keys"))]
Revoking = Annotated[Workspace, Depends(who_may("delete", "keys"))]

_KEY: dict[str, Any] = {
    "id": ID, "name": "nightly export", "prefix": "aos_4fk2m9qz", "role": "engineer", "scopes": ["read:*"], "made_by": ID,
    "made_by_email": "ada@acme.example", "created_at": AT, "expires_at": AT, "used_at": None, "state": "in force",
}  # fmt: skip


class KeySeen(BaseModel):
    model_config = example(_KEY)

    id: UUID
    name: str
    prefix: str
    role: Role = Field(description="Its maker's when it was made; what it may do is the lesser of that and of theirs now.")
    scopes: list[str]
    made_by: UUID
    made_by_email: str = Field(description="Empty where they are no member any more.")
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = Field(description="To the minute.")
    state: State = Field(description="Out of force while its maker is no enabled member.")


class KeyList(BaseModel):
    items: list[KeySeen]


class KeyWish(BaseModel):
    model_config = example(name="nightly export", scopes=["read:*"], days=90)

    name: str = Field(min_length=1, max_length=100, pattern=r"\S")
    scopes: list[Annotated[str, Field(max_length=80)]] = Field(
        min_length=1, max_length=50, description="`verb:noun`, either of them `*`: what of its maker's rights it has."
    )
    days: int = Field(default=90, ge=1, le=366)


class KeyMade(BaseModel):
    model_config = example(key=_KEY, text="aos_4fk2m9qz_...")

    key: KeySeen
    text: str = Field(description="Shown once: what a program sends as its bearer token.")


@router.get("", summary="API keys", responses=problems(401, 403, 422, 503))
def list_keys(here: Reading, limit: Limit = 100) -> KeyList:
    """The newest first: owners and admins see all, engineers their own."""
    with here.database.transaction() as transaction:
        return KeyList(items=[KeySeen(**vars(one)) for one in act.all_keys(transaction, _of(here.caller), limit)])


@router.post("", summary="Make an API key", status_code=201, responses=problems(401, 403, 409, 422, 503))
def create_key(here: Making, body: KeyWish) -> KeyMade:
    """It may never do more than its maker, and ends with their membership."""
    check_scopes(here.caller.role, body.scopes)
    scopes = list(dict.fromkeys(body.scopes))

    def make(change: Change) -> KeyMade:
        key, text = act.make_key(change.transaction, body.name.strip(), here.caller.role, scopes, body.days, here.caller.user)
        change.subject, change.detail = str(key.id), {"name": key.name, "prefix": key.prefix, "scopes": scopes}
        return KeyMade(key=KeySeen(**vars(key)), text=text)

    return here.change(KeyMade, make)


@router.delete("/{key_id}", summary="Revoke an API key", status_code=204, responses=problems(401, 403, 404, 409, 422, 503))
def revoke_key(here: Revoking, held: Held, key_id: UUID) -> None:
    """At once here, within seconds in every other process. Engineers revoke their own."""

    def revoke(change: Change) -> None:
        key = act.revoke_key(change.transaction, key_id, _of(here.caller))
        change.detail = {"name": key.name, "prefix": key.prefix}

    here.change(None, revoke, key_id)
    held.keys.forget(lambda key: key.id == key_id)


def _of(caller: Caller) -> UUID | None:
    """Whose keys the caller sees: everybody's, or their own."""
    return None if caller.role in ("owner", "admin") else caller.user
