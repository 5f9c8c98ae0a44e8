"""Becoming somebody here: what signing in offers, signing up, an invitation's link, a password set anew. Open to everybody."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from aos_api.dependencies import Held, PerhapsSignedIn, address_of, from_no_other_site
from aos_api.errors import problems
from aos_api.joining import accept_link, look_at_link, sign_up, sign_up_allowed
from aos_api.protection import trace_of
from aos_api.routers.auth import Token, signed_in_answer
from aos_api.routers.models import AT, example
from aos_core.errors import Gone
from aos_resources.passwords import LEAST, MOST
from aos_resources.people import Role
from aos_resources.resets import use_reset

router = APIRouter(prefix="/auth", tags=["session"])
_FROM_HERE = [Depends(from_no_other_site)]


class Options(BaseModel):
    model_config = example(sign_up=False, oidc="your company", password_least=LEAST, password_most=MOST)

    sign_up: bool = Field(description="Whether anybody may make a tenant of their own.")
    oidc: str | None = Field(description="What people call the provider that they may sign in with; none where there is none.")
    password_least: int
    password_most: int


class SignUp(BaseModel):
    model_config = example(email="ada@initech.example", name="Ada", password="three words of mine", tenant="initech", tenant_name="Initech")

    email: str = Field(min_length=3, max_length=320)
    name: str = Field(min_length=1, max_length=200, pattern=r"\S")
    password: SecretStr = Field(min_length=1, max_length=MOST)
    tenant: str = Field(max_length=40, description="Slug of the new tenant.")
    tenant_name: str = Field(min_length=1, max_length=200, pattern=r"\S")


class LinkToken(BaseModel):
    model_config = example(token="Zb0s...")

    token: SecretStr = Field(min_length=1, max_length=200, description="Of the link: what stands behind its #.")


class LinkSeen(BaseModel):
    model_config = example(email="ada@acme.example", tenant="acme", tenant_name="Acme", role="engineer", expires_at=AT, known=True)

    email: str
    tenant: str
    tenant_name: str
    role: Role
    expires_at: datetime
    known: bool = Field(description="Whether that e-mail has an account, whose password is then asked for.")


class Acceptance(LinkToken):
    model_config = example(token="Zb0s...", name="Ada", password="three words of mine")

    name: str | None = Field(default=None, max_length=200, description="Of somebody new.")
    password: SecretStr | None = Field(default=None, max_length=MOST, description="Left out by who is signed in under that e-mail.")


class NewPassword(LinkToken):
    model_config = example(token="Zb0s...", password="three words of mine")

    password: SecretStr = Field(min_length=1, max_length=MOST)


@router.get("/options", summary="What signing in offers here", responses=problems(503))
def read_options(held: Held) -> Options:
    name = held.settings.oidc_name if held.provider is not None else None
    return Options(sign_up=sign_up_allowed(held), oidc=name, password_least=LEAST, password_most=MOST)


@router.post("/sign-up", summary="Make a tenant of my own", dependencies=_FROM_HERE, responses=problems(401, 403, 422, 429, 503))
def sign_up_here(body: SignUp, request: Request, response: Response, held: Held) -> Token:
    """Signed in as its owner afterwards. The same once more is a sign-in."""
    started = sign_up(held, request, body.email, body.name.strip(), body.password.get_secret_value(), body.tenant, body.tenant_name.strip())
    return signed_in_answer(request, response, started)


@router.post("/invitation", summary="What an invitation's link opens", dependencies=_FROM_HERE, responses=problems(403, 410, 422, 429, 503))
def look_at_invitation(body: LinkToken, request: Request, held: Held) -> LinkSeen:
    link, known = look_at_link(held, request, body.token.get_secret_value())
    there = link.membership
    return LinkSeen(
        email=link.email, tenant=there.tenant.slug, tenant_name=there.tenant_name, role=there.role, expires_at=link.expires_at, known=known,
    )  # fmt: skip


@router.post(
    "/invitation/accept", summary="Follow an invitation's link", dependencies=_FROM_HERE, responses=problems(401, 403, 410, 422, 429, 503)
)
def accept_invitation(body: Acceptance, request: Request, response: Response, held: Held, session: PerhapsSignedIn) -> Token:
    """A member of its tenant, signed in. Once: used, withdrawn and expired links answer alike."""
    password = body.password.get_secret_value() if body.password is not None else None
    return signed_in_answer(request, response, accept_link(held, request, body.token.get_secret_value(), session, body.name, password))


@router.post(
    "/reset", summary="Set a new password with a token", status_code=204, dependencies=_FROM_HERE, responses=problems(403, 410, 422, 429, 503)
)
def reset_password(body: NewPassword, request: Request, held: Held) -> None:
    """Every session of the person ends."""
    address = address_of(request)
    held.links.attempt(address)
    try:
        user = use_reset(held.database, body.token.get_secret_value(), body.password.get_secret_value(), address, trace_of(request.scope))
    except Gone:
        held.links.failed(address)
        raise
    held.links.let_pass(address)
    held.accounts.forgive(user.email.lower())
    held.look_again(user.id)
