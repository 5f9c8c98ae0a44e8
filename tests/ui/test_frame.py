"""What stands round every page: whether it is live, and the keyboard's way through it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]


def test_the_dot_is_amber_on_demo_data_grey_when_it_is_old_and_grey_when_the_server_is_away(signed_in: SignedIn) -> None:
    window = signed_in()
    dot = window.page.locator("header [data-live]")
    window.go("/")
    expect(dot).to_have_attribute("data-live", "demo")
    said = window.ask("/connections")
    for one in said["items"]:
        one |= {"note": None}
    window.answer("/connections", 200, said)
    window.go("/")
    expect(dot).to_have_attribute("data-live", "live")
    for one in said["items"]:
        one["last_sync"] |= {"ended_at": "2020-01-01T00:00:00Z"}
    figures = window.ask("/metrics")
    figures["version"] |= {"published_at": "2020-01-01T00:00:00Z"}
    window.answer("/connections", 200, said)
    window.answer("/metrics", 200, figures)
    window.go("/")
    expect(dot).to_have_attribute("data-live", "stale")
    expect(dot).to_contain_text("years ago")
    window.answer("/metrics", 503, {"status": 503, "code": "try_again", "detail": "Away.", "fix": "", "culprit": "", "errors": [], "type": "x", "title": "", "trace_id": "1"})
    window.go("/")
    expect(dot).to_contain_text("The server does not answer")


def test_the_tab_key_comes_to_the_skip_link_first_and_its_place_is_always_seen(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/approvals")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    for _ in range(25):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "() => { const one = document.activeElement; if (one === document.body) return true; const style = getComputedStyle(one);"
            " const box = one.getBoundingClientRect(); return box.width > 0 && (style.outlineStyle !== 'none' || style.boxShadow !== 'none'); }"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")


def test_escape_closes_what_is_open_and_leads_back_to_where_one_was(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/")
    search = page.get_by_role("button", name="Search")
    search.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(search).to_be_focused()
    window.go("/runs?stage=warehouse")
    step = page.get_by_role("main").get_by_role("link").first
    step.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(step).to_be_focused()


def test_an_address_that_leads_nowhere_keeps_the_frame(signed_in: SignedIn) -> None:
    window = signed_in()
    window.go("/no/such/page")
    expect(window.page.get_by_role("heading", name="AOS not found")).to_be_visible()
    expect(window.page.get_by_role("navigation", name="Pages")).to_be_visible()
    window.page.get_by_role("main").get_by_role("link", name="To the dashboard").click()
    expect(window.page).to_have_title("AOS Dashboard")
