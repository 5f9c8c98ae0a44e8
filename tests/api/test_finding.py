"""Finding records: sorted, searched, filtered by several values or by their absence, and counted by facets."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aos_api.masking import Mask
from aos_api.reads.columns import shape_of
from aos_api.reads.finding import Asked, slice_of
from aos_core.masking import Policy
from aos_core.ontology import standard
from aos_core.sight import Lineage
from aos_resources.masks import Known
from aos_resources.warehouse import Published, Version
from tests.api.built_version import build_version
from tests.scenario import SHARED, World, made_id

Row = dict[str, Any]
UNMASKED = Mask("owner", standard(), Known(Policy(), Lineage()))
ACCOUNT = standard().entity("account")


def rows_of(word: str) -> list[Row]:
    """Seven companies with gaps, twins, accents and everything that SQL, patterns and JSON find special."""
    names = [f"Müller {word}", f"100% {word}", f"a_b {word}", f"O'Hara \"{word}\"", f"nul\x00l {word}", f"🎉 {word}", None]
    industries = [f"{word} energy", f"{word} energy", "retail", "retail", "retail", None, None]
    revenues = ["10", None, "7.5", "10", "-3", None, "0.000000000000001"]
    return [
        {"name": name, "industry": industry, "revenue": revenue, "risk_level": risk, "employee_count": count}
        for name, industry, revenue, risk, count in zip(
            names, industries, revenues, ["low", "high", "high", None, "low", "low", "low"], [1, 2, 2, None, 5, 1, 2], strict=True
        )
    ]


def fill(connection: duckdb.DuckDBPyConnection, rows: list[Row]) -> None:
    """The accounts are these and no others, with keys A-1, A-2 and so on."""
    connection.execute("delete from unified.accounts")
    for number, row in enumerate(rows, start=1):
        told = {"_ordinal": number, "account_id": made_id(f"found {number}"), "account_id_source": f"A-{number}", "_stale": False, "_seq": number} | row
        named = ", ".join(f'"{one}"' for one in told)
        connection.execute(f"insert into unified.accounts ({named}) values ({', '.join('?' * len(told))})", list(told.values()))


@pytest.fixture(scope="module", autouse=True)
def published(world: World) -> Iterator[None]:
    """Both tenants have the seven companies under the same ids, each with its own words; afterwards what they had before."""
    version = made_id("version to find in")
    for tenant in (world.acme, world.globex):
        path = world.version_path(tenant, version)
        build_version(path, "", accounts=1)
        with duckdb.connect(str(path)) as connection:
            fill(connection, rows_of(tenant.slug))
        world.publish(tenant, version, 500)
    yield
    for tenant in (world.acme, world.globex):
        with world.database.of(tenant).transaction() as transaction:
            transaction.run("update aos.warehouses set current = :id", id=SHARED.version)


def ask(client: httpx.Client, path: str = "", **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/entities/account{path}", params=asked)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def keys(client: httpx.Client, **asked: Any) -> list[str]:
    """Of all pages together, two rows a page."""
    found, cursor, total = [], None, None
    while cursor is not None or total is None:
        page = ask(client, **asked, limit=2, **({"cursor": cursor} if cursor else {}))
        assert total in (None, page["total"])
        found, cursor, total = found + [one["source_key"].removeprefix("A-") for one in page["rows"]], page["next"], page["total"]
    assert total == len(found)
    return found


def counts(client: httpx.Client, **asked: Any) -> dict[str, tuple[dict[str, int], int, int]]:
    said = ask(client, "/facets", **asked)
    return {one["field"]: ({of["value"]: of["count"] for of in one["values"]}, one["others"], one["empty"]) for one in said["facets"]}


def test_rows_are_sorted_by_any_field_what_has_no_value_last_and_equals_as_they_were_founded(acme: httpx.Client) -> None:
    assert keys(acme, sort="revenue") == ["5", "7", "3", "1", "4", "2", "6"]
    assert keys(acme, sort="-revenue") == ["1", "4", "3", "7", "5", "2", "6"]
    assert keys(acme, sort="-account_id") == ["7", "6", "5", "4", "3", "2", "1"]
    assert keys(acme, sort="sector") == ["1", "2", "3", "4", "5", "6", "7"]
    assert keys(acme, sort="website") == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("muller", ["1"]), ("MÜLLER", ["1"]), ("mu\u0308ller acme", ["1"]), ("acme muller", ["1"]), ("muller globex", []), ("100%", ["2"]), ("%", ["2"]),
        ("_", ["3"]), ("a_b", ["3"]), ("'", ["4"]), ('"acme"', ["4"]), ("\x00", ["5"]), ("🎉", ["6"]), ("a-7", ["7"]), ("high", ["2", "3"]),
        ("'; drop table x; --", []), ("\\", []), ("   ", ["1", "2", "3", "4", "5", "6", "7"]),
    ],
)  # fmt: skip
def test_every_word_stands_in_some_text_of_the_row_and_is_never_a_pattern(acme: httpx.Client, words: str, found: list[str]) -> None:
    assert keys(acme, search=words) == found


def test_several_values_of_a_field_are_alternatives_and_so_is_its_absence(acme: httpx.Client) -> None:
    assert keys(acme, employee_count=["1", "5"]) == ["1", "5", "6"]
    assert keys(acme, employee_count="5", empty="employee_count") == ["4", "5"]
    assert keys(acme, empty=["revenue", "industry"]) == ["6"]
    assert keys(acme, industry="retail", sector="acme energy", risk_level="high", sort="-name") == ["3", "2"]


def test_a_reference_is_found_by_the_sources_key_even_where_that_looks_like_an_id(acme: httpx.Client) -> None:
    assert keys(acme, account_id="A-3") == ["3"]
    assert keys(acme, account_id=str(made_id("found 3"))) == ["3"]


def test_facets_count_what_the_other_filters_leave_and_not_their_own(acme: httpx.Client) -> None:
    assert counts(acme) == {"industry": ({"retail": 3, "acme energy": 2}, 0, 2), "risk_level": ({"low": 4, "high": 2}, 0, 1), "name": counts(acme)["name"]}
    chosen = counts(acme, risk_level="high", industry="retail")
    assert (chosen["risk_level"], chosen["industry"]) == (({"high": 1, "low": 1}, 0, 1), ({"acme energy": 1, "retail": 1}, 0, 0))
    searched = counts(acme, search="muller", risk_level="high")
    assert (searched["risk_level"], searched["industry"]) == (({"low": 1}, 0, 0), ({}, 0, 0))


def test_a_facet_names_the_most_frequent_values_and_any_that_is_chosen_and_counts_the_others() -> None:
    from aos_api.reads.facets import _facet

    field = ACCOUNT.field("industry")
    told = _facet(field, [(f"v{number:02}", 30 - number) for number in range(25)] + [(None, 4)], {"v24"})
    assert [one["value"] for one in told["values"]] == [f"v{number:02}" for number in [*range(20), 24]]
    assert (told["others"], told["empty"]) == (10 + 9 + 8 + 7, 4)


def test_a_choice_counts_as_many_rows_as_it_then_shows(acme: httpx.Client) -> None:
    for field, (values, _, empty) in counts(acme, search="acme").items():
        for value, count in values.items():
            page = ask(acme, search="acme", **{field: value})
            assert (page["total"], ask(acme, "/facets", search="acme", **{field: value})["total"]) == (count, count), (field, value)
        assert ask(acme, search="acme", empty=field)["total"] == empty


def test_the_neighbour_with_the_same_ids_finds_its_own_words_only(acme: httpx.Client, globex: httpx.Client) -> None:
    for client, own, other in ((acme, "acme", "globex"), (globex, "globex", "acme")):
        assert keys(client, search=own) == ["1", "2", "3", "4", "5", "6"]
        assert keys(client, search=other) == []
        assert keys(client, industry=f"{other} energy") == []
        assert list(counts(client)["industry"][0]) == ["retail", f"{own} energy"]
        assert other not in client.get("/entities/account", params={"sort": "-industry", "search": "muller"}).text
        assert other not in client.get("/entities/account/facets", params={"industry": "retail"}).text


def test_a_cursor_of_one_tenant_opens_the_same_version_id_of_the_other_as_its_own(acme: httpx.Client, globex: httpx.Client) -> None:
    cursor = ask(acme, sort="-revenue", limit=2)["next"]
    page = ask(globex, sort="-revenue", limit=2, cursor=cursor)
    assert [one["values"]["name"] for one in page["rows"]] == ["a_b globex", None]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"sort": "nothing"}, "has no field of that name"), ({"sort": "-"}, "has no field of that name"), ({"sort": ""}, "has no field of that name"),
        ({"empty": "nothing"}, "has no field of that name"), ({"search": "a b c d e f g h i"}, "at most 8 words"), ({"search": "x" * 201}, "200 characters"),
        ({"employee_count": ["1", "many"]}, "of the type integer"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_a_sentence(acme: httpx.Client, asked: dict[str, Any], said: str) -> None:
    for path in ("", "/facets"):
        if path and "sort" in asked:
            continue
        answer = acme.get(f"/entities/account{path}", params=asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
        assert said in answer.json()["detail"]


def test_structures_have_no_order(acme: httpx.Client) -> None:
    answer = acme.get("/entities/cloud_resource", params={"sort": "tags"})
    assert (answer.status_code, answer.json()["detail"]) == (422, "tags holds structures, which have no order (tags). Sort by another field.")


def test_a_cursor_goes_on_in_the_listing_that_it_came_from_and_in_no_other(acme: httpx.Client) -> None:
    asked = {"sort": "revenue", "search": "acme", "risk_level": "low", "limit": 1}
    cursor = ask(acme, **asked)["next"]
    assert ask(acme, **asked, cursor=cursor)["rows"][0]["source_key"] == "A-1"
    for other in ({"sort": "-revenue"}, {"sort": "name"}, {"search": "a"}, {"risk_level": "high"}, {"risk_level": ["low", "high"]}, {"empty": "risk_level"}):
        answer = acme.get("/entities/account", params=asked | other | {"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "not_understood"), other


def test_an_entity_without_rows_has_facets_without_values(acme: httpx.Client) -> None:
    said = acme.get("/entities/contact/facets").json()
    assert (said["total"], said["facets"]) == (0, [])
    assert acme.get("/entities/contact", params={"sort": "name", "search": "x"}).json()["rows"] == []
    assert acme.get("/entities/nothing/facets").status_code == 404


# Few values each, so that twins and gaps are common.
_TEXT = st.none() | st.sampled_from(["", "a", "A", "b", "é", "e", "🎉", "%"])
_ROW = st.fixed_dictionaries(
    {
        "name": _TEXT,
        "revenue": st.none() | st.sampled_from([Decimal("-1"), Decimal("0"), Decimal("0.000000000000001"), Decimal("3")]),
        "employee_count": st.none() | st.integers(-2, 2),
        "risk_level": st.none() | st.sampled_from(["low", "medium", "high"]),
        "created_at": st.none() | st.sampled_from([datetime(2026, 1, 1), datetime(1960, 1, 1, 0, 0, 1)]),
        "parent_account_source": _TEXT,
    }
)
_FIELDS = {"parent_account_source": "parent_account"}
_COLUMNS = ["name", "revenue", "employee_count", "risk_level", "created_at", "parent_account_source", "account_id_source"]


def folded(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(one))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    path: Path = tmp_path_factory.mktemp("found") / "v.duckdb"
    build_version(path, "", accounts=1)
    with duckdb.connect(str(path)) as connection:
        yield connection


@settings(max_examples=120, deadline=None)
@given(
    rows=st.lists(_ROW, max_size=12),
    by=st.none() | st.sampled_from(_COLUMNS),
    descending=st.booleans(),
    risks=st.sets(st.sampled_from(["low", "medium", "high"])),
    counts=st.sets(st.integers(-2, 2)),
    without=st.sets(st.sampled_from(["risk_level", "name", "parent_account_source"])),
    word=st.sampled_from(["", "", "a", "E", "%", "low"]),
    limit=st.integers(1, 5),
)
def test_walking_the_pages_gives_what_sorting_and_filtering_all_rows_gives(
    fresh: duckdb.DuckDBPyConnection, rows: list[Row], by: str | None, descending: bool, risks: set[str], counts: set[int], without: set[str], word: str, limit: int
) -> None:
    fill(fresh, rows)
    every = [row | {"account_id_source": f"A-{number}", "number": number} for number, row in enumerate(rows, start=1)]

    def fits(row: Row) -> bool:
        chosen = {"risk_level": risks, "employee_count": counts}
        held = [row[field] in chosen.get(field, set()) or (field in without and row[field] is None) for field in {*(f for f, v in chosen.items() if v), *without}]
        texts = [row[one] for one in ("name", "risk_level", "parent_account_source", "account_id_source")]
        return all(held) and (not word or any(folded(word) in folded(one) for one in texts if one is not None))

    expected = [row for row in every if fits(row)]
    if by is not None:
        full = [row for row in expected if row[by] is not None]
        full.sort(key=lambda row: row[by], reverse=descending)  # stable, also in reverse
        expected = full + [row for row in expected if row[by] is None]
    values = {"risk_level": sorted(risks), "employee_count": [str(one) for one in sorted(counts)]}
    sort = None if by is None else ("-" if descending else "") + _FIELDS.get(by, by.removesuffix("_source"))
    asked = Asked({name: said for name, said in values.items() if said}, sorted(_FIELDS.get(one, one) for one in without), word, sort)

    version = Version(Published(UUID(int=1), datetime.now(UTC), 1, ""), fresh)
    shape, seen, after = shape_of(version, ACCOUNT, UNMASKED), [], None
    for _ in range(20):
        found = slice_of(version, shape, asked, after, limit)
        assert found.total == len(expected)
        seen += [one["source_key"] for one in json.loads(f"[{found.rows}]")]
        after = found.last
        if after is None:
            break
    assert seen == [row["account_id_source"] for row in expected]


def test_pages_meet_every_row_once_where_ordinals_have_gaps(tmp_path: Path) -> None:
    path = tmp_path / "gaps.duckdb"
    build_version(path, "", accounts=1)
    kept = [1, 2, 3, 40, 41, 5_000, 5_001, 90_000]
    with duckdb.connect(str(path)) as connection:
        fill(connection, [{"name": f"n{place}"} for place in kept])
        for number, place in enumerate(kept, start=1):
            connection.execute("update unified.accounts set _ordinal = ? where account_id_source = ?", [-place, f"A-{number}"])
        connection.execute("update unified.accounts set _ordinal = -_ordinal")
        version = Version(Published(made_id("gaps"), datetime.now(UTC), 1, str(path)), connection)
        for limit in (1, 2, 3, 100):
            met, after = [], None
            while True:
                found = slice_of(version, shape_of(version, ACCOUNT, UNMASKED), Asked(), after, limit)
                met += [row["values"]["name"] for row in json.loads(f"[{found.rows}]")]
                assert found.total == len(kept)
                if (after := found.last) is None:
                    break
            assert met == [f"n{place}" for place in kept], limit
