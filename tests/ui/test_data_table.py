"""The table of an entity in a real browser: sorted, searched, narrowed by facets, and walked to the end of 100,000 rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.ui.window import Window

SignedIn = Callable[..., Window]
MANY = 100_000
MOST_DRAWN = 120


def amounts(page: Page) -> list[float]:
    place = [one.strip() for one in page.get_by_role("columnheader").all_inner_texts()].index("Amount")
    shown = page.locator(f"tbody tr[data-at] > :nth-child({place + 1})").all_inner_texts()
    return [float(one.removesuffix(" USD").replace(",", "")) for one in shown if one != "—"]


def footer(page: Page) -> Locator:
    return page.get_by_text("Version published").locator("[role=status]")


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=name, exact=True)


def test_a_head_sorts_the_whole_table_and_back_and_forward_go_through_the_orders(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/opportunity")
    largest = window.ask("/entities/opportunity?sort=-amount&limit=1")["rows"][0]["values"]["amount"]
    head = page.get_by_role("columnheader", name="Amount")
    founded = page.locator("tbody tr[data-at='0']").inner_text()
    for order, said in (("ascending", "sorted by Amount, smallest first."), ("descending", "sorted by Amount, largest first.")):
        head.get_by_role("button").focus()
        page.keyboard.press("Enter")
        expect(footer(page)).to_contain_text(said)
        expect(head).to_have_attribute("aria-sort", order)
        shown = amounts(page)
        assert len(shown) > 5
        assert shown == sorted(shown, reverse=order == "descending")
    assert shown[0] == float(largest)
    expect(head.get_by_role("button")).to_be_focused()
    page.go_back()
    expect(head).to_have_attribute("aria-sort", "ascending")
    page.go_back()
    expect(head).to_have_attribute("aria-sort", "none")
    expect(page.locator("tbody tr[data-at='0']")).to_have_text(re.compile(re.escape(founded.split("\t")[0].strip())))
    page.go_forward()
    page.go_forward()
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    expect(footer(page)).to_have_text("200 of 8,800 read, in the order in which they were founded.")


def test_a_chosen_value_narrows_the_table_to_as_many_rows_as_its_count_says(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/opportunity")
    status, product = group(page, "Status"), group(page, "Product")
    expect(status.get_by_role("checkbox")).to_have_count(3)
    won = status.get_by_role("checkbox", name=re.compile("^Won"))
    said = status.locator("label", has_text="Won").locator("span").last.inner_text()
    won.focus()
    page.keyboard.press("Space")
    expect(footer(page)).to_contain_text(f"of {said} matching")
    expect(page.get_by_role("list", name="Chosen values").get_by_role("button", name="Status is Won")).to_be_visible()
    expect(page.locator("tbody tr[data-at='0']")).to_contain_text("Won")
    expect(status.get_by_role("checkbox")).to_have_count(3)  # its own choice hides none of the others
    left = next(one["values"] for one in window.ask("/entities/opportunity/facets?status=won")["facets"] if one["field"] == "product")
    total = 0
    for value in left[:2]:
        expect(product.locator("label", has_text=f"{value['value']}{value['count']:,}")).to_be_visible()
        product.get_by_role("checkbox", name=f"{value['value']} {value['count']:,}").check()
        total += value["count"]
        expect(footer(page)).to_contain_text(f"of {total:,} matching")
    assert window.violations() == []
    page.get_by_role("button", name="Clear all").click()
    expect(footer(page)).to_contain_text("200 of 8,800 read")


def test_a_search_finds_a_record_and_what_finds_none_says_so(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/opportunity")
    box = page.get_by_role("searchbox", name="Search opportunities")
    box.fill("1c1i7a6r moses")
    expect(footer(page)).to_contain_text("1 of 1 matching")
    expect(page.get_by_role("link", name="1C1I7A6R")).to_be_visible()
    expect(page).to_have_url(re.compile("q=1c1i7a6r"))
    box.fill("no such thing")
    expect(page.locator("[data-state=empty]").filter(has_text="No opportunity matches.")).to_be_visible()
    assert window.violations() == []
    page.get_by_role("button", name="Clear filters").click()
    expect(footer(page)).to_contain_text("200 of 8,800 read")
    expect(box).to_have_value("")


def test_a_link_with_words_an_order_and_choices_leads_to_the_same_rows_again(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    window.go("/data/opportunity?q=gtx&sort=-amount&where=%7B%22status%22%3A%22won%22%7D")
    expect(footer(page)).to_contain_text("matching, sorted by Amount, largest first.")
    asked = window.ask("/entities/opportunity?search=gtx&sort=-amount&status=won&limit=3")
    expect(footer(page)).to_contain_text(f"of {asked['total']:,} matching")
    for _ in range(2):
        for place, row in enumerate(asked["rows"]):
            expect(page.locator(f"tbody tr[data-at='{place}'] a")).to_have_text(row["source_key"])
        expect(page.get_by_role("columnheader", name="Amount")).to_be_in_viewport()
        expect(page.get_by_role("searchbox")).to_have_value("gtx")
        expect(group(page, "Status").get_by_role("checkbox", name=re.compile("^Won"))).to_be_checked()
        page.reload()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_telephone_filters_are_a_drawer_and_the_order_a_choice(signed_in: SignedIn, theme: str) -> None:
    window = signed_in(width=360, height=780, theme=theme)
    page = window.page
    window.go("/data/opportunity")
    page.get_by_label("Sort by").select_option("-amount")
    expect(footer(page)).to_contain_text("sorted by Amount, largest first")
    page.get_by_role("button", name="Filters").click()
    drawer = page.get_by_role("dialog", name="Filters")
    drawer.get_by_role("checkbox", name=re.compile("^Won")).check()
    expect(drawer).to_contain_text("4,238 records now.")
    assert window.violations() == []
    page.keyboard.press("Escape")
    expect(footer(page)).to_have_text("200 of 4,238 matching, sorted by Amount, largest first.")
    assert not window.is_too_wide()
    assert window.violations() == []


def made_rows(record: dict[str, Any], first: int, number: int) -> list[dict[str, Any]]:
    return [
        record | {"id": f"00000000-0000-4000-8000-{at:012d}", "source_key": f"made {at}", "values": record["values"] | {"name": f"made {at}", "amount": str(at)}}
        for at in range(first, min(first + number, MANY))
    ]


def serve_many(window: Window) -> list[int]:
    """The server has 100,000 opportunities from now on; gives the sizes of the pages that were asked for."""
    first = window.ask("/entities/opportunity?limit=1")
    record, sizes = first["rows"][0], []

    def page_of(url: str) -> dict[str, Any]:
        asked = {name: said[0] for name, said in parse_qs(urlsplit(url).query).items()}
        limit, after = int(asked["limit"]), int(asked.get("cursor", "0"))
        sizes.append(limit)
        following = str(after + limit) if after + limit < MANY else None
        return {"version": first["version"], "total": MANY, "rows": made_rows(record, after, limit), "next": following}

    window.answer_by("/entities/opportunity", page_of)
    return sizes


WATCH = """
window.long = 0; window.drawn = 0;
new PerformanceObserver(list => { for (const one of list.getEntries()) window.long = Math.max(window.long, one.duration); }).observe({entryTypes: ['longtask']});
new MutationObserver(() => { window.drawn = Math.max(window.drawn, document.querySelectorAll('tr[data-at]').length); }).observe(document.body, {childList: true, subtree: true});
"""


def test_a_hundred_thousand_rows_are_walked_to_their_end_by_keyboard_with_few_drawn(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    sizes = serve_many(window)
    window.go("/data/opportunity")
    page.evaluate(WATCH)
    page.locator("tbody tr[data-at='0'] a").focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    expect(page.locator("tbody tr[data-at] a:focus")).to_have_text(re.compile(r"^made [1-9]\d+$"))
    page.keyboard.press("End")
    expect(page.get_by_text("Reading to the end:")).to_be_visible()
    last = page.locator(f"tbody tr[data-at='{MANY - 1}'] a")
    expect(last).to_have_text(f"made {MANY - 1}", timeout=90_000)
    expect(last).to_be_focused()
    expect(footer(page)).to_contain_text("100,000 of 100,000 read")
    read = page.evaluate("window.long")
    page.evaluate("window.long = 0")
    page.keyboard.press("Home")
    expect(page.locator("tbody tr[data-at='0'] a")).to_be_focused()
    page.keyboard.press("End")
    expect(last).to_be_focused()
    for _ in range(20):
        page.keyboard.press("PageUp")
    print(f"longest task: {read:.0f} ms while reading {len(sizes)} pages, {page.evaluate('window.long'):.0f} ms while scrolling; {page.evaluate('window.drawn')} rows drawn at most")
    assert page.evaluate("window.drawn") <= MOST_DRAWN
    assert sizes == [200] + [500] * 200


def test_reading_to_the_end_is_stopped_by_any_other_key(signed_in: SignedIn) -> None:
    window = signed_in()
    page = window.page
    sizes = serve_many(window)
    window.go("/data/opportunity")
    page.locator("tbody tr[data-at='0'] a").focus()
    page.keyboard.press("End")
    expect(page.get_by_text("Reading to the end:")).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("tbody tr[data-at='0'] a")).to_be_focused()
    window.rest()
    assert len(sizes) < 100
