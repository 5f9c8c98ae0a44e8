"""What routes are given: the signed-in caller, and the doors to that caller's tenant. No reads of rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Header, Response
from fastapi import Request as HttpRequest
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from aos_api.changing import Answer, Change, change
from aos_api.errors import TooMany
from aos_api.identity import Caller, Noun, Person, Verb, caller_of, caller_of_key, may
from aos_api.masking import Mask
from aos_api.news import News
from aos_api.protection import LARGEST_BODY, trace_of
from aos_api.rates import Rates
from aos_api.throttle import Throttle
from aos_api.watching import Watch
from aos_core.errors import NotAllowed, NotSignedIn, NotUnderstood
from aos_core.ontology import Ontology, standard
from aos_core.tenancy import INSTALLATION, Tenant
from aos_resources.airbyte import Airbyte
from aos_resources.api_keys import PREFIX, ApiKeys, Key
from aos_resources.database import Database, TenantDatabase
from aos_resources.flags import Flags
from aos_resources.idempotency import LONGEST, Request
from aos_resources.landed import Landed, TenantLanded
from aos_resources.live import Live
from aos_resources.masks import Masks
from aos_resources.oidc import Provider
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings
from aos_resources.tokens import Issued, Session, Tokens
from aos_resources.warehouse import TenantWarehouse, Warehouse

COOKIE = "aos_session"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
bearer_scheme = HTTPBearer(
    auto_error=False, scheme_name="bearer", description="The token that signing in returned, or an API key."
)
cookie_scheme = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="cookie", description="Set by signing in.")


@dataclass(frozen=True)
class Services:
    """What one process holds open, from its start to its end."""

    settings: Settings
    database: Database
    warehouse: Warehouse
    landed: Landed
    secrets: Secrets
    tokens: Tokens
    masks: Masks
    accounts: Throttle
    addresses: Throttle
    rates: Rates
    live: Live
    flags: Flags
    news: News
    keys: ApiKeys
    watch: Watch
    provider: Provider | None
    sign_ups: Throttle
    links: Throttle
    airbyte: Airbyte

    def look_again(self, user: UUID) -> None:
        """Something of this person has changed: at once here, in other processes within seconds."""
        self.tokens.forget(lambda session: session.user.id == user)
        self.keys.forget(lambda key: key.user == user)


@dataclass(frozen=True)
class Asked:
    """What a route's helpers must know of the request itself."""

    address: str
    trace: str
    key: str | None
    hash: bytes
    response: Response

    def idempotent(self, caller: str) -> Request | None:
        return None if self.key is None else Request(caller, self.key, self.hash)

    def replayed(self) -> None:
        self.response.headers["Idempotent-Replayed"] = "true"


@dataclass(frozen=True)
class Workspace:
    """A caller, and the doors to the caller's own tenant: there is no other way from a route to a row."""

    caller: Caller
    database: TenantDatabase
    warehouse: TenantWarehouse
    landed: TenantLanded
    secrets: Secrets
    ontology: Ontology
    asked: Asked
    verb: Verb
    noun: Noun
    mask: Mask

    @property
    def policy(self) -> str:
        """What the caller may see, as a word for keys of caches."""
        return self.mask.policy

    def change(self, form: Any, effect: Callable[[Change], Answer], subject: object = "") -> Answer:
        """A change of the tenant's, with its one audit entry; see `changing.change`. `form`: what the route answers with."""
        return change(self, form, effect, str(subject))


# What follows is asked on the event loop: a dependency in the thread pool costs two changes of threads, so only what
# blocks goes there.
async def services(request: HttpRequest) -> Services:
    return cast(Services, request.app.state.services)


Held = Annotated[Services, Depends(services)]


async def credentials(
    request: HttpRequest,
    held: Held,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
    cookie: Annotated[str | None, Depends(cookie_scheme)],
) -> Session | Key:
    """What the bearer token or key, else the cookie, stands for. A key is never looked for in a cookie.

    Raises:
        NotSignedIn: neither is in force. NotAllowed: a cookie, but the request comes from another site.
    """
    if bearer is None and cookie is not None and request.method not in _HARMLESS and not from_here(request):
        raise NotAllowed(
            "A change with a cookie must come from this site itself", fix="Use a bearer token elsewhere."
        )
    return await credentials_of(held, f"Bearer {bearer.credentials}" if bearer is not None else "", cookie)


async def credentials_of(held: Services, authorization: str, cookie: str | None) -> Session | Key:
    """Whom a header, else a cookie, stands for. Raises NotSignedIn where neither is in force."""
    kind, _, text = authorization.partition(" ")
    if kind.lower() == "bearer" and text.startswith(PREFIX):
        key = held.keys.remembered(text)
        return key if key is not None else await run_in_threadpool(held.keys.look_up, text)
    token = text if kind.lower() == "bearer" else cookie
    if token is None:
        raise NotSignedIn("There are no credentials", fix="Sign in first.")
    claims = held.tokens.read(token)
    session = held.tokens.remembered(claims)
    return session if session is not None else await run_in_threadpool(held.tokens.look_up, claims)


async def session_of(who: Annotated[Session | Key, Depends(credentials)]) -> Session:
    """Raises NotAllowed where it is a key's."""
    if isinstance(who, Key):
        raise NotAllowed("Only people may do that, no keys", fix="Sign in.")
    return who


async def perhaps_session_of(
    request: HttpRequest,
    held: Held,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
    cookie: Annotated[str | None, Depends(cookie_scheme)],
) -> Session | None:
    """The session where there is one in force: for what is open to everybody, and easier for who is signed in."""
    try:
        return await session_of(await credentials(request, held, bearer, cookie))
    except (NotSignedIn, NotAllowed):
        return None


async def signed_in(request: HttpRequest, held: Held, session: Annotated[Session, Depends(session_of)]) -> Person:
    """Raises TooMany where they, or their tenant, asked for more than the limits."""
    charge(request, held, session.membership.tenant if session.membership is not None else INSTALLATION, str(session.user.id))
    return Person(session, address_of(request), trace_of(request.scope))


async def in_a_tenant(request: HttpRequest, held: Held, who: Annotated[Session | Key, Depends(credentials)]) -> Caller:
    """Raises NotAllowed where the person is in none. TooMany: as `signed_in`."""
    address, trace = address_of(request), trace_of(request.scope)
    caller = caller_of_key(who, address, trace) if isinstance(who, Key) else caller_of(who, address, trace)
    charge(request, held, caller.tenant, caller.id)
    return caller


def charge(request: HttpRequest, held: Services, tenant: Tenant, caller: str) -> None:
    """Count this request, once; its answer says what is left.

    Raises:
        TooMany: it is one too many.
    """
    if hasattr(request.state, "rate_headers"):
        return
    charged = held.rates.charge(tenant.id, caller)
    request.state.rate_headers = {"RateLimit-Policy": charged.policy, "RateLimit": charged.left}
    if charged.wait:
        raise TooMany("Too many requests", seconds=charged.wait)


PerhapsSignedIn = Annotated[Session | None, Depends(perhaps_session_of)]
SignedIn = Annotated[Person, Depends(signed_in)]
InATenant = Annotated[Caller, Depends(in_a_tenant)]


async def asked(
    request: HttpRequest,
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=LONGEST, pattern="^[ -~]+$", description="Sent again under the same key within a day, the same answer is given and nothing is done twice.")
    ] = None,
) -> Asked:
    if idempotency_key is not None and int(request.headers.get("content-length", "0")) > LARGEST_BODY:
        raise NotUnderstood("A file this large is sent without an Idempotency-Key", fix="Sent again it replaces itself.")
    said = b"" if idempotency_key is None else sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()).digest()
    return Asked(address_of(request), trace_of(request.scope), idempotency_key, said, response)


async def asked_to_read(request: HttpRequest, response: Response) -> Asked:
    return Asked(address_of(request), trace_of(request.scope), None, b"", response)


async def from_no_other_site(request: HttpRequest) -> None:
    """For signing in, which has no cookie yet: a browser that says it comes from elsewhere is refused.

    Raises:
        NotAllowed: it does.
    """
    if ("sec-fetch-site" in request.headers or "origin" in request.headers) and not from_here(request):
        raise NotAllowed("Signing in must come from this site itself")


def who_may(verb: Verb, noun: Noun) -> Callable[..., Awaitable[Workspace]]:
    """The workspace of a caller who may do that; what every route of a tenant's things asks for."""
    request: Asked = Depends(asked_to_read if verb == "read" else asked)

    async def workspace(http: HttpRequest, caller: InATenant, held: Held, told: Asked = request) -> Workspace:
        if caller.by_grant:
            await run_in_threadpool(held.watch.tell, held.database, caller, verb, noun, f"{http.method} {http.url.path}")
        may(caller, verb, noun)
        tenant = caller.tenant
        known = held.masks.remembered(tenant, caller.role)
        known = known if known is not None else await run_in_threadpool(held.masks.look_up, tenant, caller.role)
        return Workspace(
            caller, held.database.of(tenant), held.warehouse.of(tenant), held.landed.of(tenant), held.secrets, standard(), told, verb, noun,
            Mask(caller.role, standard(), known),
        )  # fmt: skip

    return workspace


def operator_may(verb: Verb, noun: Noun) -> Callable[[SignedIn], Awaitable[Person]]:
    """The person, where an operator may do that."""

    async def person(someone: SignedIn) -> Person:
        may(someone, verb, noun)
        return someone

    return person


def set_cookie(request: HttpRequest, response: Response, issued: Issued, seconds: int) -> None:
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, issued.token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure
    )


def address_of(request: HTTPConnection) -> str:
    return request.client.host if request.client is not None else "unknown"


def from_here(request: HTTPConnection) -> bool:
    """Whether a browser says that a page of this very site asks."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
