"""The door to Redis: what a dead server costs, when it is found again, streams that cannot be told twice, keys apart."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aos_core.tenancy import Tenant, tenant_named
from aos_resources.embedded_valkey import Valkey, tell
from aos_resources.keyspace import all_of, key
from aos_resources.live import Away, Entry, Live
from aos_resources.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
INITECH, HOOLI = tenant_named("initech-live"), tenant_named("hooli-live")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Settings, Valkey]]:
    """A home with a valkey of its own, told by its file, that may be killed."""
    settings, server = Settings(home=tmp_path / "home"), Valkey(tmp_path / "valkey")
    tell(settings, server.start())
    yield settings, server
    server.stop()


def kill(server: Valkey) -> None:
    process = server.process()
    assert process is not None
    process.kill()
    process.wait(5)


def events(live: Live, after: dict[Tenant, int]) -> dict[Tenant, list[int]]:
    async def read() -> dict[Tenant, list[Entry]]:
        try:
            return await live.follow(after, wait=0.05)
        finally:
            await live.close_followed()

    return {tenant: [one.seq for one in found] for tenant, found in asyncio.run(read()).items()}


def entry(seq: int) -> Entry:
    return Entry(seq, seq - 1, b"{}")


def test_telling_twice_tells_once_and_an_older_one_never_comes_after_a_newer(own: tuple[Settings, Valkey]) -> None:
    live, other = Live(own[0]), Live(own[0])
    assert live.append(INITECH, [entry(3), entry(5)]) == 2
    assert other.append(INITECH, [entry(3), entry(5), entry(8)]) == 1
    assert other.append(INITECH, [entry(4)]) == 0
    assert events(live, {INITECH: 0}) == {INITECH: [3, 5, 8]}
    assert events(live, {INITECH: 5, HOOLI: 0}) == {INITECH: [8]}


def test_a_neighbours_events_are_not_on_the_stream(own: tuple[Settings, Valkey]) -> None:
    live = Live(own[0])
    live.append(HOOLI, [entry(1)])
    assert events(live, {INITECH: 0}) == {}
    assert live.forget(INITECH) == 0
    assert live.keys(HOOLI) == [key(HOOLI, "events")]
    assert live.forget(HOOLI) == 1
    assert live.keys(HOOLI) == []


def test_a_dead_server_costs_a_caller_nothing_and_is_found_again_by_those_who_have_time(own: tuple[Settings, Valkey]) -> None:
    settings, server = own
    live = Live(settings)
    assert live.ask(lambda client: client.ping())
    kill(server)
    with pytest.raises(Away):
        live.ask(lambda client: client.ping())
    batches = []
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(200):
            with pytest.raises(Away):
                live.ask(lambda client: client.ping())
        batches.append(time.perf_counter() - begun)
    assert min(batches) < 0.04
    tell(settings, server.start())
    with pytest.raises(Away):
        live.ask(lambda client: client.ping())
    deadline = time.monotonic() + 3
    while live.away and time.monotonic() < deadline:
        try:
            live.ask(lambda client: client.ping(), patient=True)
        except Away:
            time.sleep(0.05)
    assert live.ask(lambda client: client.ping())


def test_an_address_that_swallows_everything_holds_up_one_caller_for_a_moment() -> None:
    with socket.socket() as silent:  # it listens and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        live = Live(Settings(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        begun = time.perf_counter()
        with pytest.raises(Away):
            live.ask(lambda client: client.ping())
        first = time.perf_counter() - begun
        assert first < 5
        begun = time.perf_counter()
        with pytest.raises(Away):
            live.ask(lambda client: client.ping())
        assert time.perf_counter() - begun < first / 5


def test_a_process_without_redis_works_and_sees_one_that_is_started_later(tmp_path: Path, valkey: Valkey) -> None:
    settings = Settings(home=tmp_path / "home")
    live = Live(settings)
    assert live.away
    with pytest.raises(Away):
        live.ask(lambda client: client.ping(), patient=True)
    tell(settings, valkey.url())
    assert live.ask(lambda client: client.ping(), patient=True)


def test_who_listens_hears_what_is_published(own: tuple[Settings, Valkey]) -> None:
    live, stop, heard = Live(own[0]), threading.Event(), []
    channel = key(None, "flags")
    for said in live.listen(channel, every=2, stop=stop):
        if said is None:
            Live(own[0]).publish(channel, {"flag": "X"})
            continue
        heard.append(said)
        stop.set()
    assert heard == ['{"flag": "X"}']


words = st.text(max_size=12)
tenants = st.sampled_from([INITECH, HOOLI, None])


@given(tenants, st.lists(words, max_size=3), words, tenants, st.lists(words, max_size=3), words)
def test_two_tenants_or_two_policies_or_two_names_never_share_a_key(
    one: Tenant | None, parts: list[str], policy: str, other: Tenant | None, others: list[str], another: str
) -> None:
    same = (one, parts, policy) == (other, others, another)
    assert (key(one, "cache", *parts, policy=policy) == key(other, "cache", *others, policy=another)) == same
    assert key(one, "events", *parts) != key(other, "cache", *others, policy=another)


@given(st.lists(words, max_size=3))
def test_a_tenants_pattern_covers_its_keys_and_no_other(parts: list[str]) -> None:
    pattern = re.compile(re.escape(all_of(INITECH)).replace(r"\*", ".*"), re.DOTALL)
    assert pattern.fullmatch(key(INITECH, "attempts", *parts))
    assert not pattern.fullmatch(key(HOOLI, "attempts", *parts))
    assert not pattern.fullmatch(key(None, "attempts", *parts))


def test_a_cache_without_a_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="policy"):
        key(INITECH, "cache", "x")


def test_one_file_talks_to_redis_and_one_builds_its_keys() -> None:
    rooms = ("aos_core", "aos_resources", "aos_assets", "aos_sensors", "aos_api", "aos_cli")
    files = {path.relative_to(ROOT).as_posix(): path.read_text() for room in rooms for path in (ROOT / room).rglob("*.py")}
    assert [name for name, text in files.items() if re.search(r"^\s*(import|from) (redis|valkey)\b", text, re.M)] == ["aos_resources/live.py"]
    assert [name for name, text in files.items() if re.search(r"""["']aos:""", text)] == ["aos_resources/keyspace.py"]
