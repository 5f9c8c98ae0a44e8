"""Tenant isolation on the real Postgres: what the catalogue says, and what every table does when the neighbour asks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aos_resources.database import Database
from aos_resources.settings import Role
from tests.resources.tenant_rows import OF_PEOPLE, Neighbours, Table
from tests.scenario import made_id

ROLES: tuple[Role, ...] = ("aos_app", "aos_login", "aos_dispatch")
# Tables whose rows a tenant may change; every other one is written once, so a new one is until it is said here.
CHANGING = {
    "sequences", "tenant_keys", "connections", "leases", "runs", "streams", "dictionaries", "syncs", "sync_streams",
    "issued_ids", "latest_states", "cursors", "mappings", "proposals", "warehouses",
}  # fmt: skip
HEADERS = {
    "tenants": {"id", "slug", "suspended_at", "erased_at"},
    "outbox": {"tenant_id", "seq", "id", "type", "subject", "at"},
    "leases": {"tenant_id", "name", "epoch", "held_until"},
}
MINE = "tenant_id = current_setting('aos.tenant')::uuid"
VERBS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")


# --- what the catalogue says ---------------------------------------------------------------------------------


def unprotected(owner: psycopg.Connection, schema: str) -> list[str]:
    """Tables with a tenant_id that lack a part of their protection, and views that would run with their owner's rights."""
    found = []
    tables = owner.execute(
        "select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id' order by 2",
        (schema,),
    ).fetchall()
    for oid, name, enabled, forced in tables:
        policies = owner.execute(
            "select pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) from pg_policy"
            " where polrelid = %s and polcmd = '*' and polroles = array['aos_app'::regrole::oid]",
            (oid,),
        ).fetchall()
        mine = "(tenant_id = (current_setting('aos.tenant'::text))::uuid)"
        wanted = [] if name in OF_PEOPLE else [(mine, mine)]
        found += [f"{name}: {lack}" for lack, lacks in (
            ("row-level security is off", not enabled), ("not forced", not forced), ("policy", policies != wanted),
        ) if lacks]  # fmt: skip
    views = owner.execute(
        "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'v'"
        " and not coalesce('security_invoker=true' = any(reloptions), false)",
        (schema,),
    ).fetchall()
    functions = owner.execute(
        "select proname from pg_proc where pronamespace = %s::regnamespace and prosecdef"
        " and not exists (select from unnest(proconfig) c where c like 'search_path=%%')",
        (schema,),
    ).fetchall()
    return found + [f"{name}: runs with its owner's rights" for (name,) in views + functions]


def test_every_table_with_a_tenant_is_protected(neighbours: Neighbours) -> None:
    assert len(neighbours.tables) >= 20
    schemas = [name for (name,) in neighbours.owner.execute("select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$'")]
    assert {"aos", "dagster", "public"} <= set(schemas)
    assert [one for schema in schemas for one in unprotected(neighbours.owner, schema)] == []


@pytest.mark.parametrize(
    ("protection", "says"),
    [
        (f"create policy own on scratch.copied to aos_app using ({MINE}) with check ({MINE})", "row-level security is off"),
        (f"alter table scratch.copied enable row level security; create policy own on scratch.copied to aos_app using ({MINE}) with check ({MINE})", "not forced"),
        ("alter table scratch.copied enable row level security; alter table scratch.copied force row level security", "policy"),
        (f"alter table scratch.copied enable row level security; create policy own on scratch.copied to aos_app using ({MINE})", "policy"),
        (f"alter table scratch.copied enable row level security; create policy own on scratch.copied using ({MINE}) with check ({MINE})", "policy"),
        ("create view scratch.all_of_it as select 1 as tenant_id", "all_of_it: runs with its owner's rights"),
        ("create function scratch.f() returns int language sql security definer as 'select 1'", "f: runs with its owner's rights"),
    ],
)  # fmt: skip
def test_the_look_at_the_catalogue_finds_what_lacks(neighbours: Neighbours, scratch: Callable[[str], Table], protection: str, says: str) -> None:
    scratch(protection)
    assert any(says in one for one in unprotected(neighbours.owner, "scratch"))


def test_roles_of_processes_own_nothing_and_may_bypass_nothing(neighbours: Neighbours) -> None:
    roles = [*ROLES, "dagster"]
    powers = neighbours.owner.execute(
        "select rolname from pg_roles where rolname = any(%s) and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
        (roles,),
    ).fetchall()
    assert {name for (name,) in powers} == set(roles)
    owned = neighbours.owner.execute(
        "select relname::text from pg_class where relowner = any(%s::regrole[]) union all"
        " select nspname::text from pg_namespace where nspowner = any(%s::regrole[]) union all"
        " select proname::text from pg_proc where proowner = any(%s::regrole[])",
        (list(ROLES),) * 3,
    ).fetchall()
    assert owned == []
    members = "select m.roleid::regrole::text from pg_auth_members m where m.member = any(%s::regrole[])"
    assert neighbours.owner.execute(members, (roles,)).fetchall() == []
    creating = "select r, n.nspname from unnest(%s::text[]) r, pg_namespace n where has_schema_privilege(r, n.oid, 'create') and n.nspname !~ '^pg_'"
    assert neighbours.owner.execute(creating, (list(ROLES),)).fetchall() == []


def test_every_role_has_the_verbs_it_needs_and_no_other(neighbours: Neighbours) -> None:
    has = neighbours.owner.execute(
        "select r, c.relname, v from unnest(%s::text[]) r, unnest(%s::text[]) v, pg_class c where c.relnamespace = 'aos'::regnamespace"
        " and c.relkind in ('r', 'p', 'v') and has_table_privilege(r, c.oid, v)",
        ([*ROLES, "dagster"], list(VERBS)),
    ).fetchall()
    wanted = {("aos_app", "tenants", "select")}
    for table in neighbours.tables:
        verbs = ("select", "insert", "update", "delete") if table.name in CHANGING else ("select", "insert")
        wanted |= {("aos_app", table.name, verb) for verb in verbs}
    for name in ("tenants", "users", "memberships", "operators", "revoked_tokens"):
        wanted |= {("aos_login", name, verb) for verb in ("select", "insert", "update")}
    assert set(has) == wanted
    columns = neighbours.owner.execute(
        "select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'aos'::regnamespace"
        " and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped"
        " and has_column_privilege('aos_dispatch', c.oid, a.attnum, 'select, insert, update, references')"
    ).fetchall()
    assert {name: {column for table, column in columns if table == name} for name, _ in columns} == HEADERS


def test_every_key_and_every_reference_carries_the_tenant(neighbours: Neighbours) -> None:
    loose = [
        f"{table.name}.{one.name}" for table in neighbours.tables for one in table.references
        if ("tenant_id", "tenant_id") not in one.pairs
    ]  # fmt: skip
    assert loose == []
    unique = neighbours.owner.execute(
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a"
        " on a.attrelid = c.oid and a.attname = 'tenant_id' where c.relnamespace = 'aos'::regnamespace and i.indisunique and i.indkey[0] <> a.attnum"
    ).fetchall()
    assert unique == []


# --- what every table does -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asker:
    """Somebody on a connection of the app's role. `told`: the text in the tenant's place; None leaves it as it is."""

    name: str
    told: str | None
    served: bool = False
    is_tenant: bool = False


def askers(neighbours: Neighbours) -> list[Asker]:
    return [
        Asker("the neighbour", str(neighbours.initech.id), is_tenant=True),
        Asker("the neighbour after a tenant was served", str(neighbours.initech.id), served=True, is_tenant=True),
        Asker("nobody's id", "00000000-0000-0000-0000-000000000000", is_tenant=True),
        Asker("no tenant", None),
        Asker("no tenant after a tenant was served", None, served=True),
        Asker("an empty tenant", ""),
        Asker("a forged text", f"' or tenant_id = '{neighbours.hooli.id}"),
        Asker("a list of tenants", f"{neighbours.initech.id},{neighbours.hooli.id}"),
        Asker("every tenant", "%"),
    ]


def attempts(table: Table, victim: UUID) -> dict[str, sql.Composable]:
    """Statements that reach for the victim's rows: none may return its id or touch a row."""
    shared, forged, ours = table.row(victim, "shared"), table.row(victim, "forged", pointing="shared"), table.row(victim, "ours")
    column = sql.Identifier(next((name for name in table.types if name not in table.primary), table.primary[0]))
    primary = sql.SQL(", ").join(map(sql.Identifier, table.primary))
    own_row = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(ours[name])) for name in table.primary if name != "tenant_id"]
    of = {"t": table.sql, "c": column, "victim": sql.Literal(victim), "own": sql.SQL(" and ").join([sql.SQL("true"), *own_row])}
    return {
        "select": sql.SQL("select tenant_id from {t}").format(**of),
        "look up": sql.SQL("select tenant_id from {t} where tenant_id = {victim}").format(**of),
        "aggregate": sql.SQL("select max(tenant_id::text) from {t} where tenant_id = {victim}").format(**of),
        "join": sql.SQL("select t.tenant_id from {t} t join {t} o using (tenant_id)").format(**of),
        "lock": sql.SQL("select tenant_id from {t} for update").format(**of),
        "insert": table.insert(forged),
        "update": sql.SQL("update {t} set {c} = {c} where tenant_id = {victim}").format(**of),
        "delete": sql.SQL("delete from {t} where tenant_id = {victim}").format(**of),
        "upsert": sql.SQL("{} on conflict ({}) do update set {} = excluded.{}").format(table.insert(shared), primary, column, column),
        "move": sql.SQL("update {t} set tenant_id = {victim} where {own}").format(**of),
    }


def reached(connection: psycopg.Connection, asker: Asker, statement: sql.Composable, victim: UUID) -> int | None:
    """Rows of the victim that the statement returned or touched; None where it was refused. Rolled back either way."""
    try:
        with connection.transaction(force_rollback=True):
            if asker.told is not None:
                connection.execute("select set_config('aos.tenant', %s, true)", (asker.told,))
            done = connection.execute(statement)
            return done.rowcount if done.description is None else sum(str(one) == str(victim) for (one,) in done)
    except psycopg.Error:
        return None


def faults(neighbours: Neighbours, table: Table) -> list[str]:
    """What any asker could do to Hooli's rows of the table, and every silence where there should be an error."""
    found = []
    for asker in askers(neighbours):
        with neighbours.connect() as connection:
            if asker.served:
                with connection.transaction():
                    connection.execute("select set_config('aos.tenant', %s, true)", (str(neighbours.hooli.id),))
                    assert connection.execute(sql.SQL("select 1 from {} limit 1").format(table.sql)).fetchall() == [(1,)]
            for verb, statement in attempts(table, neighbours.hooli.id).items():
                rows = reached(connection, asker, statement, neighbours.hooli.id)
                if rows:
                    found.append(f"{asker.name}: {verb} reached rows")
                elif rows == 0 and not asker.is_tenant:
                    found.append(f"{asker.name}: {verb} was silent")
    return found


def test_no_foreign_row_is_seen_or_changed_whoever_asks(neighbours: Neighbours) -> None:
    assert {table.name: found for table in neighbours.tables if (found := faults(neighbours, table))} == {}


@pytest.mark.parametrize(
    ("using", "checked", "says"),
    [
        ("true", "true", "the neighbour: select reached"),
        (MINE, "true", "the neighbour: insert reached"),
        ("true", MINE, "the neighbour: delete reached"),
        ("tenant_id = nullif(current_setting('aos.tenant', true), '')::uuid",) * 2 + ("no tenant after a tenant was served: select was silent",),
        ("strpos(current_setting('aos.tenant'), tenant_id::text) > 0",) * 2 + ("a list of tenants: select reached",),
    ],
)  # fmt: skip
def test_the_same_attempts_find_the_leak_of_a_wrong_policy(
    neighbours: Neighbours, scratch: Callable[[str], Table], using: str, checked: str, says: str
) -> None:
    table = scratch(
        "alter table scratch.copied enable row level security; alter table scratch.copied force row level security;"
        f"create policy own on scratch.copied to aos_app using ({using}) with check ({checked})"
    )
    assert [one for one in faults(neighbours, table) if one.startswith(says)]


def test_the_same_attempts_find_a_table_without_row_level_security(neighbours: Neighbours, scratch: Callable[[str], Table]) -> None:
    every = {f"{asker.name}: {verb} reached rows" for asker in askers(neighbours) for verb in attempts(neighbours.tables[0], neighbours.hooli.id)}
    assert set(faults(neighbours, scratch("select 1"))) == every


def test_a_tenant_sees_and_changes_all_of_its_own(neighbours: Neighbours) -> None:
    wrong = []
    with neighbours.connect() as connection:
        for table in neighbours.tables:
            rows = neighbours.owner.execute(sql.SQL("select count(*) from {} where tenant_id = %s").format(table.sql), (neighbours.hooli.id,)).fetchall()[0][0]
            column = sql.Identifier(table.primary[-1])
            upsert = sql.SQL("{} on conflict ({}) do update set {} = excluded.{}").format(
                table.insert(table.row(neighbours.hooli.id, "shared")), sql.SQL(", ").join(map(sql.Identifier, table.primary)), column, column
            )
            changing = {
                "select": (sql.SQL("select 1 from {}").format(table.sql), rows),
                "update": (sql.SQL("update {} set {} = {}").format(table.sql, column, column), rows),
                "upsert": (upsert, 1),
                "delete": (sql.SQL("delete from {}").format(table.sql), rows),
            }
            for verb, (statement, wanted) in changing.items():
                got: int | str
                with connection.transaction(force_rollback=True):
                    connection.execute("select set_config('aos.tenant', %s, true)", (str(neighbours.hooli.id),))
                    try:
                        with connection.transaction():
                            got = connection.execute(statement).rowcount
                    except psycopg.errors.ForeignKeyViolation:
                        got = wanted  # it is there, and something of the tenant's own refers to it
                    except psycopg.errors.InsufficientPrivilege:
                        got = "refused"
                if got != (wanted if verb == "select" or table.name in CHANGING else "refused") or rows == 0:
                    wrong.append((table.name, verb, got, wanted))
    assert wrong == []


def test_a_reference_cannot_point_at_the_neighbours_row(neighbours: Neighbours) -> None:
    """Foreign keys are checked past row-level security, so only the tenant in the key keeps them apart."""
    pointed, wrong = 0, []
    with neighbours.connect() as connection:
        for table in neighbours.tables:
            for reference in table.references:
                row = table.row(neighbours.initech.id, "probe", pointing="shared", but={reference.name: "theirs"})
                statement: sql.Composable = table.insert(row)
                if table.primary == ["tenant_id"]:  # it has its one row already
                    names = [mine for mine, _ in reference.pairs if mine != "tenant_id"]
                    each = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(row[name])) for name in names]
                    statement = sql.SQL("update {} set {}").format(table.sql, sql.SQL(", ").join(each))
                pointed += 1
                try:
                    with connection.transaction(force_rollback=True):
                        connection.execute("select set_config('aos.tenant', %s, true)", (str(neighbours.initech.id),))
                        connection.execute(statement)
                    wrong.append(f"{table.name}.{reference.name} was let through")
                except psycopg.errors.ForeignKeyViolation as refused:
                    if refused.diag.constraint_name != reference.name:
                        wrong.append(f"{table.name}.{reference.name}: {refused}")
    assert wrong == []
    assert pointed >= 19


def test_the_owner_of_the_tables_sees_no_row_unless_force_is_missing(neighbours: Neighbours, scratch: Callable[[str], Table]) -> None:
    leaky = scratch(f"alter table scratch.copied enable row level security; create policy own on scratch.copied to aos_app using ({MINE}) with check ({MINE})")
    neighbours.owner.execute("set role aos_owner")
    seen = {table.sql.as_string(): len(neighbours.owner.execute(sql.SQL("select 1 from {} limit 1").format(table.sql)).fetchall()) for table in [*neighbours.tables, leaky]}
    neighbours.owner.execute("reset role")
    assert [name for name, rows in seen.items() if rows] == [leaky.sql.as_string()]


@pytest.mark.parametrize("role", ["aos_login", "aos_dispatch", "dagster"])
def test_other_roles_are_refused_every_row_of_a_tenant(neighbours: Neighbours, role: Role) -> None:
    with neighbours.connect(role) as connection:
        for table in neighbours.tables:
            for told in ("", str(neighbours.hooli.id)):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute("select set_config('aos.tenant', %s, true)", (told,))
                    connection.execute(sql.SQL("select * from {}").format(table.sql))


def test_the_dispatcher_sees_headers_of_all_tenants_but_never_what_they_say(neighbours: Neighbours) -> None:
    with neighbours.connect("aos_dispatch") as connection:
        for name, columns in HEADERS.items():
            rows = connection.execute(sql.SQL("select {} from {}").format(sql.SQL(", ").join(map(sql.Identifier, sorted(columns))), sql.Identifier("aos", name))).fetchall()
            assert all(any(tenant.id in row for row in rows) for tenant in (neighbours.initech, neighbours.hooli))
        connection.commit()
        for statement in ("select data from aos.outbox", "select holder from aos.leases", "select name from aos.tenants", "delete from aos.outbox", "update aos.leases set epoch = 9"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())


def test_a_tenant_sees_its_own_name_and_no_person(neighbours: Neighbours) -> None:
    with neighbours.connect() as connection:
        with connection.transaction():
            connection.execute("select set_config('aos.tenant', %s, true)", (str(neighbours.initech.id),))
            assert connection.execute("select slug from aos.tenants").fetchall() == [("walled-initech",)]
        for name in ("users", "memberships", "operators", "revoked_tokens"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL("select 1 from {}").format(sql.Identifier("aos", name)))


# --- the pool ------------------------------------------------------------------------------------------------


def test_a_pooled_connection_that_served_a_tenant_raises_when_none_is_said(neighbours: Neighbours) -> None:
    database = Database(neighbours.settings, size=1)
    engine = database._engine("aos_app")
    with database.of(neighbours.hooli).transaction() as transaction:
        assert len(transaction.all("select 1 from aos.connections")) == 2
        served = transaction.one("process", "select pg_backend_pid() as pid")["pid"]
    with engine.begin() as connection, pytest.raises(DBAPIError, match="invalid input syntax for type uuid"):
        assert connection.execute(text("select pg_backend_pid()")).scalar_one() == served
        connection.execute(text("select 1 from aos.connections"))
    with engine.begin() as connection:  # the mutant: a setting of the session, not of the transaction
        connection.execute(text("select set_config('aos.tenant', :tenant, false)"), {"tenant": str(neighbours.hooli.id)})
    with engine.begin() as connection:
        assert len(connection.execute(text("select 1 from aos.connections")).all()) == 2
    database.close()


def test_two_tenants_over_few_connections_never_cross_whatever_breaks(neighbours: Neighbours) -> None:
    database = Database(neighbours.settings, size=2)

    def ask(number: int) -> bool:
        tenant = (neighbours.initech, neighbours.hooli)[number % 2]
        with suppress(ZeroDivisionError, DBAPIError), database.of(tenant).transaction() as transaction:
            seen = {row["tenant_id"] for row in transaction.all("select tenant_id from aos.connections")}
            transaction.run("update aos.connections set note = :note where id = :id", note=tenant.slug, id=made_id("shared connections.id"))
            if number % 5 == 0:
                raise ZeroDivisionError
            if number % 7 == 0:
                transaction.run("select nonsense")
            return seen == {tenant.id}
        return True

    with ThreadPoolExecutor(6) as together:
        assert all(together.map(ask, range(600)))
    notes = neighbours.owner.execute(
        "select tenant_id, note from aos.connections where id = %s and tenant_id = any(%s)", (made_id("shared connections.id"), [neighbours.initech.id, neighbours.hooli.id])
    ).fetchall()
    assert dict(notes) == {neighbours.initech.id: "walled-initech", neighbours.hooli.id: "walled-hooli"}
    database.close()
