"""Making a tenant with its first owner, all at once or not at all: by whoever signs up, or by an operator who invites them."""

from __future__ import annotations

from uuid import UUID

from aos_core.errors import NotUnderstood
from aos_core.tenancy import Tenant, tenant_named
from aos_resources.database import Transaction
from aos_resources.invitations import invite
from aos_resources.people import User, enter, insert_user

_TENANT = "insert into aos.tenants (id, slug, name) values (:id, :slug, :name) on conflict do nothing"
_OWNER = "insert into aos.memberships (tenant_id, user_id, role) values (:tenant, :user, 'owner')"


def found_tenant(transaction: Transaction, slug: str, name: str) -> Tenant:
    """A new tenant with its counter and its empty warehouse; in a transaction of people.

    Raises:
        NotUnderstood: the slug is taken, or is none.
    """
    tenant = tenant_named(slug)
    if not transaction.run(_TENANT, id=tenant.id, slug=tenant.slug, name=name):
        raise NotUnderstood("A tenant of that name is there already", culprit=slug, fix="Choose another.")
    enter(transaction, tenant)
    for table in ("sequences", "warehouses"):
        transaction.run(f"insert into aos.{table} default values")
    return tenant


def found_with_owner(transaction: Transaction, slug: str, name: str, user: User, hashed: str | None) -> None:
    """`hashed`: of the password of a user who is new; None where the user is there already. Raises as `found_tenant` does."""
    tenant = found_tenant(transaction, slug, name)
    if hashed is not None:
        insert_user(transaction, user, hashed, proven=False)
    transaction.run(_OWNER, tenant=tenant.id, user=user.id)


def found_with_invitation(transaction: Transaction, slug: str, name: str, email: str, days: int, by: str) -> tuple[Tenant, str]:
    """The tenant, and the token of its first owner's invitation. Raises as `found_tenant` does, or as an e-mail is none."""
    tenant = found_tenant(transaction, slug, name)
    return tenant, invite(transaction, tenant, email, "owner", days, by)[1]


def owned_by(transaction: Transaction, slug: str, user: UUID) -> bool:
    """Whether the user owns a tenant of that name: so that signing up twice is signing up once."""
    said = "select 1 from aos.memberships where tenant_id = :tenant and user_id = :user and role = 'owner' and disabled_at is null"
    return transaction.first(said, tenant=tenant_named(slug).id, user=user) is not None
