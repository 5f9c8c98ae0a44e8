"""What the operator of an installation sees and changes of its tenants: that they are there, never their rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from aos_core.errors import Gone, NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction
from aos_resources.invitations import invite
from aos_resources.people import Membership, enter

State = Literal["active", "suspended", "erased"]
_TENANTS = """
select t.id, t.slug, t.name, t.created_at, t.suspended_at, (select count(*) from aos.memberships m where m.tenant_id = t.id) as members,
    case when t.erased_at is not null then 'erased' when t.suspended_at is not null then 'suspended' else 'active' end as state
from aos.tenants t
"""
_GRANTED = """
select t.id, t.slug, t.name, max(g.expires_at) as until from aos.grants g join aos.tenants t on t.id = g.tenant_id
where g.operator = :user and g.ended_at is null and g.expires_at > now() and t.suspended_at is null and t.erased_at is null
    and exists (select from aos.operators o where o.user_id = g.operator)
group by t.id, t.slug, t.name order by t.name, t.slug
"""
_OPERATORS = "select u.id, u.email, u.name, o.since from aos.operators o join aos.users u on u.id = o.user_id where u.disabled_at is null"


@dataclass(frozen=True)
class TenantHeader:
    id: UUID
    slug: str
    name: str
    created_at: datetime
    suspended_at: datetime | None
    members: int
    state: State


@dataclass(frozen=True)
class Granted:
    """A tenant that lets an operator in, to look, until then."""

    membership: Membership
    until: datetime


def all_tenants(transaction: Transaction) -> list[TenantHeader]:
    return [TenantHeader(**row) for row in transaction.all(_TENANTS + " where t.slug not like 'importing %' order by t.slug")]


def one_tenant(transaction: Transaction, tenant: UUID) -> TenantHeader:
    return TenantHeader(**transaction.one("tenant", _TENANTS + " where t.id = :id", id=tenant))


def suspend(transaction: Transaction, tenant: UUID, suspended: bool) -> tuple[TenantHeader, TenantHeader]:
    """The tenant before and after. Suspended, nobody is in it any more; its sessions end for good.

    Raises:
        NotFound: no such tenant. Gone: it was erased.
    """
    transaction.one("tenant", "select 1 from aos.tenants where id = :id for update", id=tenant)
    before = one_tenant(transaction, tenant)
    if before.state == "erased":
        raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
    transaction.run("update aos.tenants set suspended_at = case when :on then coalesce(suspended_at, now()) end where id = :id", id=tenant, on=suspended)
    if suspended:
        transaction.run("update aos.sessions set ended_at = now() where workspace = :id and ended_at is null", id=tenant)
    return before, one_tenant(transaction, tenant)


def invite_first_owner(transaction: Transaction, tenant: UUID, email: str, days: int, by: str) -> str:
    """The token of another invitation, for a tenant that nobody has entered yet.

    Raises:
        NotFound: no such tenant. NotUnderstood: somebody is in it, who invites others.
    """
    seen = one_tenant(transaction, tenant)
    if seen.members:
        raise NotUnderstood("This tenant has members", culprit=seen.slug, fix="An owner of it invites others.")
    made = Tenant(seen.id, seen.slug)
    enter(transaction, made)
    return invite(transaction, made, email, "owner", days, by)[1]


def granted_tenants(transaction: Transaction, user: UUID) -> list[Granted]:
    """Living tenants that let this operator in now."""
    rows = transaction.all(_GRANTED, user=user)
    return [Granted(Membership(Tenant(row["id"], row["slug"]), row["name"], "viewer", None), row["until"]) for row in rows]


def operator_named(transaction: Transaction, email: str) -> UUID | None:
    row = transaction.first(_OPERATORS + " and lower(u.email) = lower(:email)", email=email.strip())
    return None if row is None else row["id"]


def all_operators(transaction: Transaction) -> list[tuple[str, str, datetime]]:
    """E-mail, name, since when."""
    return [(row["email"], row["name"], row["since"]) for row in transaction.all(_OPERATORS + " order by u.email")]
