"""The control plane's rows of an erased tenant and of people who belonged to it alone, and what Postgres itself kept of their values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy.exc import IntegrityError

from aos_core.tenancy import Tenant
from aos_resources.database import Database, Transaction
from aos_resources.settings import Role, Settings
from aos_resources.tenant_tables import tenant_tables

_ALONE = """
select m.user_id as id, u.email from aos.memberships m join aos.users u on u.id = m.user_id
where m.tenant_id = :tenant and not exists (select from aos.operators o where o.user_id = m.user_id)
  and not exists (select from aos.memberships o where o.user_id = m.user_id and o.tenant_id <> :tenant)
"""
# What people have of their own, and which tenant it was for where that is said.
_OF_PEOPLE = {
    "tickets": "session_id in (select id from aos.sessions where user_id = any(:people) or workspace = :tenant)",
    "sessions": "user_id = any(:people) or workspace = :tenant",
    "password_resets": "user_id = any(:people)",
}
_BY_WORKSPACE = "select from pg_attribute where attrelid = 'aos.password_resets'::regclass and attname = 'workspace'"
# Somebody whom another tenant's rows still name, though no member of it: a row without a person.
_NAMELESS = """
update aos.users set email = 'erased ' || id, name = '', password_hash = null, oidc_issuer = null, oidc_subject = null, disabled_at = coalesce(disabled_at, now())
where id = :id
"""


@dataclass(frozen=True)
class Person:
    id: UUID
    email: str


def people_of_it_alone(transaction: Transaction, tenant: Tenant) -> list[Person]:
    """Who belongs to no other tenant, and operates nothing."""
    return [Person(row["id"], row["email"]) for row in transaction.all(_ALONE, tenant=tenant.id)]


def delete_rows(database: Database, tenant: Tenant, people: list[Person]) -> dict[str, int]:
    """All of them in one transaction, alone with the tenant: whoever began before has ended, whoever begins later is refused.

    Returns: how many went, by table.

    Raises:
        TryAgain: a transaction of the tenant's has been running for too long.
    """
    who = {"tenant": tenant.id, "people": [one.id for one in people]}
    with database.erasing() as transaction:
        transaction.run("set local lock_timeout = '300s'")
        transaction.first("select pg_advisory_xact_lock(hashtextextended(cast(cast(:tenant as uuid) as text), 0))", tenant=tenant.id)
        gone = {name: transaction.run(f"delete from aos.{name} where tenant_id = :tenant", tenant=tenant.id) for name in tenant_tables(transaction)}
        gone |= {name: transaction.run(f"delete from aos.{name} where {which}", **who) for name, which in _of_people(transaction).items()}
        stay = [one for one in people if not _deleted(transaction, one)]
    with database.people() as transaction:
        for one in stay:
            transaction.run(_NAMELESS, id=one.id)
    return {name: rows for name, rows in gone.items() if rows} | ({"users": len(people)} if people else {})


def rows_left(database: Database, tenant: Tenant, people: list[Person]) -> dict[str, int]:
    """Of every table the rows that are still there, where there are any."""
    who = {"tenant": tenant.id, "people": [one.id for one in people]}
    with database.erasing() as transaction:
        left = {name: _count(transaction, name, "tenant_id = :tenant", tenant=tenant.id) for name in tenant_tables(transaction)}
        left |= {name: _count(transaction, name, which, **who) for name, which in _of_people(transaction).items()}
        left["users"] = _count(transaction, "users", "email = any(:emails)", emails=[one.email for one in people])
    return {name: rows for name, rows in left.items() if rows}


def write_anew(settings: Settings, role: Role, schema: str) -> list[str]:
    """Every table of a schema written anew without what was deleted, and the planner's samples of values with it.

    Returns: the tables that could not be, with why.
    """
    failed = []
    with psycopg.connect(settings.url(role), autocommit=True) as connection:
        connection.execute("set lock_timeout = '20s'")
        found = connection.execute(
            "select relname from pg_class where relnamespace = (select oid from pg_namespace where nspname = %s) and relkind in ('r', 'p') order by 1", (schema,)
        ).fetchall()
        names = [(schema, name) for (name,) in found]
        for place in names:
            failed += _written_anew(connection, sql.Identifier(*place), place)
    return failed


def samples_anew(settings: Settings) -> list[str]:
    """The planner's samples themselves, last: each table that is measured anew leaves its old ones behind."""
    with psycopg.connect(settings.url("aos_erase"), autocommit=True) as connection:
        connection.execute("set lock_timeout = '20s'")
        return _written_anew(connection, sql.Identifier("pg_catalog", "pg_statistic"), None)


def _written_anew(connection: psycopg.Connection, table: sql.Identifier, place: tuple[str, str] | None) -> list[str]:
    try:
        if place is not None and connection.info.server_version >= 180_000:
            # A table that stands empty now would keep its samples: nothing is measured that is not there.
            connection.execute(
                "select pg_clear_attribute_stats(%s, %s, attname::text, false) from pg_attribute where attrelid = format('%%I.%%I', %s::text, %s::text)::regclass"
                " and attnum > 0 and not attisdropped",
                (*place, *place),
            )
        said: list[str] = []
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        options = "full, analyze" if place is not None else "full"
        connection.execute(sql.SQL("vacuum ({}) {}").format(sql.SQL(options), table))
    except psycopg.Error as refused:
        return [f"{'.'.join(place or ('pg_catalog', 'pg_statistic'))}: {str(refused).splitlines()[0]}"]
    return [one for one in said if "permission denied" in one]


def _of_people(transaction: Transaction) -> dict[str, str]:
    by_workspace = " or workspace = :tenant" if transaction.first(_BY_WORKSPACE) is not None else ""
    return _OF_PEOPLE | {"password_resets": _OF_PEOPLE["password_resets"] + by_workspace}


def _deleted(transaction: Transaction, person: Person) -> bool:
    """False where other tenants' rows refer to the person."""
    try:
        with transaction.connection.begin_nested():
            transaction.run("delete from aos.users where id = :id", id=person.id)
    except IntegrityError:
        return False
    return True


def _count(transaction: Transaction, table: str, which: str, **values: object) -> int:
    return int(transaction.one("count", f"select count(*) as n from aos.{table} where {which}", **values)["n"])


def words(tenant: Tenant, people: Iterable[Person]) -> tuple[str, ...]:
    """What names it in files that are nobody's own: its id, its slug, and the e-mails of who belonged to it alone."""
    return (str(tenant.id), tenant.slug, *(one.email for one in people))
