"""What people do in the app, in a real browser: sign in, follow a number to its source row, decide, find, change the look."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]


def test_a_wrong_password_is_said_in_words(opened: Callable[..., Window]) -> None:
    window = opened()
    window.go("/")
    expect(window.page).to_have_title("AOS Sign in")
    window.expected = 1
    window.page.get_by_label("E-mail").fill("demo@example.com")
    window.page.get_by_label("Password").fill("not this one")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_role("alert")).to_have_text("E-mail or password are wrong. Try again.")


def test_signing_in_leads_back_to_where_one_wanted_to_go(opened: Callable[..., Window]) -> None:
    window = opened()
    window.go("/runs?stage=warehouse")
    window.page.get_by_label("E-mail").fill("demo@example.com")
    window.page.get_by_label("Password").fill("autonomos-demo")
    window.page.keyboard.press("Enter")
    expect(window.page).to_have_title("AOS Runs")
    expect(window.page).to_have_url(re.compile(r"/runs\?stage=warehouse$"))


def test_from_the_dashboard_to_the_source_row_of_a_cell(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("AOS Dashboard")
    page.get_by_role("region", name="Figures of opportunity").get_by_role("link", name="Opportunity").click()
    expect(page.get_by_role("heading", name="Opportunities", exact=True)).to_be_visible()
    page.get_by_role("link", name="1C1I7A6R").click()
    page.get_by_role("button", name=re.compile("^Stage Closed won")).click()
    story = page.get_by_role("dialog", name="The story of stage")
    expect(story.locator("[data-story=value]")).to_have_text("Closed won")
    marked = story.locator("[data-marked]")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("deal_stage")
    expect(marked).to_contain_text("Won")
    expect(story.get_by_text("Mapping, version")).to_be_visible()
    expect(story.get_by_text("demo@example.com").first).to_be_visible()
    expect(story.get_by_text("Row 1 of crm/sales_pipeline")).to_be_visible()
    page.reload()
    expect(page.locator("[data-story=value]")).to_have_text("Closed won")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("cell="))


def test_filters_and_columns_live_in_the_address_and_survive_a_reload(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/opportunity")
    page.get_by_role("group", name="Status", exact=True).get_by_role("checkbox", name=re.compile("^Lost")).check()
    expect(page.get_by_role("button", name="Status is Lost")).to_be_visible()
    page.get_by_role("button", name=re.compile("of 29 fields")).click()
    page.get_by_role("checkbox", name="Product", exact=True).uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_role("button", name="Status is Lost")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Stage")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Product")).to_have_count(0)
    expect(page.locator("tbody tr").nth(1)).to_contain_text("Lost")


def test_a_long_table_draws_few_rows_and_reads_on_at_its_end(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/opportunity")
    expect(page.get_by_text("200 of 8,800 read")).to_be_visible()
    table = page.get_by_role("region", name="Opportunities")
    table.evaluate("region => region.scrollTo(0, region.scrollHeight)")
    expect(page.get_by_text("700 of 8,800 read")).to_be_visible()
    assert page.locator("tbody tr").count() < 80


def test_rows_are_walked_by_keyboard_alone(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/account")
    first = page.locator("tbody tr[data-at='0'] a")
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    expect(page.locator("tbody tr[data-at='2'] a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Choose a value to see where it comes from")).to_be_visible()


def test_the_palette_finds_streams_and_entities(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/")
    page.keyboard.press("Control+k")
    page.get_by_placeholder("A page, an entity").fill("sales_pipe")
    expect(page.get_by_role("option")).to_have_text("crm/sales_pipeline")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="sales_pipeline")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_placeholder("A page, an entity").fill("customer")
    expect(page.get_by_role("option")).to_have_text("Accounts")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_chosen_theme_outlives_a_reload_and_beats_the_systems(signed_in: SignedIn) -> None:
    window = signed_in(theme="light")
    page = window.page
    window.go("/")
    page.get_by_role("button", name="You and this screen").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 21, 27)"


def test_generated_sources_are_amber_and_never_live(signed_in: SignedIn) -> None:
    window = signed_in()
    window.go("/")
    expect(window.page.locator("[data-live=demo]").first).to_contain_text("demo data")
    assert window.page.locator("[data-live=live]").count() == 0


def test_signing_out_leaves_nothing_on_the_screen(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/")
    window.expected = 1  # what is asked without a session is refused
    page.get_by_role("button", name="You and this screen").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page).to_have_title("AOS Sign in")
    window.go("/data/account")
    expect(page).to_have_title("AOS Sign in")


def test_an_unknown_address_says_so(signed_in: SignedIn) -> None:
    window = signed_in()
    window.go("/nothing/here")
    expect(window.page.get_by_text("There is no such page.")).to_be_visible()
    window.go("/data/unicorn")
    expect(window.page.get_by_text("There is no entity called “unicorn”.")).to_be_visible()
