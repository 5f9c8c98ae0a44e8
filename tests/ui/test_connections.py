"""Connections as people add, change and watch them: by upload, by form, by keyboard, and what a viewer does not have."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]
PARTS = ("", "?part=streams", "?part=syncs", "?part=schema", "?open=edit", "?open=secret")
BUTTONS = re.compile("Sync now|Pause|Edit|Re-authorise|Add a connection|Download CSV|Reset from zero|Save|Activate")


def _connection(window: Window, name: str) -> dict[str, Any]:
    return next(one for one in window.ask("/connections")["items"] if one["name"] == name)


def _stream(window: Window, connection: str) -> dict[str, Any]:
    return next(one for one in window.ask("/streams")["items"] if one["connection"] == connection)


def test_files_that_are_sent_become_rows(signed_in: SignedIn, tmp_path: Path) -> None:
    """Through the form alone: created, sent, looked at, activated, read. In the mirror, so that what other tests look at stays as it was."""
    name = f"leads {uuid4().hex[:6]}"
    sent = tmp_path / "leads.csv"
    sent.write_text("lead_id,company,amount\nL-1,Initech,1200\nL-2,Globex,90\n")
    window = signed_in("mirror@example.com")
    page = window.page
    window.go("/connections")
    page.get_by_role("link", name="Add a connection").click()
    page.get_by_role("button", name=re.compile("^Files")).click()
    page.get_by_role("button", name="Create the connection").click()
    expect(page.get_by_text("A name is needed to create it.")).to_be_visible()
    page.get_by_role("textbox", name=re.compile("^Name ")).fill(name)
    page.get_by_role("button", name="Create the connection").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_label(re.compile("Drop files here")).set_input_files(sent)
    expect(page.get_by_role("row", name=re.compile("leads.csv"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Take the")).click()
    page.get_by_label("Stream", exact=True).select_option("leads")
    expect(page.get_by_role("region", name="First rows of leads").get_by_text("Initech")).to_be_visible()
    assert window.violations() == []
    page.get_by_role("button", name=re.compile("^Activate")).click()
    page.get_by_role("button", name="Sync now").click()
    page.get_by_role("button", name=re.compile("^Streams")).click()
    page.get_by_role("link", name="leads", exact=True).click()
    page.get_by_role("link", name="Rows as they landed").click()
    expect(page.get_by_role("cell", name="Initech")).to_be_visible(timeout=90_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert "Globex" in Path(download.value.path()).read_text()


def test_a_source_is_tried_out_before_anything_is_kept(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    before = len(window.ask("/connections")["items"])
    kept = _connection(window, "billing")["config"]
    window.go("/connections/new?source=postgres")
    page.get_by_role("button", name="Test the connection").click()
    expect(page.get_by_label("Host")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Password")).to_have_attribute("type", "password")
    expect(page.get_by_label("Password")).to_have_attribute("autocomplete", "off")
    for label, value in (("Host", kept["host"]), ("Port", str(kept["port"])), ("User", kept["user"]), ("Password", "not the one")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Test the connection").click()
    said = page.locator("[data-tested]")
    expect(said).to_contain_text("Nothing was stored.")
    assert window.violations() == []
    assert len(window.ask("/connections")["items"]) == before


def test_a_connection_is_re_authorised_in_its_drawer(signed_in: SignedIn) -> None:
    """What the source refuses does not take the place of what is kept."""
    window = signed_in()
    page = window.page
    one = _connection(window, "billing")
    window.answer(f"/connections/{one['id']}", 200, window.ask(f"/connections/{one['id']}") | {"state": "unauthorised"})
    window.go(f"/connections/{one['id']}")
    expect(page.get_by_text("Needs re-authorising")).to_be_visible()
    page.get_by_role("button", name="Re-authorise").click()
    drawer = page.get_by_role("dialog", name="Re-authorise billing")
    drawer.get_by_role("button", name="Re-authorise").click()
    expect(drawer.get_by_text("This is needed.")).to_be_visible()
    window.expected += 1
    drawer.get_by_label("Password").fill("not the one")
    page.keyboard.press("Enter")
    expect(drawer.get_by_role("alert")).to_contain_text("The old credentials stand.")
    window.answer_as_ever()
    window.answer(f"/connections/{one['id']}/secret", 200, one)
    page.keyboard.press("Enter")
    expect(drawer).to_be_hidden()
    assert page.url.endswith(one["id"])


def test_a_field_is_hashed_and_the_stream_read_anew(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    stream = _stream(window, "crm")
    column = window.ask(f"/streams/{stream['id']}")["columns"][-1]["name"]
    sent: list[Any] = []

    def keep(route: Any) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        sent.append(route.request.post_data_json)
        route.fulfill(json=window.ask(f"/streams/{stream['id']}"))

    page.route(re.compile(f"/streams/{stream['id']}$"), keep)
    window.go(f"/connections/{stream['connection_id']}?part=streams&stream={stream['id']}")
    page.get_by_label(f"Treatment of {column}").select_option("hash")
    page.get_by_role("button", name="Save, and read anew").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Save and read anew").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert sent == [{"treated": {column: "hash"}}]


def test_deletions_that_are_held_are_kept_or_allowed(signed_in: SignedIn) -> None:
    window = signed_in()
    one = _connection(window, "crm")
    detail = window.ask(f"/connections/{one['id']}")
    detail["detail"][0]["vanishing"] = {"rows": 312, "of": 1000}
    window.answer(f"/connections/{one['id']}", 200, detail)
    window.go(f"/connections/{one['id']}")
    held = window.page.locator("[data-vanishing]")
    expect(held).to_contain_text("312 of 1,000 rows")
    held.get_by_role("button", name="Allow 312 deletions").click()
    expect(window.page.get_by_role("alertdialog")).to_contain_text("may delete up to so many")
    assert window.violations() == []


def test_only_a_sync_that_runs_and_is_told_of_is_live(signed_in: SignedIn) -> None:
    window = signed_in()
    said = window.ask("/connections")
    dots = window.page.get_by_role("main").locator("li [data-live]")
    window.go("/connections")
    expect(dots).to_have_count(0)
    said["items"][0] |= {"syncing": {"sync_id": str(uuid4()), "started_at": said["items"][0]["created_at"], "read": 1200, "streams_done": 1, "streams": 3}}
    window.answer("/connections", 200, said)
    window.go("/connections")
    expect(dots).to_have_attribute("data-live", "live")
    window.page.route("**/api/v1/events*", lambda route: route.abort())
    window.expected += 1
    window.go("/connections")
    expect(dots).to_have_attribute("data-live", "stale")


def test_everything_is_found_by_a_word_and_the_funnel_says_where_each_is(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/discover")
    page.get_by_role("searchbox").fill("sector")
    expect(page.get_by_role("link", name="sector", exact=True).first).to_be_visible()
    assert "q=sector" in page.url
    intent = {"id": str(uuid4()), "origin": "batch", "external_id": "1", "name": "erp", "source": "postgres", "connection_id": None, "state": "reachable",
              "stuck": {"code": "not_allowed", "what": "It may write.", "fix": "Give a reader.", "masked": False}, "eligible": True, "attempts": 2, "changed_at": "2026-03-02T09:30:00Z",
              "found": {"said": "", "problems": []}}  # fmt: skip
    funnel = [{"state": "received", "reached": 10, "stuck": 0}, {"state": "reachable", "reached": 10, "stuck": 1}, {"state": "active", "reached": 9, "stuck": 0}]
    window.answer("/onboarding", 200, {"funnel": funnel, "eligible": 10, "active": 9, "share": 0.9, "promise": 0.9, "items": [intent]})
    page.get_by_role("button", name="Onboarding").click()
    expect(page.locator("[data-funnel]")).to_contain_text("9 of 10 eligible are active: 90 %, as promised.")
    expect(page.get_by_role("row", name=re.compile("erp"))).to_contain_text("It may write. Give a reader.")
    assert window.violations() == []


def test_a_viewer_sees_it_all_and_has_no_buttons(signed_in: SignedIn) -> None:
    window = signed_in("viewer@example.com")
    stream = _stream(window, "crm")
    for path in ("/connections", f"/connections/{stream['connection_id']}", f"/connections/{stream['connection_id']}?part=streams&stream={stream['id']}", f"/streams/{stream['id']}", "/connections/new"):
        window.go(path)
        expect(window.page.get_by_text(re.compile("An owner, an admin or an engineer|an owner, an admin or an engineer|Rows")).first).to_be_visible()
        assert window.page.get_by_role("button", name=BUTTONS).count() + window.page.get_by_role("link", name=BUTTONS).count() == 0, path


def test_a_connection_is_walked_through_by_keyboard(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    stream = _stream(window, "crm")
    window.go(f"/connections/{stream['connection_id']}")
    _press(page, "Streams", "Enter")
    link = page.get_by_role("link", name=stream["name"], exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(link).to_be_focused()


def _press(page: Page, name: str, key: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{name}")).focus()
    page.keyboard.press(key)


@pytest.mark.parametrize(("theme", "width", "half"), [("light", 1280, 0), ("dark", 390, 1)])
def test_every_part_is_accessible_and_fits(signed_in: SignedIn, theme: str, width: int, half: int) -> None:
    """Half of the pages in each theme: what is wrong in one is wrong in the other, but for its colours, which are computed."""
    window = signed_in(theme=theme, width=width)
    one, stream = _connection(window, "billing")["id"], _stream(window, "billing")["id"]
    own = [f"/connections/{one}{part}" for part in PARTS]
    pages = [*own, f"/connections/{one}?part=streams&stream={stream}", "/connections?show=syncs", "/connections/new", "/connections/new?source=postgres", "/connections/new?source=files", "/discover?show=onboarding", "/discover", f"/streams/{stream}?part=syncs"]
    for place, path in enumerate(pages):
        if width < 500 or place % 2 == half:
            window.go(path)
            assert not window.is_too_wide(), path
        if place % 2 == half:
            assert window.violations() == [], path
