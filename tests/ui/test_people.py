"""Who sees what, in real windows side by side: two tenants, a viewer beside an owner, and a decision."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from playwright.sync_api import expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]
PAGES = ["/", "/approvals", "/approvals?show=decided", "/connections", "/data", "/data/account", "/data/opportunity", "/runs"]


def test_two_tenants_side_by_side_never_see_each_others_values(signed_in: SignedIn) -> None:
    demo, mirror = signed_in("demo@example.com"), signed_in("mirror@example.com")
    for window, own, other in ((demo, "Demo", "Mirror"), (mirror, "Mirror", "Demo")):
        window.go("/")
        expect(window.page.get_by_title(f"Tenant {own}")).to_be_visible()
        assert window.page.get_by_title(f"Tenant {other}").count() == 0
    figures = [{(one["name"], one["currency"]): one["value"] for one in window.ask("/metrics")["metrics"]} for window in (demo, mirror)]
    assert figures[0] != figures[1]  # else there would be nothing to tell them apart by
    money = [{one["values"]["amount"] for one in window.ask("/entities/opportunity?limit=200")["rows"]} for window in (demo, mirror)]
    for window, own, other in ((demo, *money), (mirror, *reversed(money))):
        window.go("/data/opportunity")
        window.page.locator("tbody tr[data-at='3']").wait_for()
        place = window.page.get_by_role("columnheader").all_inner_texts().index("Amount")
        shown = {one.removesuffix(" USD").replace(",", "") for one in window.page.locator(f"tbody tr[data-at] > :nth-child({place + 1})").all_inner_texts()} - {"—"}
        assert shown
        assert shown <= {_short(one) for one in own if one is not None}
        assert not shown & ({_short(one) for one in other if one is not None} - {_short(one) for one in own if one is not None})


def _short(amount: str) -> str:
    """As the table shows an amount: at most two decimals."""
    return amount if "." not in amount or len(amount.partition(".")[2]) <= 2 else f"{Decimal(amount):.2f}"


def test_a_record_of_the_neighbour_is_not_there(signed_in: SignedIn) -> None:
    demo, mirror = signed_in("demo@example.com"), signed_in("mirror@example.com")
    connection = demo.ask("/connections")["items"][0]["id"]
    mirror.expected = 1
    mirror.go(f"/connections/{connection}")
    expect(mirror.page.get_by_text("The connection could not be shown.")).to_be_visible()
    assert "billing" not in mirror.page.locator("main").inner_text()


def test_a_viewer_sees_every_page_and_is_told_who_decides(signed_in: SignedIn) -> None:
    window = signed_in("viewer@example.com")
    page = window.page
    for path in PAGES:
        window.go(path)
        assert page.locator("[data-state=error], [data-state=not_allowed]").count() == 0, path
    window.go("/approvals?show=decided")
    expect(page.locator("[data-may=see]")).to_have_text(re.compile("as viewer you cannot decide. An owner, an admin or an engineer"))
    page.keyboard.press("a")
    assert page.get_by_role("button", name=re.compile("Approve|Reject|Edit")).count() == 0
    window.go("/runs")
    assert page.get_by_role("button", name="Refresh").count() == 0


def test_a_proposal_is_looked_at_rejected_with_a_reason_and_stands_decided(signed_in: SignedIn) -> None:
    window = signed_in("mirror@example.com")
    page = window.page
    waiting = window.ask("/proposals?state=open")["items"]
    assert waiting
    window.go("/approvals")
    first = waiting[0]
    article = page.get_by_role("article")
    expect(article.get_by_role("heading", level=2)).to_have_text(first["title"])
    expect(article.get_by_text(str(first["evidence"][0]))).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.type("the column means something else")
    page.get_by_role("button", name="Reject this change").click()
    expect(page.get_by_role("article", name=first["title"])).to_have_count(0)
    window.go(f"/approvals?show=decided&proposal={first['id']}")
    expect(article).to_contain_text("the column means something else")
    expect(article).to_contain_text("mirror@example.com")
    assert window.ask(f"/proposals/{first['id']}")["state"] == "rejected"


def test_a_proposal_is_approved_exactly_as_it_was_seen(signed_in: SignedIn) -> None:
    window = signed_in("demo@example.com")
    page = window.page
    waiting = window.ask("/proposals?state=open")["items"]
    assert waiting
    chosen = waiting[0]
    window.go(f"/approvals?proposal={chosen['id']}")
    expect(page.get_by_text(f"from: {chosen['change']['from']}")).to_be_visible()
    page.get_by_role("button", name=re.compile("Approve")).click()
    page.get_by_role("button", name="Approve this change").click()
    expect(page.get_by_role("article", name=chosen["title"])).to_have_count(0)
    decided = window.ask(f"/proposals/{chosen['id']}")
    assert (decided["state"], decided["decisions"][0]["change"]) == ("approved", chosen["change"])


def test_a_viewer_meets_a_lock_where_an_owner_reads_who_sold(signed_in: SignedIn) -> None:
    owner, viewer = signed_in("demo@example.com"), signed_in("viewer@example.com")
    row = owner.ask("/entities/opportunity?limit=1")["rows"][0]
    seller = row["values"]["owner"]
    for window, said in ((owner, seller), (viewer, "masked")):
        window.go(f"/data/opportunity/{row['id']}")
        expect(window.page.locator("[data-field=owner]")).to_contain_text(said)
    viewer.page.locator("[data-field=owner]").click()
    expect(viewer.page.get_by_text("Masked for your role, with where it comes from. An owner of this tenant can let your role see it.")).to_be_visible()
    assert seller not in viewer.page.content()
