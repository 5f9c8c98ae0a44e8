"""Reading over HTTP: connections to cells, what each answer says."""

from __future__ import annotations

import httpx
import psycopg
import pytest
from sqlalchemy import event

from aos_api.paging import write_cursor
from tests.api.built_version import EXACT, account_id
from tests.api.serving import Served
from tests.scenario import SHARED, World


def test_a_connection_shows_both_balances_of_each_stream(acme: httpx.Client) -> None:
    listed = acme.get("/connections").json()["items"]
    assert [(one["name"], one["note"], one["streams"], one["last_sync"]["state"]) for one in listed] == [
        ("Acme", "Acme-only", 2, "succeeded")
    ]
    detail = {one["name"]: one for one in acme.get(f"/connections/{SHARED.connection}").json()["detail"]}
    reading = detail["accounts"]["reading"]
    assert (reading["read"], reading["landed"], reading["unchanged"], reading["rejected"], reading["balanced"]) == (6, 3, 2, 1, True)
    (mapped,) = detail["accounts"]["mappings"]
    assert mapped["balance"] == {
        "landed": 3, "canonical": 1, "quarantined": 2, "held": 0, "unmapped": 0, "duplicate": 0, "deleted": 1, "cell_issues": 4,
        "waiting": 0, "balanced": True,
    }  # fmt: skip


def test_rows_of_a_stream_without_a_mapping_are_all_unmapped(acme: httpx.Client) -> None:
    items = acme.get("/mappings").json()["items"]
    loose = next(one for one in items if one["stream_id"] == str(SHARED.loose_stream))
    assert (loose["mapping_id"], loose["balance"]["landed"], loose["balance"]["unmapped"], loose["balance"]["balanced"]) == (None, 3, 3, True)


def test_a_mapping_shows_its_document_and_what_it_refused(acme: httpx.Client) -> None:
    mapping = acme.get(f"/mappings/{SHARED.mapping}").json()
    assert (mapping["entity"], mapping["version"], mapping["document"]["key"]) == ("account", 2, "Id")
    first = acme.get(f"/mappings/{SHARED.mapping}/quarantine", params={"limit": 1}).json()
    second = acme.get(f"/mappings/{SHARED.mapping}/quarantine", params={"limit": 1, "cursor": first["next"]}).json()
    assert [one["source_key"] for one in first["rows"] + second["rows"]] == ["A-1", "A-2"]
    assert first["rows"][0]["reasons"] == [{"field": "revenue", "value": "Acme-only", "reason": "not a number"}]
    assert second["next"] is None
    assert acme.get(f"/mappings/{SHARED.mapping}/quarantine", params={"kind": "cell"}).json() == {"rows": [], "next": None, "masked": []}


def test_a_stream_shows_its_columns_with_the_words_of_the_dictionary(acme: httpx.Client) -> None:
    stream = acme.get(f"/streams/{SHARED.stream}").json()
    assert [(one["name"], one["description"]) for one in stream["columns"]] == [
        ("Id", ""), ("AnnualRevenue", "In millions, Acme-only"), ("Sector", ""),
    ]  # fmt: skip
    assert stream["shape"] == "s"
    assert acme.get(f"/streams/{SHARED.stream}/fingerprints").json()["items"][0]["shape"] == "s"


def test_landed_rows_come_once_each_and_as_the_source_sent_them(acme: httpx.Client) -> None:
    rows, cursor = [], None
    for _ in range(5):
        page = acme.get(f"/streams/{SHARED.stream}/rows", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        rows, cursor = rows + page["rows"], page["next"]
        if cursor is None:
            break
    assert [(one["row"], one["key"], one["values"]["AnnualRevenue"]) for one in rows] == [
        (0, "A-0", "0.0000005"), (1, "A-1", "0.0000015"), (2, "A-2", "0.0000025"),
    ]  # fmt: skip
    assert set(rows[0]["values"]) == {"Id", "Name", "AnnualRevenue", "Parent"}


def test_a_sync_says_what_it_read_of_each_stream(acme: httpx.Client) -> None:
    sync = acme.get(f"/syncs/{SHARED.sync}").json()
    assert sync["balanced"] is True
    assert [(one["stream"], one["read"], one["deleted"]) for one in sync["streams"]] == [("accounts", 6, 1), ("loose", 6, 1)]
    assert [one["id"] for one in acme.get("/syncs").json()["items"]] == [str(SHARED.sync)]
    assert acme.get(f"/connections/{SHARED.connection}/syncs").json() == acme.get("/syncs").json()


def test_decimals_are_exact_to_the_last_place(acme: httpx.Client) -> None:
    record = acme.get(f"/entities/account/{account_id(1)}").json()["record"]
    assert record["values"]["revenue"] == EXACT
    assert record["extras"] == {"Fax": "1.10"}
    assert acme.get(f"/entities/account/{account_id(2)}").json()["record"]["values"]["revenue"] == "2.5"
    figures = {(one["name"], one["currency"]): one["value"] for one in acme.get("/metrics").json()["metrics"]}
    assert figures == {("accounts", None): "1203", ("revenue", "EUR"): EXACT, ("revenue", "USD"): None}


def test_entities_answer_to_name_plural_and_alias(acme: httpx.Client) -> None:
    listed = {one["name"]: one["rows"] for one in acme.get("/entities").json()["entities"]}
    assert listed == {"account": 1203, "contact": 0, "opportunity": 0, "cloud_resource": 0, "cost_report": 0}
    pages = [acme.get(f"/entities/{name}", params={"limit": 3}).text for name in ("account", "accounts", "customer")]
    assert len(set(pages)) == 1
    assert acme.get("/entities/aws_resources").json()["rows"] == []
    assert acme.get("/entities/nothing").status_code == 404


def test_a_record_is_shown_with_its_times_references_and_staleness(acme: httpx.Client) -> None:
    record = acme.get(f"/entities/account/{account_id(3)}").json()["record"]
    assert record["values"]["created_at"] == "2026-03-02T09:30:00.25Z"
    assert record["values"]["parent_account"] == str(account_id(1))
    assert record["references"] == {"parent_account": "A-1"}
    assert (record["stale"], record["source_key"], record["values"]["employee_count"]) == (True, "A-3", 3)


def test_a_page_is_filtered_by_values_of_any_type(acme: httpx.Client) -> None:
    def found(**filters: str) -> list[str]:
        answer = acme.get("/entities/accounts", params=filters)
        assert answer.status_code == 200, answer.text
        return [one["source_key"] for one in answer.json()["rows"]]

    assert found(revenue=EXACT) == ["A-1"]
    assert found(employee_count="7") == ["A-7"]
    assert found(name="Acme-only 12") == ["A-12"]
    assert found(account_id=str(account_id(5))) == ["A-5"]
    assert found(account_id="A-6") == ["A-6"]
    assert len(found(parent_account="A-1", limit="500")) == 500
    assert len(found(created_at="2026-03-02T10:30:00.25+01:00", limit="9")) == 9
    for filters in ({"employee_count": "12.7"}, {"risk_level": "odd"}, {"revenue": "1e3"}, {"nothing": "1"}, {"created_at": "soon"}):
        assert acme.get("/entities/accounts", params=filters).status_code == 422, filters


def test_a_filtered_listing_meets_every_row_once(acme: httpx.Client) -> None:
    seen, cursor = [], None
    while True:
        page = acme.get("/entities/accounts", params={"risk_level": "high", "limit": 250} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["values"]["employee_count"] for one in page["rows"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == list(range(2, 1204, 2))


def test_an_id_that_was_merged_away_leads_to_what_it_became(acme: httpx.Client) -> None:
    answer = acme.get(f"/entities/account/{SHARED.merged}").json()
    assert (answer["redirected_from"], answer["record"]["id"]) == (str(SHARED.merged), str(account_id(2)))
    assert acme.get(f"/entities/account/{account_id(2)}").json()["redirected_from"] is None


def test_an_id_that_stands_in_the_version_that_is_read_is_followed_no_further(world: World, acme: httpx.Client) -> None:
    """As it is while a version in which the thing was merged away is published."""
    merged = (world.acme.id, account_id(9))
    with psycopg.connect(world.owner_url, autocommit=True) as owner:
        owner.execute(
            "insert into aos.redirects (tenant_id, from_id, to_id, cause, seq) values (%s, %s, %s, 'merged', 1000000)", (*merged, account_id(2))
        )
        try:
            answer = acme.get(f"/entities/account/{account_id(9)}").json()
            cell = acme.get(f"/entities/account/{account_id(9)}/provenance/name").json()
        finally:
            owner.execute("delete from aos.redirects where tenant_id = %s and from_id = %s", merged)
    assert (answer["redirected_from"], answer["record"]["id"], cell["id"]) == (None, str(account_id(9)), str(account_id(9)))


@pytest.mark.parametrize("path", ["", f"/{account_id(3)}", "?limit=5&cursor={cursor}"])
def test_a_read_asks_the_control_plane_once_for_the_version(served: Served, acme: httpx.Client, path: str) -> None:
    acme.get("/entities/account")  # the session is known, the version open
    asked: list[str] = []
    following = path.format(cursor=write_cursor("account []", SHARED.version, 20))
    engine = served.app.state.services.database._engine("aos_app")

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        assert acme.get(f"/entities/account{following}").status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert [one.split()[1].partition("(")[0] for one in asked] in (["aos.enter", "v.id,"], ["aos.enter", "id,"])


def test_an_id_that_was_issued_but_stands_nowhere_is_gone_and_not_unknown(acme: httpx.Client) -> None:
    gone = acme.get(f"/entities/account/{SHARED.gone}")
    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
    assert "issued" in gone.json()["detail"]
    assert acme.get(f"/entities/contact/{SHARED.gone}").status_code == 404


def test_a_cell_leads_down_to_its_source_row(acme: httpx.Client) -> None:
    cell = acme.get(f"/entities/account/{account_id(1)}/provenance/revenue").json()
    source, mapping = cell["source"], cell["mapping"]
    assert cell["value"] == EXACT
    assert (source["connection"]["name"], source["stream"]["name"], source["part"], source["row"]) == ("Acme", "accounts", "Acme.csv", 1)
    assert source["spelled"] == {"AnnualRevenue": "0.0000015"}
    assert source["values"] == {"Id": "A-1", "Name": "Acme-only 1", "AnnualRevenue": "0.0000015", "Parent": None}
    assert source["landing"] == str(SHARED.landing)
    assert source["sync"]["id"] == str(SHARED.sync)
    assert (mapping["version"], mapping["entry"]["expr"], mapping["by"]) == (2, "AnnualRevenue * 1000000", "ada@example")
    assert (mapping["decision"]["decided_by"], mapping["decision"]["decided_at"]) == ("ada of Acme", "2026-03-02T09:30:00Z")
    by_alias = acme.get(f"/entities/account/{account_id(1)}/provenance/account_name").json()
    assert (by_alias["field"], by_alias["source"]["spelled"], by_alias["mapping"]["decision"]) == ("name", {"Name": "Acme-only 1"}, None)


@pytest.mark.parametrize("number", [2, 3], ids=["told field by field", "all from its first event"])
def test_a_record_that_was_made_of_one_event_alone_tells_the_same_of_its_cells(acme: httpx.Client, number: int) -> None:
    for field in ("name", "revenue", "parent_account"):
        cell = acme.get(f"/entities/account/{account_id(number)}/provenance/{field}").json()
        assert (cell["source"]["landing"], cell["source"]["row"]) == (str(SHARED.landing), 1), field
    cell = acme.get(f"/entities/account/{account_id(number)}/provenance/industry").json()
    assert (cell["value"], cell["source"]) == (None, None)


def test_an_empty_cell_has_no_source_and_an_unknown_field_is_not_found(acme: httpx.Client) -> None:
    cell = acme.get(f"/entities/account/{account_id(1)}/provenance/industry").json()
    assert (cell["value"], cell["source"], cell["mapping"]) == (None, None, None)
    assert acme.get(f"/entities/account/{account_id(1)}/provenance/nothing").status_code == 404
    key = acme.get(f"/entities/account/{account_id(4)}/provenance/account_id").json()
    assert (key["value"], key["source"]["spelled"]) == ("A-4", {"Id": "A-1"})
