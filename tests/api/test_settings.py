"""Settings and quotas of a tenant over HTTP, and that the usage month is counted in the tenant's own zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from aos_resources.audit import Actor
from aos_resources.quotas import set_quota
from tests.scenario import World

BERLIN = {"currency": "EUR", "time_zone": "Europe/Berlin", "week_start": "sunday", "fiscal_year_start": 4}
DEFAULTS = {"currency": "USD", "time_zone": "UTC", "week_start": "monday", "fiscal_year_start": 1}
OPERATOR = Actor("operator", "o", "the operator")


def said(client: httpx.Client) -> dict[str, object]:
    return {name: one for name, one in client.get("/settings").json().items() if name != "now"}


def entries(world: World, noun: str) -> list[tuple[str, str, object]]:
    with world.database.of(world.acme).transaction() as transaction:
        return [(row["verb"], row["actor"], row["detail"]) for row in transaction.all("select verb, actor, detail from aos.audit where noun = :noun order by seq", noun=noun)]


@pytest.fixture(autouse=True)
def as_before(world: World) -> object:
    yield
    with world.database.of(world.acme).transaction() as transaction:
        transaction.run("delete from aos.tenant_settings")
    for name in ("connections", "rows"):
        set_quota(world.database, world.acme, name, None, OPERATOR)


def test_settings_are_the_defaults_until_an_admin_changes_them_and_the_neighbour_keeps_its_own(
    caller: Callable[[str], httpx.Client], globex: httpx.Client, world: World
) -> None:
    admin = caller("admin@acme.example")
    before = len(entries(world, "settings"))
    assert said(admin) == DEFAULTS
    answer = admin.put("/settings", json=BERLIN)
    assert answer.status_code == 200, answer.text
    assert said(admin) == said(caller("viewer@acme.example")) == BERLIN
    assert said(globex) == DEFAULTS
    assert entries(world, "settings")[before:] == [("change", "admin@acme.example", BERLIN)]


def test_what_the_settings_make_of_this_moment_is_told(caller: Callable[[str], httpx.Client]) -> None:
    admin = caller("admin@acme.example")
    admin.put("/settings", json=BERLIN)
    now = admin.get("/settings").json()["now"]
    assert set(now) == {"week", "month", "quarter", "fiscal_year"}
    month = admin.get("/usage").json()["items"][1]["resets_at"]
    assert month == now["month"]["ends"]
    assert datetime.fromisoformat(month).hour in (22, 23)
    assert all(datetime.fromisoformat(one["starts"]) <= datetime.now(UTC) < datetime.fromisoformat(one["ends"]) for one in now.values())


@pytest.mark.parametrize("role", ["engineer", "analyst", "viewer"])
def test_who_is_no_admin_reads_settings_and_usage_and_changes_nothing(caller: Callable[[str], httpx.Client], role: str) -> None:
    client = caller(f"{role}@acme.example")
    assert client.put("/settings", json=BERLIN).status_code == 403
    assert said(client) == DEFAULTS
    assert client.get("/usage").status_code == 200


@pytest.mark.parametrize("wrong", [{"currency": "EURO"}, {"currency": "ABC"}, {"time_zone": "Berlin"}, {"week_start": "friday"}, {"fiscal_year_start": 13}, {"currency": None}])
def test_what_is_no_setting_is_refused_in_words(caller: Callable[[str], httpx.Client], wrong: dict[str, object]) -> None:
    admin = caller("admin@acme.example")
    answer = admin.put("/settings", json=BERLIN | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
    assert said(admin) == DEFAULTS


def test_usage_shows_what_is_counted_and_the_operators_limits(acme: httpx.Client, globex: httpx.Client, world: World) -> None:
    set_quota(world.database, world.acme, "connections", 5, OPERATOR)
    set_quota(world.database, world.acme, "rows", 1_000, OPERATOR)
    mine = {one["name"]: (one["used"], one["most"], one["resets_at"] is not None) for one in acme.get("/usage").json()["items"]}
    yours = {one["name"]: one["most"] for one in globex.get("/usage").json()["items"]}
    assert mine == {"connections": (1, 5, False), "rows": (6, 1_000, True), "language_model_spend": (0, None, True)}
    assert yours == {"connections": None, "rows": None, "language_model_spend": None}
    assert entries(world, "quotas")[-1] == ("change", "the operator", {"most": 1_000})


def test_more_than_a_quota_allows_is_answered_429_with_when_to_come_back(world: World) -> None:
    from datetime import timedelta

    from fastapi import FastAPI

    from aos_api import errors
    from aos_core.errors import QuotaReached
    from tests.api.serving import Served

    app = FastAPI()
    errors.install(app)

    @app.get("/{kind}")
    def refuse(kind: str) -> None:
        raise QuotaReached("Too much", resets_at=datetime.now(UTC) + timedelta(seconds=90) if kind == "rows" else None)

    with Served(world.settings, app) as api:
        rows, connections = httpx.get(f"{api.address}/rows"), httpx.get(f"{api.address}/connections")
    assert (rows.status_code, rows.json()["code"], int(rows.headers["retry-after"]) in (89, 90)) == (429, "quota_reached", True)
    assert (connections.status_code, "retry-after" in connections.headers, "operator" in connections.json()["fix"]) == (429, False, True)
