"""API keys: what they may, never more than their maker, and when they end."""

from __future__ import annotations

import hashlib
import time
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from aos_api.identity import ALLOWED, PEOPLE_ONLY, Caller, check_scopes, may
from aos_core.errors import AosError, NotAllowed
from aos_resources.people import Role, add_member
from tests.api.people import Company, Someone, entries, found
from tests.api.serving import Served
from tests.scenario import ROLES, World


def make(maker: Someone, *scopes: str, **more: Any) -> httpx.Response:
    return maker.client.post("/keys", json={"name": "a key", "scopes": list(scopes or ("read:*",))} | more)


def test_a_key_is_shown_once_and_only_its_hash_is_kept(world: World, company: Company) -> None:
    said = make(company.owner).json()
    text, key = said["text"], said["key"]
    assert text.startswith(key["prefix"] + "_") and key["prefix"].startswith("aos_") and len(key["prefix"]) == 12 and len(text) == 56
    with psycopg.connect(world.owner_url) as owner:
        rows = owner.execute("select k::text, k.hash, k.expires_at - k.created_at from aos.api_keys k where tenant_id = %s", (company.tenant.id,)).fetchall()
    assert [(bytes(hashed), life.days) for _, hashed, life in rows] == [(hashlib.sha256(text.encode()).digest(), 90)]
    secret = text.rpartition("_")[2]
    assert secret not in rows[0][0] + company.owner.client.get("/keys").text + str(entries(world, company.tenant))


def test_a_key_reads_what_its_scopes_say_and_changes_nothing_else(company: Company) -> None:
    reader = company.key(company.owner, "read:*")
    narrow = company.key(company.owner, "read:connections")
    runner = company.key(company.owner, "ask:runs", "read:runs")
    assert [reader.get(path).status_code for path in ("/connections", "/runs", "/members", "/invitations")] == [200] * 4
    assert [narrow.get(path).status_code for path in ("/connections", "/runs", "/members")] == [200, 403, 403]
    assert [one.post("/runs", json={"reason": ""}).status_code for one in (reader, narrow, runner)] == [403, 403, 202]
    last = entries(company.world, company.tenant)[-1]
    assert (last["actor_kind"], last["noun"]) == ("key", "runs")
    assert last["actor"].startswith("aos_") and last["actor"].endswith(" a key")  # whatever it is called, it is no person


def test_a_key_may_never_do_what_only_people_may(company: Company) -> None:
    key, member = company.key(company.owner, "*:*"), company.join("viewer")
    for method, path, body in (
        ("POST", "/keys", {"name": "k", "scopes": ["read:*"]}), ("DELETE", f"/keys/{uuid4()}", None),
        ("PATCH", f"/members/{member.id}", {"role": "admin"}), ("DELETE", f"/members/{member.id}", None), ("DELETE", "/members/me", None),
        ("POST", f"/members/{member.id}/transfer", None), ("POST", f"/members/{member.id}/password-reset", None),
        ("DELETE", f"/members/{member.id}/sessions", None), ("POST", "/invitations", {"email": "a@people.example", "role": "viewer"}),
        ("POST", "/grants", {"email": "a@people.example", "hours": 1, "reason": "x"}), ("GET", "/me", None), ("PUT", "/me", {"name": "X"}),
        ("PUT", "/me/password", {"current": "x", "new": "three words of mine"}), ("GET", "/me/sessions", None), ("DELETE", "/me/sessions", None),
        ("POST", "/auth/switch", {"tenant": "acme"}), ("POST", "/auth/logout", None), ("GET", "/operator/tenants", None),
    ):  # fmt: skip
        answer = key.request(method, path, json=body)
        assert answer.status_code == 403, (method, path, answer.text)
        assert "people" in answer.json()["detail"]


def test_what_a_key_may_is_never_more_than_its_makers_role_for_every_verb_and_noun(world: World) -> None:
    for role in ROLES:
        for verb, noun in ALLOWED:
            key = Caller(uuid4(), "k", world.acme, role, "", "", key=uuid4(), scopes=frozenset({"*:*"}))
            person = Caller(uuid4(), "p", world.acme, role, "", "")
            assert allowed(key, verb, noun) == (allowed(person, verb, noun) and (verb, noun) not in PEOPLE_ONLY)


def allowed(caller: Caller, verb: Any, noun: Any) -> bool:
    try:
        may(caller, verb, noun)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("role", "scope", "fine"),
    [
        ("owner", "read:*", True), ("owner", "*:*", True), ("owner", "export:tenant", True), ("engineer", "ask:runs", True), ("engineer", "*:runs", True),
        ("engineer", "change:settings", False), ("admin", "export:tenant", False), ("owner", "create:keys", False), ("owner", "change:members", False),
        ("owner", "change:masks", False), ("owner", "erase:tenant", False), ("owner", "read:tenants", False), ("owner", "read:orchestrator", False),
        ("owner", "read", False), ("owner", "", False), ("owner", "read:everything", False), ("owner", "eat:runs", False), ("owner", "READ:runs", False),
    ],
)  # fmt: skip
def test_a_scope_names_something_that_its_maker_may(role: Role, scope: str, fine: bool) -> None:
    try:
        check_scopes(role, [scope])
    except AosError:
        assert not fine
    else:
        assert fine


@pytest.mark.parametrize("role", ROLES)
def test_engineers_and_above_make_keys_and_see_their_own(company: Company, role: Any) -> None:
    company.key(company.owner)
    maker = company.join(role)
    assert make(maker).status_code == (201 if role in ("owner", "admin", "engineer") else 403)
    answer = maker.client.get("/keys")
    if role in ("analyst", "viewer"):
        assert answer.status_code == 403
        return
    makers = {one["made_by_email"] for one in answer.json()["items"]}
    assert makers == ({maker.email} if role == "engineer" else {maker.email, company.owner.email})
    of_owner = next(one["id"] for one in company.owner.client.get("/keys").json()["items"] if one["made_by_email"] == company.owner.email)
    assert maker.client.delete(f"/keys/{of_owner}").status_code == (404 if role == "engineer" else 204)


def test_a_key_of_someone_who_became_less_is_less(company: Company) -> None:
    maker = company.join("admin")
    key = company.key(maker, "*:*")
    assert key.get("/invitations").status_code == 200
    company.owner.client.patch(f"/members/{maker.id}", json={"role": "viewer"})
    assert (key.get("/invitations").status_code, key.get("/connections").status_code) == (403, 200)
    company.owner.client.patch(f"/members/{maker.id}", json={"role": "owner"})
    assert key.get("/invitations").status_code == 200 and key.post("/members/me").status_code in (403, 405)


def test_a_key_ends_with_its_revocation_expiry_maker_or_tenant_at_once(world: World, company: Company) -> None:
    maker = company.join("engineer")
    key = company.key(maker)
    ids = [one["id"] for one in maker.client.get("/keys").json()["items"]]
    assert key.get("/runs").status_code == 200
    for path, body, back in ((f"/members/{maker.id}", {"disabled": True}, {"disabled": False}),):
        company.owner.client.patch(path, json=body)
        assert key.get("/runs").status_code == 401
        assert company.owner.client.get("/keys").json()["items"][0]["state"] == "out of force"
        company.owner.client.patch(path, json=back)
        assert key.get("/runs").status_code == 200
    assert company.owner.client.delete(f"/keys/{ids[0]}").status_code == 204
    assert key.get("/runs").status_code == 401
    assert company.owner.client.delete(f"/keys/{ids[0]}").status_code == 422
    old = company.key(company.owner)
    with psycopg.connect(world.owner_url, autocommit=True) as owner:
        owner.execute("update aos.api_keys set expires_at = now() where tenant_id = %s", (company.tenant.id,))
    assert old.get("/runs").status_code == 401


@pytest.mark.parametrize(
    "ending",
    [
        "update aos.api_keys set revoked_at = now() where tenant_id = %(tenant)s", "update aos.api_keys set expires_at = now() where tenant_id = %(tenant)s",
        "update aos.users set disabled_at = now() where id = %(user)s", "update aos.memberships set disabled_at = now() where user_id = %(user)s",
        "delete from aos.memberships where user_id = %(user)s", "update aos.tenants set suspended_at = now() where id = %(tenant)s",
    ],
)  # fmt: skip
def test_whatever_ends_a_key_elsewhere_ends_it_here_within_seconds(world: World, company: Company, ending: str) -> None:
    maker = company.join("engineer")
    key = company.key(maker)
    assert key.get("/runs").status_code == 200
    with psycopg.connect(world.owner_url, autocommit=True) as owner:
        owner.execute(ending, {"user": maker.id, "tenant": company.tenant.id})
    ended = time.monotonic()
    while key.get("/runs").status_code == 200:
        assert time.monotonic() - ended < 5.5
        time.sleep(0.1)


def test_a_key_is_a_bearers_only_and_nothing_like_it_is_one(house: Served, company: Company) -> None:
    text = make(company.owner).json()["text"]
    with house.client() as client:
        assert client.get("/runs", headers={"Cookie": f"aos_session={text}"}).status_code == 401
        assert client.get("/runs", params={"key": text, "access_token": text}).status_code == 401
        prefix, _, secret = text.rpartition("_")
        for wrong in (f"{prefix}_{'a' * 43}", f"{prefix}_{secret[:-1]}", f"{prefix}_", prefix, "aos_", f"aos_00000000_{secret}", text.upper(), f"{text}.x", "aos_" + "a" * 5000):
            assert client.get("/runs", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401, wrong


def test_when_a_key_was_last_used_is_written_at_most_once_a_minute(world: World, house: Served, company: Company) -> None:
    key = company.key(company.owner)
    used = []
    for _ in range(3):
        house.app.state.services.keys.forget(lambda _: True)
        assert key.get("/runs").status_code == 200
        used.append(company.owner.client.get("/keys").json()["items"][0]["used_at"])
    assert used[0] is not None and len(set(used)) == 1
    with psycopg.connect(world.owner_url, autocommit=True) as owner:
        owner.execute("update aos.api_keys set used_at = used_at - interval '61 seconds' where tenant_id = %s", (company.tenant.id,))
    house.app.state.services.keys.forget(lambda _: True)
    key.get("/runs")
    assert company.owner.client.get("/keys").json()["items"][0]["used_at"] > used[0]


def test_a_keys_tenant_is_its_own_whatever_its_maker_also_is(world: World, house: Served, company: Company) -> None:
    other = found(world, house)
    maker = company.join("engineer")
    add_member(world.database, other.tenant, maker.id, "owner")
    key = company.key(maker)
    mine = company.owner.client.get("/keys").json()["items"][0]["id"]
    assert [one["email"] for one in key.get("/members").json()["items"]] == [one["email"] for one in company.owner.client.get("/members").json()["items"]]
    assert other.owner.client.get("/keys").json()["items"] == []
    assert other.owner.client.delete(f"/keys/{mine}").status_code == 404


@pytest.mark.parametrize("body", [{"days": 0}, {"days": 367}, {"name": " "}, {"scopes": []}, {"scopes": ["x"]}, {"scopes": ["read:*"] * 51}])
def test_a_key_lives_a_year_at_most_and_has_a_name_and_scopes(company: Company, body: dict[str, Any]) -> None:
    assert company.owner.client.post("/keys", json={"name": "k", "scopes": ["read:*"]} | body).status_code == 422
