"""The stream of events: nothing lost, nothing twice, nothing of a neighbour's, whatever is cut, killed, slow or revoked."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from aos_api import listeners, news
from aos_core.tenancy import Tenant
from aos_resources.embedded_valkey import Valkey
from aos_resources.live import Live
from aos_resources.people import add_member, create_tenant, create_user
from tests.api.listening import Ear
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, announce, sign_in

Somebody = Callable[..., str]


@pytest.fixture
def tenant(world: World) -> Tenant:
    """One in which nothing has happened yet."""
    return create_tenant(world.database, f"heard-{uuid4().hex[:10]}", "Heard")


@pytest.fixture
def somebody(world: World, served: Served, tenant: Tenant) -> Somebody:
    """The token of a new person of the tenant."""

    def made(role: str = "viewer", served: Served = served) -> str:
        email = f"{uuid4().hex}@heard.example"
        world.users[email] = create_user(world.database, email, "Ear", PASSWORD)
        add_member(world.database, tenant, world.users[email], role)  # type: ignore[arg-type]
        with served.client() as client:
            return sign_in(client, email)

    return made


def heard(world: World, tenant: Tenant, ear: Ear, *, times: int) -> tuple[list[int], float]:
    """Two things happen, so many times: their numbers, and in seconds how long it mostly takes until they are heard."""
    seqs, seconds = list[int](), list[float]()
    for _ in range(times):
        begun, before = time.monotonic(), len(ear.seqs)
        seqs += announce(world.database, tenant, 2)
        ear.read(5, until=before + 2)
        seconds.append(time.monotonic() - begun)
    return seqs, statistics.median(seconds)


def test_what_happens_is_told_within_a_second_and_to_nobody_else(world: World, served: Served, tenant: Tenant, somebody: Somebody) -> None:
    with served.client() as client:
        neighbour = sign_in(client, "owner@globex.example")
    with Ear(served, somebody()) as mine, Ear(served, neighbour) as yours:
        mine.read(0.5)
        seqs, seconds = heard(world, tenant, mine, times=3)
        assert seconds < 1
        yours.read(1)
    assert mine.seqs == seqs
    assert {one.data["tenantid"] for one in mine.events} == {str(tenant.id)}
    assert (mine.told[0].kind, mine.told[0].data) == ("status", {"state": "live", "head": 0})
    assert [one for one in yours.events if one.data["tenantid"] == str(tenant.id)] == []


def test_a_socket_cut_anywhere_under_load_loses_nothing_and_tells_nothing_twice(
    world: World, served: Served, tenant: Tenant, somebody: Somebody
) -> None:
    """A hundred cuts in the middle of whatever is being sent; now and then Redis forgets the tenant altogether."""
    token, chance, ended = somebody(), random.Random(11), threading.Event()
    log: list[int] = []

    def happen() -> None:
        while not ended.is_set():
            log.extend(announce(world.database, tenant, chance.randrange(1, 6)))
            time.sleep(0.05)

    happening = threading.Thread(target=happen)
    happening.start()
    heard: list[int] = []
    last: str | None = "0"
    for cut in range(100):
        with Ear(served, token, last=last) as ear:
            ear.read(chance.random() * 0.15, most=chance.randrange(1, 700))
            assert ear.said("gap") == []
        heard, last = heard + ear.seqs, ear.last
        if cut % 25 == 24:
            Live(world.settings).forget(tenant)
    ended.set()
    happening.join()
    with Ear(served, token, last=last) as ear:
        ear.read(5, until=len(log) - len(heard))
    assert len(log) > 100
    assert heard + ear.seqs == log


def test_a_number_of_the_neighbours_gives_nothing_of_the_neighbours(world: World, served: Served, tenant: Tenant, somebody: Somebody) -> None:
    other = create_tenant(world.database, f"other-{uuid4().hex[:10]}", "Other")
    theirs = announce(world.database, other, 5)
    mine = announce(world.database, tenant, 2)
    with Ear(served, somebody(), last=str(theirs[2])) as ear:
        ear.read(1)
    assert ear.events == []
    assert ear.said("gap") == [{"from": theirs[2], "to": mine[-1], "reason": "unknown"}]
    with Ear(served, somebody(), last="1") as ear:
        ear.read(1)
    assert [one.data["tenantid"] for one in ear.events] == [str(tenant.id)] * len([one for one in mine if one > 1])


def test_what_was_missed_is_told_first_by_header_or_by_query(world: World, served: Served, tenant: Tenant, somebody: Somebody) -> None:
    seqs = announce(world.database, tenant, 5)
    for how in ({"last": str(seqs[1])}, {"after": seqs[1]}):
        with Ear(served, somebody(), **how) as ear:  # type: ignore[arg-type]
            ear.read(2, until=3)
            assert ear.seqs == seqs[2:]


def test_too_much_missed_is_a_gap_that_says_from_where_to_where(world: World, served: Served, tenant: Tenant, somebody: Somebody) -> None:
    with world.database.of(tenant).transaction() as transaction:
        for _ in range(1_001):
            transaction.announce(transaction.next_seq(), "thing.happened", "x")
    with Ear(served, somebody(), after=0) as ear:
        ear.read(1)
        assert (ear.events, ear.said("gap")) == ([], [{"from": 0, "to": 1001, "reason": "too much"}])
        (after,) = announce(world.database, tenant, 1)
        ear.read(3, until=1)
        assert ear.seqs == [after]
    with Ear(served, somebody(), after=2) as ear:
        ear.read(5, until=1000)
        assert ear.seqs == list(range(3, 1003))


def test_a_slow_reader_holds_up_nobody_and_is_told_what_it_missed(
    world: World, served: Served, tenant: Tenant, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "MOST_WAITING", 20)
    with Ear(served, somebody(), after=0, window=4096) as slow, Ear(served, somebody(), after=0) as quick:
        quick.read(0.5)
        with world.database.of(tenant).transaction() as transaction:
            for _ in range(3):
                transaction.announce(transaction.next_seq(), "thing.happened", "x", {"words": "x" * 3_000_000})
        quick.read(10, until=3)
        begun = time.monotonic()
        for _ in range(8):
            announce(world.database, tenant, 15)
            quick.read(5, until=len(quick.events) + 15)
        assert time.monotonic() - begun < 6
        slow.read(3)
        (last,) = announce(world.database, tenant, 1)
        slow.read(5, until=10_000)
    assert (quick.seqs, quick.said("gap")) == (list(range(1, 124)), [])
    (missed,) = slow.said("gap")
    assert missed["reason"] == "too slow"
    assert slow.seqs == [one for one in range(1, last + 1) if not missed["from"] < one <= missed["to"]]


@pytest.fixture
def apart(world: World, tmp_path: Path) -> Iterator[tuple[Served, Valkey]]:
    """The API with a Redis of its own, which may be killed."""
    server = Valkey(tmp_path / "valkey")
    with Served(world.settings.model_copy(update={"redis_url": server.start()})) as api:
        yield api, server
    server.stop()


def test_without_redis_it_goes_on_from_postgres_and_says_so(world: World, apart: tuple[Served, Valkey], tenant: Tenant, somebody: Somebody) -> None:
    served, server = apart
    with Ear(served, somebody(served=served)) as ear:
        ear.read(0.5)
        seqs = announce(world.database, tenant, 2)
        ear.read(3, until=2)
        process = server.process()
        assert process is not None
        process.kill()
        more, seconds = heard(world, tenant, ear, times=4)
        seqs += more
        assert seconds < 2.5
        with Ear(served, somebody(served=served), after=0) as late:
            late.read(2, until=len(seqs))
        server.start()
        ear.read(4)
        more, seconds = heard(world, tenant, ear, times=3)
        seqs += more
        assert seconds < 1
    assert ear.seqs == seqs
    assert late.seqs == seqs[:-6]
    assert [one["state"] for one in ear.said("status")] == ["live", "degraded", "live"]
    assert late.said("status") == [{"state": "degraded"}]


def test_an_installation_without_redis_tells_within_seconds(world: World, tenant: Tenant, somebody: Somebody) -> None:
    with Served(world.settings.model_copy(update={"redis_url": None})) as served, Ear(served, somebody(served=served)) as ear:
        ear.read(0.5)
        seqs = announce(world.database, tenant, 2)
        ear.read(3, until=2)
        assert (ear.seqs, ear.said("status")) == (seqs, [{"state": "degraded", "head": 0}])


ENDINGS = {
    "logout": lambda world, tenant, client, me: client.post("/auth/logout"),
    "disabled": "update aos.users set disabled_at = now() where id = :user",
    "another role": "update aos.memberships set role = 'analyst' where user_id = :user",
    "no member any more": "update aos.memberships set disabled_at = now() where user_id = :user",
    "tenant suspended": "update aos.tenants set suspended_at = now() where id = :tenant",
}


@pytest.mark.parametrize("why", ENDINGS)
def test_who_may_not_listen_any_more_is_cut_off_within_five_seconds(
    world: World, served: Served, tenant: Tenant, somebody: Somebody, why: str
) -> None:
    token = somebody()
    with served.client(token) as client, Ear(served, token) as ear:
        ear.read(0.3)
        user = client.get("/me").json()["user"]["id"]
        end = ENDINGS[why]
        if callable(end):
            assert end(world, tenant, client, user).status_code == 204
        else:
            with world.database.people() as transaction:
                assert transaction.run(end, **({"tenant": tenant.id} if ":tenant" in end else {"user": user})) == 1
        begun = time.monotonic()
        closed = not ear.read(8)
        assert closed
        assert time.monotonic() - begun < 5
        assert ear.said("status")[-1] == {"state": "ended"}
        announce(world.database, tenant, 1)
    with Ear(served, token) as again:
        assert again.status == 401


def test_a_key_may_listen_where_its_scopes_say_so_and_is_cut_off_when_it_is_revoked(world: World, served: Served, acme: httpx.Client) -> None:
    made = {scope: acme.post("/keys", json={"name": "ears", "scopes": [scope]}).json() for scope in ("read:events", "read:runs")}
    with Ear(served, made["read:runs"]["text"]) as deaf:
        assert deaf.status == 403
    with Ear(served, made["read:events"]["text"]) as ear:
        ear.read(0.5)
        (seq,) = announce(world.database, world.acme, 1)
        announce(world.database, world.globex, 1)
        ear.read(3, until=1)
        assert ear.seqs == [seq]
        with world.database.of(world.acme).transaction() as transaction:
            transaction.run("update aos.api_keys set revoked_at = now() where id = :id", id=made["read:events"]["key"]["id"])
        begun = time.monotonic()
        assert not ear.read(8)
        assert time.monotonic() - begun < 5
    with Ear(served, made["read:events"]["text"]) as again:
        assert again.status == 401


def test_a_person_has_so_many_streams_and_no_more(served: Served, somebody: Somebody) -> None:
    token = somebody()
    with ExitStack() as open_ones:
        for _ in range(news.MOST_STREAMS):
            assert open_ones.enter_context(Ear(served, token)).status == 200
        with served.client(token) as client:
            refused = client.get("/events")
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
            assert refused.headers["retry-after"] == "60"
        with Ear(served, somebody()) as another:
            assert another.status == 200
    time.sleep(0.3)
    with Ear(served, token) as again:
        assert again.status == 200


def test_two_hundred_who_only_listen_cost_little_and_are_told_at_once(world: World, served: Served, tenant: Tenant, somebody: Somebody) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    with ExitStack() as open_ones:
        ears = []
        for number in range(200):
            token = somebody() if number % news.MOST_STREAMS == 0 else token  # noqa: F821
            ears.append(open_ones.enter_context(Ear(served, token)))
        for ear in ears:
            ear.read(0.05)
        spent = sum(process.cpu_times()[:2])
        time.sleep(5)
        idle = (sum(process.cpu_times()[:2]) - spent) / 5
        begun = time.monotonic()
        seqs = announce(world.database, tenant, 1)
        for ear in ears:
            ear.read(5, until=1)
        took = time.monotonic() - begun
        grown = (process.memory_info().rss - before) / 2**20
    print(f"200 streams: {idle:.3f} of a core idle, {grown:.0f} MB with both ends, one event to all in {took:.2f} s")
    assert all(ear.seqs == seqs for ear in ears)
    assert took < 5
    assert idle < 0.3
    assert grown < 60


def test_a_client_that_is_told_nothing_sees_that_somebody_is_there(
    world: World, tenant: Tenant, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "CHECK", 0.2)
    monkeypatch.setattr(news, "BEATS", 0.4)
    with Served(world.settings) as served, Ear(served, somebody(served=served)) as ear:
        ear.read(1.5)
        assert 2 <= ear.beats <= 8


def test_an_event_that_redis_was_never_told_is_found_all_the_same(world: World, served: Served, tenant: Tenant, somebody: Somebody, cluster: object) -> None:
    import psycopg

    with Ear(served, somebody()) as ear:
        ear.read(0.3)
        with psycopg.connect(world.owner_url, autocommit=True) as owner:
            owner.execute(
                "insert into aos.outbox (tenant_id, seq, id, type, subject, at) values (%s, 900, gen_random_uuid(), 'late.one', 'x', now() - interval '1 hour')",
                (tenant.id,),
            )
        ear.read(6, until=1)
        assert ear.seqs == [900]


def test_a_number_that_is_none_is_not_understood(served: Served, somebody: Somebody) -> None:
    with served.client(somebody()) as client:
        for wrong in ("-1", "x", str(2**63)):
            assert client.get("/events", params={"after": wrong}).status_code == 422, wrong
    with Ear(served, somebody(), last="none of ours") as ear:
        ear.read(0.3)
        assert (ear.status, [one.kind for one in ear.told]) == (200, ["status"])
