"""The role that erases: it reaches every table of tenants, and in none of them a living tenant's row."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from aos_core.errors import FixTheSource
from aos_resources.database import Database
from aos_resources.embedded import Cluster
from aos_resources.people import create_tenant
from aos_resources.secrets import Secrets, _encrypt
from aos_resources.settings import Settings
from tests.resources.tenant_rows import Neighbours
from tests.scenario import made_id


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings)
    yield made
    made.close()


def test_it_sees_and_deletes_nothing_of_a_living_tenant(neighbours: Neighbours) -> None:
    with neighbours.connect("aos_erase") as connection:
        for table in neighbours.tables:
            for told in (None, str(neighbours.hooli.id)):
                with connection.transaction(force_rollback=True):
                    if told:
                        connection.execute("select set_config('aos.tenant', %s, true)", (told,))
                    assert connection.execute(sql.SQL("select count(*) from {} where tenant_id = %s").format(table.sql), (neighbours.hooli.id,)).fetchone() == (0,)
                    assert connection.execute(sql.SQL("delete from {}").format(table.sql)).rowcount == 0, table.name


def test_it_writes_nothing_anywhere_and_deletes_no_person_of_a_living_tenant(neighbours: Neighbours, database: Database) -> None:
    with neighbours.connect("aos_erase") as connection:
        for statement in (
            "update aos.tenants set erased_at = now()", "insert into aos.tenants (id, slug, name) values (gen_random_uuid(), 'x', 'x')",
            "update aos.connections set name = 'x'", "select password_hash from aos.users", "delete from aos.erasures", "delete from aos.operators",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement.encode())
        members = neighbours.owner.execute("select count(distinct user_id) from aos.memberships").fetchone()
        with connection.transaction(force_rollback=True):
            connection.execute("delete from aos.tenants")  # none but a place that an import was given
            assert connection.execute("select count(*) from aos.memberships").fetchone() is not None
        assert neighbours.owner.execute("select count(distinct user_id) from aos.memberships").fetchone() == members


def test_every_table_with_a_tenant_is_covered_and_a_new_one_from_its_first_migration_on(neighbours: Neighbours) -> None:
    owner = neighbours.owner
    covered = "select c.relname from pg_policy p join pg_class c on c.oid = p.polrelid where p.polname = 'erasing'"
    assert {table.name for table in neighbours.tables} <= {name for (name,) in owner.execute(covered)}
    with owner.transaction(force_rollback=True):
        owner.execute("create table aos.dreams (tenant_id uuid not null, said text)")
        owner.execute("select aos.cover_erasing()")
        assert "dreams" in {name for (name,) in owner.execute(covered)}
        assert owner.execute("select has_table_privilege('aos_erase', 'aos.dreams', 'delete')").fetchone() == (True,)


def test_without_its_own_file_a_tenants_secrets_open_no_more_whatever_the_database_holds(settings: Settings, database: Database, cluster: Cluster) -> None:
    secrets, one, other = Secrets(settings), *(create_tenant(database, f"sealed-{uuid4().hex[:8]}", "S") for _ in range(2))
    sealed = {}
    for tenant in (one, other):
        with database.of(tenant).transaction() as transaction:
            sealed[tenant] = secrets.seal(transaction, tenant, tenant.id, "word")
    assert (secrets.destroy(one.id), secrets.destroy(one.id)) == (1, 0)
    with database.of(one).transaction() as transaction, pytest.raises(FixTheSource, match="does not open"):
        secrets.open(transaction, one, one.id, sealed[one])
    with database.of(other).transaction() as transaction:
        assert secrets.open(transaction, other, other.id, sealed[other]) == "word"


def test_a_key_from_before_tenants_had_files_is_wrapped_anew_when_it_is_used(settings: Settings, database: Database) -> None:
    secrets, tenant = Secrets(settings), create_tenant(database, f"older-{uuid4().hex[:8]}", "O")
    with database.of(tenant).transaction() as transaction:
        old = _encrypt(secrets.masters.current(), b"k" * 32, tenant.id.bytes)
        transaction.run("insert into aos.tenant_keys (wrapped) values (:wrapped)", wrapped=old)
        sealed = secrets.seal(transaction, tenant, tenant.id, "word")
        assert bytes(transaction.one("key", "select wrapped from aos.tenant_keys")["wrapped"]) != old
        assert secrets.open(transaction, tenant, tenant.id, sealed) == "word"


def test_its_migration_goes_down_and_up_again_on_a_filled_database(neighbours: Neighbours, cluster: Cluster) -> None:
    from alembic import command
    from sqlalchemy import create_engine, text

    from aos_resources.database import sqlalchemy_url
    from aos_resources.migrate import _config

    counted = "select count(*) from pg_policy where polroles = array['aos_erase'::regrole::oid]"
    config, engine = _config(), create_engine(sqlalchemy_url(cluster.url()))
    with engine.connect() as connection, connection.begin() as all_of_it:
        before = connection.execute(text(counted)).scalar_one()
        connection.execute(text("set local role aos_owner"))
        config.attributes["connection"] = connection
        # States that an older installation does not know.
        for table, state in (("connections", "onboarding"), ("syncs", "cancelled")):
            connection.execute(text(f"alter table aos.{table} no force row level security"))
            assert connection.execute(text(f"update aos.{table} set state = '{state}'")).rowcount > 0
            connection.execute(text(f"alter table aos.{table} force row level security"))
        connection.execute(text("alter table aos.landings no force row level security"))
        # A second slice of every part; one of them under an id that a landing of the neighbour has too, as an imported tenant's has.
        fill = (
            "insert into aos.landings select (jsonb_populate_record(l, jsonb_build_object('id', {id}, 'slice', 100000, 'path', path || '.2'))).*"
            " from aos.landings l where (tenant_id, id) in (select distinct on (tenant_id, sync_id, stream_id, part) tenant_id, id from aos.landings) and tenant_id {whose} :of"
        )
        theirs = "(select id from aos.landings o where tenant_id = :other and id not in (select id from aos.landings where tenant_id = :of) limit 1)"
        who = {"of": neighbours.initech.id, "other": neighbours.hooli.id}
        connection.execute(text(fill.format(id="gen_random_uuid()", whose="<>")), who)
        connection.execute(text(fill.format(id="gen_random_uuid()", whose="=") + " and id <> :one"), who | {"one": made_id("shared landings.id")})
        assert connection.execute(text(fill.format(id=theirs, whose="=") + " and id = :one"), who | {"one": made_id("shared landings.id")}).rowcount == 1
        later = "select count(*) from (select row_number() over (partition by tenant_id, sync_id, stream_id, part) as place from aos.landings) p where place > 1"
        sliced = connection.execute(text(later)).scalar_one()
        connection.execute(text("alter table aos.landings force row level security"))
        command.downgrade(config, "0006")
        assert connection.execute(text(counted)).scalar_one() == 0
        for table in ("landings", "connections", "syncs"):
            connection.execute(text(f"alter table aos.{table} no force row level security"))
        assert connection.execute(text("select count(*) from aos.landings where part ~ ' #[0-9]+$'")).scalar_one() == sliced > 0
        assert connection.execute(text("select count(*) from aos.connections where state not in ('active', 'paused')")).scalar_one() == 0
        assert connection.execute(text("select count(*) from aos.syncs where state not in ('running', 'succeeded', 'failed')")).scalar_one() == 0
        for table in ("landings", "connections", "syncs"):
            connection.execute(text(f"alter table aos.{table} force row level security"))
        command.upgrade(config, "head")
        connection.execute(text("select aos.cover_erasing()"))
        assert connection.execute(text(counted)).scalar_one() == before > 40
        all_of_it.rollback()
    engine.dispose()
