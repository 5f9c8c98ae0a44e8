"""Tenants, users and memberships: making them, signing in, and who is who. No tenant's rows, no tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from psycopg.errors import UniqueViolation
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from aos_core.errors import Gone, NotUnderstood, TryAgain
from aos_core.tenancy import Tenant, tenant_named
from aos_resources.database import Database, Transaction
from aos_resources.passwords import check_password, hash_password, is_outdated, verify_password

Role = Literal["owner", "admin", "engineer", "analyst", "viewer"]
Persona = Literal["CTO", "CRO", "COO", "CFO"]


@dataclass(frozen=True)
class User:
    id: UUID
    email: str
    name: str


@dataclass(frozen=True)
class Membership:
    """What a user is in one living tenant."""

    tenant: Tenant
    tenant_name: str
    role: Role
    persona: Persona | None


@contextmanager
def reading_people(database: Database) -> Iterator[Transaction]:
    """The people's transaction.

    Raises:
        TryAgain: the database is away.
    """
    try:
        with database.people() as transaction:
            yield transaction
    except (OperationalError, PoolTimeout) as away:
        raise TryAgain("The database did not answer", fix="Try again in a moment.") from away
    except IntegrityError as taken:
        if not isinstance(taken.orig, UniqueViolation):
            raise
        raise TryAgain("Somebody else wrote the same thing first") from taken


def create_tenant(database: Database, slug: str, name: str) -> Tenant:
    """The tenant of that slug, made with its counter and its empty warehouse; one that exists is left as it is."""
    tenant = tenant_named(slug)
    with reading_people(database) as transaction:
        transaction.run(
            "insert into aos.tenants (id, slug, name) values (:id, :slug, :name) on conflict (id) do nothing",
            id=tenant.id, slug=tenant.slug, name=name,
        )  # fmt: skip
    with database.of(tenant).transaction() as transaction:
        transaction.run("insert into aos.sequences default values on conflict do nothing")
        transaction.run("insert into aos.warehouses default values on conflict do nothing")
    return tenant


def create_user(database: Database, email: str, name: str, password: str) -> UUID:
    """A new user, whose e-mail is taken for proven: who makes it so knows the person.

    Raises:
        NotUnderstood: the e-mail is taken or is none, or the password is none for them.
    """
    address = email_address(email)
    check_password(password, (address, name))
    user = User(uuid4(), address, name)
    hashed = hash_password(password)
    with reading_people(database) as transaction:
        insert_user(transaction, user, hashed, proven=True)
    return user.id


def email_address(said: str) -> str:
    """Raises NotUnderstood where it is none."""
    address = said.strip()
    before, _, after = address.partition("@")
    if not before or not after or "@" in after or len(address) > 320 or "\x00" in address or any(one.isspace() for one in address):
        raise NotUnderstood("That is no e-mail address", culprit=address[:80].replace("\x00", ""))
    return address


def insert_user(transaction: Transaction, user: User, hashed: str | None, *, proven: bool) -> None:
    """`proven`: whether somebody who can know says that the e-mail is the person's own.

    Raises:
        NotUnderstood: there is a user of that e-mail.
    """
    made = transaction.run(
        "insert into aos.users (id, email, name, password_hash, email_proven) values (:id, :email, :name, :hash, :proven)"
        " on conflict (lower(email)) do nothing",
        id=user.id, email=user.email, name=user.name, hash=hashed, proven=proven,
    )  # fmt: skip
    if not made:
        raise NotUnderstood("There is a user of that e-mail already", culprit=user.email)


def user_named(transaction: Transaction, email: str) -> User | None:
    """Whose e-mail it is, disabled or not."""
    row = transaction.first("select id, email, name from aos.users where lower(email) = lower(:email)", email=email.strip())
    return None if row is None else User(row["id"], row["email"], row["name"])


def enter(transaction: Transaction, tenant: Tenant) -> None:
    """Write for this tenant from here on, in a transaction of people; who erases it waits for that one.

    Raises:
        Gone: it was erased.
    """
    if transaction.one("tenant", "select aos.enter(cast(:tenant as uuid)) as erased", tenant=str(tenant.id))["erased"] is not None:
        raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")


def add_member(
    database: Database, tenant: Tenant, user_id: UUID, role: Role, persona: Persona | None = None
) -> None:
    """Make the user a member of the tenant, or change what the member is.

    Raises:
        Gone: the tenant was erased.
    """
    with reading_people(database) as transaction:
        if transaction.one("tenant", "select aos.enter(cast(:tenant as uuid)) as erased_at", tenant=str(tenant.id))["erased_at"] is not None:
            raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
        transaction.run(
            "insert into aos.memberships (tenant_id, user_id, role, persona) values (:tenant, :user, :role, :persona)"
            " on conflict (tenant_id, user_id) do update set role = excluded.role, persona = excluded.persona",
            tenant=tenant.id, user=user_id, role=role, persona=persona,
        )  # fmt: skip


def sign_in(database: Database, email: str, password: str) -> User | None:
    """The user of that e-mail and password. An unknown e-mail costs the same time as a wrong password."""
    with reading_people(database) as transaction:
        row = transaction.first(
            "select id, email, name, password_hash from aos.users where lower(email) = lower(:email) and disabled_at is null",
            email=email.strip(),
        )
    stored: str | None = None if row is None else row["password_hash"]  # None too of who signs in elsewhere
    if not verify_password(stored, password) or row is None or stored is None:
        return None
    if is_outdated(stored):
        fresh = hash_password(password)
        with reading_people(database) as transaction:
            transaction.run(
                "update aos.users set password_hash = :hash where id = :id", hash=fresh, id=row["id"]
            )
    return User(row["id"], row["email"], row["name"])


def is_operator(database: Database, user_id: UUID) -> bool:
    """Whether the user operates the installation."""
    with reading_people(database) as transaction:
        return transaction.first("select 1 from aos.operators where user_id = :user", user=user_id) is not None


def memberships(database: Database, user_id: UUID) -> list[Membership]:
    """The living tenants that the user belongs to, by name."""
    with reading_people(database) as transaction:
        rows = transaction.all(
            "select t.id, t.slug, t.name, m.role, m.persona from aos.memberships m join aos.tenants t on t.id = m.tenant_id"
            " where m.user_id = :user and m.disabled_at is null and t.suspended_at is null and t.erased_at is null order by t.name, t.slug",
            user=user_id,
        )
    return [_membership(row) for row in rows]


def _membership(row: RowMapping) -> Membership:
    return Membership(Tenant(row["id"], row["slug"]), row["name"], row["role"], row["persona"])
