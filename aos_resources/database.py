"""The control plane's door: a transaction of one tenant, or of the people's or the dispatcher's role.

The only ways to a row. A tenant's transaction carries its id to row-level security; nothing is kept on a session,
so a pooler in transaction mode may stand between.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, RowMapping, create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from aos_core.errors import FixTheSource, NotAllowed, NotFound, TryAgain
from aos_core.tenancy import Tenant
from aos_resources.settings import Role, Settings

_SET_TENANT = text("select set_config('aos.tenant', :tenant, true)")
_NEXT_SEQ = text(
    "insert into aos.sequences (tenant_id, last) values (current_setting('aos.tenant')::uuid, 1) "
    "on conflict (tenant_id) do update set last = aos.sequences.last + 1 returning last"
)
_ANNOUNCE = text(
    "insert into aos.outbox (seq, id, type, subject, data) values (:seq, :id, :type, :subject, cast(:data as jsonb))"
)

# Transaction poolers cannot keep prepared statements.
_CONNECT: dict[str, Any] = {"prepare_threshold": None, "connect_timeout": 10}


# The first minor of each major without a known leak of what policies hide.
_FIRST_SOUND = {14: 19, 15: 14, 16: 10, 17: 6, 18: 0}
_TRUSTED = """
select current_user, r.rolsuper or r.rolbypassrls, (select min(c.relname) from pg_class c where c.relowner = r.oid and c.relpersistence <> 't'),
    current_setting('server_version_num')::int, current_setting('server_version')
from pg_roles r where r.rolname = current_user
"""

# As JSON writes it, and not the letters of it after a backslash of its own.
_ZERO = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def as_json(value: object) -> str:
    """JSON text for a jsonb parameter; decimals, dates and ids become strings, zero bytes (which Postgres refuses) a sign for them."""
    return _ZERO.sub(r"\1\\u2400", json.dumps(value, default=str))


@dataclass(frozen=True)
class Transaction:
    """Statements of one transaction. Names of tables are written with their schema, `aos.`."""

    connection: Connection

    def all(self, statement: str, **values: object) -> list[RowMapping]:
        return list(self.connection.execute(text(statement), values).mappings())

    def first(self, statement: str, **values: object) -> RowMapping | None:
        return self.connection.execute(text(statement), values).mappings().first()

    def one(self, what: str, statement: str, **values: object) -> RowMapping:
        """The one row.

        Raises:
            NotFound: there is none; `what` says what was looked for.
        """
        row = self.first(statement, **values)
        if row is None:
            raise NotFound(f"No such {what}")
        return row

    def run(self, statement: str, **values: object) -> int:
        """Rows that the statement touched."""
        return self.connection.execute(text(statement), values).rowcount

    def each(self, statement: str, values: list[dict[str, Any]]) -> None:
        """One statement over many sets of values, in one round trip per page."""
        if values:
            self.connection.execute(text(statement), values)

    def next_seq(self) -> int:
        """The tenant's next number. Its row stays locked until commit, so numbers become visible in order."""
        return int(self.connection.execute(_NEXT_SEQ).scalar_one())

    def announce(self, seq: int, kind: str, subject: str, data: dict[str, object] | None = None) -> None:
        """An entry of the outbox, committed with whatever it tells of."""
        values = {"seq": seq, "id": uuid4(), "type": kind, "subject": subject, "data": as_json(data or {})}
        self.connection.execute(_ANNOUNCE, values)


@dataclass(frozen=True)
class TenantDatabase:
    tenant: Tenant
    _engine: Engine

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Committed at the end, rolled back on any error.

        Raises:
            TryAgain: the database is away, or another transaction was faster.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(_SET_TENANT, {"tenant": str(self.tenant.id)})
                yield Transaction(connection)
        except OperationalError as away:
            raise TryAgain("The database did not answer", culprit=str(away.orig)[:200].strip()) from away
        except PoolTimeout as busy:
            raise TryAgain("Every connection to the database is in use") from busy
        except IntegrityError as taken:
            if not isinstance(taken.orig, UniqueViolation):
                raise
            raise TryAgain("Another transaction wrote the same thing first", culprit=str(taken.orig)[:200].strip()) from taken


class Database:
    """Pools of one process, of at most `size` connections for each role. Made at a process's start, closed at its end."""

    def __init__(self, settings: Settings, *, size: int = 8) -> None:
        self._settings = settings
        self._size = size
        self._engines: dict[Role, Engine] = {}

    def of(self, tenant: Tenant) -> TenantDatabase:
        return TenantDatabase(tenant, self._engine("aos_app"))

    @contextmanager
    def people(self) -> Iterator[Transaction]:
        """Tenants, users, memberships; no tenant's rows."""
        with self._engine("aos_login").begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def dispatch(self) -> Iterator[Transaction]:
        """Headers of what is due, over all tenants; no payloads."""
        with self._engine("aos_dispatch").begin() as connection:
            yield Transaction(connection)

    def tenant(self, slug: str) -> Tenant:
        """The living tenant of that name.

        Raises:
            NotFound: none, suspended or erased.
        """
        with self.dispatch() as transaction:
            row = transaction.first(
                "select id, slug from aos.tenants where slug = :slug and suspended_at is null and erased_at is null",
                slug=slug,
            )
        if row is None:
            raise NotFound("No such tenant", culprit=slug)
        return Tenant(row["id"], row["slug"])

    def tenants(self) -> list[Tenant]:
        """Every living tenant, by name."""
        with self.dispatch() as transaction:
            rows = transaction.all(
                "select id, slug from aos.tenants where suspended_at is null and erased_at is null order by slug"
            )
        return [Tenant(row["id"], row["slug"]) for row in rows]

    def close(self) -> None:
        for engine in self._engines.values():
            engine.dispose()

    def _engine(self, role: Role) -> Engine:
        if role not in self._engines:
            self._engines[role] = create_engine(
                sqlalchemy_url(self._settings.url(role)),
                pool_size=self._size,
                max_overflow=0,  # a connection of an overflow is closed after its use: signing in costs more than most uses
                pool_pre_ping=True,
                connect_args=dict(_CONNECT),
            )
            event.listen(self._engines[role], "first_connect", _refuse_what_rows_cannot_be_trusted_to)
        return self._engines[role]


def hides_rows(version: int) -> bool:
    """Whether a Postgres of that `server_version_num` hides what its policies hide: earlier minors leak by cached plans and by statistics
    (CVE-2024-10976, CVE-2025-8713)."""
    return version // 10_000 > max(_FIRST_SOUND) or version % 10_000 >= _FIRST_SOUND.get(version // 10_000, 10_000)


def _refuse_what_rows_cannot_be_trusted_to(connection: Any, _record: object) -> None:
    """Asked once for each pool, before anything else is.

    Raises:
        NotAllowed: the role is one that row-level security does not bind. FixTheSource: the server has known leaks.
    """
    with connection.cursor() as asked:
        role, free, owned, version, named = asked.execute(_TRUSTED).fetchone()
    connection.rollback()
    if free or owned:
        said = f"{role} may go round policies" if free else f"{role} owns {owned}"
        raise NotAllowed("A running process may not use this role of the database", culprit=said, fix="Migrate again: it makes roles that own nothing.")
    if not hides_rows(version):
        raise FixTheSource("This Postgres is known to show rows that its policies hide", culprit=named, fix="Upgrade it to its newest minor version.")


def sqlalchemy_url(url: str) -> str:
    """A bare `postgresql://` names no driver any more: this one means psycopg 3."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)
