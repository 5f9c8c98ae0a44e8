"""Invitations by link: whoever holds the link may become a member. Only its hash is kept.

Making and listing them is the tenant's; following a link is the people's, who do not know yet which tenant it is.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from aos_core.errors import Gone, NotAllowed, NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction
from aos_resources.members import rank
from aos_resources.people import Membership, Role, email_address, enter

State = Literal["open", "accepted", "withdrawn", "expired"]
_LIST = """
select id, email, role, invited_by, created_at, expires_at,
    case when accepted_at is not null then 'accepted' when withdrawn_at is not null then 'withdrawn'
        when expires_at <= now() then 'expired' else 'open' end as state
from aos.invitations
"""
_MAKE = """
insert into aos.invitations (tenant_id, id, email, role, hash, invited_by, expires_at)
values (:tenant, :id, :email, :role, :hash, :by, now() + make_interval(days => :days))
"""
_WITHDRAW = "update aos.invitations set withdrawn_at = now() where accepted_at is null and withdrawn_at is null"
_OPEN = """
select i.id, i.tenant_id, i.email, i.role, i.expires_at, t.slug, t.name as tenant_name
from aos.invitations i join aos.tenants t on t.id = i.tenant_id
where i.accepted_at is null and i.withdrawn_at is null and i.expires_at > now() and t.suspended_at is null and t.erased_at is null
"""
_ACCEPT = "update aos.invitations set accepted_at = now() where tenant_id = :tenant and id = :id and accepted_at is null and withdrawn_at is null and expires_at > now()"
_JOIN = "insert into aos.memberships (tenant_id, user_id, role) values (:tenant, :user, :role) on conflict do nothing"


@dataclass(frozen=True)
class Invitation:
    """As its tenant sees it."""

    id: UUID
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: State


@dataclass(frozen=True)
class Link:
    """An open invitation, as whoever holds its link sees it."""

    id: UUID
    email: str
    membership: Membership
    expires_at: datetime


def hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def invite(transaction: Transaction, tenant: Tenant, email: str, role: Role, days: int, by: str) -> tuple[UUID, str]:
    """The invitation's id and the token of its link, which is never shown again. An earlier one of that e-mail ends."""
    address, token, made = email_address(email), secrets.token_urlsafe(32), uuid4()
    transaction.run(_MAKE, tenant=tenant.id, id=made, email=address, role=role, hash=hashed(token), by=by, days=days)
    return made, token


def invite_member(transaction: Transaction, tenant: Tenant, email: str, role: Role, days: int, by: tuple[str, Role]) -> tuple[UUID, str]:
    """The same by a member, for nobody above them.

    Raises:
        NotAllowed: for a role above one's own. NotUnderstood: the person is a member already.
    """
    who, own = by
    if rank(role) < rank(own):
        raise NotAllowed("Nobody invites above their own role", culprit=role, fix="Ask an owner of this tenant.")
    known = "select 1 from aos.memberships m join aos.users u on u.id = m.user_id where lower(u.email) = lower(:email)"
    if transaction.first(known, email=email_address(email)) is not None:
        raise NotUnderstood("That person is a member already", culprit=email_address(email))
    transaction.run(_WITHDRAW + " and lower(email) = lower(:email)", email=email_address(email))
    return invite(transaction, tenant, email, role, days, who)


def all_invitations(transaction: Transaction, limit: int) -> list[Invitation]:
    """The newest first."""
    return [Invitation(**row) for row in transaction.all(_LIST + " order by created_at desc, id limit :limit", limit=limit)]


def one_invitation(transaction: Transaction, invitation: UUID) -> Invitation:
    return Invitation(**transaction.one("invitation", _LIST + " where id = :id", id=invitation))


def withdraw(transaction: Transaction, invitation: UUID) -> Invitation:
    """What it was. Raises NotUnderstood where it is not open any more."""
    before = one_invitation(transaction, invitation)
    if not transaction.run(_WITHDRAW + " and id = :id", id=invitation):
        raise NotUnderstood(f"That invitation is {before.state} already", culprit=before.email)
    return before


def link_of(transaction: Transaction, token: str) -> Link:
    """What the link opens.

    Raises:
        Gone: nothing, or not any more: it never says which.
    """
    row = transaction.first(_OPEN + " and i.hash = :hash", hash=hashed(token))
    if row is None:
        raise _gone()
    return _link(dict(row))


def open_for(transaction: Transaction, email: str) -> Link | None:
    """The newest open invitation of that e-mail."""
    row = transaction.first(_OPEN + " and lower(i.email) = lower(:email) order by i.created_at desc limit 1", email=email)
    return None if row is None else _link(dict(row))


def accept(transaction: Transaction, link: Link, user: UUID) -> None:
    """Makes the user a member, once; in a transaction of people.

    Raises:
        Gone: somebody was faster, or it was withdrawn meanwhile. NotUnderstood: the user is a member already.
    """
    tenant = link.membership.tenant
    enter(transaction, tenant)
    if not transaction.run(_ACCEPT, tenant=tenant.id, id=link.id):
        raise _gone()
    if not transaction.run(_JOIN, tenant=tenant.id, user=user, role=link.membership.role):
        raise NotUnderstood("You are a member of that tenant already", fix="Sign in.")


def _link(row: dict[str, object]) -> Link:
    membership = Membership(Tenant(row["tenant_id"], row["slug"]), row["tenant_name"], row["role"], None)  # type: ignore[arg-type]
    return Link(row["id"], row["email"], membership, row["expires_at"])  # type: ignore[arg-type]


def _gone() -> Gone:
    return Gone("This link opens nothing any more", fix="Ask whoever sent it for a new one.")
