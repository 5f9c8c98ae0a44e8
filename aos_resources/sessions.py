"""Sessions of a person: which there are, and ending them. In a transaction of people; tokens are another file's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aos_resources.database import Transaction

_MOST = 500
_LIST = """
select s.id, t.slug as tenant, t.name as tenant_name, s.started_at, s.seen_at, s.expires_at, s.address, s.agent
from aos.sessions s left join aos.tenants t on t.id = s.workspace
where s.user_id = :user and s.ended_at is null and s.expires_at > now() order by s.seen_at desc, s.id limit :most
"""
_END = "update aos.sessions set ended_at = now() where user_id = :user and ended_at is null and expires_at > now()"


@dataclass(frozen=True)
class SessionSeen:
    """`tenant` is None of an operator's who is in none."""

    id: UUID
    tenant: str | None
    tenant_name: str | None
    started_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


def sessions_of(transaction: Transaction, user: UUID) -> list[SessionSeen]:
    """Those in force, the last used first."""
    return [SessionSeen(**row) for row in transaction.all(_LIST, user=user, most=_MOST)]


def end_session(transaction: Transaction, user: UUID, session: UUID) -> None:
    """Raises NotFound where the person has no such session in force."""
    transaction.one("session", _END + " and id = :session returning id", user=user, session=session)


def end_all(transaction: Transaction, user: UUID, but: UUID | None = None) -> int:
    """All sessions of the person in every tenant, but for one: how many there were."""
    return transaction.run(_END + " and id is distinct from cast(:but as uuid)", user=user, but=but)
