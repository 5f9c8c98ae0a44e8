"""Signing in with an OpenID Connect provider: the way there, the way back, and who that is here.

It creates no access: only who was let in otherwise comes in, by an account or an invitation of the e-mail that the
provider has verified. An account whose e-mail nobody vouched for loses its password then: whoever made it may not
have been the person.
"""

from __future__ import annotations

import hmac
import time
from uuid import uuid4

import jwt
from fastapi import Request

from aos_api.dependencies import Services
from aos_api.joining import actor
from aos_api.signing_in import Started, begin
from aos_core.errors import NotAllowed, NotFound, NotSignedIn
from aos_resources.audit import Entry
from aos_resources.database import Transaction
from aos_resources.identities import Linked, link_identity, linked_to, with_email
from aos_resources.invitations import Link, accept, open_for
from aos_resources.key_files import key_file
from aos_resources.oidc import Identity, Provider
from aos_resources.people import User, email_address, insert_user, memberships, reading_people
from aos_resources.settings import Settings

COOKIE = "aos_oidc"
PATH = "/api/v1/auth/oidc"
SECONDS = 600
_AUDIENCE = "autonomos-oidc"


def leave(held: Services, back: str) -> tuple[str, str]:
    """Where to send the browser, and the cookie that it brings back.

    Raises:
        NotFound: no provider is set up.
    """
    begun = _provider(held).begin(back)
    kept = {"aud": _AUDIENCE, "exp": int(time.time()) + SECONDS, "state": begun.state, "nonce": begun.nonce, "verifier": begun.verifier}
    return begun.url, jwt.encode(kept, _key(held.settings), algorithm="HS256")


def come_back(held: Services, request: Request, cookie: str | None, state: str | None, code: str | None, back: str) -> Started:
    """A session of whoever the provider says it is.

    Raises:
        NotSignedIn: the answer is not of a sign-in that this browser began, or does not hold.
        NotAllowed: there is nobody of that identity here, or they are disabled. TryAgain: the provider is away.
    """
    provider = _provider(held)
    try:
        kept = jwt.decode(cookie or "", _key(held.settings), algorithms=["HS256"], audience=_AUDIENCE, options={"require": ["exp"]})
    except jwt.PyJWTError as wrong:
        raise NotSignedIn("This sign-in was begun elsewhere or too long ago", fix="Sign in again.") from wrong
    if not state or not code or not hmac.compare_digest(state.encode(), str(kept["state"]).encode()):
        raise NotSignedIn("This sign-in was begun elsewhere or refused", fix="Sign in again.")
    return _welcome(held, request, provider.finish(code, back, kept["nonce"], kept["verifier"]))


def _welcome(held: Services, request: Request, identity: Identity) -> Started:
    with reading_people(held.database) as transaction:
        known = linked_to(transaction, identity.issuer, identity.subject)
        first = known is None
        if known is None and identity.email is not None:
            known = with_email(transaction, identity.email)
        link = open_for(transaction, identity.email) if identity.email is not None else None
    if known is not None and not known.enabled:
        raise NotAllowed("This account is disabled", fix="Ask the operator of this installation.")
    if known is not None and known.identity is not None and first:
        raise NotAllowed("This e-mail's account signs in with another identity", fix="Ask the operator of this installation.")
    if known is None:
        return _accepted(held, request, identity, link, None)
    if link is not None and not memberships(held.database, known.user.id):
        return _accepted(held, request, identity, link, known)
    return begin(
        held, request, known.user, None, "oidc",
        after=(lambda transaction: link_identity(transaction, known.user, identity.issuer, identity.subject)) if first else None,
    )  # fmt: skip


def _accepted(held: Services, request: Request, identity: Identity, link: Link | None, known: Linked | None) -> Started:
    """By the newest open invitation of the verified e-mail."""
    if identity.email is None:
        raise NotAllowed("The provider does not say that this e-mail is yours", fix="Let it verify your e-mail, or sign in with a password.")
    if link is None:
        raise NotAllowed("Nobody has let you in here yet", culprit=identity.email, fix="Ask an owner of a tenant for an invitation.")
    user = known.user if known else User(uuid4(), email_address(identity.email), identity.name or identity.email.partition("@")[0])

    def become_a_member(transaction: Transaction) -> None:
        if known is None:
            insert_user(transaction, user, None, proven=True)
        link_identity(transaction, user, identity.issuer, identity.subject)
        accept(transaction, link, user.id)

    entry = Entry(actor(request, user), "accept", "invitations", str(link.id), detail={"email": link.email, "role": link.membership.role, "method": "oidc"})
    issued = held.tokens.issue(user, link.membership, agent=request.headers.get("user-agent", ""), entry=entry, after=become_a_member)
    held.look_again(user.id)
    return Started(issued, link.membership)


def _provider(held: Services) -> Provider:
    if held.provider is None:
        raise NotFound("People sign in with passwords here", fix="The operator may set AOS_OIDC_ISSUER.")
    return held.provider


def _key(settings: Settings) -> bytes:
    return key_file(settings.keys / "oidc.key", "The key of sign-ins with a provider")
