"""Passwords set anew: by the person who knows the one before, or by a token that an administrator hands out.

A tenant's administrator may do so only for people who belong to that tenant and to nothing else: an account is one
for all tenants, and whoever sets its password can become the person everywhere.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from aos_core.errors import Gone, NotAllowed
from aos_core.tenancy import Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, Transaction
from aos_resources.invitations import hashed
from aos_resources.passwords import check_password, hash_password
from aos_resources.people import User, reading_people
from aos_resources.sessions import end_all

_MAKE = """
insert into aos.password_resets (hash, user_id, workspace, made_by, expires_at)
values (:hash, :user, :workspace, :by, now() + interval '1 hour')
"""
# Somebody of one tenant made it: it is good only while the person belongs to that tenant and to no other, and operates nothing.
_ELSEWHERE = """
select exists (select from aos.memberships m where m.user_id = :user and m.tenant_id <> :workspace)
    or exists (select from aos.operators o where o.user_id = :user)
    or not exists (select from aos.memberships m where m.user_id = :user and m.tenant_id = :workspace) as elsewhere
"""
_OPEN = """
select r.user_id, r.workspace, t.slug, u.email, u.name from aos.password_resets r join aos.users u on u.id = r.user_id
left join aos.tenants t on t.id = r.workspace
where r.hash = :hash and r.used_at is null and r.expires_at > now() and u.disabled_at is null
"""
_USE = "update aos.password_resets set used_at = now() where user_id = :user and used_at is null"
_SET = "update aos.users set password_hash = :hash, email_proven = email_proven and :proven where id = :user"


@dataclass(frozen=True)
class Reset:
    """A reset that may still be used; `tenant` is whose administrator made it, None where an operator did."""

    user: User
    tenant: Tenant | None


def make_reset(transaction: Transaction, user: UUID, tenant: Tenant | None, by: str) -> str:
    """The token, which is shown once and holds for an hour; in a transaction of people. One made before ends.

    Raises:
        NotAllowed: the person belongs elsewhere too.
    """
    if tenant is not None and transaction.one("user", _ELSEWHERE, user=user, workspace=tenant.id)["elsewhere"]:
        raise NotAllowed(
            "This person belongs to more than this tenant", fix="Only the operator of this installation may let them set a new password."
        )
    token = secrets.token_urlsafe(32)
    transaction.run(_USE, user=user)
    transaction.run(_MAKE, hash=hashed(token), user=user, workspace=tenant.id if tenant else None, by=by)
    return token


def use_reset(database: Database, token: str, password: str, address: str, trace: str) -> User:
    """Sets the password and ends every session of the person; told in the log of the tenant that let it.

    Raises:
        Gone: the token sets nothing any more. NotUnderstood: the password is none for them.
    """
    with reading_people(database) as transaction:
        reset = _open(transaction, token)
    check_password(password, (reset.user.email, reset.user.name, reset.tenant.slug if reset.tenant else ""))
    fresh = hash_password(password)
    with reading_people(database) as transaction:
        transaction.first("select 1 from aos.users where id = :user for update", user=reset.user.id)
        reset = _open(transaction, token)
        transaction.run(_USE, user=reset.user.id)
        set_password(transaction, reset.user.id, fresh, proven=reset.tenant is None)
        ended = end_all(transaction, reset.user.id)
        actor = Actor("person", str(reset.user.id), reset.user.email, address, trace)
        record(transaction, Entry(actor, "reset", "password", str(reset.user.id), detail={"sessions_ended": ended}), reset.tenant)
    return reset.user


def set_password(transaction: Transaction, user: UUID, fresh: str, *, proven: bool = True) -> None:
    """`proven`: False where somebody else may have chosen it, so that it says nothing of whose e-mail it is."""
    transaction.run(_SET, user=user, hash=fresh, proven=proven)


def _open(transaction: Transaction, token: str) -> Reset:
    row = transaction.first(_OPEN, hash=hashed(token))
    tenant = Tenant(row["workspace"], row["slug"]) if row is not None and row["workspace"] is not None else None
    if row is None or (tenant is not None and transaction.one("user", _ELSEWHERE, user=row["user_id"], workspace=tenant.id)["elsewhere"]):
        raise Gone("This token sets no password any more", fix="Ask whoever gave it to you for a new one.")
    return Reset(User(row["user_id"], row["email"], row["name"]), tenant)
