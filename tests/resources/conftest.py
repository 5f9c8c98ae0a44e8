"""Real sources (folders, and databases on a Postgres that is somebody else's), and two tenants with rows in every table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from aos_core.tenancy import tenant_named
from aos_resources.settings import Settings
from tests.resources.tenant_rows import OF_PEOPLE, USER, Neighbours, Table, tenant_tables

if TYPE_CHECKING:
    from secantus import SecantusDBServer

    from aos_resources.embedded import Cluster
    from tests.resources.sources import Source

# What stands in the conformance suite; the sources themselves are loaded where one is made.
KINDS = ("files", "mongodb", "postgres", "salesforce")



@pytest.fixture(scope="session")
def mongodb() -> Iterator[SecantusDBServer]:
    """A server that speaks MongoDB's protocol, somebody else's, which asks for passwords."""
    from pymongo import MongoClient
    from secantus import SecantusDBServer

    from tests.resources.source_mongodb import PASSWORD

    with SecantusDBServer(storage_path=":memory:", cache_size="128M") as server:
        with MongoClient("127.0.0.1", server.port, directConnection=True) as owner:
            owner.admin.command("createUser", "owner", pwd=PASSWORD, roles=["root"])
        server.require_auth = True
        yield server


@pytest.fixture
def make(tmp_path: Path, settings: Settings, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Source]]:
    """A source of a kind, with nothing in it."""
    from tests.resources.suite import SOURCES

    made: list[Source] = []

    def of(kind: str) -> Source:
        made.append(SOURCES[kind].at(request, tmp_path, settings))
        return made[-1]

    yield of
    for one in made:
        one.close()


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, make: Callable[[str], Source]) -> Source:
    """One of each kind in turn."""
    return make(request.param)


@pytest.fixture(scope="module")
def neighbours(settings: Settings, cluster: Cluster) -> Iterator[Neighbours]:
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        tables = [one for one in tenant_tables(owner, "aos") if one.name not in OF_PEOPLE]
        initech, hooli = tenant_named("walled-initech"), tenant_named("walled-hooli")
        made = Neighbours(owner, settings, tables, initech, hooli)
        owner.execute("insert into aos.users (id, email, name) values (%s, 'somebody@example', 'Somebody')", (USER,))
        with made.connect() as app:
            for tenant, prefixes in ((initech, ["shared", "ours"]), (hooli, ["shared", "theirs"])):
                owner.execute("insert into aos.tenants (id, slug, name) values (%s, %s, 'x')", (tenant.id, tenant.slug))
                with app.transaction():
                    app.execute("select set_config('aos.tenant', %s, true)", (str(tenant.id),))
                    for prefix in prefixes:
                        for table in tables:
                            whose = owner if table.name == "quotas" else app  # given to a tenant, not by it
                            whose.execute(table.insert(table.row(tenant.id, prefix)) + sql.SQL(" on conflict do nothing"))
        yield made
        owner.execute("set session_replication_role = replica")
        for table in tables:
            owner.execute(sql.SQL("delete from {} where tenant_id = any(%s)").format(table.sql), ([initech.id, hooli.id],))
        owner.execute("delete from aos.users where id = %s", (USER,))
        owner.execute("delete from aos.tenants where id = any(%s)", ([initech.id, hooli.id],))


@pytest.fixture
def scratch(neighbours: Neighbours) -> Iterator[Callable[[str], Table]]:
    """A copy of `connections` in a schema of its own, protected by nothing but the statements given."""
    owner = neighbours.owner
    owner.execute("create schema scratch authorization aos_owner")
    owner.execute("grant usage on schema scratch to aos_app")

    def make(protection: str) -> Table:
        owner.execute("set role aos_owner")
        owner.execute("create table scratch.copied (like aos.connections including all)")
        owner.execute("grant select, insert, update, delete on scratch.copied to aos_app")
        owner.execute(protection.encode())
        owner.execute("reset role")
        (table,) = tenant_tables(owner, "scratch")
        for tenant, prefixes in ((neighbours.initech, ("shared", "ours")), (neighbours.hooli, ("shared", "theirs"))):
            for prefix in prefixes:
                owner.execute(table.insert(table.row(tenant.id, prefix)))
        return table

    yield make
    owner.execute("reset role")
    owner.execute("drop schema scratch cascade")
