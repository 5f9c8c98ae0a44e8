"""Which published versions keep their files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from aos_core.retention import Kept, versions_to_drop

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)


def aged(*minutes: int, size: int = 1) -> list[Kept]:
    return [Kept(UUID(int=age), NOW - timedelta(minutes=age), size) for age in minutes]


def kept(versions: list[Kept], current: UUID | None = None, budget: int = 1_000) -> list[int]:
    dropped = versions_to_drop(versions, current, NOW, budget)
    return [one.id.int for one in versions if one.id not in dropped]


def test_every_version_of_the_last_hour_stays() -> None:
    assert kept(aged(*range(1, 61))) == [*range(1, 61)]


def test_of_a_day_the_newest_stay_and_of_a_week_the_last_of_each_day() -> None:
    day = 24 * 60
    versions = aged(*range(61, 61 + 40), day + 5, day + 6, 3 * day, 3 * day + 1, 9 * day)
    assert kept(versions) == [*range(61, 61 + 24), day + 5, 3 * day]


def test_beyond_the_budget_the_oldest_go_first_but_never_the_current_one_nor_the_newest_beside_it() -> None:
    assert kept(aged(1, 2, 3, 4, size=10), UUID(int=1), budget=30) == [1, 2, 3]
    assert kept(aged(1, 2, 3, size=10), UUID(int=3), budget=5) == [1, 3]


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 50)), max_size=60, unique_by=lambda one: one[0]), st.integers(0, 500), st.integers(0, 59))
def test_what_stays_fits_the_budget_or_is_two(said: list[tuple[int, int]], budget: int, place: int) -> None:
    versions = [Kept(UUID(int=age), NOW - timedelta(minutes=age), size) for age, size in said]
    current = versions[place].id if place < len(versions) else None
    dropped = versions_to_drop(versions, current, NOW, budget)
    stays = [one for one in versions if one.id not in dropped]
    assert current is None or current not in dropped
    assert sum(one.bytes for one in stays) <= budget or len(stays) <= 2
