"""Limits of requests, and the sign-in throttle over several processes: who is stopped, when, what they are told, and who is not."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from aos_api.errors import TooMany
from aos_api.rates import Charged, Rates
from aos_api.throttle import Throttle
from aos_core.errors import FixTheSource
from aos_resources.embedded_valkey import Valkey
from aos_resources.live import Away, Live
from aos_resources.settings import Settings
from tests.api.serving import Served
from tests.scenario import World, sign_in

ACME, GLOBEX = uuid4(), uuid4()
NOWHERE = Live(Settings(home=Path("/nowhere")))


def left(charged: Charged) -> list[int]:
    return [int(one) for one in re.findall(r"r=(\d+)", charged.left)]


def test_a_caller_and_a_tenant_are_counted_apart_and_a_neighbour_not_at_all() -> None:
    rates = Rates(NOWHERE, "5/minute", "3/minute", clock=lambda: 70.0)
    first = rates.charge(ACME, "ada")
    assert first == Charged('"tenant";q=5;w=60, "caller";q=3;w=60', '"tenant";r=4;t=51, "caller";r=2;t=51')
    assert [left(rates.charge(ACME, "ada")) for _ in range(2)] == [[3, 1], [2, 0]]
    assert rates.charge(ACME, "ada").wait == 51  # too many, and not counted
    assert [left(rates.charge(ACME, "bob")) for _ in range(2)] == [[1, 2], [0, 1]]
    assert rates.charge(ACME, "bob").wait == 51
    assert rates.charge(GLOBEX, "ada").wait == 0


def test_the_next_minute_begins_anew_and_nothing_of_the_last_is_kept() -> None:
    now = [59.0]
    rates = Rates(NOWHERE, "5/minute", "1/minute", clock=lambda: now[0])
    rates.charge(ACME, "ada")
    assert rates.charge(ACME, "ada").wait == 2
    now[0] = 60.0
    assert rates.charge(ACME, "ada").wait == 0
    now[0] = 200.0
    rates.share()
    assert rates._counts == {}


def test_processes_count_together_where_somebody_comes_near_a_limit(world: World) -> None:
    tenant = uuid4()
    one, other = (Rates(Live(world.settings), "1000/minute", "100/minute", clock=lambda: 7.0) for _ in range(2))
    for _ in range(60):
        one.charge(tenant, "ada")
    for _ in range(30):
        other.charge(tenant, "ada")
    one.share()
    other.share()
    one.share()
    assert left(one.charge(tenant, "ada")) == [939, 9]  # the tenant is far from its limit: nobody is told
    assert left(other.charge(tenant, "ada"))[1] == 9
    assert other.charge(uuid4(), "ada").wait == 0


def test_with_redis_gone_each_goes_on_counting_for_itself(world: World, tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey")
    rates = Rates(Live(world.settings.model_copy(update={"redis_url": server.start()})), "1000/minute", "10/minute", clock=lambda: 7.0)
    for _ in range(5):
        rates.charge(ACME, "ada")
    rates.share()
    server.stop()
    for _ in range(5):
        rates.charge(ACME, "ada")
    with suppress(Away):
        rates.share()
    assert rates.charge(ACME, "ada").wait > 0


def test_a_request_that_is_counted_asks_nobody_and_costs_next_to_nothing(world: World) -> None:
    rates = Rates(Live(world.settings), "10000000/minute", "10000000/minute")
    begun = time.process_time()
    for _ in range(20_000):
        rates.charge(ACME, "ada")
    took = (time.process_time() - begun) / 20_000
    print(f"{took * 1e6:.1f} µs a request")
    assert took < 60e-6


def test_a_limit_that_is_none_is_said() -> None:
    with pytest.raises(FixTheSource, match="1200/minute"):
        Rates(NOWHERE, "many", "3/minute")


@pytest.fixture
def narrow(world: World) -> Iterator[Served]:
    with Served(world.settings.model_copy(update={"caller_limit": "8/minute"})) as served:
        yield served


def test_every_answer_to_somebody_known_says_what_is_left_and_the_one_too_many_when_to_come_back(narrow: Served) -> None:
    if time.time() % 60 > 50:  # the minute must not end meanwhile
        time.sleep(11)
    with narrow.client() as anonymous:
        assert "ratelimit" not in anonymous.get("/health").headers
        assert "ratelimit" not in anonymous.get("/me").headers
        ada, bob = sign_in(anonymous, "analyst@acme.example"), sign_in(anonymous, "viewer@acme.example")
    with narrow.client(ada) as client:
        answers = [client.get(path) for path in ("/me", "/flags", "/entities/nothing", "/connections", "/runs", "/metrics", "/syncs", "/me")]
        assert [int(re.findall(r'"caller";r=(\d+)', one.headers["ratelimit"])[0]) for one in answers] == [7, 6, 5, 4, 3, 2, 1, 0]
        assert answers[2].status_code == 404
        assert answers[0].headers["ratelimit-policy"] == '"tenant";q=6000;w=60, "caller";q=8;w=60'
        refused = client.get("/me")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
        assert 0 < int(refused.headers["retry-after"]) <= 61
        assert refused.headers["ratelimit"].endswith(f't={refused.headers["retry-after"]}')
    with narrow.client(bob) as client:
        assert client.get("/me").status_code == 200


# --- the throttle of sign-ins --------------------------------------------------------------------------------


def refused(throttle: Throttle, key: str) -> bool:
    try:
        throttle.attempt(key)
    except TooMany:
        return True
    return False


def test_failures_in_one_process_count_in_the_other(world: World) -> None:
    account, kind = f"{uuid4()}@acme.example", uuid4().hex
    one, other = (Throttle(3, live=Live(world.settings), whose=kind) for _ in range(2))
    for throttle in (one, other, one):
        assert not refused(throttle, account)
        throttle.failed(account)
    assert refused(one, account) and refused(other, account)
    assert not refused(other, f"not {account}")
    other.forgive(account)
    assert not refused(one, account)


def test_no_address_of_anybody_stands_in_redis(world: World) -> None:
    account, live = f"{uuid4()}@acme.example", Live(world.settings)
    Throttle(3, live=live).failed(account)
    kept = live.ask(lambda client: [(name, client.get(name)) for name in client.scan_iter(match="aos:-:attempts:*")])
    assert kept
    assert account not in str(kept) and account.partition("@")[0] not in str(kept)


def test_a_throttle_goes_on_in_its_process_when_redis_dies(world: World, tmp_path: Path) -> None:
    server = Valkey(tmp_path / "valkey")
    throttle = Throttle(2, live=Live(world.settings.model_copy(update={"redis_url": server.start()})))
    server.stop()
    for _ in range(2):
        throttle.attempt("a")
        throttle.failed("a")
    assert refused(throttle, "a")


def test_of_many_attempts_at_once_in_several_processes_one_is_let_in(world: World) -> None:
    account = str(uuid4())
    throttles = [Throttle(1, live=Live(world.settings), whose="burst") for _ in range(4)]
    throttles[0].failed(account)
    time.sleep(1.1)
    let_in: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: let_in.append(not refused(one, account))) for one in throttles * 5]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (len(let_in), sum(let_in)) == (20, 1)


def test_two_processes_of_the_api_refuse_together(world: World, caller: Callable[[str], httpx.Client]) -> None:
    email = f"{uuid4()}@nowhere.example"
    with Served(world.settings) as one, Served(world.settings) as other, one.client() as first, other.client() as second:
        said = [client.post("/auth/login", json={"email": email, "password": "wrong one"}).status_code for client in (first, second) * 3]
        assert said[:5] == [401] * 5
        assert said[5] == 429
