"""The control plane's door: a transaction of one tenant, or of the people's or the dispatcher's role.

The only ways to a row. A tenant's transaction carries its id to row-level security; nothing is kept on a session,
so a pooler in transaction mode may stand between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, Engine, RowMapping, create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from aos_core.errors import FixTheSource, Gone, NotAllowed, NotFound, TryAgain
from aos_core.tenancy import Tenant, tenant_named
from aos_resources.anchors import Anchor, Anchors
from aos_resources.json_text import as_json as as_json
from aos_resources.settings import Role, Settings

_ENTER = text("select aos.enter(cast(:tenant as uuid))")
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

@dataclass(frozen=True)
class Transaction:
    """Statements of one transaction. Names of tables are written with their schema, `aos.`.

    `tenant` is None where it is the people's or the dispatcher's; `anchored` are the audit log's new ends.
    """

    connection: Connection
    tenant: Tenant | None
    anchors: Anchors
    anchored: list[Anchor] = field(default_factory=list)

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
    _anchors: Anchors

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Committed at the end, rolled back on any error.

        Raises:
            TryAgain: the database is away, or another transaction was faster. Gone: the tenant was erased.
        """
        try:
            with _committed(self._engine, self.tenant, self._anchors) as transaction:
                if transaction.connection.execute(_ENTER, {"tenant": str(self.tenant.id)}).scalar_one() is not None:
                    raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
                yield transaction
        except OperationalError as away:
            raise TryAgain("The database did not answer", culprit=str(away.orig)[:200].strip()) from away
        except PoolTimeout as busy:
            raise TryAgain("Every connection to the database is in use") from busy
        except IntegrityError as taken:
            if not isinstance(taken.orig, UniqueViolation):
                raise
            raise TryAgain("Another transaction wrote the same thing first", culprit=str(taken.orig)[:200].strip()) from taken

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Everything as of one moment, for as long as it is read; nothing can be written. Raises as `transaction` does."""
        told: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with self._engine.connect().execution_options(**told) as connection, connection.begin():
                transaction = Transaction(connection, self.tenant, self._anchors)
                connection.execute(_ENTER, {"tenant": str(self.tenant.id)})
                with self.transaction():  # that moment may lie before an erasure that this one had to wait for
                    pass
                yield transaction
        except OperationalError as away:
            raise TryAgain("The database did not answer", culprit=str(away.orig)[:200].strip()) from away


@contextmanager
def _committed(engine: Engine, tenant: Tenant | None, anchors: Anchors) -> Iterator[Transaction]:
    """A transaction, and what must wait for its end."""
    with engine.begin() as connection:
        transaction = Transaction(connection, tenant, anchors)
        yield transaction
    for anchor in transaction.anchored:
        anchors.note(anchor)


class Database:
    """Pools of one process, of at most `size` connections for each role. Made at a process's start, closed at its end."""

    def __init__(self, settings: Settings, *, size: int = 8) -> None:
        self._settings = settings
        self._size = size
        self.anchors = Anchors(settings)
        self._engines: dict[Role, Engine] = {}

    def of(self, tenant: Tenant) -> TenantDatabase:
        return TenantDatabase(tenant, self._engine("aos_app"), self.anchors)

    @contextmanager
    def people(self) -> Iterator[Transaction]:
        """Tenants, users, memberships; no tenant's rows."""
        with _committed(self._engine("aos_login"), None, self.anchors) as transaction:
            yield transaction

    @contextmanager
    def dispatch(self) -> Iterator[Transaction]:
        """Headers of what is due, over all tenants; no payloads."""
        with _committed(self._engine("aos_dispatch"), None, self.anchors) as transaction:
            yield transaction

    @contextmanager
    def erasing(self) -> Iterator[Transaction]:
        """What is left of erased tenants, over all tables, to be deleted; no living tenant's row.

        Raises:
            TryAgain: the database is away, or somebody holds what is to be deleted.
        """
        try:
            with _committed(self._engine("aos_erase"), None, self.anchors) as transaction:
                yield transaction
        except OperationalError as away:
            raise TryAgain("The database did not answer", culprit=str(away.orig)[:200].strip(), fix="Erase again: it goes on where it stopped.") from away

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

    def stands_still(self, slug: str) -> bool:
        """Whether there is a tenant of that name, and it is suspended or erased."""
        with self.dispatch() as transaction:
            known = transaction.first("select suspended_at, erased_at from aos.tenants where id = :id", id=tenant_named(slug).id)
        return known is not None and (known["suspended_at"] or known["erased_at"]) is not None

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
                hide_parameters=True,  # else an error tells every value of its statement, and errors are logged
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
