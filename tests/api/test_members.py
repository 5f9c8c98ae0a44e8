"""Members of a tenant: who may change whom, the last owner, and what ends with a member."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from aos_resources.people import add_member
from tests.api.people import Company, Someone, account, alone, enter, entries, found
from tests.api.serving import Served
from tests.scenario import PASSWORD, ROLES, World


def members(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["email"]: one for one in client.get("/members").json()["items"]}


def patch(by: Someone, whom: Someone, **change: Any) -> httpx.Response:
    return by.client.patch(f"/members/{whom.id}", json=change)


def test_everybody_sees_who_is_a_member_and_nobody_of_another_tenant(world: World, house: Served, company: Company) -> None:
    viewer = company.join("viewer")
    seen = members(viewer.client)
    assert {email: (one["role"], one["enabled"]) for email, one in seen.items()} == {
        company.owner.email: ("owner", True), viewer.email: ("viewer", True),
    }  # fmt: skip
    assert not set(members(found(world, house).owner.client)) & set(seen)


@pytest.mark.parametrize("role", ROLES)
def test_only_owners_and_admins_change_members(company: Company, role: Any) -> None:
    by, target = company.join(role), company.join("analyst")
    allowed = role in ("owner", "admin")
    assert patch(by, target, role="viewer").status_code == (200 if allowed else 403)
    assert by.client.delete(f"/members/{target.id}/sessions").status_code == (200 if allowed else 403)
    assert by.client.post(f"/members/{target.id}/password-reset").status_code == (200 if allowed else 403)
    assert by.client.post(f"/members/{target.id}/transfer").status_code == (200 if role == "owner" else 403)


def test_an_admin_can_neither_make_nor_touch_an_owner(company: Company) -> None:
    admin, target, owner = company.join("admin"), company.join("analyst"), company.owner
    assert patch(admin, target, role="owner").status_code == 403
    assert patch(admin, admin, role="owner").status_code == 403
    for change in ({"role": "viewer"}, {"disabled": True}, {"persona": "CFO"}):
        assert patch(admin, owner, **change).status_code == 403
    assert admin.client.delete(f"/members/{owner.id}").status_code == 403
    assert admin.client.delete(f"/members/{owner.id}/sessions").status_code == 403
    assert admin.client.post(f"/members/{owner.id}/password-reset").status_code == 403
    assert patch(admin, target, role="admin").status_code == 200
    assert patch(owner, target, role="owner").status_code == 200


def test_a_persona_changes_no_access(company: Company) -> None:
    viewer = company.join("viewer")
    before = [viewer.client.get(path).status_code for path in ("/connections", "/audit", "/keys", "/invitations")]
    assert patch(company.owner, viewer, persona="CFO").json()["persona"] == "CFO"
    assert viewer.client.get("/me").json()["tenant"]["persona"] == "CFO"  # and the session goes on
    assert [viewer.client.get(path).status_code for path in ("/connections", "/audit", "/keys", "/invitations")] == before
    assert patch(company.owner, viewer, persona="none").json()["persona"] is None


def test_another_role_ends_the_members_sessions_at_once_and_for_good(company: Company) -> None:
    member = company.join("engineer")
    assert patch(company.owner, member, role="analyst").status_code == 200
    assert member.client.get("/me").status_code == 401
    assert patch(company.owner, member, role="engineer").status_code == 200
    assert member.client.get("/me").status_code == 401


def test_a_disabled_member_is_out_at_once_and_back_after_signing_in_again(company: Company) -> None:
    member = company.join("engineer")
    assert patch(company.owner, member, disabled=True).json()["enabled"] is False
    assert member.client.get("/me").status_code == 401
    with company.served.client() as client:
        assert client.post("/auth/login", json={"email": member.email, "password": PASSWORD}).status_code == 403
    assert patch(company.owner, member, disabled=False).json()["enabled"] is True
    assert member.client.get("/me").status_code == 401
    assert enter(company.served, member.email, member.id).client.get("/me").status_code == 200


def test_a_disabled_member_stays_what_they_are_elsewhere(world: World, house: Served, company: Company) -> None:
    other = found(world, house)
    member = company.join("engineer")
    add_member(world.database, other.tenant, member.id, "viewer")
    elsewhere = enter(house, member.email, member.id, other.tenant.slug)
    for end in (lambda: patch(company.owner, member, disabled=True), lambda: company.owner.client.delete(f"/members/{member.id}")):
        assert end().is_success
        assert elsewhere.client.get("/me").json()["tenant"]["slug"] == other.tenant.slug
    assert elsewhere.client.get("/me").json()["tenants"][0]["slug"] == other.tenant.slug


def test_who_is_removed_loses_sessions_keys_and_the_links_they_sent(company: Company) -> None:
    admin = company.join("admin")
    key = company.key(admin)
    token = admin.client.post("/invitations", json={"email": "friend@people.example", "role": "admin"}).json()["token"]
    assert key.get("/connections").status_code == 200
    assert company.owner.client.delete(f"/members/{admin.id}").status_code == 204
    assert (admin.client.get("/me").status_code, key.get("/connections").status_code) == (401, 401)
    with company.served.client() as client:
        assert client.post("/auth/invitation", json={"token": token}).status_code == 410
    add_member(company.world.database, company.tenant, admin.id, "admin")
    assert key.get("/connections").status_code == 401
    assert company.owner.client.delete(f"/members/{admin.id}").status_code == 204
    assert company.owner.client.delete(f"/members/{admin.id}").status_code == 404


def test_who_becomes_less_keeps_only_the_links_they_may_still_send(company: Company) -> None:
    other = company.join("owner")
    tokens = {role: other.client.post("/invitations", json={"email": f"{role}@people.example", "role": role}).json()["token"] for role in ("owner", "admin", "viewer")}

    def opened() -> list[str]:
        with company.served.client() as client:
            return [role for role, token in tokens.items() if client.post("/auth/invitation", json={"token": token}).status_code == 200]

    for role, left in (("admin", ["admin", "viewer"]), ("owner", ["admin", "viewer"]), ("engineer", [])):
        assert patch(company.owner, other, role=role).status_code == 200
        assert opened() == left, role


def test_a_member_leaves_but_the_last_owner_stays(company: Company) -> None:
    member = company.join("viewer")
    assert member.client.delete("/members/me").status_code == 204
    assert member.client.get("/me").status_code == 401
    answer = company.owner.client.delete("/members/me")
    assert (answer.status_code, answer.json()["code"]) == (409, "needs_a_decision")
    assert patch(company.owner, company.owner, role="admin").status_code == 409
    assert patch(company.owner, company.owner, disabled=True).status_code == 422
    assert company.owner.client.get("/me").status_code == 200


def test_an_owner_who_may_not_enter_does_not_count_as_one_left(company: Company) -> None:
    second = company.join("owner")
    assert patch(company.owner, second, disabled=True).status_code == 200
    assert company.owner.client.delete("/members/me").status_code == 409
    assert patch(company.owner, second, disabled=False).status_code == 200
    assert company.owner.client.delete("/members/me").status_code == 204


@pytest.mark.parametrize("leave", ["leave", "step down", "remove each other"])
def test_of_two_owners_who_go_at_once_one_stays(world: World, house: Served, leave: str) -> None:
    for _ in range(4):
        company = found(world, house)
        owners = [company.owner, company.join("owner")]

        def go(number: int, owners: list[Someone] = owners) -> int:
            mine, other = owners[number], owners[1 - number]
            if leave == "leave":
                return mine.client.delete("/members/me").status_code
            if leave == "step down":
                return patch(mine, mine, role="viewer").status_code
            return mine.client.delete(f"/members/{other.id}").status_code

        with ThreadPoolExecutor(2) as together:
            statuses = sorted(together.map(go, range(2)))
        assert statuses[0] in (200, 204) and statuses[1] in (401, 404, 409), statuses
        with world.database.of(company.tenant).transaction() as transaction:
            assert len(transaction.all("select 1 from aos.memberships where role = 'owner'")) == 1


def test_a_tenant_is_handed_over(company: Company) -> None:
    heir, viewer = company.join("engineer"), company.join("viewer")
    assert company.owner.client.post(f"/members/{company.owner.id}/transfer").status_code == 422
    assert patch(company.owner, viewer, disabled=True).status_code == 200
    assert company.owner.client.post(f"/members/{viewer.id}/transfer").status_code == 422
    done = company.owner.client.post(f"/members/{heir.id}/transfer").json()
    assert (done["owner"]["email"], done["admin"]["email"], done["admin"]["role"]) == (heir.email, company.owner.email, "admin")
    assert (company.owner.client.get("/me").status_code, heir.client.get("/me").status_code) == (401, 401)
    assert enter(company.served, heir.email, heir.id).client.get("/me").json()["role"] == "owner"


def test_a_role_lost_a_moment_ago_changes_nobody(world: World, house: Served, company: Company) -> None:
    """The session is remembered for seconds in another process: what it may change is looked at anew."""
    admin, target = company.join("admin"), company.join("viewer")
    with Served(alone(world)) as elsewhere, elsewhere.client(admin.client.headers["Authorization"].removeprefix("Bearer ")) as stale:
        assert stale.get("/members").status_code == 200
        assert patch(company.owner, admin, role="viewer").status_code == 200
        assert stale.patch(f"/members/{target.id}", json={"role": "admin"}).status_code == 403
        assert company.owner.client.delete(f"/members/{admin.id}").status_code == 204
        assert stale.delete(f"/members/{target.id}").status_code in (401, 404)


def test_the_neighbours_members_are_as_if_they_were_not_there(world: World, house: Served, company: Company) -> None:
    theirs = found(world, house)
    victim = theirs.join("viewer")
    for method, path, body in (
        ("PATCH", "", {"role": "admin"}), ("DELETE", "", None), ("POST", "/transfer", None), ("POST", "/password-reset", None), ("DELETE", "/sessions", None),
    ):  # fmt: skip
        assert company.owner.client.request(method, f"/members/{victim.id}{path}", json=body).status_code == 404, (method, path)
    assert members(theirs.owner.client)[victim.email]["role"] == "viewer"
    assert victim.client.get("/me").status_code == 200


def test_a_change_says_in_the_log_what_it_was_and_what_it_is(world: World, company: Company) -> None:
    member = company.join("engineer")
    patch(company.owner, member, role="viewer")
    last = entries(world, company.tenant)[-1]
    assert (last["verb"], last["noun"], last["subject"], last["actor"]) == ("change", "members", str(member.id), company.owner.email)
    assert (last["detail"]["from"]["role"], last["detail"]["to"]["role"]) == ("engineer", "viewer")
    assert last["before"] != last["after"]


def test_a_change_of_nothing_or_of_something_else_is_not_understood(company: Company) -> None:
    member = company.join("engineer")
    for body in ({}, {"role": "operator"}, {"role": None}, {"persona": "CEO"}):
        assert company.owner.client.patch(f"/members/{member.id}", json=body).status_code == 422


# --- passwords that an administrator lets be set anew --------------------------------------------------------


def reset(served: Served, token: str, password: str = "three words of mine") -> httpx.Response:
    with served.client() as client:
        return client.post("/auth/reset", json={"token": token, "password": password})


def test_a_reset_sets_the_password_once_and_ends_every_session(company: Company) -> None:
    member = company.join("engineer")
    first = company.owner.client.post(f"/members/{member.id}/password-reset").json()["token"]
    token = company.owner.client.post(f"/members/{member.id}/password-reset").json()["token"]
    assert reset(company.served, first).status_code == 410  # the newer one took its place
    assert reset(company.served, token, "short").status_code == 422
    assert member.client.get("/me").status_code == 200
    assert reset(company.served, token).status_code == 204
    assert member.client.get("/me").status_code == 401
    assert reset(company.served, token).status_code == 410
    with company.served.client() as client:
        for password, status in ((PASSWORD, 401), ("three words of mine", 200)):
            assert client.post("/auth/login", json={"email": member.email, "password": password}).status_code == status


def test_an_admin_of_one_tenant_takes_over_no_account_of_two(world: World, house: Served, company: Company) -> None:
    member = company.join("engineer")
    token = company.owner.client.post(f"/members/{member.id}/password-reset").json()["token"]
    other = found(world, house)
    add_member(world.database, other.tenant, member.id, "admin")
    assert company.owner.client.post(f"/members/{member.id}/password-reset").status_code == 403
    assert reset(house, token).status_code == 410  # made before the person belonged elsewhere too


def test_an_operators_password_is_reset_by_no_tenant(world: World, company: Company) -> None:
    member = company.join("viewer")
    with world.database.people() as transaction:
        transaction.run("insert into aos.operators (user_id) values (:user)", user=member.id)
    assert company.owner.client.post(f"/members/{member.id}/password-reset").status_code == 403


def test_a_reset_of_who_was_removed_meanwhile_sets_nothing(world: World, company: Company) -> None:
    member = company.join("viewer")
    token = company.owner.client.post(f"/members/{member.id}/password-reset").json()["token"]
    assert company.owner.client.delete(f"/members/{member.id}").status_code == 204
    assert reset(company.served, token).status_code == 410


def test_a_reset_ends_with_its_hour_and_only_its_hash_is_kept(world: World, company: Company) -> None:
    member = company.join("viewer")
    token = company.owner.client.post(f"/members/{member.id}/password-reset").json()["token"]
    with world.database.people() as transaction:
        rows = transaction.all("select hash, expires_at - created_at as life from aos.password_resets where user_id = :user", user=member.id)
        assert [(len(bytes(row["hash"])), row["life"].total_seconds()) for row in rows] == [(32, 3600.0)]
        transaction.run("update aos.password_resets set expires_at = now() where user_id = :user", user=member.id)
    assert reset(company.served, token).status_code == 410


def test_somebody_of_no_tenant_is_nobodys_member(world: World, company: Company) -> None:
    _, user = account(world)
    assert company.owner.client.patch(f"/members/{user}", json={"role": "viewer"}).status_code == 404
