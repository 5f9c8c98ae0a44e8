"""Runs over HTTP: pages that cut none in two, filters that reach the oldest, one step by its address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.scenario import AT, SHARED, World, made_id

# Minutes before AT, run, stage, state; the runs overlap, and one step stands for itself.
STEPS = [
    (1, "third", "warehouse", "succeeded"), (2, "third", "raw", "succeeded"), (3, None, "raw", "failed"),
    (4, "second", "warehouse", "put_off"), (5, "first", "warehouse", "succeeded"), (6, "second", "raw", "succeeded"),
    (7, "first", "events", "failed"), (8, "first", "raw", "succeeded"),
]  # fmt: skip


def step(minutes: int) -> str:
    return str(made_id(f"step {minutes}"))


@pytest.fixture
def steps(world: World) -> Iterator[None]:
    """Older than the one step that every tenant has."""
    rows = [
        {"id": UUID(step(minutes)), "run": run, "stage": stage, "state": state, "at": AT - timedelta(minutes=minutes)}
        for minutes, run, stage, state in STEPS
    ]
    with world.database.of(world.acme).transaction() as transaction:
        transaction.each("insert into aos.runs (id, dagster_run_id, stage, state, started_at) values (:id, :run, :stage, :state, :at)", rows)
    yield
    with world.database.of(world.acme).transaction() as transaction:
        transaction.run("delete from aos.runs where id <> :id", id=SHARED.run)


def pages(client: httpx.Client, **asked: Any) -> list[list[str]]:
    found, cursor = [], ""
    while cursor is not None:
        page = client.get("/runs", params=asked | ({"cursor": cursor} if cursor else {})).json()
        found.append([one["id"] for one in page["items"]])
        cursor = page["next"]
    return found


def test_the_newest_steps_come_first(acme: httpx.Client, steps: None) -> None:
    assert pages(acme) == [[str(SHARED.run), *(step(minutes) for minutes, *_ in STEPS)]]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(2, [[0, 1, 2], [3, 4, 6], [5, 7, 8]]), (4, [[0, 1, 2, 3], [4, 5, 6, 7, 8]]), (5, [[0, 1, 2, 3, 4, 6], [5, 7, 8]])],
)
def test_a_page_ends_with_a_whole_run_and_every_step_is_on_one_page(acme: httpx.Client, steps: None, limit: int, expected: list[list[int]]) -> None:
    names = [str(SHARED.run), *(step(minutes) for minutes, *_ in STEPS)]
    assert [[names.index(one) for one in page] for page in pages(acme, limit=limit)] == expected


def test_a_filter_reaches_steps_of_any_age_page_by_page(acme: httpx.Client, steps: None) -> None:
    assert pages(acme, state="failed", limit=1) == [[step(3)], [step(7)]]
    assert pages(acme, stage="raw", limit=3) == [[step(2), step(3), step(6)], [step(8)]]
    assert pages(acme, state="put_off") == [[step(4)]]


def test_a_cursor_belongs_to_its_filter(acme: httpx.Client, steps: None) -> None:
    cursor = acme.get("/runs", params={"limit": 1, "stage": "raw"}).json()["next"]
    assert acme.get("/runs", params={"cursor": cursor}).status_code == 422
    assert acme.get("/runs", params={"state": "lost"}).status_code == 422


def test_a_step_can_be_asked_for_by_itself(acme: httpx.Client, steps: None) -> None:
    found = acme.get(f"/runs/{step(4)}").json()
    assert (found["run"], found["stage"], found["state"]) == ("second", "warehouse", "put_off")
