"""Members of a tenant: who they are, and the rules by which they change. In the tenant's own transaction.

Whoever changes one holds the rows of all owners until the end: two who leave at once leave one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from aos_core.errors import NeedsADecision, NotAllowed, NotFound, NotUnderstood
from aos_resources.database import Transaction
from aos_resources.people import Persona, Role

_MOST = 5_000
_MEMBERS = """
select m.user_id, u.email, u.name, m.role, m.persona, m.created_at as joined_at, m.disabled_at, u.disabled_at is null as account
from aos.memberships m join aos.users u on u.id = m.user_id
"""
_OWNERS = "select user_id from aos.memberships where role = 'owner' order by user_id for update"
_CHANGE = """
update aos.memberships set role = :role, persona = :persona,
    disabled_at = case when :disabled then coalesce(disabled_at, now()) end
where user_id = :user
"""
_END_SESSIONS = "update aos.sessions set ended_at = now() where workspace = current_setting('aos.tenant')::uuid and user_id = :user and ended_at is null"
_WITHDRAW = """
update aos.invitations set withdrawn_at = now()
where invited_by = :email and accepted_at is null and withdrawn_at is null and not role = any(:kept)
"""


@dataclass(frozen=True)
class Member:
    """`account`: whether the person may sign in at all, which the installation decides."""

    user_id: UUID
    email: str
    name: str
    role: Role
    persona: Persona | None
    joined_at: datetime
    disabled_at: datetime | None
    account: bool

    @property
    def enabled(self) -> bool:
        return self.disabled_at is None and self.account

    @property
    def said(self) -> dict[str, Any]:
        """What of it may change, for the audit log."""
        return {"role": self.role, "persona": self.persona, "disabled": self.disabled_at is not None}


@dataclass(frozen=True)
class Wish:
    """What a member shall be; what is None stays."""

    role: Role | None = None
    persona: Persona | None = None
    no_persona: bool = False
    disabled: bool | None = None


def rank(role: Role) -> int:
    """0 for the highest."""
    return get_args(Role).index(role)


def lesser(one: Role, other: Role) -> Role:
    return max(one, other, key=rank)


def all_members(transaction: Transaction) -> list[Member]:
    return [Member(**row) for row in transaction.all(_MEMBERS + " order by lower(u.name), u.id limit :most", most=_MOST)]


def one_member(transaction: Transaction, user: UUID) -> Member:
    return Member(**transaction.one("member", _MEMBERS + " where m.user_id = :user", user=user))


def change_member(transaction: Transaction, by: UUID, user: UUID, wish: Wish) -> tuple[Member, Member]:
    """The member before and after. Another role, or being disabled, ends the member's sessions here.

    Raises:
        NotFound: no such member. NotAllowed: not by this person. NeedsADecision: no owner would be left.
    """
    actor, before = _held(transaction, by, user)
    _may_touch(actor, before, wish.role)
    if wish.disabled and by == user:
        raise NotUnderstood("You cannot disable yourself", fix="Leave the tenant instead.")
    disabled = before.disabled_at is not None if wish.disabled is None else wish.disabled
    persona = None if wish.no_persona else wish.persona or before.persona
    transaction.run(_CHANGE, user=user, role=wish.role or before.role, persona=persona, disabled=disabled)
    after = one_member(transaction, user)
    if before.role == "owner" and (after.role != "owner" or not after.enabled):
        _still_owned(transaction)
    if (before.role, before.enabled) != (after.role, after.enabled):
        _lose(transaction, after, after.role if after.enabled else None)
    return before, after


def remove_member(transaction: Transaction, by: UUID, user: UUID) -> Member:
    """Who it was; `by` may be the member, who leaves. Their keys are revoked, their open invitations withdrawn.

    Raises as `change_member` does.
    """
    actor, gone = _held(transaction, by, user)
    if by != user:
        _may_touch(actor, gone, None)
    transaction.run("update aos.api_keys set revoked_at = now() where made_by = :user and revoked_at is null", user=user)
    _lose(transaction, gone, None)
    transaction.run("delete from aos.memberships where user_id = :user", user=user)
    if gone.role == "owner":
        _still_owned(transaction)
    return gone


def hand_over(transaction: Transaction, by: UUID, user: UUID) -> tuple[Member, Member]:
    """The member becomes an owner and the owner who says so an admin: both as they are afterwards."""
    actor, heir = _held(transaction, by, user)
    if actor.role != "owner":
        raise NotAllowed("Only an owner may hand a tenant over", culprit=actor.role)
    if by == user or not heir.enabled:
        raise NotUnderstood("A tenant is handed to another member who may sign in", culprit=heir.email)
    roles: tuple[tuple[Member, Role], ...] = ((heir, "owner"), (actor, "admin"))
    for one, role in roles:
        transaction.run("update aos.memberships set role = :role where user_id = :user", role=role, user=one.user_id)
        if one.role != role:
            _lose(transaction, one, role)
    return one_member(transaction, user), one_member(transaction, by)


def end_sessions(transaction: Transaction, by: UUID, user: UUID) -> int:
    """How many there were in this tenant."""
    actor, member = _held(transaction, by, user)
    _may_touch(actor, member, None)
    return transaction.run(_END_SESSIONS, user=user)


def may_reset(transaction: Transaction, by: UUID, user: UUID) -> Member:
    """The member whose password that person may let be set anew, as far as this tenant can know."""
    actor, member = _held(transaction, by, user)
    _may_touch(actor, member, None)
    return member


def _held(transaction: Transaction, by: UUID, user: UUID) -> tuple[Member, Member]:
    """Who acts, as they are at this moment, and on whom."""
    transaction.all(_OWNERS)
    actor = transaction.first(_MEMBERS + " where m.user_id = :user for update of m", user=by)
    if actor is None:
        raise NotFound("You are no member of this tenant")
    if actor["disabled_at"] is not None:
        raise NotAllowed("You are disabled in this tenant")
    return Member(**actor), Member(**transaction.one("member", _MEMBERS + " where m.user_id = :user for update of m", user=user))


def _may_touch(actor: Member, member: Member, role: Role | None) -> None:
    if actor.role == "owner":
        return
    if member.role == "owner" or role == "owner":
        raise NotAllowed("Only an owner may make, change or remove an owner", culprit=member.email, fix="Ask an owner of this tenant.")
    if rank(actor.role) > rank("admin"):
        raise NotAllowed("Your role may not change members", culprit=actor.role)


def _still_owned(transaction: Transaction) -> None:
    if not any(one.role == "owner" and one.enabled for one in all_owners(transaction)):
        raise NeedsADecision("A tenant has an owner", fix="Make somebody else an owner first, or hand the tenant over.")


def all_owners(transaction: Transaction) -> list[Member]:
    return [Member(**row) for row in transaction.all(_MEMBERS + " where m.role = 'owner'")]


def _lose(transaction: Transaction, member: Member, role: Role | None) -> None:
    """What must not outlive what the member was: sessions, and links that they may not send as what they are now."""
    kept = [one for one in get_args(Role) if role in ("owner", "admin") and rank(one) >= rank(role)]
    transaction.run(_END_SESSIONS, user=member.user_id)
    transaction.run(_WITHDRAW, email=member.email, kept=kept)
