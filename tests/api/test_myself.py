"""What people change of themselves: name, persona, password, sessions."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from aos_resources.people import add_member
from tests.api.people import HERE, Company, alone, enter, found, operator
from tests.api.serving import Served
from tests.scenario import PASSWORD, World

NEW = "three words of mine"


def login(served: Served, email: str, password: str) -> httpx.Response:
    with served.client() as client:
        return client.post("/auth/login", json={"email": email, "password": password})


def test_a_name_is_the_persons_and_a_persona_the_members(world: World, house: Served, company: Company) -> None:
    member, other = company.join("viewer"), found(world, house)
    add_member(world.database, other.tenant, member.id, "viewer")
    assert member.client.put("/me", json={"name": " Grace ", "persona": "CTO"}).status_code == 204
    me = member.client.get("/me").json()
    assert (me["user"]["name"], me["tenant"]["persona"]) == ("Grace", "CTO")
    assert {one["slug"]: one["persona"] for one in me["tenants"]} == {company.tenant.slug: "CTO", other.tenant.slug: None}
    assert member.client.put("/me", json={"persona": "none"}).status_code == 204
    assert member.client.get("/me").json()["tenant"]["persona"] is None
    for body in ({}, {"name": "  "}, {"name": ""}, {"persona": "CEO"}, {"role": "owner"}):
        assert member.client.put("/me", json=body).status_code == 422
    assert operator(world, house).client.put("/me", json={"persona": "CTO"}).status_code == 422


def test_a_new_password_needs_the_current_one_and_ends_every_other_session(house: Served, company: Company) -> None:
    member = company.join("viewer")
    other = enter(house, member.email, member.id)
    wrong = member.client.put("/me/password", json={"current": "wrong", "new": NEW})
    assert (wrong.status_code, other.client.get("/me").status_code) == (403, 200)
    assert member.client.put("/me/password", json={"current": PASSWORD, "new": NEW}).status_code == 204
    assert (member.client.get("/me").status_code, other.client.get("/me").status_code) == (200, 401)
    assert [login(house, member.email, password).status_code for password in (PASSWORD, NEW)] == [401, 200]


@pytest.mark.parametrize("new", ["short", "elevenchars", "qwertyqwerty", "Q1W2E3R4T5Y6", "aaaaaaaaaaaa", "1234123412341234"])
def test_a_password_that_is_short_or_common_is_refused_in_words(company: Company, new: str) -> None:
    member = company.join("viewer")
    answer = member.client.put("/me/password", json={"current": PASSWORD, "new": new})
    assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
    assert "password" in answer.json()["detail"] and new not in answer.text


def test_ones_own_words_are_no_password(company: Company) -> None:
    member = company.join("viewer")
    for new in (member.email, member.email.upper(), f"Company {company.tenant.slug}", company.tenant.slug):
        assert member.client.put("/me/password", json={"current": PASSWORD, "new": new}).status_code == 422, new


def test_wrong_current_passwords_are_slowed_down(world: World) -> None:
    with Served(alone(world)) as served:
        member = found(world, served).join("viewer")
        statuses = [member.client.put("/me/password", json={"current": "wrong", "new": NEW}).status_code for _ in range(7)]
    assert statuses == [403] * 5 + [429] * 2


def test_my_sessions_are_mine_wherever_they_are(world: World, house: Served, company: Company) -> None:
    member, other = company.join("viewer"), found(world, house)
    add_member(world.database, other.tenant, member.id, "admin")
    elsewhere = enter(house, member.email, member.id, other.tenant.slug)
    items = member.client.get("/me/sessions").json()["items"]
    assert {(one["tenant"], one["current"]) for one in items} == {(company.tenant.slug, True), (other.tenant.slug, False)}
    assert all(one["address"] == "127.0.0.1" and "httpx" in one["agent"] for one in items)
    theirs = next(one["id"] for one in items if not one["current"])
    assert company.owner.client.delete(f"/me/sessions/{theirs}").status_code == 404
    assert member.client.delete(f"/me/sessions/{uuid4()}").status_code == 404
    assert member.client.delete(f"/me/sessions/{theirs}").status_code == 204
    assert member.client.delete(f"/me/sessions/{theirs}").status_code == 404
    assert (elsewhere.client.get("/me").status_code, member.client.get("/me").status_code) == (401, 200)


def test_all_other_sessions_end_at_a_word_and_this_one_too_at_another(house: Served, company: Company) -> None:
    member = company.join("viewer")
    others = [enter(house, member.email, member.id) for _ in range(3)]
    assert member.client.delete("/me/sessions").json() == {"ended": 3}
    assert {one.client.get("/me").status_code for one in others} == {401}
    assert member.client.delete("/me/sessions", params={"this_too": True}).json() == {"ended": 1}
    assert member.client.get("/me").status_code == 401
    assert company.owner.client.get("/me").status_code == 200


def test_an_admin_ends_a_members_sessions_in_this_tenant_only(world: World, house: Served, company: Company) -> None:
    member, other = company.join("viewer"), found(world, house)
    add_member(world.database, other.tenant, member.id, "viewer")
    elsewhere = enter(house, member.email, member.id, other.tenant.slug)
    assert company.join("admin").client.delete(f"/members/{member.id}/sessions").json() == {"ended": 1}
    assert (member.client.get("/me").status_code, elsewhere.client.get("/me").status_code) == (401, 200)


def test_another_site_changes_nothing_of_me_by_my_cookie(house: Served, company: Company) -> None:
    member = company.join("viewer")
    cookie = {"Cookie": f"aos_session={member.client.headers['Authorization'].removeprefix('Bearer ')}"}
    for method, path, body in (("PUT", "/me", {"name": "X"}), ("DELETE", "/me/sessions", None), ("DELETE", "/members/me", None)):
        for site, status in (("cross-site", 403), ("same-origin", (200, 204))):
            with house.client() as client:
                answer = client.request(method, path, json=body, headers=cookie | HERE | {"Sec-Fetch-Site": site})
                assert answer.status_code in (status if isinstance(status, tuple) else (status,)), (method, path, site)
