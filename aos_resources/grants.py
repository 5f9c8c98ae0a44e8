"""Access that a tenant gives an operator for a time, to look: in the tenant's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from aos_core.errors import NotUnderstood
from aos_resources.database import Transaction

LONGEST = 72  # hours
State = Literal["open", "ended", "expired"]
_LIST = """
select id, email, reason, granted_by, created_at, expires_at, ended_at,
    case when ended_at is not null then 'ended' when expires_at <= now() then 'expired' else 'open' end as state
from aos.grants
"""
_GIVE = """
insert into aos.grants (id, operator, email, reason, granted_by, expires_at)
values (:id, :operator, :email, :reason, :by, now() + make_interval(hours => :hours))
"""


@dataclass(frozen=True)
class Grant:
    id: UUID
    email: str
    reason: str
    granted_by: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    state: State


def give(transaction: Transaction, operator: UUID, email: str, hours: int, reason: str, by: str) -> Grant:
    made = uuid4()
    transaction.run(_GIVE, id=made, operator=operator, email=email, reason=reason, by=by, hours=hours)
    return one_grant(transaction, made)


def all_grants(transaction: Transaction, limit: int) -> list[Grant]:
    """The newest first."""
    return [Grant(**row) for row in transaction.all(_LIST + " order by created_at desc, id limit :limit", limit=limit)]


def one_grant(transaction: Transaction, grant: UUID) -> Grant:
    return Grant(**transaction.one("grant", _LIST + " where id = :id", id=grant))


def end(transaction: Transaction, grant: UUID) -> Grant:
    """What it was. Raises NotUnderstood where it has ended already."""
    before = one_grant(transaction, grant)
    if before.state != "open":
        raise NotUnderstood(f"That grant has {before.state} already", culprit=before.email)
    transaction.run("update aos.grants set ended_at = now() where id = :id and ended_at is null", id=grant)
    return before
