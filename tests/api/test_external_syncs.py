"""Jobs of an external Airbyte in the list of syncs: a tenant's own workspace alone, and an Airbyte that is away hides nothing of ours."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pydantic import SecretStr

from aos_resources.audit import Actor
from aos_resources.tenant_settings import set_airbyte_workspace
from tests import scenario
from tests.api.people import Company, alone, found
from tests.api.serving import Served
from tests.resources.external_services import StandIn, standing_in
from tests.scenario import SHARED, World


@pytest.fixture(scope="module")
def service() -> Iterator[StandIn]:
    with standing_in() as made:
        yield made


@pytest.fixture(scope="module")
def house(world: World, service: StandIn) -> Iterator[Served]:
    with Served(alone(world, airbyte_url=service.address, airbyte_token=SecretStr("good"))) as started:
        yield started


@pytest.fixture
def company(world: World, house: Served) -> Company:
    made = found(world, house)
    scenario._fill(world, made.tenant, SHARED, "Rows")
    return made


def own_workspace(company: Company, service: StandIn) -> None:
    workspace, connection = uuid4(), str(uuid4())
    service.connections.append({"connectionId": connection, "name": f"crm of {company.tenant.slug}", "workspaceId": str(workspace)})
    service.jobs.append({"jobId": 7, "status": "running", "jobType": "sync", "startTime": "2026-03-03T09:30:00Z", "connectionId": connection, "rowsSynced": 5})
    set_airbyte_workspace(company.world.database, company.tenant, workspace, Actor("process", "aos", "test"))


def test_external_jobs_stand_among_our_own_newest_first_and_are_the_tenants_own(world: World, house: Served, service: StandIn, company: Company) -> None:
    other = found(world, house)
    for one in (company, other):
        own_workspace(one, service)
    said = company.owner.client.get("/syncs").json()
    assert [(one["connection"], one["external"], one["state"]) for one in said["items"]] == [(f"crm of {company.tenant.slug}", "airbyte", "running"), ("Rows", None, "succeeded")]
    external = said["items"][0]
    assert (external["connection_id"], external["said"]["rows"], said["away"]) == (None, 5, None)
    assert [one["connection"] for one in other.owner.client.get("/syncs").json()["items"]] == [f"crm of {other.tenant.slug}"]
    assert len(company.owner.client.get("/syncs", params={"limit": 1}).json()["items"]) == 1


def test_a_tenant_without_a_workspace_sees_none_and_asks_nobody(service: StandIn, company: Company) -> None:
    before = len(service.asked)
    said = company.owner.client.get("/syncs").json()
    assert ([one["external"] for one in said["items"]], said["away"], len(service.asked)) == ([None], None, before)


def test_no_member_may_name_a_workspace(company: Company) -> None:
    settings = {"currency": "EUR", "time_zone": "UTC", "week_start": "monday", "fiscal_year_start": 1, "airbyte_workspace": str(uuid4())}
    assert "airbyte_workspace" not in company.owner.client.put("/settings", json=settings).text


def test_an_airbyte_that_is_away_is_said_and_hides_nothing(service: StandIn, company: Company) -> None:
    own_workspace(company, service)
    service.status = 401
    try:
        said = company.owner.client.get("/syncs").json()
    finally:
        service.status = 200
    assert ([one["external"] for one in said["items"]], said["away"]["code"]) == ([None], "credentials_refused")
