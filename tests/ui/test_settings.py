"""What is done in the settings, in real windows: people come, change and go; keys, sessions, flags; and the log that tells of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]
Opened = Callable[..., Window]
NEW = "three words of mine"


@pytest.fixture
def owner(signed_in: SignedIn) -> Window:
    return signed_in("demo@example.com")


def invite(owner: Window, email: str, role: str) -> str:
    """The link, as it is shown once."""
    owner.go("/settings/invitations")
    page = owner.page
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.locator("[data-secret]")).to_contain_text("it is not shown again")
    return page.get_by_label("Invitation link").input_value()


def join(opened: Opened, link: str, name: str) -> Window:
    window = opened()
    window.page.goto(link)
    window.page.get_by_label("Your name").fill(name)
    window.page.get_by_label("A password of yours").fill(NEW)
    window.page.get_by_role("button", name="Join Demo").click()
    expect(window.page).to_have_title("AOS Dashboard")
    return window


def row(window: Window, text: str) -> Locator:
    return window.page.locator("[data-row]").filter(has_text=text)


def confirm(window: Window, act: str, typed: str | None = None) -> None:
    asked = window.page.get_by_role("alertdialog")
    if typed is not None:
        expect(asked.get_by_role("button", name=act, exact=True)).to_be_disabled()
        asked.get_by_label(re.compile("^Type")).fill(typed)
    asked.get_by_role("button", name=act, exact=True).click()
    expect(asked).to_have_count(0)


def log_of(owner: Window, act: str, word: str) -> Locator:
    """The entries of that kind that say the word."""
    owner.go("/settings/audit")
    return owner.page.locator(f"[data-entry='{act}']").filter(has_text=word)


def test_somebody_is_invited_joins_in_another_window_gets_another_role_and_is_signed_out_by_it(owner: Window, opened: Opened) -> None:
    email = f"grace-{uuid4().hex[:8]}@example.com"
    link = invite(owner, email, "analyst")
    owner.page.get_by_role("button", name="I have kept it").click()
    assert link.partition("#")[2] not in owner.page.content()
    grace = join(opened, link, "Grace Hopper")
    assert "#" not in grace.page.url
    owner.go("/settings/members")
    expect(row(owner, email)).to_contain_text("Analyst")
    owner.page.get_by_role("link", name="Grace Hopper").last.click()
    drawer = owner.page.get_by_role("dialog")
    drawer.get_by_label("Role").select_option("engineer")
    grace.expected = 1
    drawer.get_by_role("button", name="Save").click()
    expect(row(owner, email)).to_contain_text("Engineer")
    grace.go("/runs")
    expect(grace.page).to_have_title("AOS Sign in")
    expect(log_of(owner, "create invitations", email).first).to_be_visible()
    expect(log_of(owner, "accept invitations", email).first).to_be_visible()
    expect(log_of(owner, "change members", email).first).to_be_visible()


def test_a_link_that_was_followed_opens_nothing_any_more(owner: Window, opened: Opened) -> None:
    link = invite(owner, f"once-{uuid4().hex[:8]}@example.com", "viewer")
    join(opened, link, "Once Only")
    late = opened()
    late.expected = 1
    late.page.goto(link)
    expect(late.page.get_by_role("alert")).to_contain_text("This link opens nothing any more")


def test_a_removed_member_is_gone_at_once(owner: Window, opened: Opened) -> None:
    email = f"gone-{uuid4().hex[:8]}@example.com"
    gone = join(opened, invite(owner, email, "viewer"), "Gone Soon")
    gone.expected = 1  # its page may ask by itself as soon as the member is removed
    owner.go("/settings/members")
    row(owner, email).get_by_role("link").click()
    owner.page.get_by_role("button", name="Remove", exact=True).click()
    confirm(owner, "Remove")
    expect(row(owner, email)).to_have_count(0)
    gone.go("/data")
    expect(gone.page).to_have_title("AOS Sign in")
    expect(log_of(owner, "delete members", email)).to_be_visible()


def test_a_member_sets_a_new_password_by_a_link_that_an_owner_hands_over(owner: Window, opened: Opened) -> None:
    email = f"forgot-{uuid4().hex[:8]}@example.com"
    join(opened, invite(owner, email, "viewer"), "Forgot It").expected = 1  # the new password ends it
    owner.go("/settings/members")
    row(owner, email).get_by_role("link").click()
    owner.page.get_by_role("button", name="Reset the password").click()
    confirm(owner, "Make the link")
    link = owner.page.get_by_label("Link for a new password").input_value()
    window = opened()
    window.page.goto(link)
    window.page.get_by_label("New password").fill("four other words here")
    window.page.get_by_role("button", name="Set the password").click()
    window.page.get_by_role("link", name="Sign in").click()
    window.page.get_by_label("E-mail").fill(email)
    window.page.get_by_label("Password").fill("four other words here")
    window.page.keyboard.press("Enter")
    expect(window.page).to_have_title("AOS Dashboard")


def test_a_key_is_shown_once_works_for_a_program_and_is_refused_once_revoked(owner: Window) -> None:
    name = f"export {uuid4().hex[:6]}"
    page = owner.page
    owner.go("/settings/keys")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Make a key").click()
    text = page.get_by_label("Key", exact=True).input_value()

    def asked() -> int:
        return httpx.get(f"{owner.address}/api/v1/metrics", headers={"Authorization": f"Bearer {text}"}).status_code

    assert asked() == 200
    page.reload()
    expect(row(owner, name)).to_contain_text("in force")
    assert text not in page.content()
    row(owner, name).get_by_role("button", name=f"Revoke {name}").click()
    confirm(owner, "Revoke", name)
    expect(row(owner, name)).to_contain_text("revoked")
    assert asked() == 401
    expect(log_of(owner, "create keys", name)).to_be_visible()
    expect(log_of(owner, "delete keys", name)).to_be_visible()


def test_one_session_is_ended_then_the_others_then_all(opened: Opened, owner: Window) -> None:
    link = invite(owner, f"many-{uuid4().hex[:8]}@example.com", "viewer")
    here = join(opened, link, "Many Windows")
    email = here.ask("/me")["user"]["email"]
    others = [opened() for _ in range(3)]
    for other in others:
        other.sign_in(email, NEW)
        other.expected = 1
    here.go("/settings/sessions")
    expect(here.page.locator("[data-row]")).to_have_count(4)
    here.page.get_by_role("button", name=re.compile("^End Chrome")).first.click()
    expect(here.page.locator("[data-row]")).to_have_count(3)
    ended = [other for other in others if other.page.request.get(f"{other.address}/api/v1/me").status == 401]
    assert len(ended) == 1
    here.page.get_by_role("button", name="End all others").click()
    confirm(here, "End the others")
    expect(here.page.locator("[data-row]")).to_have_count(1)
    for other in others:
        other.go("/")
        expect(other.page).to_have_title("AOS Sign in")
    here.expected = 1  # what it had asked when it was ended
    here.page.get_by_role("button", name="End all, this one too").click()
    here.page.get_by_role("alertdialog").get_by_role("button", name="End all").click()
    expect(here.page).to_have_title("AOS Sign in")
    assert here.page.request.get(f"{here.address}/api/v1/me").status == 401


def test_a_password_is_changed_and_the_old_one_is_none_any_more(opened: Opened, owner: Window) -> None:
    window = join(opened, invite(owner, f"new-{uuid4().hex[:8]}@example.com", "viewer"), "New Words")
    window.go("/settings/profile")
    page = window.page
    page.get_by_label("Current password").fill("not my password")
    page.get_by_label("New password").fill("entirely other words")
    window.expected = 1
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert")).to_contain_text("The password stands as it was. The current password is wrong")
    page.get_by_label("Current password").fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("The password is changed.")).to_be_visible()
    email = window.ask("/me")["user"]["email"]
    tried = [httpx.post(f"{window.address}/api/v1/auth/login", json={"email": email, "password": one}).status_code for one in (NEW, "entirely other words")]
    assert tried == [401, 200]


def test_a_flag_that_is_turned_changes_what_other_pages_say(owner: Window) -> None:
    page = owner.page
    owner.go("/settings/flags")
    flag = page.locator("[data-flag=SCHEDULED_REFRESH]")
    flag.get_by_role("button", name="Turn off").click()
    expect(flag).to_contain_text("off")
    expect(flag).to_contain_text("this tenant's own word")
    assert {one["next_sync_at"] for one in owner.ask("/connections")["items"]} == {None}
    flag.get_by_role("button", name="As the installation has it").click()
    expect(flag).to_contain_text("by default")
    assert None not in {one["next_sync_at"] for one in owner.ask("/connections")["items"]}
    expect(log_of(owner, "change flags", "enabled false").first).to_be_visible()
    expect(log_of(owner, "delete flags", "").or_(log_of(owner, "change flags", "enabled none")).first).to_be_visible()


def test_what_figures_are_counted_in_is_saved_and_told(owner: Window) -> None:
    page = owner.page
    owner.go("/settings/tenant")
    page.get_by_label("The fiscal year begins in").select_option("4")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile(r"^1 Apr \d{4} to 31 Mar \d{4}$"))).to_be_visible()
    page.get_by_label("The fiscal year begins in").select_option("1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile(r"^1 Jan \d{4} to 31 Dec \d{4}$"))).to_be_visible()
    expect(log_of(owner, "change settings", "fiscal year start 4").first).to_be_visible()


def test_everything_is_handed_over_as_one_archive(owner: Window) -> None:
    owner.go("/settings/tenant")
    with owner.page.expect_download() as told:
        owner.page.get_by_role("button", name="Export everything").click()
    assert told.value.suggested_filename == "demo.zip"
    expect(owner.page.get_by_text("The archive was handed to your browser.")).to_be_visible()
    expect(log_of(owner, "export tenant", "").first).to_be_visible()


def test_the_log_is_checked_looked_through_and_tells_from_where(owner: Window) -> None:
    page = owner.page
    owner.go("/settings/audit")
    page.get_by_role("button", name="Check the log").click()
    expect(page.get_by_text("The log is as it was written.")).to_be_visible()
    page.get_by_label("By whom").fill("demo@example.com")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page).to_have_url(re.compile("actor=demo%40example.com|actor=demo@example.com"))
    entries = page.locator("[data-entry]")
    expect(entries.first).to_contain_text("demo@example.com")
    entries.first.locator("summary").click()
    expect(entries.first).to_contain_text("127.0.0.1")
    page.get_by_label("By whom").fill("nobody@example.com")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("Nothing like that stands in the log.")).to_be_visible()


SECTIONS = ("members", "invitations", "access", "keys", "audit", "flags", "masks", "usage", "tenant", "sessions")


def test_the_neighbours_people_never_appear(owner: Window, signed_in: SignedIn) -> None:
    mirror = signed_in("mirror@example.com")
    theirs = {one["email"] for one in owner.ask("/members")["items"]}
    assert "demo@example.com" in theirs
    for name in SECTIONS:
        mirror.go(f"/settings/{name}")
        expect(mirror.page.get_by_role("heading", level=2).first).to_be_visible()
        shown = mirror.page.locator("body").inner_text()
        assert not [one for one in theirs if one in shown], name
    member = next(one["user_id"] for one in owner.ask("/members")["items"] if one["email"] == "viewer@example.com")
    mirror.go(f"/settings/members?open={member}")
    expect(row(mirror, "mirror@example.com")).to_be_visible()
    assert mirror.page.get_by_role("dialog").count() == 0


def test_a_viewer_sees_no_section_of_admins_and_is_told_who_can_grant_it(signed_in: SignedIn) -> None:
    window = signed_in("viewer@example.com")
    page = window.page
    window.go("/settings")
    sections = page.get_by_role("navigation", name="Settings")
    assert sections.get_by_role("link").all_inner_texts() == ["Profile", "Sessions", "Tenant", "Members", "Masks", "Flags", "Usage"]
    expect(page.locator("[data-missed]")).to_contain_text("An owner or an admin of Demo can give you a role")
    window.expected = 1
    for name in ("invitations", "access", "keys", "audit"):
        window.go(f"/settings/{name}")
        expect(page.locator("[data-state=not_allowed]")).to_contain_text("of this tenant")
        assert page.locator("[data-row], [data-entry]").count() == 0
    for name in ("members", "masks", "flags", "tenant"):
        window.go(f"/settings/{name}")
        assert page.get_by_role("button", name=re.compile("^(Save|Invite|Turn|Export)")).count() == 0
    window.go("/settings/members")
    row(window, "demo@example.com").get_by_role("link").click()
    expect(page.get_by_role("dialog")).to_contain_text("can change what somebody may")
