"""What the sensors decide: a request twice is one refresh, and none is missed however the polls fall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aos_sensors.decisions import Asked, Header, partitions_to_change, read_cursor, refreshes, write_cursor

TENANTS = ("acme", "globex")
_entries = st.lists(st.sampled_from(TENANTS), max_size=30)
_slugs = st.sets(st.text(alphabet="abc-", min_size=1, max_size=3), max_size=6)


def committed(asking: list[str]) -> list[Header]:
    """Entries as the outbox holds them: each tenant counts for itself."""
    return [Header(tenant, asking[: n + 1].count(tenant), "run.requested") for n, tenant in enumerate(asking)]


def newest(headers: list[Header]) -> list[Header]:
    """What the sensor really asks for: the last entry of each tenant."""
    return list({one.tenant: one for one in headers}.values())


@given(_entries, st.data())
def test_no_request_is_missed_and_none_is_answered_twice_however_the_polls_fall(asking: list[str], data: st.DataObject) -> None:
    headers = committed(asking)
    polls = [*sorted(data.draw(st.lists(st.integers(0, len(headers)), max_size=10))), len(headers)]
    cursor: str | None = None
    asked: list[tuple[Asked, int]] = []
    for there in polls:
        visible = headers[:there]
        look = data.draw(st.sampled_from([list, newest])) if visible else list
        shown = data.draw(st.permutations(look(visible)))
        found, now = refreshes(shown, read_cursor(cursor))
        assert [one.tenant for one in found] == sorted({one.tenant for one in found})
        asked += [(one, there) for one in found]
        cursor = write_cursor(now)
    keys = [one.key for one, _ in asked]
    assert len(keys) == len(set(keys))
    for place, entry in enumerate(headers, 1):
        first_poll = next(there for there in polls if there >= place)
        assert any(one.tenant == entry.tenant and there == first_poll and int(one.key.rpartition(":")[2]) >= entry.seq for one, there in asked)
    assert read_cursor(cursor) == {tenant: asking.count(tenant) for tenant in set(asking)}


@given(_entries)
def test_a_poll_whose_cursor_was_lost_asks_under_the_same_keys(asking: list[str]) -> None:
    headers = committed(asking)
    assert refreshes(headers, {})[0] == refreshes(newest(headers), {})[0] == refreshes(headers + headers, {})[0]


@given(_entries, st.dictionaries(st.sampled_from(TENANTS), st.integers(0, 40)))
def test_what_was_seen_asks_for_nothing_and_is_never_unseen(asking: list[str], seen: dict[str, int]) -> None:
    found, now = refreshes(committed(asking), seen)
    assert refreshes(committed(asking), now) == ([], now)
    assert all(now[tenant] >= seq for tenant, seq in seen.items())
    assert {one.tenant for one in found} == {tenant for tenant in TENANTS if asking.count(tenant) > seen.get(tenant, 0)}


def test_the_same_thing_asked_for_again_later_is_a_refresh_again() -> None:
    first, seen = refreshes([Header("acme", 7, "run.requested")], {})
    second, _ = refreshes([Header("acme", 9, "run.requested")], seen)
    assert (first, second) == ([Asked("acme", "acme:7")], [Asked("acme", "acme:9")])


@given(st.dictionaries(st.text(max_size=8), st.integers(0, 2**63 - 1)))
def test_a_cursor_survives_being_written(seen: dict[str, int]) -> None:
    assert read_cursor(write_cursor(seen)) == seen


def test_no_cursor_means_that_nothing_was_seen() -> None:
    assert read_cursor(None) == read_cursor("") == {}


@given(_slugs, _slugs)
def test_partitions_become_the_living_tenants(living: set[str], known: set[str]) -> None:
    added, removed = partitions_to_change(living, known)
    assert (known | set(added)) - set(removed) == living
    assert not set(added) & known
    assert set(removed) <= known
    assert partitions_to_change(living, living) == ([], [])
