"""Which of many sessions and keys still stand, in one question: for whatever stays open long after it was let in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from aos_core.tenancy import Tenant
from aos_resources.database import Database
from aos_resources.people import Role, reading_people

# The same conditions as a request's: not ended, not disabled, the tenant in use, and the role as it was.
_STANDING = """
with held as (
    select * from unnest(cast(:ids as uuid[]), cast(:users as uuid[]), cast(:tenants as uuid[]), cast(:roles as text[])) as h (id, person, tenant, role)
), living as (
    select h.* from held h join aos.tenants t on t.id = h.tenant and t.suspended_at is null and t.erased_at is null
    join aos.users u on u.id = h.person and u.disabled_at is null
)
select h.id from living h join aos.sessions s on s.id = h.id and s.user_id = h.person and s.ended_at is null and s.expires_at > now()
left join aos.memberships m on m.tenant_id = h.tenant and m.user_id = h.person and m.disabled_at is null
where h.role = coalesce(m.role, case when exists (
    select from aos.grants g join aos.operators o on o.user_id = g.operator
    where g.tenant_id = h.tenant and g.operator = h.person and g.ended_at is null and g.expires_at > now()
) then 'viewer' end)
union all
select h.id from living h join aos.api_keys k on k.id = h.id and k.tenant_id = h.tenant and k.role = h.role
and k.revoked_at is null and k.expires_at > now()
"""


@dataclass(frozen=True)
class Held:
    """What somebody was let in by: a session's id or a key's, whose it is, and what they were then."""

    id: UUID
    user: UUID
    tenant: Tenant
    role: Role


def still_standing(database: Database, held: Iterable[Held]) -> set[UUID]:
    """The ids of those that would be let in now.

    Raises:
        TryAgain: the database is away.
    """
    asked = list(set(held))
    with reading_people(database) as transaction:
        rows = transaction.all(
            _STANDING, ids=[one.id for one in asked], users=[one.user for one in asked],
            tenants=[one.tenant.id for one in asked], roles=[one.role for one in asked],
        )  # fmt: skip
    return {row["id"] for row in rows}
