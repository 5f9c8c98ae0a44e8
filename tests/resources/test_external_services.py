"""Other companies' services over their published interfaces: what they say is taken once, in time, and for its own tenant alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr

from aos_assets.steps.onboard import discover_sources
from aos_core.errors import AosError, CredentialsRefused, FixTheSource, NotUnderstood, TryAgain
from aos_resources import airbyte as airbyte_client
from aos_resources.airbyte import Airbyte
from aos_resources.audit import Actor
from aos_resources.discovery_service import receive_findings
from aos_resources.intents import Wanted, receive
from aos_resources.settings import Settings
from aos_resources.tenant_settings import airbyte_workspace_of, set_airbyte_workspace
from aos_resources.world import Work
from tests.resources.external_services import StandIn, standing_in
from tests.resources.onboarding_world import work_for

WORKSPACE, OTHER = str(UUID(int=11)), str(UUID(int=12))


@pytest.fixture
def service() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


@pytest.fixture
def discovering(settings: Settings, service: StandIn) -> Iterator[Callable[..., Work]]:
    """A tenant, its own unless told otherwise the one that the service looks for."""
    worlds = []

    def make(mine: bool = True) -> Work:
        world, work = work_for(settings, aod_url=service.address, aod_token=SecretStr("good"))
        worlds.append(world)
        told = work.settings.model_copy(update={"aod_tenant": work.tenant.slug if mine else "somebody-else"})
        return Work(work.tenant, told, work.database, work.lake, work.secrets, work.ontology, work.flags)

    yield make
    for one in worlds:
        one.close()


def asset(number: int, **said: Any) -> dict[str, Any]:
    return {"asset_id": f"asset-{number}", "uri": f"postgresql://reader@127.0.0.1:5999/d{number}", "kind": "db", "vendor": "AWS", "state": "READY_FOR_CONNECT"} | said


def intents(work: Work) -> list[tuple[str, str, str, str | None]]:
    with work.database.transaction() as transaction:
        rows = transaction.all("select external_id, source, state, stuck ->> 'code' as code from aos.intents order by external_id")
    return [(row["external_id"], row["source"], row["state"], row["code"]) for row in rows]


def test_what_discovery_has_found_ready_becomes_an_intent_once(service: StandIn, discovering: Callable[..., Work]) -> None:
    service.assets = [asset(1), asset(2, state="PARKED"), asset(3, uri="gcp-sql-prod", vendor="GCP"), {"odd": True}, asset(1)]
    work = discovering()
    assert [receive_findings(work), receive_findings(work)] == [3, 0]
    assert intents(work) == [("asset-1", "postgres", "allowed", "fix_the_source"), ("asset-3", "gcp", "received", "not_understood")]
    assert service.asked[0][:2] == ("POST", "/api/discover") and service.asked[0][3:] == ("Bearer good", {"query": "show ready assets"})


def test_a_person_completes_what_was_found_and_it_stays_so(service: StandIn, discovering: Callable[..., Work]) -> None:
    service.assets = [asset(3, uri="gcp-sql-prod", vendor="GCP")]
    work = discovering()
    receive_findings(work)
    config = {"host": "127.0.0.1", "port": 5999, "database": "d", "user": "u"}
    with work.database.transaction() as transaction:
        receive(transaction, work, Wanted("batch", "asset-3", "cloud", "postgres", config, {"password": "x"}))
    receive_findings(work)
    assert intents(work) == [("asset-3", "postgres", "credentialed", None)]


def test_findings_are_for_the_tenant_that_the_service_looks_for_and_for_no_other(service: StandIn, discovering: Callable[..., Work]) -> None:
    service.assets = [asset(1)]
    work = discovering(mine=False)
    assert (receive_findings(work), intents(work), service.asked) == (0, [], [])


@pytest.mark.parametrize(("said", "error"), [({"tokens": {"other"}}, CredentialsRefused), ({"answers": ["odd"]}, FixTheSource), ({"answers": {"assets": None}}, FixTheSource)])
def test_a_service_that_refuses_or_says_something_odd_is_named_and_nothing_is_received(
    service: StandIn, discovering: Callable[..., Work], said: dict[str, Any], error: type[AosError]
) -> None:
    vars(service).update(said)
    work = discovering()
    with pytest.raises(error):
        receive_findings(work)
    discover_sources(work, "run")  # of a refresh it fails its own step, and stops nothing else
    with work.database.transaction() as transaction:
        assert transaction.one("run", "select state from aos.runs where stage = 'discovery'")["state"] in ("failed", "put_off")
    assert intents(work) == []


def test_nothing_found_yet_is_nothing_to_do(service: StandIn, discovering: Callable[..., Work]) -> None:
    service.answers = {"status": "no_data"}
    assert receive_findings(discovering()) == 0


@pytest.fixture
def ours(settings: Settings, service: StandIn) -> Callable[..., Airbyte]:
    service.connections = [{"connectionId": "c-1", "name": "crm", "workspaceId": WORKSPACE}, {"connectionId": "c-2", "name": "Globex secret", "workspaceId": OTHER}]
    service.jobs = [
        {"jobId": number, "status": status, "jobType": "sync", "startTime": f"2026-03-02T0{number}:30:00Z", "connectionId": connection, "rowsSynced": 5, "bytesSynced": 9}
        for number, status, connection in ((1, "succeeded", "c-1"), (2, "running", "c-1"), (3, "failed", "c-2"))
    ]
    return lambda **told: Airbyte(settings.model_copy(update={"airbyte_url": service.address, "airbyte_token": SecretStr("good")} | told))


def test_the_jobs_of_a_workspace_are_read_by_the_published_interface(service: StandIn, ours: Callable[..., Airbyte]) -> None:
    found = ours().jobs(UUID(WORKSPACE))
    assert [(one.connection, one.state, one.rows) for one in found] == [("crm", "succeeded", 5), ("crm", "running", 5)]
    assert [(path, query.get("workspaceIds"), query.get("orderBy")) for _, path, query, _, _ in service.asked] == [
        ("/api/public/v1/connections", [WORKSPACE], None), ("/api/public/v1/jobs", [WORKSPACE], ["createdAt|DESC"]),
    ]  # fmt: skip


def test_a_server_that_keeps_nothing_apart_shows_nothing_of_another_workspace(service: StandIn, ours: Callable[..., Airbyte]) -> None:
    service.keeps_apart = False
    assert {one.connection for one in ours().jobs(UUID(WORKSPACE))} == {"crm"}


def test_an_application_signs_in_once_and_again_when_its_token_was_revoked(service: StandIn, ours: Callable[..., Airbyte], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airbyte_client, "_KEPT", -1.0)
    client = ours(airbyte_token=SecretStr(""), airbyte_client_id="id", airbyte_client_secret=SecretStr("hush-hush"))
    for _ in range(2):
        assert len(client.jobs(UUID(WORKSPACE))) == 2
    service.tokens.clear()
    assert len(client.jobs(UUID(WORKSPACE))) == 2
    assert [path for _, path, *_ in service.asked].count("/api/public/v1/applications/token") == 2
    refused = ours(airbyte_token=SecretStr(""), airbyte_client_id="id", airbyte_client_secret=SecretStr("wrong-one"))
    with pytest.raises(CredentialsRefused) as failed:
        refused.jobs(UUID(WORKSPACE))
    assert "wrong-one" not in str(failed.value)


def test_an_airbyte_that_is_slow_or_away_holds_nobody_long_and_is_not_asked_again_at_once(
    service: StandIn, ours: Callable[..., Airbyte], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airbyte_client, "SECONDS", 0.5)
    service.delay = 3.0
    client, began = ours(), time.monotonic()
    for _ in range(3):
        with pytest.raises(TryAgain):
            client.jobs(UUID(WORKSPACE))
    assert time.monotonic() - began < 2.9 and len(service.asked) == 1


def test_a_workspace_is_one_tenants_own(settings: Settings) -> None:
    (world, one), (other_world, other) = work_for(settings), work_for(settings)
    actor, workspace = Actor("process", "aos", "test"), uuid4()
    set_airbyte_workspace(world.database, one.tenant, workspace, actor)
    with pytest.raises(NotUnderstood, match=one.tenant.slug):
        set_airbyte_workspace(world.database, other.tenant, workspace, actor)
    for work, known in ((one, workspace), (other, None)):
        with work.database.transaction() as transaction:
            assert airbyte_workspace_of(transaction) == known
    set_airbyte_workspace(world.database, one.tenant, None, actor)
    set_airbyte_workspace(world.database, other.tenant, workspace, actor)
    world.close()
    other_world.close()
