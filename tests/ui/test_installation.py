"""The operator's page, in real windows: tenants made, suspended and resumed, limits, flags, and looking where one is let in."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.ui.test_settings import confirm, log_of, row
from tests.ui.window import Window

SignedIn = Callable[..., Window]
Opened = Callable[..., Window]
NEW = "three words of mine"


@pytest.fixture
def runs_it(signed_in: SignedIn) -> Window:
    return signed_in("operator@example.com")


def make(runs_it: Window, slug: str) -> str:
    """The link of the first owner."""
    page = runs_it.page
    runs_it.go("/operator")
    page.get_by_label("Name", exact=True).fill(slug.capitalize())
    expect(page.get_by_label("In addresses and files")).to_have_value(slug)
    page.get_by_label("E-mail of its first owner").fill(f"{slug}@example.com")
    page.get_by_role("button", name="Make a tenant").click()
    return page.get_by_label(re.compile("^Link for the first owner")).input_value()


def test_a_tenant_is_made_entered_suspended_and_resumed(runs_it: Window, opened: Opened) -> None:
    slug = f"initech{uuid4().hex[:6]}"
    link = make(runs_it, slug)
    owner = entered(opened, link)
    owner.expected = 1  # its page may ask by itself as soon as the tenant is suspended
    runs_it.go(f"/operator?tenant={slug}")
    runs_it.page.get_by_role("button", name="Suspend").click()
    confirm(runs_it, "Suspend", slug)
    expect(row(runs_it, slug)).to_contain_text("suspended")
    owner.go("/settings/members")
    expect(owner.page).to_have_title("AOS Sign in")
    runs_it.page.get_by_role("button", name="Resume").click()
    confirm(runs_it, "Resume")
    expect(row(runs_it, slug)).to_contain_text("active")
    owner.sign_in(f"{slug}@example.com", NEW)
    owner.go("/settings/members")
    expect(row(owner, f"{slug}@example.com")).to_contain_text("Owner")


def entered(opened: Opened, link: str) -> Window:
    owner = opened()
    owner.page.goto(link)
    owner.page.get_by_label("Your name").fill("First Owner")
    owner.page.get_by_label("A password of yours").fill(NEW)
    owner.page.get_by_role("button", name=re.compile("^Join ")).click()
    expect(owner.page).to_have_title("AOS Dashboard")
    return owner


def test_an_owner_erases_a_tenant_by_its_name_and_keeps_a_signed_report(runs_it: Window, opened: Opened) -> None:
    slug = f"gone{uuid4().hex[:6]}"
    owner = entered(opened, make(runs_it, slug))
    owner.go("/settings/tenant")
    owner.expected = 1
    owner.page.get_by_role("button", name=f"Erase {slug.capitalize()}").click()
    confirm(owner, f"Erase {slug.capitalize()}", slug)
    report = owner.page.locator("[data-erasure]")
    expect(report).to_contain_text("Keep this report")
    expect(report).to_contain_text("Left")
    with owner.page.expect_download() as told:
        report.get_by_role("button", name="Keep the report").click()
    assert '"signature"' in Path(told.value.path()).read_text()
    report.get_by_role("button", name="Done").click()
    expect(owner.page).to_have_title("AOS Sign in")
    runs_it.go("/operator")
    expect(runs_it.page.get_by_text(slug, exact=True)).to_have_count(0)


def test_an_operator_erases_a_tenant_too(runs_it: Window) -> None:
    slug = f"away{uuid4().hex[:6]}"
    make(runs_it, slug)
    runs_it.go(f"/operator?tenant={slug}")
    runs_it.page.get_by_role("button", name="Erase", exact=True).click()
    confirm(runs_it, f"Erase {slug.capitalize()}", slug)
    expect(runs_it.page.locator("[data-erasure]")).to_contain_text("is erased")
    runs_it.page.get_by_role("button", name="Done").click()
    expect(runs_it.page.locator("[data-erasure]")).to_have_count(0)


def test_an_operator_in_no_tenant_is_led_to_what_is_theirs_and_sees_no_rows(runs_it: Window) -> None:
    page = runs_it.page
    for path in ("/", "/data", "/approvals", "/runs"):
        runs_it.go(path)
        expect(page).to_have_url(re.compile("/operator$"))
    assert page.get_by_role("navigation", name="Pages").get_by_role("listitem").all_inner_texts() == ["Installation", "Settings"]
    runs_it.go("/settings/members")
    expect(page.locator("[data-state=not_allowed]")).to_contain_text("You are in no tenant")
    expect(page.get_by_role("navigation", name="Settings").get_by_role("link")).to_have_text(["Profile", "Sessions"])


def test_who_is_no_operator_has_no_such_page(signed_in: SignedIn) -> None:
    window = signed_in("demo@example.com")
    window.go("/operator")
    expect(window.page.locator("[data-state=not_allowed]")).to_contain_text("for operators of the installation")
    assert window.page.get_by_role("link", name="Installation").count() == 0


def test_a_limit_of_the_operators_is_seen_by_the_tenant(runs_it: Window, signed_in: SignedIn) -> None:
    page = runs_it.page
    runs_it.go("/operator?tenant=demo")
    page.get_by_label(re.compile("^Rows, at most")).fill("1,000,000")
    page.get_by_role("button", name="Save: Rows").click()
    viewer = signed_in("viewer@example.com")
    viewer.go("/settings/usage")
    expect(viewer.page.get_by_text("of 1,000,000")).to_be_visible()
    page.get_by_label(re.compile("^Rows, at most")).fill("")
    page.get_by_role("button", name="Save: Rows").click()
    expect(page.get_by_label(re.compile("^Rows, at most"))).to_have_value("")
    viewer.go("/settings/usage")
    expect(viewer.page.get_by_text("There is no limit.").nth(2)).to_be_visible()


def test_signing_up_is_offered_while_the_operator_says_so(runs_it: Window, opened: Opened) -> None:
    stranger = opened()
    stranger.go("/sign-up")
    expect(stranger.page.get_by_text("Nobody signs up at this installation.")).to_be_visible()
    runs_it.go("/operator")
    flag = runs_it.page.locator("[data-flag=SIGN_UP]")
    flag.get_by_role("button", name="Turn on").click()
    expect(flag).to_contain_text("by your word")
    slug = f"own{uuid4().hex[:6]}"
    stranger.go("/sign-in")
    stranger.page.get_by_role("link", name="Make a tenant of your own").click()
    for label, text in (("Your name", "Own Er"), ("E-mail", f"{slug}@example.com"), ("Password", NEW), ("What your tenant is called", slug)):
        stranger.page.get_by_label(label).fill(text)
    stranger.page.get_by_role("button", name="Make my tenant").click()
    expect(stranger.page).to_have_title("AOS Dashboard")
    stranger.go("/settings/members")
    expect(row(stranger, f"{slug}@example.com")).to_contain_text("Owner")
    flag.get_by_role("button", name="By default").click()
    expect(flag).to_contain_text("by default")


def test_an_operator_looks_only_while_let_in_and_the_log_tells_of_it(runs_it: Window, signed_in: SignedIn) -> None:
    owner = signed_in("demo@example.com")
    reason = f"The billing sync fails {uuid4().hex[:6]}"
    owner.go("/settings/access")
    owner.page.get_by_label("E-mail of the operator").fill("operator@example.com")
    owner.page.get_by_label("Why").fill(reason)
    owner.page.get_by_role("button", name="Let them look").click()
    expect(row(owner, reason)).to_contain_text("may look")
    runs_it.go("/operator")
    runs_it.page.get_by_role("button", name="Look", exact=True).click()
    expect(runs_it.page.locator("[data-by-grant]")).to_contain_text("Demo lets you look as an operator")
    runs_it.go("/data/account")
    runs_it.page.locator("tbody tr[data-at='0']").wait_for()
    expect(log_of(owner, "create grants", reason)).to_be_visible()
    expect(owner.page.locator("[data-entry^=read]").filter(has_text="operator@example.com").first).to_be_visible()
    owner.go("/settings/access")
    runs_it.expected = 1
    row(owner, reason).get_by_role("button").click()
    confirm(owner, "End")
    expect(row(owner, reason)).to_contain_text("ended")
    runs_it.go("/data/account")
    expect(runs_it.page.locator("tbody tr[data-at='0']")).to_have_count(0)
