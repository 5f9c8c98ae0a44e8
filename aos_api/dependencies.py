"""What routes are given: the signed-in caller, and the doors to that caller's tenant. No reads of rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from aos_api.identity import Caller, Noun, Verb, caller_of, may
from aos_api.throttle import Throttle
from aos_core.errors import NotAllowed, NotSignedIn
from aos_core.ontology import Ontology, standard
from aos_resources.database import Database, TenantDatabase
from aos_resources.landed import Landed, TenantLanded
from aos_resources.settings import Settings
from aos_resources.tokens import Issued, Tokens
from aos_resources.warehouse import TenantWarehouse, Warehouse

COOKIE = "aos_session"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_bearer = HTTPBearer(
    auto_error=False, scheme_name="bearer", description="The token that signing in returned."
)
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="cookie", description="Set by signing in.")


@dataclass(frozen=True)
class Services:
    """What one process holds open, from its start to its end."""

    settings: Settings
    database: Database
    warehouse: Warehouse
    landed: Landed
    tokens: Tokens
    accounts: Throttle
    addresses: Throttle


@dataclass(frozen=True)
class Workspace:
    """A caller, and the doors to the caller's own tenant: there is no other way from a route to a row."""

    caller: Caller
    database: TenantDatabase
    warehouse: TenantWarehouse
    landed: TenantLanded
    ontology: Ontology


# What follows is asked on the event loop: a dependency in the thread pool costs two changes of threads, so only what
# blocks goes there.
async def services(request: Request) -> Services:
    return cast(Services, request.app.state.services)


Held = Annotated[Services, Depends(services)]


async def signed_in(
    request: Request,
    held: Held,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    cookie: Annotated[str | None, Depends(_cookie)],
) -> Caller:
    """The caller of the bearer token, else of the cookie.

    Raises:
        NotSignedIn: neither is in force. NotAllowed: a cookie, but the request comes from another site.
    """
    if bearer is not None:
        return await _caller(held.tokens, bearer.credentials)
    if cookie is None:
        raise NotSignedIn("There are no credentials", fix="Sign in first.")
    if request.method not in _HARMLESS and not _from_here(request):
        raise NotAllowed(
            "A change with a cookie must come from this site itself", fix="Use a bearer token elsewhere."
        )
    return await _caller(held.tokens, cookie)


async def _caller(tokens: Tokens, token: str) -> Caller:
    claims = tokens.read(token)
    session = tokens.remembered(claims)
    return caller_of(session if session is not None else await run_in_threadpool(tokens.look_up, claims))


SignedIn = Annotated[Caller, Depends(signed_in)]


async def from_no_other_site(request: Request) -> None:
    """For signing in, which has no cookie yet: a browser that says it comes from elsewhere is refused.

    Raises:
        NotAllowed: it does.
    """
    if ("sec-fetch-site" in request.headers or "origin" in request.headers) and not _from_here(request):
        raise NotAllowed("Signing in must come from this site itself")


def who_may(verb: Verb, noun: Noun) -> Callable[[SignedIn, Held], Awaitable[Workspace]]:
    """The workspace of a caller who may do that; what every route of a tenant's things asks for."""

    async def workspace(caller: SignedIn, held: Held) -> Workspace:
        may(caller, verb, noun)
        tenant = caller.tenant
        return Workspace(
            caller, held.database.of(tenant), held.warehouse.of(tenant), held.landed.of(tenant), standard()
        )

    return workspace


def set_cookie(request: Request, response: Response, issued: Issued, seconds: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, issued.token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure
    )


def address_of(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


def _from_here(request: Request) -> bool:
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
