"""Signing in and out, changing tenant, and who I am."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from aos_api.dependencies import COOKIE, Held, SignedIn, from_no_other_site, set_cookie
from aos_api.errors import problems
from aos_api.routers.models import AT, ID, example
from aos_api.signing_in import Started, sign_in_throttled, switch
from aos_resources.people import Membership, Persona, Role, memberships

router = APIRouter(tags=["session"])


class Login(BaseModel):
    model_config = example(email="ada@acme.example", password="correct horse battery", tenant="acme")

    email: str = Field(min_length=3, max_length=320)
    password: SecretStr = Field(min_length=1, max_length=1024)
    tenant: str | None = Field(
        default=None, max_length=40, description="Slug; the first of mine where it is left out."
    )


class Switch(BaseModel):
    model_config = example(tenant="globex")

    tenant: str = Field(max_length=40, description="Slug of another tenant of mine.")


class TenantSeen(BaseModel):
    model_config = example(id=ID, slug="acme", name="Acme", role="engineer", persona="CFO")

    id: UUID
    slug: str
    name: str
    role: Role
    persona: Persona | None


class Token(BaseModel):
    """A bearer token; the same stands in the cookie `aos_session`."""

    model_config = example(
        access_token="eyJhbGciOiJFZERTQSIs...", token_type="bearer", expires_at=AT,
        tenant={"id": ID, "slug": "acme", "name": "Acme", "role": "engineer", "persona": "CFO"},
    )  # fmt: skip

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_at: datetime
    tenant: TenantSeen


class Person(BaseModel):
    model_config = example(id=ID, email="ada@acme.example", name="Ada")

    id: UUID
    email: str
    name: str


class Me(BaseModel):
    model_config = example(
        user={"id": ID, "email": "ada@acme.example", "name": "Ada"},
        tenant={"id": ID, "slug": "acme", "name": "Acme", "role": "engineer", "persona": "CFO"},
        tenants=[{"id": ID, "slug": "acme", "name": "Acme", "role": "engineer", "persona": "CFO"}],
        role="engineer", expires_at=AT,
    )  # fmt: skip

    user: Person
    tenant: TenantSeen
    tenants: list[TenantSeen]
    role: Role
    expires_at: datetime


@router.post(
    "/auth/login",
    summary="Sign in",
    responses=problems(401, 403, 422, 429, 503),
    dependencies=[Depends(from_no_other_site)],
)
def sign_in(body: Login, request: Request, response: Response, held: Held) -> Token:
    """Returns a bearer token and sets it as a cookie that scripts cannot read."""
    started = sign_in_throttled(held, request, body.email, body.password.get_secret_value(), body.tenant)
    return _answer(request, response, started)


@router.post("/auth/logout", summary="Sign out", status_code=204, responses=problems(401, 403, 503))
def sign_out(caller: SignedIn, response: Response, held: Held) -> None:
    """The token ends at once, wherever it is kept."""
    held.tokens.revoke(caller.session.claims)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@router.post(
    "/auth/switch", summary="Change to another tenant of mine", responses=problems(401, 403, 404, 422, 503)
)
def switch_tenant(body: Switch, caller: SignedIn, request: Request, response: Response, held: Held) -> Token:
    """The old token ends; the new one ends when the old one would have."""
    return _answer(request, response, switch(held, caller, body.tenant))


@router.get("/me", summary="Who I am, and where", responses=problems(401, 503))
def read_me(caller: SignedIn, held: Held) -> Me:
    session = caller.session
    return Me(
        user=Person.model_validate(vars(session.user)),
        tenant=_tenant(session.membership),
        tenants=[_tenant(one) for one in memberships(held.database, caller.user)],
        role=caller.role,
        expires_at=session.claims.expires_at,
    )


def _answer(request: Request, response: Response, started: Started) -> Token:
    issued = started.issued
    seconds = int((issued.claims.expires_at - datetime.now(UTC)).total_seconds())
    set_cookie(request, response, issued, max(0, seconds))
    return Token(
        access_token=issued.token, expires_at=issued.claims.expires_at, tenant=_tenant(started.membership)
    )


def _tenant(one: Membership) -> TenantSeen:
    return TenantSeen(
        id=one.tenant.id, slug=one.tenant.slug, name=one.tenant_name, role=one.role, persona=one.persona
    )
