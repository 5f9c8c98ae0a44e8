"""Health and readiness: what works while the database does not."""

from __future__ import annotations

import httpx
import psycopg
import pytest

from aos_api.app import create_app
from aos_resources.embedded import Cluster
from aos_resources.migrate import prepare
from aos_resources.settings import Settings
from tests.api.serving import Served
from tests.scenario import World


def test_a_ready_installation_says_so(anonymous: httpx.Client) -> None:
    assert anonymous.get("/health").json() == {"status": "up"}
    assert anonymous.get("/ready").json() == {
        "ready": True,
        "checks": [{"name": "database", "ready": True, "problem": ""}, {"name": "migrations", "ready": True, "problem": ""}],
    }


def test_without_any_database_the_process_is_up_but_not_ready(empty_home: Settings) -> None:
    with Served(empty_home) as api, api.client() as client:
        assert client.get("/health").status_code == 200
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        assert "aos up" in answer.json()["checks"][0]["problem"]
        assert client.post("/auth/login", json={"email": "a@b.c", "password": "x"}).status_code == 424


def test_a_database_that_goes_away_is_a_503_that_says_when_to_come_back(empty_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A cluster of its own, stopped and started again under a running API."""
    from aos_resources.database import Database
    from aos_resources.people import add_member, create_tenant, create_user
    from tests.scenario import PASSWORD, sign_in

    cluster = Cluster(tmp_path_factory.mktemp("own") / "postgres")
    prepare(empty_home, cluster.start())
    database = Database(empty_home)
    tenant = create_tenant(database, "acme", "Acme")
    add_member(database, tenant, create_user(database, "o@acme.example", "O", PASSWORD), "owner", None)
    database.close()
    try:
        with Served(empty_home) as api, api.client() as first, api.client(sign_in(first, "o@acme.example")) as client:
            assert client.get("/entities").json()["version"] is None
            assert client.get("/metrics").json() == {"version": None, "metrics": []}
            nothing = client.get("/entities/accounts")
            assert (nothing.status_code, "published" in nothing.json()["detail"]) == (404, True)
            cluster.stop()
            answer = client.get("/connections")
            assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "try_again", "2")
            assert client.get("/health").status_code == 200
            assert client.get("/ready").status_code == 503
            cluster.start()
            assert client.get("/connections").json() == {"items": []}
            assert client.get("/ready").status_code == 200
    finally:
        cluster.stop()


def test_a_database_without_migrations_is_not_ready(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    from aos_api.reads.readiness import readiness
    from aos_resources.database import Database

    with psycopg.connect(world.owner_url, autocommit=True) as connection:
        connection.execute("create database bare")
    home = Settings(home=tmp_path_factory.mktemp("bare"))
    home.keys.mkdir(parents=True)
    home.roles_file.write_text(world.settings.roles_file.read_text().replace("/postgres", "/bare"))
    database = Database(home)
    checks = {str(one["name"]): one for one in readiness(database)}
    database.close()
    assert checks["database"]["ready"] is True
    assert "tenants" in str(checks["migrations"]["problem"])


def test_an_unexpected_error_says_nothing_of_the_inside(world: World) -> None:
    """Broken on purpose: an application whose services are a bare object."""
    app = create_app(world.settings)
    app.router.lifespan_context = _without_services
    with Served(world.settings, app) as api, api.client() as client:
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (500, "unexpected", "Something went wrong here.")
        assert "AttributeError" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-trace-id"] == answer.json()["trace_id"]


def _without_services(app: object) -> object:
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def nothing(_: object):  # type: ignore[no-untyped-def]
        app.state.services = object()  # type: ignore[attr-defined]
        yield

    return nothing(app)
