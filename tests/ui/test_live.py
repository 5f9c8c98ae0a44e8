"""Pages follow what happens elsewhere, by themselves and at once."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]


def decide(window: Window) -> None:
    """Somebody rejects the first question that waits, without this browser's pages having a hand in it."""
    proposal = window.ask("/proposals?state=open&limit=1")["items"][0]
    answer = window.page.request.post(
        f"{window.address}/api/v1/proposals/{proposal['id']}/decide", headers={"Origin": window.address},
        data={"verdict": "rejected", "change_hash": proposal["change_hash"], "reason": "Not this one"},
    )  # fmt: skip
    assert answer.ok, answer.text()


def turn(window: Window) -> None:
    """Something that happens and that no other test waits for."""
    answer = window.page.request.put(
        f"{window.address}/api/v1/flags/SCHEDULED_REFRESH", headers={"Origin": window.address}, data={"enabled": True},
    )  # fmt: skip
    assert answer.ok, answer.text()


def test_a_page_shows_what_was_decided_elsewhere_before_it_asks_by_itself(signed_in: SignedIn) -> None:
    watching, neighbour, elsewhere = signed_in("mirror@example.com"), signed_in("demo@example.com"), signed_in("mirror@example.com")
    for window in (watching, neighbour):
        window.page.add_init_script("window.loadedOnce = (window.loadedOnce ?? 0) + 1")
        window.go("/connections")
    waiting = len(watching.ask("/proposals?state=open&limit=100")["items"])
    badge = watching.page.get_by_role("navigation", name="Pages").get_by_text("wait for you").locator("xpath=..")
    expect(badge).to_contain_text(str(waiting))
    asked: list[str] = []
    neighbour.page.on("request", lambda request: asked.append(request.url))
    time.sleep(1)
    begun = time.monotonic()
    decide(elsewhere)
    expect(badge).to_contain_text(str(waiting - 1), timeout=10_000)  # by itself it asks every half minute
    print(f"seen {time.monotonic() - begun:.2f} s after it was decided")
    assert watching.page.evaluate("window.loadedOnce") == 1
    assert [url for url in asked if "proposals" in url] == []


def test_a_window_holds_one_stream_and_none_while_nobody_sees_it(signed_in: SignedIn) -> None:
    window = signed_in("mirror@example.com")
    opened: list[str] = []
    window.page.on("request", lambda request: opened.append(request.url) if request.resource_type == "eventsource" else None)
    window.go("/")
    window.page.get_by_role("link", name="Connections").first.click()
    expect(window.page).to_have_title("AOS Connections")
    assert len(opened) == 1
    window.page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true}); document.dispatchEvent(new Event('visibilitychange'))")
    turn(window)
    window.page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'visible', configurable: true}); document.dispatchEvent(new Event('visibilitychange'))")
    expect(window.page.locator("header [data-live]")).to_be_visible()
    assert len(opened) == 2
    assert "after=" in opened[1]
