"""Tenant isolation on the real Postgres: what every table does when the neighbour asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from aos_resources.settings import Role
from tests.resources.tenant_rows import HEADERS, MINE, Neighbours, Table, verbs_of
from tests.scenario import World


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
    # The victim's rows come first, so that a table that is wide open need not be fetched whole.
    first = sql.SQL("order by tenant_id = {} desc limit 9").format(sql.Literal(victim))
    of = {"t": table.sql, "c": column, "first": first, "victim": sql.Literal(victim), "own": sql.SQL(" and ").join([sql.SQL("true"), *own_row])}
    return {
        "select": sql.SQL("select tenant_id from {t} {first}").format(**of),
        "look up": sql.SQL("select tenant_id from {t} where tenant_id = {victim}").format(**of),
        "aggregate": sql.SQL("select max(tenant_id::text) from {t} where tenant_id = {victim}").format(**of),
        "join": sql.SQL("select tenant_id from {t} join (select distinct tenant_id from {t}) o using (tenant_id) {first}").format(**of),
        "copy out": sql.SQL("copy (select tenant_id from {t} where tenant_id = {victim}) to stdout").format(**of),
        "copy whatever there is out": sql.SQL("copy (select tenant_id from {t} {first}) to stdout").format(**of),
        "lock": sql.SQL("select tenant_id from {t} {first} for update").format(**of),
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
            if statement.as_string().startswith("copy"):
                with connection.cursor().copy(statement) as copied:
                    return sum(bytes(one).decode().strip() == str(victim) for one in copied)
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


@pytest.mark.parametrize("opened", [
    "alter policy own on {t} using (true) with check (true)", "alter table {t} disable row level security",
    "alter policy own on {t} using (tenant_id = coalesce(nullif(current_setting('aos.tenant', true), ''), tenant_id::text)::uuid)",
])  # fmt: skip
def test_the_same_attempts_find_each_table_whose_protection_is_taken_away(neighbours: Neighbours, opened: str) -> None:
    unseen = []
    for table in neighbours.tables:
        try:
            neighbours.owner.execute(sql.SQL(opened).format(t=table.sql))  # type: ignore[arg-type]
            unseen += [] if faults(neighbours, table) else [table.name]
        finally:
            neighbours.owner.execute(sql.SQL("alter table {t} enable row level security").format(t=table.sql))
            neighbours.owner.execute(sql.SQL("alter policy own on {t} using (" + MINE + ") with check (" + MINE + ")").format(t=table.sql))
    assert unseen == []


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
                needed = {"insert", "update"} if verb == "upsert" else {verb}
                if got != (wanted if needed <= verbs_of(table.name) else "refused") or rows == 0:
                    wrong.append((table.name, verb, got, wanted))
    assert wrong == []


def test_a_reference_cannot_point_at_the_neighbours_row(neighbours: Neighbours) -> None:
    """Foreign keys are checked past row-level security, so only the tenant in the key keeps them apart."""
    pointed, wrong = 0, []
    with neighbours.connect() as connection:
        for table in neighbours.tables:
            for reference in [one for one in table.references if one.target != "users"]:
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
                refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidTextRepresentation)
                with pytest.raises(refused), connection.transaction():
                    connection.execute("select set_config('aos.tenant', %s, true)", (told,))
                    connection.execute(sql.SQL("select * from {}").format(table.sql))


def test_the_dispatcher_sees_headers_of_all_tenants_but_never_what_they_say(neighbours: Neighbours) -> None:
    with neighbours.connect("aos_dispatch") as connection:
        for name, columns in HEADERS.items():
            rows = connection.execute(sql.SQL("select {} from {}").format(sql.SQL(", ").join(map(sql.Identifier, sorted(columns))), sql.Identifier("aos", name))).fetchall()
            assert name == "flag_defaults" or all(any(tenant.id in row for row in rows) for tenant in (neighbours.initech, neighbours.hooli))
        connection.commit()
        for statement in ("select data from aos.outbox", "select holder from aos.leases", "select name from aos.tenants", "delete from aos.outbox", "update aos.leases set epoch = 9"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())


def test_a_tenant_sees_the_names_of_its_own_members_only(neighbours: Neighbours, world: World) -> None:
    """Of people neither a password's hash nor that they are members elsewhere too."""
    with neighbours.connect() as connection:
        for tenant, other in ((world.acme, "globex"), (world.globex, "acme")):
            with connection.transaction():
                connection.execute("select set_config('aos.tenant', %s, true)", (str(tenant.id),))
                seen = {email for (email,) in connection.execute("select email from aos.users")}
                members = connection.execute("select tenant_id, user_id from aos.memberships").fetchall()
                moved = connection.execute("update aos.memberships set role = role where tenant_id <> %s", (tenant.id,)).rowcount
            assert "both@example" in seen and not [email for email in seen if other in email]
            assert {one for one, _ in members} == {tenant.id}
            assert moved == 0
            for statement in ("select password_hash from aos.users", "select oidc_subject from aos.users", "update aos.users set name = 'x'"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute("select set_config('aos.tenant', %s, true)", (str(tenant.id),))
                    connection.execute(statement.encode())
            for theirs in (world.users[f"viewer@{other}.example"],):
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute("select set_config('aos.tenant', %s, true)", (str(tenant.id),))
                    neighbour = world.globex if tenant == world.acme else world.acme
                    connection.execute("insert into aos.memberships (tenant_id, user_id, role) values (%s, %s, 'owner')", (neighbour.id, theirs))
        for told in (None, ""):
            with pytest.raises(psycopg.Error), connection.transaction():
                if told is not None:
                    connection.execute("select set_config('aos.tenant', %s, true)", (told,))
                connection.execute("select 1 from aos.memberships")


def test_a_tenant_sees_its_own_name_and_no_person(neighbours: Neighbours) -> None:
    with neighbours.connect() as connection:
        with connection.transaction():
            connection.execute("select set_config('aos.tenant', %s, true)", (str(neighbours.initech.id),))
            assert connection.execute("select slug from aos.tenants").fetchall() == [("walled-initech",)]
        for name in ("users", "operators", "sessions", "tickets", "password_resets", "erasures"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute("select set_config('aos.tenant', %s, true)", (str(neighbours.initech.id),))
                connection.execute(sql.SQL("select * from {}").format(sql.Identifier("aos", name)))
