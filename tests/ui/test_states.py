"""What each page shows while it loads, when there is nothing, when it broke, and to whom it may not be shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
BROKEN: dict[str, Any] = {
    "type": "urn:aos:problem:try_again", "title": "", "status": 503, "code": "try_again", "culprit": "", "errors": [],
    "detail": "The database did not answer. Try again in a moment.", "fix": "Try again in a moment.", "trace_id": TRACE,
}  # fmt: skip
FORBIDDEN = BROKEN | {
    "type": "urn:aos:problem:not_allowed", "status": 403, "code": "not_allowed",
    "detail": "A viewer may not see this. An owner of the tenant can grant it.", "fix": "An owner of the tenant can grant it.",
}  # fmt: skip
NOTHING: dict[str, Any] = {"items": [], "next": None}
# What: the page, what it asks for, an answer with nothing in it, and the words for that.
PANELS: dict[str, tuple[str, str, dict[str, Any] | None, str]] = {
    "the figures": ("/", "/metrics", {"version": None, "metrics": []}, "Nothing has been published yet"),
    "the flow": ("/", "/syncs", None, ""),
    "what needs you": ("/", "/proposals", None, ""),
    "the last runs": ("/", "/runs", NOTHING, "Nothing has run for this tenant yet."),
    "the inbox": ("/approvals", "/proposals", NOTHING, "Nothing waits for you."),
    "a proposal": ("/approvals?proposal={proposal}", "/proposals/{proposal}", None, ""),
    "the connections": ("/connections", "/connections", NOTHING, "No source is connected yet."),
    "a connection": ("/connections/{connection}", "/connections/{connection}", None, ""),
    "its syncs": ("/connections/{connection}?part=syncs", "/connections/{connection}/syncs", NOTHING, "It has never been read."),
    "what last moved": ("/connections/{connection}", "/connections/{connection}/selection", {"syncs": [], "streams": [], "left_out": []}, "It has never been read."),
    "a stream's syncs": ("/streams/{stream}?part=syncs", "/streams/{stream}/syncs", NOTHING, "It has never been read."),
    "streams and fields": ("/discover", "/discover", {"items": [], "total": 0}, "Nothing is connected yet."),
    "the entities": ("/data", "/entities", {"version": None, "entities": []}, "The ontology names none."),
    "the streams": ("/data", "/streams", NOTHING, "Nothing has been read yet."),
    "a table": ("/data/contact", "/entities/contact", None, ""),
    "a record": ("/data/opportunity/{record}", "/entities/opportunity/{record}", None, ""),
    "a cell's story": ("/data/opportunity/{record}?cell=amount", "/entities/opportunity/{record}/provenance/amount", None, ""),
    "a stream": ("/streams/{stream}", "/streams/{stream}", None, ""),
    "its rows": ("/streams/{stream}", "/streams/{stream}/rows", None, ""),
    "its fingerprints": ("/streams/{stream}?part=fingerprints", "/streams/{stream}/fingerprints", NOTHING, "It has not been read yet."),
    "the runs": ("/runs", "/runs", NOTHING, "Nothing has run for this tenant yet."),
}  # fmt: skip


def things(window: Window) -> dict[str, str]:
    return {
        "proposal": window.ask("/proposals?limit=1")["items"][0]["id"],
        "connection": next(one["id"] for one in window.ask("/connections")["items"] if one["name"] == "crm"),
        "stream": next(one["id"] for one in window.ask("/streams")["items"] if one["label"] == "crm/accounts"),
        "record": window.ask("/entities/opportunity?limit=1")["rows"][0]["id"],
    }


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_draws_each_of_its_states(signed_in: SignedIn, panel: str) -> None:
    window = signed_in()
    page, asked, nothing, words = PANELS[panel]
    named = things(window)
    page, asked = page.format(**named), asked.format(**named)

    window.hold(asked)
    window.page.goto(window.address + page, wait_until="domcontentloaded")
    expect(window.page.locator("[data-state=loading]").first).to_be_visible()
    window.answer_as_ever()

    window.answer(asked, 503, BROKEN)
    window.go(page)
    broken = window.page.locator("[data-state=error]").first
    expect(broken).to_contain_text("The database did not answer. Try again in a moment. Nothing was lost.")
    expect(broken).to_contain_text(TRACE)
    expect(broken.get_by_role("button", name="Try again")).to_be_visible()
    assert window.violations() == []
    window.answer_as_ever()

    window.answer(asked, 403, FORBIDDEN)
    window.go(page)
    expect(window.page.locator("[data-state=not_allowed]").first).to_contain_text("An owner of the tenant can grant it.")
    window.answer_as_ever()

    if nothing is not None:
        window.answer(asked, 200, nothing)
        window.go(page)
        expect(window.page.locator("[data-state=empty]").filter(has_text=words).first).to_be_visible()
        assert window.violations() == []


def test_an_entity_that_no_mapping_feeds_says_so_and_what_fills_it(signed_in: SignedIn) -> None:
    window = signed_in("mirror@example.com")  # whose workspace reads one source only
    window.go("/data/contact")
    empty = window.page.locator("[data-state=empty]")
    expect(empty).to_contain_text("No mapping feeds this entity yet")
    expect(empty.get_by_role("link", name="Look at what waits")).to_be_visible()


@pytest.mark.parametrize(("page", "asked", "kept"), [("/connections", "/connections", "crm"), ("/runs", "/runs", "Canonical events"), ("/approvals", "/proposals", "crm/accounts")])
def test_what_was_read_before_stays_when_it_cannot_be_renewed_and_says_so(signed_in: SignedIn, page: str, asked: str, kept: str) -> None:
    window = signed_in()
    window.page.clock.install()
    window.answer("/events", 503, BROKEN)  # who is told of what happens asks no more by the clock
    window.go(page)
    expect(window.page.get_by_role("main")).to_contain_text(kept)
    window.rest()
    window.answer(asked, 503, BROKEN)
    window.page.clock.fast_forward(40_000)
    expect(window.page.locator("[data-state=late]").first).to_contain_text("This is what was read before. The database did not answer.")
    expect(window.page.get_by_role("main")).to_contain_text(kept)


@pytest.mark.parametrize(
    ("status", "code", "detail"),
    [(401, "not_signed_in", "The e-mail or the password is wrong."), (429, "try_again", "Too many attempts. Try again in 30 seconds."), (503, "try_again", BROKEN["detail"])],
)
def test_signing_in_says_why_it_was_refused_and_keeps_what_was_typed(opened: Callable[..., Window], status: int, code: str, detail: str) -> None:
    window = opened()
    window.go("/")
    window.answer("/auth/login", status, BROKEN | {"status": status, "code": code, "detail": detail})
    window.page.get_by_label("E-mail").fill("demo@example.com")
    window.page.get_by_label("Password").fill("wrong")
    window.page.get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_role("alert")).to_contain_text(detail.partition(".")[0])
    expect(window.page.get_by_label("E-mail")).to_have_value("demo@example.com")
    assert window.violations() == []
