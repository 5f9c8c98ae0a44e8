"""A tenant's refresh and its connections: those on their way go on by themselves, and what is not read for long is named."""

from __future__ import annotations

from uuid import uuid4

from aos_assets.steps.stages import Report, land, refresh_tenant
from aos_resources.intents import Wanted, receive
from tests.assets.conftest import FIRST, Company


def raw(reports: list[Report]) -> Report:
    (one,) = [report for report in reports if report.key == ("raw", "files")]
    return one


def freshness(report: Report) -> tuple[bool, list[str]]:
    (one,) = [check for check in report.checks if check.name == "freshness"]
    return one.passed, list(one.said["seconds"])


def test_an_intent_that_was_left_half_way_is_active_and_read_within_one_refresh(acme: Company) -> None:
    folder = acme.folder / "more"
    folder.mkdir()
    (folder / "accounts.csv").write_text("account_id,name\nA-1,Initech\nA-2,Hooli\n")
    with acme.work.database.transaction() as transaction:
        receive(transaction, acme.work, Wanted("batch", "1", "more", "files", {"folder": str(folder)}))
    acme.write("deals.csv", FIRST)
    report = land(acme.work, "files", str(uuid4()))
    assert {one["connection"]: one["landed"] for one in report.said["streams"]} == {"crm": 3, "more": 2}
    with acme.work.database.transaction() as transaction:
        assert transaction.one("run", "select summary from aos.runs where stage = 'onboarding'")["summary"] == {"source": "files", "attempted": 1, "active": 1}
    assert land(acme.work, "files", str(uuid4())).new is False
    with acme.work.database.transaction() as transaction:
        assert transaction.one("count", "select count(*) as n from aos.runs where stage = 'onboarding'")["n"] == 1


def test_one_connection_may_be_read_alone(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    other = acme.connect("other", config={"folder": str(acme.folder)})
    reports = list(refresh_tenant(acme.work, str(uuid4()), other))
    assert {one["connection"] for one in raw(reports).said["streams"]} == {"other"}


def test_a_connection_that_was_not_read_for_long_fails_its_check_until_it_is(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    assert freshness(land(acme.work, "files", str(uuid4()))) == (True, [])
    with acme.work.database.transaction() as transaction:
        transaction.run("update aos.syncs set ended_at = now() - interval '50 minutes'")
        transaction.run("update aos.connections set config = '{\"folder\": \"/nowhere\"}'")
    assert freshness(land(acme.work, "files", str(uuid4()))) == (False, ["crm"])
    with acme.work.database.transaction() as transaction:
        transaction.run("update aos.connections set fresh_minutes = 60")
    assert freshness(land(acme.work, "files", str(uuid4()))) == (True, [])
    with acme.work.database.transaction() as transaction:
        transaction.run("update aos.connections set fresh_minutes = null, state = 'paused'")
    assert freshness(land(acme.work, "files", str(uuid4()))) == (True, [])
