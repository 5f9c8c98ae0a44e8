"""Signing in and out, changing tenant, and who I am."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from aos_api.dependencies import COOKIE, Held, SignedIn, from_no_other_site, set_cookie
from aos_api.errors import problems
from aos_api.identity import allowed_to
from aos_api.routers.models import AT, ID, example
from aos_api.signing_in import Started, granted_to, sign_in_throttled, switch
from aos_resources.audit import Entry
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
    tenant: TenantSeen | None = Field(description="None for an operator who is in no tenant.")


class UserSeen(BaseModel):
    model_config = example(id=ID, email="ada@acme.example", name="Ada")

    id: UUID
    email: str
    name: str


class GrantedTenant(BaseModel):
    """A tenant that lets me in as an operator, to look."""

    model_config = example(slug="globex", name="Globex", until=AT)

    slug: str
    name: str
    until: datetime


class Me(BaseModel):
    model_config = example(
        user={"id": ID, "email": "ada@acme.example", "name": "Ada"},
        tenant={"id": ID, "slug": "acme", "name": "Acme", "role": "engineer", "persona": "CFO"},
        tenants=[{"id": ID, "slug": "acme", "name": "Acme", "role": "engineer", "persona": "CFO"}],
        role="engineer", operator=False, may=["decide:proposals", "read:proposals"], expires_at=AT, by_grant=False, until=None, granted=[],
    )  # fmt: skip

    user: UserSeen
    tenant: TenantSeen | None = Field(description="None for an operator who is in no tenant.")
    tenants: list[TenantSeen]
    role: Role | None
    operator: bool = Field(description="Whether I am an operator of this installation.")
    may: list[str] = Field(description="What I may do here, each as `verb:noun`.")
    expires_at: datetime
    by_grant: bool = Field(description="Whether I am in this tenant because it lets me look, as an operator.")
    until: datetime | None = Field(description="When that ends.")
    granted: list[GrantedTenant] = Field(description="Tenants that let me in as an operator, which I may switch to.")


@router.post(
    "/auth/login",
    summary="Sign in",
    responses=problems(401, 403, 422, 429, 503),
    dependencies=[Depends(from_no_other_site)],
)
def sign_in(body: Login, request: Request, response: Response, held: Held) -> Token:
    """Returns a bearer token and sets it as a cookie that scripts cannot read."""
    started = sign_in_throttled(held, request, body.email, body.password.get_secret_value(), body.tenant)
    return signed_in_answer(request, response, started)


@router.post("/auth/logout", summary="Sign out", status_code=204, responses=problems(401, 403, 503))
def sign_out(caller: SignedIn, response: Response, held: Held) -> None:
    """The token ends at once, wherever it is kept."""
    session = caller.session
    entry = Entry(caller.actor, "end", "session", str(session.claims.token_id))
    held.tokens.revoke(session.claims, entry=entry, tenant=session.membership.tenant if session.membership else None)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


@router.post(
    "/auth/switch", summary="Change to another tenant of mine", responses=problems(401, 403, 404, 422, 503)
)
def switch_tenant(body: Switch, caller: SignedIn, request: Request, response: Response, held: Held) -> Token:
    """The old token ends; the new one ends when the old one would have."""
    return signed_in_answer(request, response, switch(held, request, caller, body.tenant))


@router.get("/me", summary="Who I am, and where", responses=problems(401, 503))
def read_me(caller: SignedIn, held: Held) -> Me:
    session = caller.session
    return Me(
        user=UserSeen.model_validate(vars(session.user)),
        tenant=_tenant(session.membership) if session.membership else None,
        tenants=[_tenant(one) for one in memberships(held.database, session.user.id)],
        role=session.membership.role if session.membership else None,
        operator=session.operator,
        may=allowed_to(caller.standings | ({session.membership.role} if session.membership else set())),
        expires_at=session.claims.expires_at,
        by_grant=session.by_grant,
        until=session.granted_until,
        granted=[
            GrantedTenant(slug=one.membership.tenant.slug, name=one.membership.tenant_name, until=one.until)
            for one in (granted_to(held, session.user.id) if session.operator else [])
        ],
    )


def signed_in_answer(request: Request, response: Response, started: Started) -> Token:
    issued = started.issued
    seconds = int((issued.claims.expires_at - datetime.now(UTC)).total_seconds())
    set_cookie(request, response, issued, max(0, seconds))
    return Token(
        access_token=issued.token, expires_at=issued.claims.expires_at,
        tenant=_tenant(started.membership) if started.membership else None,
    )


def _tenant(one: Membership) -> TenantSeen:
    return TenantSeen(
        id=one.tenant.id, slug=one.tenant.slug, name=one.tenant_name, role=one.role, persona=one.persona
    )
