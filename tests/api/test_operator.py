"""The operator of an installation: tenants by name, never a row of theirs but by a grant that ends and is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests import scenario
from tests.api.people import Company, Someone, enter, entries, found, operator
from tests.api.serving import Served
from tests.scenario import PASSWORD, SHARED, World, sign_in

NEW = "three words of mine"


@pytest.fixture(scope="module")
def house(world: World) -> Iterator[Served]:
    with Served(world.settings) as started:
        yield started


def wish(**more: Any) -> dict[str, Any]:
    return {"slug": f"o-{uuid4().hex[:10]}", "name": "Initech", "owner_email": f"{uuid4().hex[:8]}@people.example"} | more


def made(by: Someone, **more: Any) -> dict[str, Any]:
    answer = by.client.post("/operator/tenants", json=wish(**more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def state(by: Someone, tenant: Any) -> str:
    return str(next(one["state"] for one in by.client.get("/operator/tenants").json()["items"] if one["id"] == str(tenant)))


def grant(company: Company, to: Someone, **more: Any) -> httpx.Response:
    return company.owner.client.post("/grants", json={"email": to.email, "hours": 2, "reason": "a sync fails"} | more)


def go_in(served: Served, someone: Someone, slug: str) -> httpx.Client:
    """The operator's client in that tenant."""
    answer = someone.client.post("/auth/switch", json={"tenant": slug})
    assert answer.status_code == 200, answer.text
    return served.client(answer.json()["access_token"])


def test_nobody_but_an_operator_operates(company: Company, runs_it: Someone) -> None:
    for client in (company.owner.client, company.join("admin").client, company.key(company.owner, "*:*")):
        for method, path, body in (
            ("GET", "/operator/tenants", None), ("POST", "/operator/tenants", wish()), ("GET", "/operator/grants", None),
            ("POST", f"/operator/tenants/{company.tenant.id}/suspend", None), ("POST", f"/operator/tenants/{company.tenant.id}/resume", None),
            ("POST", f"/operator/tenants/{company.tenant.id}/invitation", {"owner_email": "a@people.example"}),
        ):  # fmt: skip
            assert client.request(method, path, json=body).status_code == 403, path
    assert state(runs_it, company.tenant.id) == "active"


def test_an_operator_sees_that_tenants_are_there_and_none_of_their_rows(world: World, company: Company, runs_it: Someone) -> None:
    scenario._fill(world, company.tenant, SHARED, "Rows")
    seen = next(one for one in runs_it.client.get("/operator/tenants").json()["items"] if one["slug"] == company.tenant.slug)
    assert set(seen) == {"id", "slug", "name", "created_at", "suspended_at", "members", "state"} and seen["members"] == 1
    for path in ("/connections", "/members", "/runs", "/proposals", "/entities/account", "/keys", "/grants", "/invitations"):
        assert runs_it.client.get(path).status_code == 403, path
    assert runs_it.client.post("/auth/switch", json={"tenant": company.tenant.slug}).status_code == 404
    with runs_it_again(company, runs_it) as client:
        assert client.post("/auth/login", json={"email": runs_it.email, "password": PASSWORD, "tenant": company.tenant.slug}).status_code == 403


def runs_it_again(company: Company, runs_it: Someone) -> httpx.Client:
    return company.served.client()


def test_a_tenant_is_made_with_its_first_owners_link(house: Served, runs_it: Someone) -> None:
    said = made(runs_it)
    assert said["tenant"]["state"] == "active" and said["tenant"]["members"] == 0 and said["link"].endswith("#" + said["token"])
    assert runs_it.client.post("/operator/tenants", json=wish(slug=said["tenant"]["slug"])).status_code == 422
    again = runs_it.client.post(f"/operator/tenants/{said['tenant']['id']}/invitation", json={"owner_email": "first@people.example"})
    assert again.status_code == 201
    with house.client() as client:
        email = f"{uuid4().hex}@people.example"
        token = runs_it.client.post(f"/operator/tenants/{said['tenant']['id']}/invitation", json={"owner_email": email}).json()["token"]
        answer = client.post("/auth/invitation/accept", json={"token": token, "name": "First", "password": NEW})
        assert answer.json()["tenant"]["role"] == "owner"
    with house.client(answer.json()["access_token"]) as client:
        assert client.get("/connections").json()["items"] == []
    assert runs_it.client.post(f"/operator/tenants/{said['tenant']['id']}/invitation", json={"owner_email": email}).status_code == 422
    assert runs_it.client.post(f"/operator/tenants/{uuid4()}/invitation", json={"owner_email": email}).status_code == 404


def test_a_suspended_tenant_is_closed_at_once_and_its_keys_and_people_are_back_after(house: Served, company: Company, runs_it: Someone) -> None:
    key, token = company.key(company.owner), company.invite("somebody@people.example")
    url = f"/operator/tenants/{company.tenant.id}"
    assert key.get("/runs").status_code == 200
    assert runs_it.client.post(url + "/suspend").json()["state"] == "suspended"
    assert (company.owner.client.get("/me").status_code, key.get("/runs").status_code) == (401, 401)
    with house.client() as client:
        assert client.post("/auth/login", json={"email": company.owner.email, "password": PASSWORD}).status_code == 403
        assert client.post("/auth/invitation", json={"token": token}).status_code == 410
    assert runs_it.client.post(url + "/suspend").json()["state"] == "suspended"
    assert runs_it.client.post(url + "/resume").json()["state"] == "active"
    assert (company.owner.client.get("/me").status_code, key.get("/runs").status_code) == (401, 200)
    assert enter(house, company.owner.email, company.owner.id).client.get("/me").status_code == 200
    assert runs_it.client.post(f"/operator/tenants/{uuid4()}/suspend").status_code == 404


def test_in_another_process_a_suspended_tenants_sessions_end_within_seconds(world: World, company: Company, runs_it: Someone) -> None:
    with Served(world.settings) as elsewhere, elsewhere.client(company.owner.client.headers["Authorization"].removeprefix("Bearer ")) as owner:
        assert owner.get("/me").status_code == 200
        assert runs_it.client.post(f"/operator/tenants/{company.tenant.id}/suspend").status_code == 200
        ended = time.monotonic()
        while owner.get("/me").status_code == 200:
            assert time.monotonic() - ended < 5.5
            time.sleep(0.1)


def test_what_an_operator_does_to_a_tenant_stands_in_its_log_and_that_it_was_made_in_the_installations_own(world: World, runs_it: Someone) -> None:
    tenant = made(runs_it)["tenant"]
    runs_it.client.post(f"/operator/tenants/{tenant['id']}/suspend")
    mine = [(one["verb"], one["noun"], one["subject"], one["tenant_id"]) for one in entries(world) if one["actor"] == runs_it.email and one["verb"] != "start"]
    installation = "00000000-0000-0000-0000-000000000000"
    assert mine == [("create", "tenants", tenant["id"], installation), ("suspend", "tenants", tenant["slug"], tenant["id"])]
    assert tenant["slug"] not in str([one for one in entries(world) if one["tenant_id"] == installation])  # it can be erased, that log cannot


# --- grants -------------------------------------------------------------------------------------------------


def test_a_tenant_lets_an_operator_look_as_a_viewer_for_a_time(world: World, house: Served, company: Company, runs_it: Someone) -> None:
    scenario._fill(world, company.tenant, SHARED, "Rows")
    given = grant(company, runs_it).json()
    assert (given["state"], given["granted_by"], given["reason"]) == ("open", company.owner.email, "a sync fails")
    assert runs_it.client.get("/me").json()["granted"][0]["slug"] == company.tenant.slug
    assert runs_it.client.get("/operator/grants").json()["items"][0]["until"] == given["expires_at"]
    client = go_in(house, runs_it, company.tenant.slug)
    me = client.get("/me").json()
    assert (me["role"], me["by_grant"], me["until"], me["operator"], me["tenants"]) == ("viewer", True, given["expires_at"], True, [])
    assert client.get("/connections").json()["items"][0]["name"] == "Rows"
    assert [client.get(path).status_code for path in ("/keys", "/grants", "/invitations")] == [403] * 3
    assert [client.post("/runs", json={}).status_code, client.delete("/members/me").status_code] == [403, 404]
    assert [one["email"] for one in client.get("/members").json()["items"]] == [company.owner.email]


def test_their_coming_in_what_they_read_and_what_they_are_refused_is_told_to_the_tenant(house: Served, company: Company, runs_it: Someone) -> None:
    grant(company, runs_it)
    client = go_in(house, runs_it, company.tenant.slug)
    before = len(entries(company.world, company.tenant))
    for _ in range(3):
        client.get("/connections")
    client.get("/members")
    for _ in range(2):
        client.post("/runs", json={"reason": ""})
    log = entries(company.world, company.tenant)
    assert log[before - 1]["verb"] == "start" and log[before - 1]["detail"]["method"] == "grant"
    assert {(one["actor_kind"], one["actor"]) for one in log[before - 1 :]} == {("operator", runs_it.email)}
    assert [(one["verb"], one["noun"], one["subject"], one["detail"]["refused"]) for one in log[before:]] == [
        ("read", "connections", "GET /api/v1/connections", False), ("read", "members", "GET /api/v1/members", False),
        ("ask", "runs", "POST /api/v1/runs", True), ("ask", "runs", "POST /api/v1/runs", True),
    ]  # fmt: skip


def test_listening_to_events_by_a_grant_is_told_too_and_ends_with_it(house: Served, company: Company, runs_it: Someone) -> None:
    given = grant(company, runs_it).json()["id"]
    client = go_in(house, runs_it, company.tenant.slug)
    with client.stream("GET", "/events", timeout=8) as stream:
        assert stream.status_code == 200
        last = entries(company.world, company.tenant)[-1]
        assert (last["verb"], last["noun"], last["actor_kind"], last["subject"]) == ("read", "events", "operator", "GET /api/v1/events")
        assert company.owner.client.delete(f"/grants/{given}").status_code == 204
        said = "".join(stream.iter_text())  # until the server ends it
    assert "ended" in said


@pytest.mark.parametrize("ending", ["ended by the tenant", "expired", "no operator any more", "disabled"])
def test_with_the_grant_the_operators_session_there_ends(world: World, house: Served, company: Company, runs_it: Someone, ending: str) -> None:
    given = grant(company, runs_it).json()["id"]
    client = go_in(house, runs_it, company.tenant.slug)
    assert client.get("/connections").status_code == 200
    if ending == "ended by the tenant":
        assert company.owner.client.delete(f"/grants/{given}").status_code == 204
        assert client.get("/connections").status_code == 401
        assert company.owner.client.delete(f"/grants/{given}").status_code == 422
    with psycopg.connect(world.owner_url, autocommit=True) as owner:
        if ending == "expired":
            owner.execute("update aos.grants set expires_at = now() where id = %s", (given,))
        if ending == "no operator any more":
            owner.execute("delete from aos.operators where user_id = %s", (runs_it.id,))
        if ending == "disabled":
            owner.execute("update aos.users set disabled_at = now() where id = %s", (runs_it.id,))
    since = time.monotonic()
    while client.get("/connections").status_code == 200:
        assert time.monotonic() - since < 5.5
        time.sleep(0.1)
    with house.client() as anew:
        if ending in ("ended by the tenant", "expired"):
            token = sign_in(anew, runs_it.email)
            assert anew.post("/auth/switch", json={"tenant": company.tenant.slug}, headers={"Authorization": f"Bearer {token}"}).status_code == 404


def test_only_owners_and_admins_let_an_operator_in_and_only_operators_for_three_days_at_most(company: Company, runs_it: Someone) -> None:
    for role, status in (("owner", 201), ("admin", 201), ("engineer", 403), ("analyst", 403), ("viewer", 403)):
        by = company.join(role)  # type: ignore[arg-type]
        assert by.client.post("/grants", json={"email": runs_it.email, "hours": 1, "reason": "x"}).status_code == status
        assert by.client.get("/grants").status_code == (200 if status == 201 else 403)
    assert grant(company, company.owner).status_code == 422
    for wrong in ({"hours": 0}, {"hours": 73}, {"hours": -1}, {"reason": " "}, {"email": "nobody@people.example"}):
        assert grant(company, runs_it, **wrong).status_code == 422
    assert grant(company, runs_it, hours=72).status_code == 201


def test_a_grant_opens_its_own_tenant_to_its_own_operator_only(world: World, house: Served, company: Company, runs_it: Someone) -> None:
    other, another = found(world, house), operator(world, house)
    given = grant(company, runs_it).json()["id"]
    assert runs_it.client.post("/auth/switch", json={"tenant": other.tenant.slug}).status_code == 404
    assert another.client.post("/auth/switch", json={"tenant": company.tenant.slug}).status_code == 404
    assert other.owner.client.get("/grants").json()["items"] == []
    assert other.owner.client.delete(f"/grants/{given}").status_code == 404
    client = go_in(house, runs_it, company.tenant.slug)
    assert client.get("/operator/tenants").status_code == 200  # still the operator of the installation


def test_an_operator_who_is_a_member_needs_no_grant_and_is_what_the_member_is(world: World, house: Served, company: Company) -> None:
    member = company.join("analyst")
    with world.database.people() as transaction:
        transaction.run("insert into aos.operators (user_id) values (:user)", user=member.id)
    grant(company, member)
    me = enter(house, member.email, member.id).client.get("/me").json()
    assert (me["role"], me["by_grant"], me["operator"]) == ("analyst", False, True)
