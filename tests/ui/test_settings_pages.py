"""Settings, the installation's page and the pages outside, as they must look to everybody: accessible, never too wide, whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.window import Window

SignedIn = Callable[..., Window]
SECTIONS = ("profile", "sessions", "tenant", "members", "invitations", "access", "keys", "masks", "flags", "usage", "audit")
OUTSIDE = {"sign-in": "/sign-in", "sign-up": "/sign-up", "reset": "/reset#abc", "no-invitation": "/invitation", "problem": "/sign-in?problem=refused"}
OPERATOR = {"operator": "/operator", "operator-tenant": "/operator?tenant=demo", "operator-settings": "/settings"}


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_they_are_accessible_and_fit(signed_in: SignedIn, opened: Callable[..., Window], tmp_path: Path, theme: str, width: int) -> None:
    """AOS_UI_SCREENSHOTS names a folder for the pictures, for whoever wants to look at them."""
    folder = Path(os.environ.get("AOS_UI_SCREENSHOTS", tmp_path))
    how = {"theme": theme, "width": width, "height": 800}
    owner = signed_in("demo@example.com", **how)
    member = owner.ask("/members")["items"][0]["user_id"]
    own = {"settings": "/settings", "member": f"/settings/members?open={member}"} | {name: f"/settings/{name}" for name in SECTIONS}
    for window, pages in ((owner, own), (signed_in("operator@example.com", **how), OPERATOR), (opened(**how), OUTSIDE)):
        for name, path in pages.items():
            window.go(path)
            assert window.violations() == [], name
            assert not window.is_too_wide(), name
            window.page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)


def test_on_a_telephone_every_page_is_reached_from_the_bar(signed_in: SignedIn) -> None:
    window = signed_in(width=360, height=780)
    page = window.page
    window.go("/")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Settings").click()
    page.get_by_role("link", name="Members").click()
    page.get_by_role("link", name="Demo viewer").click()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="All settings").click()
    assert page.get_by_role("navigation", name="Settings").get_by_role("link").count() == len(SECTIONS)


def test_a_question_is_answered_by_keyboard_alone(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/settings/sessions")
    asks = page.get_by_role("button", name="End all, this one too")
    asks.focus()
    page.keyboard.press("Enter")
    page.get_by_role("alertdialog").wait_for()
    assert window.violations() == []
    page.keyboard.press("Escape")
    page.get_by_role("alertdialog").wait_for(state="detached")
    assert asks.evaluate("button => button === document.activeElement")
