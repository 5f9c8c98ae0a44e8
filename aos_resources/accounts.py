"""Accounts of an installation, as its operator sees them: who may sign in, and who operates it. In a transaction of people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aos_core.errors import NotFound, NotUnderstood
from aos_resources.database import Transaction
from aos_resources.people import User, user_named
from aos_resources.sessions import end_all

_LIST = """
select u.email, u.name, u.created_at, u.disabled_at, o.user_id is not null as operator, u.oidc_issuer as provider,
    coalesce(array_agg(t.slug || ' ' || m.role order by t.slug) filter (where m.user_id is not null), '{}') as tenants
from aos.users u left join aos.operators o on o.user_id = u.id
left join aos.memberships m on m.user_id = u.id left join aos.tenants t on t.id = m.tenant_id
group by u.id, o.user_id order by lower(u.email)
"""


@dataclass(frozen=True)
class Account:
    """`tenants` are a slug and a role each; `provider` is whom the person signs in with, beside a password."""

    email: str
    name: str
    created_at: datetime
    disabled_at: datetime | None
    operator: bool
    provider: str | None
    tenants: list[str]


def all_accounts(transaction: Transaction) -> list[Account]:
    return [Account(**row) for row in transaction.all(_LIST)]


def account_named(transaction: Transaction, email: str) -> User:
    """Raises NotFound where there is none of that e-mail."""
    user = user_named(transaction, email)
    if user is None:
        raise NotFound("There is no user of that e-mail", culprit=email)
    return user


def disable_account(transaction: Transaction, user: User, disabled: bool) -> int:
    """Disabled, the person may sign in nowhere and their keys are out of force: how many sessions ended."""
    said = "update aos.users set disabled_at = case when :on then coalesce(disabled_at, now()) end where id = :id"
    transaction.run(said, id=user.id, on=disabled)
    return end_all(transaction, user.id) if disabled else 0


def make_operator(transaction: Transaction, user: User) -> None:
    transaction.run("insert into aos.operators (user_id) values (:user) on conflict do nothing", user=user.id)


def remove_operator(transaction: Transaction, user: User) -> None:
    """Whatever let them into tenants lets them in no more. Raises NotUnderstood where they are none."""
    if not transaction.run("delete from aos.operators where user_id = :user", user=user.id):
        raise NotUnderstood("That person is no operator", culprit=user.email)
