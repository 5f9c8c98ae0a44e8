"""Each page as it must look to everybody: accessible in both themes, never too wide, its states said in words."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]


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


def test_a_page_may_not_run_a_script_of_its_own(signed_in: SignedIn) -> None:
    """That the policy is in force, since its not being broken would also hold without one."""
    window = signed_in()
    window.go("/")
    window.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))")
    assert window.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in one for one in window.complaints)
    window.complaints.clear()


@pytest.mark.parametrize(("width", "height"), [(360, 780), (1280, 800), (2560, 1440)])
def test_every_page_is_drawn_whole_in_both_themes(signed_in: SignedIn, tmp_path: Path, width: int, height: int) -> None:
    """AOS_UI_SCREENSHOTS names a folder for the pictures, for whoever wants to look at them."""
    folder = Path(os.environ.get("AOS_UI_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    grounds = []
    for theme in ("light", "dark"):
        window = signed_in(width=width, height=height, theme=theme)
        for name, path in pages(window).items():
            window.go(path)
            window.wait_until(f"() => ({DRAWN})().words >= 5")  # a page may be drawn before what it shows has come
            window.page.screenshot(path=folder / f"{name}-{width}-{theme}.png")
            assert window.page.title().startswith("AOS "), name
            drawn = window.page.evaluate(DRAWN)
            assert drawn["cut"] == [], name
        grounds.append(drawn["ground"])
    assert grounds[0] != grounds[1]


# Words in the page's own region; its ground; and texts that are wider than their box without an ellipsis or a bar to move them.
DRAWN = """() => {
    const main = document.querySelector('main');
    const cut = [...main.querySelectorAll('*')].filter((one) => {
        const style = getComputedStyle(one);
        const clips = style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis' && style.position !== 'absolute';
        return clips && one.scrollWidth > one.clientWidth + 1 && one.innerText;
    });
    return { words: main.innerText.split(/\\s+/).length, ground: getComputedStyle(document.body).backgroundColor, cut: cut.map((one) => one.innerText.slice(0, 40)) };
}"""
