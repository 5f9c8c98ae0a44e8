"""Becoming somebody here: by an invitation's link, or by signing up. Each ends signed in, with one entry of the audit log."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import Request

from aos_api.dependencies import Services, address_of
from aos_api.protection import trace_of
from aos_api.signing_in import Started, begin, prove
from aos_core.errors import Gone, NotAllowed, NotUnderstood
from aos_core.tenancy import tenant_named
from aos_resources.audit import Actor, Entry
from aos_resources.database import Transaction
from aos_resources.invitations import Link, accept, link_of
from aos_resources.passwords import check_password, hash_password
from aos_resources.people import Membership, User, email_address, insert_user, reading_people, user_named
from aos_resources.signing_up import found_with_owner, owned_by
from aos_resources.tokens import Session


def sign_up_allowed(held: Services) -> bool:
    """Whether anybody may make a tenant of their own: the operator's flag says so."""
    return held.flags.on("SIGN_UP")


def look_at_link(held: Services, request: Request, token: str) -> tuple[Link, bool]:
    """What the link opens, and whether its e-mail has an account already. Wrong ones slow an address down, but not
    its sign-ins: an old link is no guess at a password.

    Raises:
        Gone: nothing. TooMany: too many wrong ones from this address.
    """
    address = address_of(request)
    held.links.attempt(address)
    try:
        with reading_people(held.database) as transaction:
            link = link_of(transaction, token)
            known = user_named(transaction, link.email) is not None
    except Gone:
        held.links.failed(address)
        raise
    held.links.let_pass(address)
    return link, known


def accept_link(held: Services, request: Request, token: str, session: Session | None, name: str | None, password: str | None) -> Started:
    """A member, signed in: who is signed in under the invitation's e-mail, who gives the account's password, or somebody new.

    Raises:
        Gone: the link opens nothing. NotAllowed: it is for another e-mail. NotSignedIn: a wrong password.
        NotUnderstood: a name or password is missing or is none, or the person is a member already.
    """
    link, known = look_at_link(held, request, token)
    if session is not None and password is None:
        if session.user.email.lower() != link.email.lower():
            raise NotAllowed("This link is for another e-mail", culprit=link.email, fix="Sign out first.")
        return _join(held, request, link, session.user, None)
    if password is None:
        raise NotUnderstood("A password is missing", culprit="password")
    if known:
        return _join(held, request, link, prove(held, request, link.email, password), None)
    said = (name or "").strip()
    if not said:
        raise NotUnderstood("A name is missing", culprit="name")
    check_password(password, (link.email, said, link.membership.tenant_name, link.membership.tenant.slug))
    return _join(held, request, link, User(uuid4(), email_address(link.email), said), hash_password(password))


def _join(held: Services, request: Request, link: Link, user: User, hashed: str | None) -> Started:
    def become_a_member(transaction: Transaction) -> None:
        if hashed is not None:
            insert_user(transaction, user, hashed, proven=False)
        accept(transaction, link, user.id)

    entry = Entry(actor(request, user), "accept", "invitations", str(link.id), detail={"email": link.email, "role": link.membership.role})
    issued = held.tokens.issue(
        user, link.membership, agent=request.headers.get("user-agent", ""), entry=entry, after=become_a_member,
    )  # fmt: skip
    return Started(issued, link.membership)


def sign_up(held: Services, request: Request, email: str, name: str, password: str, slug: str, tenant_name: str) -> Started:
    """A new tenant and its owner, signed in; again the same is a sign-in, so that an answer may be lost.

    Raises:
        NotAllowed: nobody may here. TooMany: too many from this address. NotSignedIn: the account is there, under another password.
        NotUnderstood: the slug is taken, or something is not of its form.
    """
    if not sign_up_allowed(held):
        raise NotAllowed("Nobody signs up at this installation", fix="Ask its operator, or an owner of a tenant for an invitation.")
    address = address_of(request)
    held.sign_ups.attempt(address)
    held.sign_ups.failed(address)  # each counts, whatever becomes of it
    wanted, mail = tenant_named(slug), email_address(email)
    with reading_people(held.database) as transaction:
        known = user_named(transaction, mail)
    if known is not None:
        user, hashed = prove(held, request, mail, password), None
        if _owns(held, slug, user.id):
            return begin(held, request, user, slug, "password")
    else:
        check_password(password, (mail, name, slug, tenant_name))
        user, hashed = User(uuid4(), mail, name), hash_password(password)
    membership = Membership(wanted, tenant_name, "owner", None)
    entry = Entry(actor(request, user), "create", "tenants", slug, detail={"method": "sign-up", "name": tenant_name})
    issued = held.tokens.issue(
        user, membership, agent=request.headers.get("user-agent", ""), entry=entry,
        after=lambda transaction: found_with_owner(transaction, slug, tenant_name, user, hashed),
    )  # fmt: skip
    return Started(issued, membership)


def actor(request: Request, user: User) -> Actor:
    return Actor("person", str(user.id), user.email, address_of(request), trace_of(request.scope))


def _owns(held: Services, slug: str, user: UUID) -> bool:
    with reading_people(held.database) as transaction:
        return owned_by(transaction, slug, user)
