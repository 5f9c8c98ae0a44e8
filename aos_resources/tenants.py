"""Tenants as their operator sees them: made, listed, suspended, resumed. Their rows are never looked at here."""

from __future__ import annotations

from aos_core.errors import Gone, NotFound, NotUnderstood
from aos_core.tenancy import Tenant, tenant_named
from aos_resources import people
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, Transaction
from aos_resources.operating import TenantHeader, all_tenants
from aos_resources.operating import suspend as turn
from aos_resources.people import reading_people


def create(database: Database, slug: str, name: str, actor: Actor) -> Tenant:
    """A new tenant.

    Raises:
        NotUnderstood: that is no slug, or there is one of it. Gone: there was one, and it was erased.
    """
    if not 0 < len(name.strip()) <= 200 or "\x00" in name:
        raise NotUnderstood("A tenant's name has 1 to 200 characters", culprit=name[:60])
    tenant = tenant_named(slug)
    with reading_people(database) as transaction:
        row = transaction.first("select erased_at from aos.tenants where id = :id", id=tenant.id)
    if row is not None and row["erased_at"] is not None:
        raise Gone("A tenant of that name was erased, and its name is not given again", culprit=slug, fix="Choose another name.")
    if row is not None:
        raise NotUnderstood("There is a tenant of that name already", culprit=slug, fix="Choose another name.")
    made = people.create_tenant(database, slug, name.strip())
    with reading_people(database) as transaction:
        record(transaction, Entry(actor, "create", "tenants", slug, after={"slug": slug, "name": name}), made)
    return made


def listed(database: Database) -> list[TenantHeader]:
    """Every tenant but the erased ones, by slug."""
    with reading_people(database) as transaction:
        return [one for one in all_tenants(transaction) if one.state != "erased"]


def known(database: Database, slug: str) -> Tenant:
    """The tenant of that slug, suspended or not.

    Raises:
        NotFound: none. Gone: it was erased.
    """
    tenant = tenant_named(slug)
    with reading_people(database) as transaction:
        _look(transaction, tenant)
    return tenant


def suspend(database: Database, tenant: Tenant, actor: Actor, reason: str = "") -> bool:
    """Nobody signs in to it, no token, key or schedule of it works on, until it is resumed. Its rows stay. False: it was suspended already."""
    return _turn(database, tenant, actor, True, {"reason": reason[:500]})


def resume(database: Database, tenant: Tenant, actor: Actor) -> bool:
    """Undo a suspension. False: it was not suspended."""
    return _turn(database, tenant, actor, False, {})


def _turn(database: Database, tenant: Tenant, actor: Actor, suspended: bool, detail: dict[str, str]) -> bool:
    with reading_people(database) as transaction:
        before, after = turn(transaction, tenant.id, suspended)
        if before != after:
            record(transaction, Entry(actor, "suspend" if suspended else "resume", "tenants", tenant.slug, before.state, after.state, detail), tenant)
    return before != after


def _look(transaction: Transaction, tenant: Tenant) -> None:
    row = transaction.first("select erased_at, slug from aos.tenants where id = :id", id=tenant.id)
    if row is None or (" " in row["slug"] and row["erased_at"] is None):
        raise NotFound("No such tenant", culprit=tenant.slug)
    if row["erased_at"] is not None:
        raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
