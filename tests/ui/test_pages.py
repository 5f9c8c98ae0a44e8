"""Each page as it must look to everybody: accessible in both themes, never too wide, its states said in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
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


def pages(window: Window) -> dict[str, str]:
    """Every page with something on it, by name."""
    connection = next(one["id"] for one in window.ask("/connections")["items"] if one["name"] == "crm")
    stream = next(one["id"] for one in window.ask("/streams")["items"] if one["label"] == "crm/accounts")
    record = window.ask("/entities/opportunity?limit=1")["rows"][0]["id"]
    run = window.ask("/runs?limit=1")["items"][0]["id"]
    return {
        "dashboard": "/", "approvals": "/approvals", "decided": "/approvals?show=decided", "connections": "/connections", "connection": f"/connections/{connection}",
        "data": "/data", "table": "/data/opportunity", "record": f"/data/opportunity/{record}", "story": f"/data/opportunity/{record}?cell=amount",
        "rows": f"/streams/{stream}", "columns": f"/streams/{stream}?part=columns", "fingerprints": f"/streams/{stream}?part=fingerprints",
        "mappings": f"/streams/{stream}?part=mappings", "runs": "/runs", "run": f"/runs?run={run}", "missing": "/nothing/here",
    }  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible(signed_in: SignedIn, opened: Callable[..., Window], theme: str) -> None:
    outside = opened(theme=theme)
    outside.go("/")
    assert outside.violations() == []
    window = signed_in(theme=theme)
    for name, path in pages(window).items():
        window.go(path)
        assert window.violations() == [], name
    window.go("/")
    window.page.keyboard.press("Control+k")
    window.page.get_by_role("option").first.wait_for()
    assert window.violations() == []
    window.page.keyboard.press("Escape")
    window.page.get_by_role("button", name="You and this screen").click()
    assert window.violations() == []


def test_no_page_is_wider_than_its_window(signed_in: SignedIn) -> None:
    window = signed_in()
    for name, path in pages(window).items():
        window.go(path)
        for width, height in ((3840, 2160), (2560, 1440), (1024, 768), (768, 1024), (360, 780)):
            window.page.set_viewport_size({"width": width, "height": height})
            assert not window.is_too_wide(), (name, width)


def test_on_a_telephone_tables_are_cards_with_the_same_fields(signed_in: SignedIn) -> None:
    window = signed_in(width=360, height=780)
    for path in ("/", "/data/opportunity", "/approvals"):
        window.go(path)
        assert window.violations() == [], path
    window.go("/data/opportunity")
    assert window.page.locator("table").count() == 0
    expect(window.page.locator("li[data-at='0']")).to_contain_text("Amount")


EMPTY = [
    ("/", "/runs", {"items": []}, "Nothing has run for this tenant yet."),
    ("/", "/metrics", {"version": None, "metrics": []}, "Nothing has been published yet"),
    ("/approvals", "/proposals", {"items": []}, "Nothing waits for you."),
    ("/connections", "/connections", {"items": []}, "No source is connected yet."),
    ("/data", "/streams", {"items": []}, "Nothing has been read yet."),
    ("/data/contact", "/nothing-is-answered-otherwise", {}, "No mapping feeds this entity yet"),
    ("/runs", "/runs", {"items": []}, "Nothing has run for this tenant yet."),
]


@pytest.mark.parametrize(("page", "asked", "body", "words"), EMPTY)
def test_an_empty_page_says_why_and_what_fills_it(signed_in: SignedIn, page: str, asked: str, body: dict[str, Any], words: str) -> None:
    window = signed_in()
    window.answer(asked, 200, body)
    window.go(page)
    expect(window.page.locator("[data-state=empty]").filter(has_text=words).first).to_be_visible()
    assert window.violations() == []


ERRORS = [("/", "/metrics"), ("/", "/syncs"), ("/approvals", "/proposals"), ("/connections", "/connections"), ("/data", "/entities"), ("/data/account", "/entities/account"), ("/runs", "/runs")]


@pytest.mark.parametrize(("page", "asked"), ERRORS)
def test_a_broken_page_says_what_failed_that_nothing_was_lost_and_its_trace(signed_in: SignedIn, page: str, asked: str) -> None:
    window = signed_in()
    window.answer(asked, 503, BROKEN)
    window.go(page)
    broken = window.page.locator("[data-state=error]").first
    expect(broken).to_contain_text("The database did not answer. Try again in a moment. Nothing was lost.")
    expect(broken).to_contain_text(TRACE)
    expect(broken.get_by_role("button", name="Try again")).to_be_visible()
    assert window.violations() == []


def test_a_page_may_not_run_a_script_of_its_own(signed_in: SignedIn) -> None:
    """That the policy is in force, since its not being broken would also hold without one."""
    window = signed_in()
    window.go("/")
    window.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))")
    assert window.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in one for one in window.complaints)
    window.complaints.clear()


@pytest.mark.skipif("AOS_UI_SCREENSHOTS" not in os.environ, reason="AOS_UI_SCREENSHOTS names no folder for them")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(360, 780), (1280, 800), (2560, 1440)])
def test_screenshots_of_every_page(signed_in: SignedIn, theme: str, width: int, height: int) -> None:
    folder = Path(os.environ["AOS_UI_SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    window = signed_in(width=width, height=height, theme=theme)
    for name, path in pages(window).items():
        window.go(path)
        taken = window.page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
        assert len(taken) > 5_000, name  # an empty page is smaller than that
