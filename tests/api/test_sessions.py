"""Signing in, the cookie, other sites, throttling, changing tenant, and the end of a session."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from aos_api.errors import TooMany
from aos_api.throttle import Throttle
from aos_resources.people import create_tenant, create_user
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, sign_in


def login(client: httpx.Client, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return client.post("/auth/login", json={"email": email, "password": password} | more)


def test_signing_in_gives_a_bearer_token_and_a_cookie_that_scripts_cannot_read(served: Served) -> None:
    with served.client() as client:
        answer = login(client, "Owner@ACME.example")
        said = answer.json()
        assert (said["token_type"], said["tenant"]["slug"], said["tenant"]["role"]) == ("bearer", "acme", "owner")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
        assert 480 * 60 - 5 <= int(cookie.split("Max-Age=")[1].split(";")[0]) <= 480 * 60
        assert client.get("/me").json()["user"]["email"] == "owner@acme.example"
    with served.client() as client:
        secure = client.post(
            "/auth/login",
            json={"email": "owner@acme.example", "password": PASSWORD},
            headers={"X-Forwarded-Proto": "https"},
        )
        assert "Secure" in secure.headers["set-cookie"]


def test_me_says_who_i_am_where_and_where_else(caller: Callable[[str], httpx.Client]) -> None:
    me = caller("both@example").get("/me").json()
    assert (me["user"]["name"], me["tenant"]["slug"], me["role"]) == ("Both", "acme", "viewer")
    assert [(one["slug"], one["role"]) for one in me["tenants"]] == [("acme", "viewer"), ("globex", "engineer")]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 202),
        ({"Sec-Fetch-Site": "none"}, 202),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{here}"}, 403),
        ({"Origin": "{here}"}, 202),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_change_with_a_cookie_must_come_from_this_site(served: Served, headers: dict[str, str], status: int) -> None:
    with served.client() as client:
        login(client, "engineer@acme.example")
        sent = {name: value.format(here=served.address) for name, value in headers.items()}
        assert client.post("/runs", json={}, headers=sent).status_code == status
        assert client.get("/runs", headers=sent).status_code == 200


def test_signing_in_from_another_site_is_refused(served: Served) -> None:
    with served.client() as client:
        body = {"email": "owner@acme.example", "password": PASSWORD}
        assert client.post("/auth/login", json=body, headers={"Origin": "https://evil.example"}).status_code == 403
        assert client.post("/auth/login", json=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
        assert client.post("/auth/login", data=body, headers={"Origin": served.address}).status_code == 422


def test_signing_out_ends_the_token_wherever_it_is_kept(served: Served) -> None:
    with served.client() as client:
        token = sign_in(client, "analyst@acme.example")
    with served.client(token) as holder:
        assert holder.get("/me").status_code == 200
        answer = holder.post("/auth/logout")
        assert answer.status_code == 204
        assert 'aos_session=""' in answer.headers["set-cookie"]
        assert holder.get("/me").status_code == 401
    with served.client() as client:
        assert client.get("/me", headers={"Cookie": f"aos_session={token}"}).status_code == 401


def test_changing_tenant_gives_a_new_token_ends_the_old_one_and_prolongs_nothing(served: Served) -> None:
    with served.client() as client:
        token = sign_in(client, "both@example", "acme")
    with served.client(token) as old:
        until = old.get("/me").json()["expires_at"]
        assert old.post("/auth/switch", json={"tenant": "nowhere"}).status_code == 404
        answer = old.post("/auth/switch", json={"tenant": "globex"}).json()
        assert (answer["tenant"]["slug"], answer["expires_at"]) == ("globex", until)
        old.cookies.clear()
        assert old.get("/me").status_code == 401
    with served.client(answer["access_token"]) as new:
        assert new.get("/me").json()["role"] == "engineer"
        assert new.get("/connections").json()["items"][0]["name"].startswith("Globex")


def test_a_tenant_that_is_not_mine_answers_like_one_that_is_not_there(served: Served, acme: httpx.Client) -> None:
    answers = [acme.post("/auth/switch", json={"tenant": slug}) for slug in ("globex", "nowhere")]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].json() | {"trace_id": ""} == answers[1].json() | {"trace_id": ""}
    with served.client() as client:
        assert login(client, "owner@acme.example", tenant="globex").status_code == 403


def test_an_unknown_user_and_a_wrong_password_answer_alike_and_as_slowly(world: World, served: Served) -> None:
    from aos_resources.people import sign_in as check

    def seconds(email: str) -> float:
        begun = time.perf_counter()
        assert check(world.database, email, "wrong") is None
        return time.perf_counter() - begun

    pairs = [(seconds("owner@acme.example"), seconds(f"{uuid4()}@nowhere.example")) for _ in range(24)]
    known, unknown = (statistics.quantiles(one)[0] for one in zip(*pairs, strict=True))  # whoever else is at work on this machine
    assert abs(known - unknown) < 0.25 * known, (known, unknown)
    with served.client() as client:
        answers = [login(client, email, "wrong").json() for email in ("admin@globex.example", f"{uuid4()}@nowhere.example")]
    assert answers[0] | {"trace_id": ""} == answers[1] | {"trace_id": ""}


def test_repeated_failures_of_one_account_are_slowed_down_known_or_not(served: Served, world: World) -> None:
    create_user(world.database, "throttled@acme.example", "T", PASSWORD)
    for email in ("throttled@acme.example", f"{uuid4()}@nowhere.example"):
        with served.client() as client:
            seen = [login(client, email, "wrong").status_code for _ in range(7)]
            assert seen == [401] * 5 + [429] * 2
            answer = login(client, email)
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
            assert int(answer.headers["retry-after"]) >= 1


def test_the_wait_doubles_and_a_success_ends_it() -> None:
    now = [1000.0]
    throttle = Throttle(3, clock=lambda: now[0])
    waits = []
    for _ in range(12):
        throttle.attempt("a")
        throttle.failed("a")
        try:
            throttle.attempt("a")
        except TooMany as refused:
            waits.append(refused.seconds)
            now[0] += refused.seconds
    assert waits[:6] == [2, 3, 5, 9, 17, 33]
    assert max(waits) == 301
    throttle.attempt("b")
    throttle.forgive("a")
    throttle.attempt("a")
    throttle.attempt("a")


def test_while_one_account_waits_attempts_beside_each_other_count_as_one() -> None:
    now = [1000.0]
    throttle = Throttle(1, clock=lambda: now[0])
    throttle.failed("a")
    now[0] += 2
    throttle.attempt("a")
    for _ in range(5):
        with pytest.raises(TooMany):
            throttle.attempt("a")
    throttle.let_pass("a")
    throttle.attempt("a")
    now[0] += 1000
    throttle.attempt("a")
    throttle.attempt("a")


def test_ten_right_sign_ins_of_one_account_at_once_all_succeed_and_soon(served: Served) -> None:
    def seconds(_: int) -> float:
        begun = time.perf_counter()
        with served.client() as client:
            assert login(client, "admin@acme.example").status_code == 200
        return time.perf_counter() - begun

    with ThreadPoolExecutor(10) as together:
        assert statistics.median(together.map(seconds, range(40))) < 2


def test_a_user_of_no_tenant_is_told_so_only_after_the_right_password(served: Served, world: World) -> None:
    create_user(world.database, "alone@example", "Alone", PASSWORD)
    with served.client() as client:
        assert login(client, "alone@example", "wrong").status_code == 401
        assert login(client, "alone@example").status_code == 403


def test_making_a_tenant_twice_is_making_it_once(world: World) -> None:
    first = create_tenant(world.database, "initech", "Initech")
    assert create_tenant(world.database, "initech", "Other name") == first
    with world.database.of(first).transaction() as transaction:
        assert [len(transaction.all(f"select * from aos.{table}")) for table in ("sequences", "warehouses", "tenants")] == [1, 1, 1]
