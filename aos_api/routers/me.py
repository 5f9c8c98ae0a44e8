"""What a person changes of themself: name, persona, password, sessions. In whatever tenant, or in none."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, SecretStr

from aos_api import myself
from aos_api.dependencies import Held, SignedIn
from aos_api.errors import problems
from aos_api.routers.models import AT, ID, example
from aos_resources.passwords import MOST
from aos_resources.people import Persona

router = APIRouter(prefix="/me", tags=["session"])

_SESSION: dict[str, Any] = {
    "id": ID, "tenant": "acme", "tenant_name": "Acme", "started_at": AT, "seen_at": AT, "expires_at": AT, "address": "127.0.0.1",
    "agent": "Firefox", "current": True,
}  # fmt: skip


class Myself(BaseModel):
    """What is left out stays as it is."""

    model_config = example(name="Ada", persona="CFO")

    name: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"\S")
    persona: Persona | Literal["none"] | None = Field(default=None, description="In this tenant; it picks defaults and words, never access.")


class PasswordChange(BaseModel):
    model_config = example(current="correct horse battery", new="three words of mine")

    current: SecretStr = Field(min_length=1, max_length=MOST)
    new: SecretStr = Field(min_length=1, max_length=MOST)


class SessionSeen(BaseModel):
    model_config = example(_SESSION)

    id: UUID
    tenant: str | None
    tenant_name: str | None
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    current: bool


class SessionList(BaseModel):
    items: list[SessionSeen]


class Ended(BaseModel):
    model_config = example(ended=3)

    ended: int = Field(description="How many sessions.")


@router.put("", summary="Change my name and persona", status_code=204, responses=problems(401, 403, 422, 503))
def change_me(body: Myself, person: SignedIn, held: Held) -> None:
    myself.change(held, person, body.name.strip() if body.name else None, body.persona)


@router.put("/password", summary="Change my password", status_code=204, responses=problems(401, 403, 422, 429, 503))
def change_password(body: PasswordChange, person: SignedIn, request: Request, held: Held) -> None:
    """Every other session of mine ends."""
    myself.change_password(held, request, person, body.current.get_secret_value(), body.new.get_secret_value())


@router.get("/sessions", summary="My sessions", responses=problems(401, 403, 503))
def list_my_sessions(person: SignedIn, held: Held) -> SessionList:
    """Those in force, the last used first."""
    current = person.session.claims.token_id
    return SessionList(items=[SessionSeen(**vars(one), current=one.id == current) for one in myself.sessions(held, person)])


@router.delete("/sessions/{session_id}", summary="End one of my sessions", status_code=204, responses=problems(401, 403, 404, 422, 503))
def end_my_session(session_id: UUID, person: SignedIn, held: Held) -> None:
    myself.end_one(held, person, session_id)


@router.delete("/sessions", summary="End my other sessions", responses=problems(401, 403, 422, 503))
def end_my_sessions(person: SignedIn, held: Held, this_too: bool = False) -> Ended:
    """Or all of them, this one too."""
    return Ended(ended=myself.end_others(held, person, this_too))
