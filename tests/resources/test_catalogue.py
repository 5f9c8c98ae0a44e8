"""Tenant isolation as the catalogue of the real Postgres says it: policies, rights, owners, keys."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from aos_resources.settings import Role
from tests.resources.tenant_rows import HEADERS, MINE, OF_PEOPLE, Neighbours, Table, verbs_of

ROLES: tuple[Role, ...] = ("aos_app", "aos_login", "aos_dispatch")
PEOPLES = {
    "tenants": "select insert update", "users": "select insert update",
    **dict.fromkeys(("memberships", "operators", "sessions", "tickets", "password_resets", "flag_defaults", "erasures"), "select insert update delete"),
    **dict.fromkeys(("audit", "tenant_settings", "invitations", "sequences", "warehouses"), "insert"), "audit_heads": "insert update", "quotas": "insert update delete",
}  # fmt: skip
VERBS = ("select", "insert", "update", "delete", "truncate", "references", "trigger")


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
        found += [f"{name}: {lack}" for lack, lacks in (
            ("row-level security is off", not enabled), ("not forced", not forced), ("policy", policies != [(mine, mine)]),
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
    roles = [*ROLES, "aos_erase", "dagster"]
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
    for name in [table.name for table in neighbours.tables] + list(OF_PEOPLE):
        wanted |= {("aos_app", name, verb) for verb in verbs_of(name)}
    wanted |= {("aos_login", name, verb) for name, verbs in PEOPLES.items() for verb in verbs.split()}
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
        if ("tenant_id", "tenant_id") not in one.pairs and one.target != "users"
    ]  # fmt: skip
    assert loose == []
    unique = neighbours.owner.execute(
        "select i.indexrelid::regclass::text from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a"
        " on a.attrelid = c.oid and a.attname = 'tenant_id' where c.relnamespace = 'aos'::regnamespace and i.indisunique and i.indkey[0] <> a.attnum"
    ).fetchall()
    assert unique == []
