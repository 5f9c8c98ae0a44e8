"""Pooled connections: whose rows the next borrower of one sees."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import DBAPIError

from aos_resources.database import Database
from tests.api.serving import Served
from tests.resources.crossings import crossings
from tests.resources.pooler import pgbouncer
from tests.resources.tenant_rows import Neighbours
from tests.scenario import World, made_id, sign_in


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


@contextmanager
def four_connections(neighbours: Neighbours, behind: str) -> Iterator[Database]:
    """Four connections to Postgres: of our own pool, or of a pooler that more clients than that share."""
    if behind == "PgBouncer":
        with pgbouncer(neighbours.settings, servers=4) as pooled, closing(Database(pooled, size=12)) as database:
            yield database
    else:
        with closing(Database(neighbours.settings, size=4)) as database:
            pool = database._engine("aos_app").pool
            assert isinstance(pool, QueuePool)
            pool._timeout = 600  # twelve share the four: who waits long for one on a busy machine is not what is asked
            yield database


@pytest.mark.parametrize("behind", ["our own pool", "PgBouncer"])
def test_ten_thousand_requests_of_each_tenant_over_four_connections_never_cross_whatever_breaks(neighbours: Neighbours, behind: str) -> None:
    with four_connections(neighbours, behind) as database:
        assert crossings(database, neighbours, 10_000) == []
    notes = neighbours.owner.execute(
        "select tenant_id, note from aos.connections where id = %s and tenant_id = any(%s)", (made_id("shared connections.id"), [neighbours.initech.id, neighbours.hooli.id])
    ).fetchall()
    assert dict(notes) == {neighbours.initech.id: "walled-initech", neighbours.hooli.id: "walled-hooli"}


@pytest.mark.parametrize("behind", ["our own pool", "PgBouncer"])
def test_the_same_requests_find_a_tenant_that_is_set_for_the_session(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch, behind: str) -> None:
    session = "select case when set_config('aos.tenant', cast(:tenant as text), false) is null then now() end"
    monkeypatch.setattr("aos_resources.database._ENTER", text(session))
    with four_connections(neighbours, behind) as database:
        assert crossings(database, neighbours, 200) != []


def test_the_api_works_behind_a_pooler_in_transaction_mode(world: World) -> None:
    with pgbouncer(world.settings, servers=2) as pooled, Served(pooled) as served, served.client() as client:
        for tenant in ("acme", "globex"):
            token = sign_in(client, f"engineer@{tenant}.example")
            with served.client(token) as caller, ThreadPoolExecutor(8) as together:
                names = list(together.map(lambda _, one=caller: one.get("/connections").json()["items"][0]["name"], range(40)))
                assert {name.split()[0] for name in names} == {tenant.title()}
                assert caller.post("/runs", json={}, headers={"Idempotency-Key": "once"}).status_code == 202
                assert caller.post("/auth/logout").status_code == 204
                assert caller.get("/me").status_code == 401
