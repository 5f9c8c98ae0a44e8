"""What the operator sets for tenants, and what everybody is told that they may: quotas, flags where a tenant says nothing, `may`."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from aos_api.identity import ALLOWED
from aos_resources.people import Role
from tests.api.people import Company, Someone, found
from tests.api.serving import Served
from tests.scenario import World


@pytest.fixture(scope="module")
def house(world: World) -> Iterator[Served]:
    with Served(world.settings) as started:
        yield started


def test_a_quota_is_the_tenants_own_is_told_in_its_log_and_taken_back(world: World, house: Served, company: Company, runs_it: Someone) -> None:
    neighbour = found(world, house)
    quotas = f"/operator/tenants/{company.tenant.id}/quotas"
    said = {one["name"]: one["most"] for one in runs_it.client.put(f"{quotas}/rows", json={"most": 1000}).json()["items"]}
    assert said == {"connections": None, "rows": 1000, "language_model_spend": None}
    assert [one["most"] for one in company.owner.client.get("/usage").json()["items"] if one["name"] == "rows"] == [1000]
    assert [one["most"] for one in neighbour.owner.client.get("/usage").json()["items"] if one["name"] == "rows"] == [None]
    assert [(one["verb"], one["detail"]) for one in company.owner.client.get("/audit?noun=quotas").json()["items"]] == [("change", {"most": 1000})]
    assert {one["most"] for one in runs_it.client.put(f"{quotas}/rows", json={"most": None}).json()["items"]} == {None}


@pytest.mark.parametrize(("name", "body", "status"), [("rows", {"most": -1}, 422), ("rows", {}, 422), ("shoes", {"most": 1}, 422), ("rows", {"most": 2**62}, 422)])
def test_a_quota_that_is_none_is_refused(company: Company, runs_it: Someone, name: str, body: dict[str, int], status: int) -> None:
    assert runs_it.client.put(f"/operator/tenants/{company.tenant.id}/quotas/{name}", json=body).status_code == status


def test_a_tenant_that_is_not_there_has_no_quotas(runs_it: Someone) -> None:
    nowhere = f"/operator/tenants/{uuid4()}/quotas"
    assert (runs_it.client.get(nowhere).status_code, runs_it.client.put(f"{nowhere}/rows", json={"most": 1}).status_code) == (404, 404)


def test_the_installations_word_holds_where_a_tenant_has_none_and_nowhere_else(world: World, house: Served, company: Company, runs_it: Someone) -> None:
    own = found(world, house)
    own.owner.client.put("/flags/SCHEDULED_REFRESH", json={"enabled": True})

    def stand(one: Company) -> tuple[bool, str]:
        return next((flag["enabled"], flag["said_by"]) for flag in one.owner.client.get("/flags").json()["items"] if flag["name"] == "SCHEDULED_REFRESH")

    said = runs_it.client.put("/operator/flags/SCHEDULED_REFRESH", json={"enabled": False}).json()
    assert (said["enabled"], said["said_by"], said["everywhere_only"]) == (False, "installation", False)
    try:
        assert (stand(company), stand(own)) == ((False, "installation"), (True, "tenant"))
    finally:
        back = runs_it.client.put("/operator/flags/SCHEDULED_REFRESH", json={"enabled": None}).json()
    assert (back["enabled"], back["said_by"]) == (True, "default")
    assert stand(company) == (True, "default")
    assert runs_it.client.put("/operator/flags/SHOES", json={"enabled": True}).status_code == 404


def test_signing_up_stands_on_the_installations_list_and_on_no_tenants(company: Company, runs_it: Someone) -> None:
    everywhere = {one["name"]: one["everywhere_only"] for one in runs_it.client.get("/operator/flags").json()["items"]}
    assert everywhere["SIGN_UP"] is True
    assert "SIGN_UP" not in {one["name"] for one in company.owner.client.get("/flags").json()["items"]}


@pytest.mark.parametrize("path", ["flags", "tenants/{tenant}/quotas"])
def test_nobody_of_a_tenant_sees_or_sets_what_is_the_operators(company: Company, path: str) -> None:
    asked = "/operator/" + path.format(tenant=company.tenant.id)
    assert company.owner.client.get(asked).status_code == 403
    assert company.owner.client.put(f"{asked}/rows", json={"most": 1, "enabled": True}).status_code == 403


@pytest.mark.parametrize("role", ["owner", "admin", "engineer", "analyst", "viewer"])
def test_a_member_is_told_exactly_what_the_table_allows(company: Company, role: Role) -> None:
    told = company.join(role).client.get("/me").json()["may"]
    assert told == sorted(f"{verb}:{noun}" for (verb, noun), roles in ALLOWED.items() if role in roles)


def test_an_operator_in_no_tenant_is_told_what_operators_may(runs_it: Someone) -> None:
    told = runs_it.client.get("/me").json()["may"]
    assert told == sorted(f"{verb}:{noun}" for (verb, noun), roles in ALLOWED.items() if "operator" in roles)
