"""Signing in and changing tenant: throttle, password, membership, token, in that order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from fastapi import Request

from aos_api.dependencies import Services, address_of
from aos_api.identity import Person
from aos_api.protection import trace_of
from aos_core.errors import NotAllowed, NotFound, NotSignedIn
from aos_resources.audit import Actor, Entry
from aos_resources.database import Transaction
from aos_resources.operating import Granted, granted_tenants
from aos_resources.people import Membership, User, is_operator, memberships, reading_people, sign_in
from aos_resources.tokens import Issued


@dataclass(frozen=True)
class Started:
    issued: Issued
    membership: Membership | None


def sign_in_throttled(
    held: Services, request: Request, email: str, password: str, slug: str | None
) -> Started:
    """A token for the named tenant, or for the first of the user's.

    Raises:
        NotAllowed: the user belongs to no such tenant. And as `prove` does.
    """
    return begin(held, request, prove(held, request, email, password), slug, "password")


def prove(held: Services, request: Request, email: str, password: str) -> User:
    """Who has that e-mail and password.

    Raises:
        TooMany: too many failures of this account or from this address.
        NotSignedIn: e-mail or password are wrong; it never says which.
    """
    account, address = email.strip().lower(), address_of(request)
    held.addresses.attempt(address)
    held.accounts.attempt(account)
    user = sign_in(held.database, email, password)
    if user is None:
        held.addresses.failed(address)
        held.accounts.failed(account)
        raise NotSignedIn("E-mail or password are wrong", fix="Try again.")
    held.accounts.forgive(account)
    held.addresses.let_pass(address)
    return user


def begin(
    held: Services, request: Request, user: User, slug: str | None, method: str, after: Callable[[Transaction], None] | None = None
) -> Started:
    """A session of somebody who has proven who they are; told in the tenant's audit log. `after`: as in `Tokens.issue`.

    Raises:
        NotAllowed: the user belongs to no such tenant, or to none and is no operator.
    """
    mine = memberships(held.database, user.id)
    chosen = next((one for one in mine if slug is None or one.tenant.slug == slug), None)
    if chosen is None and (slug is not None or not is_operator(held.database, user.id)):
        raise NotAllowed("You belong to no such tenant", fix="Ask an owner of it to add you.")
    actor = Actor("person", str(user.id), user.email, address_of(request), trace_of(request.scope))
    entry = Entry(actor, "start", "session", detail={"method": method})
    issued = held.tokens.issue(user, chosen, agent=request.headers.get("user-agent", ""), entry=entry, after=after)
    if after is not None:
        held.look_again(user.id)
    return Started(issued, chosen)


def switch(held: Services, request: Request, person: Person, slug: str) -> Started:
    """Raises NotFound where the person belongs to no tenant of that name, there or not, and none lets them in as an operator."""
    user, claims = person.session.user, person.session.claims
    chosen = next((one for one in memberships(held.database, user.id) if one.tenant.slug == slug), None)
    granted = next((one for one in granted_to(held, user.id) if one.membership.tenant.slug == slug), None) if chosen is None else None
    if chosen is None and granted is None:
        raise NotFound("You belong to no such tenant")
    actor = Actor("operator" if granted else "person", str(user.id), user.email, person.address, person.trace)
    detail = {"method": "grant", "until": granted.until.isoformat()} if granted else {"method": "switch"}
    entry, chosen = Entry(actor, "start", "session", detail=detail), chosen or (granted.membership if granted else None)
    agent = request.headers.get("user-agent", "")
    issued = held.tokens.issue(user, chosen, until=claims.expires_at, agent=agent, entry=entry, instead_of=claims)
    return Started(issued, chosen)


def granted_to(held: Services, user: UUID) -> list[Granted]:
    """Tenants that let the person in as an operator, for now."""
    with reading_people(held.database) as transaction:
        return granted_tenants(transaction, user)
