"""The audit log over HTTP: who reads it, how it is filtered and paged, and that the neighbour's is never seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from aos_resources.audit import Actor, Entry, record
from tests.scenario import World


@pytest.fixture(scope="module", autouse=True)
def entries(world: World) -> None:
    for tenant in (world.acme, world.globex):
        for number in range(7):
            with world.database.of(tenant).transaction() as transaction:
                actor = Actor("person", "u-7", f"logger@{tenant.slug}.example")
                record(transaction, Entry(actor, "change", "paged", f"{tenant.slug} {number}", detail={"of": tenant.slug}))


def test_pages_follow_each_other_from_the_newest_to_the_first(caller: Callable[[str], httpx.Client]) -> None:
    admin = caller("admin@acme.example")
    seen, cursor = [], None
    while True:
        page = admin.get("/audit", params={"noun": "paged", "limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["subject"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"acme {number}" for number in reversed(range(7))]
    assert admin.get("/audit", params={"noun": "other", "cursor": admin.get("/audit", params={"limit": 1}).json()["next"]}).status_code == 422


def test_it_is_filtered_by_actor_verb_and_time_and_never_shows_the_neighbours(caller: Callable[[str], httpx.Client]) -> None:
    owner = caller("owner@acme.example")
    for asked in ({"actor": "logger@acme.example"}, {"actor": "u-7"}, {"actor": "u-7", "verb": "change"}):
        assert len(owner.get("/audit", params=asked).json()["items"]) == 7
    assert owner.get("/audit", params={"actor": "logger@globex.example"}).json()["items"] == []
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert owner.get("/audit", params={"since": soon}).json()["items"] == []
    assert len(owner.get("/audit", params={"until": soon, "noun": "paged"}).json()["items"]) == 7
    assert owner.get("/audit", params={"since": "yesterday"}).status_code == 422
    assert "globex" not in owner.get("/audit", params={"limit": 500}).text


@pytest.mark.parametrize("role", ["engineer", "analyst", "viewer"])
def test_who_is_no_admin_neither_reads_nor_checks_it(caller: Callable[[str], httpx.Client], role: str) -> None:
    client = caller(f"{role}@acme.example")
    assert [client.get(path).status_code for path in ("/audit", "/audit/verify")] == [403, 403]


def test_it_says_whether_it_is_as_it_was_written(caller: Callable[[str], httpx.Client]) -> None:
    mine, yours = (caller(f"admin@{slug}.example").get("/audit/verify").json() for slug in ("acme", "globex"))
    assert (mine["sound"], mine["first_bad"], yours["sound"]) == (True, None, True)
    assert mine["entries"] == mine["noted"] >= 7
