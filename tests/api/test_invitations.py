"""Invitations by link: once, for a time, for nobody above the one who invites; and signing up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from aos_core.tenancy import tenant_named
from tests.api.people import Company, account, alone, entries, found, open_house
from tests.api.serving import Served
from tests.scenario import PASSWORD, ROLES, World

NEW = "three words of mine"


@pytest.fixture
def house(world: World) -> Iterator[Served]:
    """Of one test alone: wrong links slow an address down."""
    with Served(alone(world)) as started:
        yield started


def fresh() -> str:
    return f"{uuid4().hex[:12]}@people.example"


def accept(served: Served, token: str, **more: Any) -> httpx.Response:
    with served.client() as client:
        return client.post("/auth/invitation/accept", json={"token": token} | more)


def look(served: Served, token: str) -> httpx.Response:
    with served.client() as client:
        return client.post("/auth/invitation", json={"token": token})


def test_somebody_new_follows_a_link_and_is_signed_in(company: Company, house: Served) -> None:
    email = fresh()
    token = company.invite(email, "analyst")
    seen = look(house, token).json()
    assert (seen["email"], seen["tenant"], seen["role"], seen["known"]) == (email, company.tenant.slug, "analyst", False)
    answer = accept(house, token, name="Ada", password=NEW)
    assert (answer.json()["tenant"]["slug"], answer.json()["tenant"]["role"]) == (company.tenant.slug, "analyst")
    assert "HttpOnly" in answer.headers["set-cookie"]
    with house.client(answer.json()["access_token"]) as client:
        assert client.get("/me").json()["user"] == {"id": client.get("/me").json()["user"]["id"], "email": email, "name": "Ada"}
        assert client.post("/auth/login", json={"email": email, "password": NEW}).status_code == 200


def test_somebody_known_gives_the_password_or_is_signed_in(world: World, company: Company, house: Served) -> None:
    email, _ = account(world)
    token = company.invite(email)
    assert look(house, token).json()["known"] is True
    assert accept(house, token, name="Mallory", password="another password of mine").status_code == 401
    assert accept(house, token).status_code == 422
    assert accept(house, token, password=PASSWORD).status_code == 200
    other = found(world, house)
    member = company.join("viewer")
    answer = member.client.post("/auth/invitation/accept", json={"token": other.invite(member.email, "admin")})
    assert answer.json()["tenant"]["slug"] == other.tenant.slug
    stranger = company.join("viewer")
    assert stranger.client.post("/auth/invitation/accept", json={"token": other.invite(fresh())}).status_code == 403


def test_used_withdrawn_expired_and_invented_links_answer_alike(world: World, company: Company, house: Served) -> None:
    used, withdrawn, expired = (company.invite(fresh()) for _ in range(3))
    assert accept(house, used, name="A", password=NEW).status_code == 200
    ids = {one["expires_at"]: one["id"] for one in company.owner.client.get("/invitations").json()["items"] if one["state"] == "open"}
    with psycopg.connect(world.owner_url, autocommit=True) as owner:
        owner.execute("update aos.invitations set expires_at = now() where hash = %s", (hashlib.sha256(expired.encode()).digest(),))
        (second,) = owner.execute("select id from aos.invitations where hash = %s", (hashlib.sha256(withdrawn.encode()).digest(),)).fetchone() or ()
    assert str(second) in ids.values()
    assert company.owner.client.delete(f"/invitations/{second}").status_code == 204
    answers = [ask(house, token) for token in (used, withdrawn, expired, "invented") for ask in (look, lambda s, t: accept(s, t, name="A", password=NEW))]
    assert {one.status_code for one in answers} == {410}
    assert len({one.json()["detail"] for one in answers}) == 1
    states = {one["id"]: one["state"] for one in company.owner.client.get("/invitations").json()["items"]}
    assert sorted(states.values()) == ["accepted", "expired", "withdrawn"]
    assert company.owner.client.delete(f"/invitations/{second}").status_code == 422


def test_a_link_of_a_suspended_tenant_opens_nothing(world: World, company: Company, house: Served) -> None:
    token = company.invite(fresh())
    with world.database.people() as transaction:
        transaction.run("update aos.tenants set suspended_at = now() where id = :id", id=company.tenant.id)
    assert look(house, token).status_code == 410
    with world.database.people() as transaction:
        transaction.run("update aos.tenants set suspended_at = null where id = :id", id=company.tenant.id)
    assert look(house, token).status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_owners_and_admins_invite_and_nobody_above_their_own_role(company: Company, role: Any) -> None:
    by = company.join(role).client
    statuses = [by.post("/invitations", json={"email": fresh(), "role": wanted}).status_code for wanted in ROLES]
    assert statuses == {"owner": [201] * 5, "admin": [403] + [201] * 4}.get(role, [403] * 5)
    assert by.get("/invitations").status_code == (200 if role in ("owner", "admin") else 403)


def test_only_the_hash_of_a_link_is_kept_and_the_link_carries_it_behind_a_hash_sign(world: World, company: Company) -> None:
    answer = company.owner.client.post("/invitations", json={"email": fresh(), "role": "viewer"}).json()
    assert answer["link"] == f"/invitation#{answer['token']}" and len(answer["token"]) >= 43
    with psycopg.connect(world.owner_url) as owner:
        rows = owner.execute("select i::text, i.expires_at - i.created_at from aos.invitations i where tenant_id = %s", (company.tenant.id,)).fetchall()
    assert [life.days for _, life in rows] == [7]
    assert answer["token"] not in rows[0][0] and answer["token"] not in company.owner.client.get("/invitations").text
    assert answer["token"] not in str(entries(world, company.tenant))


def test_a_second_invitation_takes_the_place_of_the_first_and_a_member_needs_none(company: Company, house: Served) -> None:
    email, member = fresh(), company.join("viewer")
    first, second = company.invite(email), company.invite(email.upper())
    assert (look(house, first).status_code, look(house, second).status_code) == (410, 200)
    assert company.owner.client.post("/invitations", json={"email": member.email, "role": "admin"}).status_code == 422
    for wrong in ("nobody", "@", "a@b@c", "a b@c", "a@"):
        assert company.owner.client.post("/invitations", json={"email": wrong, "role": "viewer"}).status_code == 422


def test_fifty_who_follow_one_link_at_once_make_one_member(world: World, company: Company, house: Served) -> None:
    email = fresh()
    token = company.invite(email)
    with ThreadPoolExecutor(50) as together:
        statuses = list(together.map(lambda _: accept(house, token, name="A", password=NEW).status_code, range(50)))
    assert statuses.count(200) == 1, statuses
    assert set(statuses) <= {200, 401, 410, 422, 429, 503}
    with psycopg.connect(world.owner_url) as owner:
        counts = owner.execute(
            "select (select count(*) from aos.users where email = %(e)s), (select count(*) from aos.memberships where tenant_id = %(t)s),"
            " (select count(*) from aos.audit where tenant_id = %(t)s and verb = 'accept')", {"e": email, "t": company.tenant.id}
        ).fetchone()
    assert counts == (1, 2, 1)


def test_the_neighbours_invitations_are_as_if_they_were_not_there(world: World, company: Company, house: Served) -> None:
    other = found(world, house)
    token = other.invite(fresh())
    theirs = other.owner.client.get("/invitations").json()["items"][0]["id"]
    assert company.owner.client.get("/invitations").json()["items"] == []
    assert company.owner.client.delete(f"/invitations/{theirs}").status_code == 404
    assert look(house, token).status_code == 200


# --- signing up ---------------------------------------------------------------------------------------------


@pytest.fixture
def welcoming(world: World) -> Iterator[Served]:
    with open_house(world) as started:
        yield started


def sign_up(served: Served, slug: str, email: str, password: str = NEW) -> httpx.Response:
    with served.client() as client:
        return client.post("/auth/sign-up", json={"email": email, "name": "Ada", "password": password, "tenant": slug, "tenant_name": "Initech"})


def slug() -> str:
    return f"s-{uuid4().hex[:10]}"


def test_nobody_signs_up_unless_the_operator_allows_it(world: World, house: Served) -> None:
    name = slug()
    assert sign_up(house, name, fresh()).status_code == 403
    with house.client() as client:
        assert client.get("/auth/options").json()["sign_up"] is False
    with open_house(world) as served, served.client() as client:
        assert client.get("/auth/options").json()["sign_up"] is True
        assert sign_up(served, name, fresh()).status_code == 200


def test_signing_up_makes_a_tenant_with_its_owner_signed_in(world: World, welcoming: Served) -> None:
    name, email = slug(), fresh()
    answer = sign_up(welcoming, name, email)
    assert (answer.json()["tenant"]["slug"], answer.json()["tenant"]["role"]) == (name, "owner")
    with welcoming.client(answer.json()["access_token"]) as client:
        assert client.get("/connections").json()["items"] == []
        assert [one["email"] for one in client.get("/members").json()["items"]] == [email]
    with world.database.of(tenant_named(name)).transaction() as transaction:
        assert [len(transaction.all(f"select 1 from aos.{table}")) for table in ("sequences", "warehouses")] == [1, 1]
    assert [(one["verb"], one["noun"]) for one in entries(world, tenant_named(name))] == [("create", "tenants")]


def test_signing_up_twice_is_signing_up_once_and_a_taken_name_is_said_so(welcoming: Served) -> None:
    name, email = slug(), fresh()
    assert [sign_up(welcoming, name, email).status_code for _ in range(2)] == [200, 200]
    assert sign_up(welcoming, name, email, "another password of mine").status_code == 401
    taken = sign_up(welcoming, name, fresh())
    assert (taken.status_code, "there already" in taken.json()["detail"]) == (422, True)


def test_who_has_an_account_signs_up_for_another_tenant_and_switches(welcoming: Served) -> None:
    email, names = fresh(), [slug(), slug()]
    tokens = [sign_up(welcoming, name, email).json()["access_token"] for name in names]
    with welcoming.client(tokens[0]) as client:
        assert sorted(one["slug"] for one in client.get("/me").json()["tenants"]) == sorted(names)
        assert client.post("/auth/switch", json={"tenant": names[1]}).status_code == 200


def test_a_sign_up_that_fails_leaves_nothing_behind(world: World, welcoming: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at its last step: one transaction holds the tenant, its owner, the session and the log."""
    import aos_resources.tokens as tokens

    name, email = slug(), fresh()

    def killed(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as dying:
        dying.setattr(tokens, "record", killed)
        assert sign_up(welcoming, name, email).status_code == 500
    with psycopg.connect(world.owner_url) as owner:
        left = owner.execute("select count(*) from aos.tenants t, aos.users u where t.slug = %s or u.email = %s", (name, email)).fetchone()
    assert left == (0,)
    assert sign_up(welcoming, name, email).status_code == 200


def test_sign_ups_of_one_address_are_slowed_down(welcoming: Served) -> None:
    statuses = [sign_up(welcoming, "", "x@y").status_code for _ in range(8)]
    assert statuses.count(429) >= 2 and statuses[:4] == [422] * 4


def test_ten_who_sign_up_for_one_name_at_once_make_one_tenant(world: World) -> None:
    name = slug()
    with open_house(world) as served:
        served.app.state.services.sign_ups._free = 100
        with ThreadPoolExecutor(10) as together:
            statuses = list(together.map(lambda _: sign_up(served, name, fresh()).status_code, range(10)))
    assert sorted(statuses) == [200] + [422] * 9


@pytest.mark.parametrize(("field", "value"), [("tenant", "A B"), ("tenant", ""), ("email", "nobody"), ("name", "   "), ("tenant_name", ""), ("password", "short")])
def test_what_is_not_of_its_form_is_said_so(welcoming: Served, field: str, value: str) -> None:
    body = {"email": fresh(), "name": "Ada", "password": NEW, "tenant": slug(), "tenant_name": "Initech"} | {field: value}
    with welcoming.client() as client:
        assert client.post("/auth/sign-up", json=body).status_code == 422
