"""Signing in and changing tenant: throttle, password, membership, token, in that order."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from aos_api.dependencies import Services, address_of
from aos_api.identity import Caller
from aos_core.errors import NotAllowed, NotFound, NotSignedIn
from aos_resources.people import Membership, memberships, sign_in
from aos_resources.tokens import Issued


@dataclass(frozen=True)
class Started:
    issued: Issued
    membership: Membership


def sign_in_throttled(
    held: Services, request: Request, email: str, password: str, slug: str | None
) -> Started:
    """A token for the named tenant, or for the first of the user's.

    Raises:
        TooMany: too many failures of this account or from this address.
        NotSignedIn: e-mail or password are wrong; it never says which.
        NotAllowed: the user belongs to no such tenant.
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
    mine = memberships(held.database, user.id)
    chosen = next((one for one in mine if slug is None or one.tenant.slug == slug), None)
    if chosen is None:
        raise NotAllowed("You belong to no such tenant", fix="Ask an owner of it to add you.")
    return Started(held.tokens.issue(user, chosen), chosen)


def switch(held: Services, caller: Caller, slug: str) -> Started:
    """Raises NotFound where the caller belongs to no tenant of that name, there or not."""
    mine = memberships(held.database, caller.user)
    chosen = next((one for one in mine if one.tenant.slug == slug), None)
    if chosen is None:
        raise NotFound("You belong to no such tenant")
    issued = held.tokens.issue(caller.session.user, chosen, until=caller.session.claims.expires_at)
    held.tokens.revoke(caller.session.claims)
    return Started(issued, chosen)
