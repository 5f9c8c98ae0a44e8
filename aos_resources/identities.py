"""Which identity of an OpenID Connect provider is which user. In a transaction of people."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import RowMapping

from aos_resources.database import Transaction
from aos_resources.people import User


@dataclass(frozen=True)
class Linked:
    """A user, and the identity of a provider that signs in as that user."""

    user: User
    identity: tuple[str, str] | None
    enabled: bool


_LINKED = "select id, email, name, oidc_issuer, oidc_subject, disabled_at is null as enabled from aos.users"


def linked_to(transaction: Transaction, issuer: str, subject: str) -> Linked | None:
    return _linked(transaction.first(_LINKED + " where oidc_issuer = :issuer and oidc_subject = :subject", issuer=issuer, subject=subject))


def with_email(transaction: Transaction, email: str) -> Linked | None:
    return _linked(transaction.first(_LINKED + " where lower(email) = lower(:email)", email=email))


def link_identity(transaction: Transaction, user: User, issuer: str, subject: str) -> None:
    """From now on that identity is the user. Of an account whose e-mail nobody vouched for, what was set up before ends."""
    unproven = transaction.first("select 1 from aos.users where id = :user and not email_proven for update", user=user.id)
    transaction.run(
        "update aos.users set oidc_issuer = :issuer, oidc_subject = :subject, email_proven = true,"
        " password_hash = case when email_proven then password_hash end where id = :user",
        user=user.id, issuer=issuer, subject=subject,
    )  # fmt: skip
    if unproven is not None:
        transaction.run("update aos.sessions set ended_at = now() where user_id = :user and ended_at is null", user=user.id)
        transaction.run("update aos.password_resets set used_at = now() where user_id = :user and used_at is null", user=user.id)


def _linked(row: RowMapping | None) -> Linked | None:
    if row is None:
        return None
    identity = None if row["oidc_issuer"] is None else (row["oidc_issuer"], row["oidc_subject"])
    return Linked(User(row["id"], row["email"], row["name"]), identity, row["enabled"])
