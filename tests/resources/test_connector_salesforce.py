"""What only Salesforce promises: its values by whichever way, its slices, its deletions, and what changed while nobody looked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aos_cli.stand_ins.salesforce import Fault, Field, StandIn, Store
from aos_cli.stand_ins.salesforce.faults import Refusal
from aos_core.errors import FixTheSource, TryAgain
from aos_resources.connectors.salesforce import Salesforce
from aos_resources.connectors.salesforce.describing import SourceField
from aos_resources.connectors.salesforce.reading import Habits
from aos_resources.connectors.salesforce.rows import Reader
from aos_resources.connectors.source import Part, SourceColumn
from aos_resources.settings import Settings
from tests.resources.source_salesforce import salesforce
from tests.resources.sources import found

FIELDS = (
    Field("Name", label="Account Name"), Field("Revenue__c", "currency", help="Of the last year."), Field("Share", "percent"), Field("Score", "double", calculated=True),
    Field("Active", "boolean"), Field("Employees", "int"), Field("Founded", "date"), Field("Called", "datetime"), Field("OwnerId", "reference"), Field("Home", "address"), Field("Logo", "base64"),
)  # fmt: skip
RECORDS: list[dict[str, Any]] = [
    {"Name": 'ünï—漢字🎉, "said"\r\nnext', "Revenue__c": 3.5e8, "Share": 0.1, "Score": -1.25e-5, "Active": True, "Employees": 2_147_483_647, "Founded": "0001-01-01", "Called": "2026-01-01 10:00:00.123", "OwnerId": "005000000000001AAA"},
    {"Name": "NULL", "Revenue__c": 1.6147805824397e13, "Share": 100, "Score": 12.5, "Active": False, "Employees": -1, "Founded": "2026-02-28", "Called": "2026-12-31 23:59:59"},
    {"Name": ""},
]  # fmt: skip


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    store = Store()
    store.make("Account", FIELDS, prefix="001")
    with StandIn(store) as served:
        yield served


@pytest.fixture
def connector(stand_in: StandIn, settings: Settings) -> Salesforce:
    return salesforce(stand_in, settings, objects=["Account"])


def parts_of(connector: Salesforce, position: str | None = None) -> list[tuple[Part, list[dict[str, Any]]]]:
    """Each part as it was when it was read."""
    stream = found(connector, "Account")
    return [(part, [row for batch in part.batches or () for row in batch.to_pylist()]) for part in connector.read(stream, position, {})]


def names(connector: Salesforce, position: str | None = None) -> list[str]:
    return [row["Name"] for part, rows in parts_of(connector, position) for row in rows if part.holds == "rows"]


def deals(stand_in: StandIn, many: int, stamp: str = "2026-01-{:02} 00:00:00") -> None:
    for n in range(1, many + 1):
        stand_in.store.insert("Account", {"Id": f"001{n:012d}AAA", "Name": f"{n}", "SystemModstamp": stamp.format(n)})


def test_fields_are_described_and_what_is_no_value_is_left_out(connector: Salesforce) -> None:
    stream = found(connector, "Account")
    told = {one.name: one for one in stream.columns}
    assert list(told) == ["Id", *(one.name for one in FIELDS[:-2]), "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp"]
    assert told["Revenue__c"] == SourceColumn("Revenue__c", "currency", "Of the last year")
    assert told["Name"].description == "Account Name"
    assert "formula" in told["Score"].description
    assert (stream.key, stream.cursor, stream.delete_mode) == (("Id",), "SystemModstamp", "periodic")


@pytest.mark.parametrize("bulk", [50_000, 0], ids=["by pages", "by a job"])
def test_every_value_comes_as_the_same_text_by_pages_and_by_a_job(stand_in: StandIn, connector: Salesforce, bulk: int) -> None:
    for record in RECORDS:
        stand_in.store.insert("Account", record)
    connector.habits = Habits(bulk=bulk)
    rows = [{name: row[name] for name in (one.name for one in FIELDS[:-2])} for _, rows in parts_of(connector) for row in rows]
    empty = dict.fromkeys(one.name for one in FIELDS[:-2])
    assert sorted(rows, key=lambda row: row["Employees"] or 0) == [
        empty | {"Name": "NULL", "Revenue__c": "16147805824397", "Share": "100", "Score": "12.5", "Active": False, "Employees": -1, "Founded": "2026-02-28", "Called": "2026-12-31T23:59:59.000Z"},
        empty,
        {
            "Name": 'ünï—漢字🎉, "said"\r\nnext', "Revenue__c": "350000000", "Share": "0.1", "Score": "-0.0000125", "Active": True, "Employees": 2_147_483_647,
            "Founded": "0001-01-01", "Called": "2026-01-01T10:00:00.123Z", "OwnerId": "005000000000001AAA",
        },
    ]  # fmt: skip


@pytest.mark.parametrize("bulk", [50_000, 0], ids=["by pages", "by a job"])
def test_a_pass_that_is_cut_after_any_slice_goes_on_within_it(stand_in: StandIn, connector: Salesforce, settings: Settings, bulk: int) -> None:
    deals(stand_in, 11)
    connector.habits = Habits(bulk=bulk, slice=3)
    whole = parts_of(connector)
    assert [(len(rows), part.last, part.complete) for part, rows in whole] == [(3, False, True), (3, False, True), (3, False, True), (2, True, True)]
    jobs = len(stand_in.jobs.jobs)
    for part, _ in whole[:3]:
        another = salesforce(stand_in, settings, objects=["Account"])
        another.habits = connector.habits
        rest = parts_of(another, part.position)
        before = [row for one, rows in whole[: whole.index((part, _)) + 1] for row in rows]
        assert len(before) + sum(len(rows) for _, rows in rest) == 11
        assert {one.reading for one, _ in rest} == {part.reading}
    assert len(stand_in.jobs.jobs) == jobs


def test_a_pass_begins_anew_where_its_job_is_gone(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 5)
    connector.habits = Habits(bulk=0, slice=3)
    first = parts_of(connector)[0][0]
    stand_in.jobs.forget(next(iter(stand_in.jobs.jobs)))
    again = parts_of(connector, first.position)
    assert ([len(rows) for _, rows in again], again[0][0].reading == first.reading) == ([3, 2], False)


def test_an_object_that_may_not_be_asked_for_in_bulk_is_read_by_pages(stand_in: StandIn, connector: Salesforce) -> None:
    stand_in.store.reshape("Account", flags={"bulk": False})
    deals(stand_in, 5)
    connector.habits = Habits(bulk=0, slice=3)
    assert [len(rows) for _, rows in parts_of(connector)] == [3, 2]


def test_a_question_that_no_address_holds_goes_to_a_job_and_one_that_nobody_takes_is_named(stand_in: StandIn, connector: Salesforce) -> None:
    stand_in.store.reshape("Account", fields=[Field("Name"), *(Field(f"A_field_with_quite_a_long_name_{n}__c") for n in range(400))])
    deals(stand_in, 2)
    assert sorted(names(connector)) == ["1", "2"]
    assert len(stand_in.jobs.jobs) == 1
    assert sorted(names(connector, parts_of(connector)[-1][0].position)) == ["2"]
    stand_in.store.reshape("Account", hidden=frozenset(), fields=[Field("Name"), *(Field(f"A_field_with_quite_a_long_name_indeed_as_long_as_may_be_{n}__c") for n in range(1_700))])
    with pytest.raises(FixTheSource, match=r"more fields than .* 1706 fields"):
        names(connector)


def test_a_record_that_is_deleted_is_told_at_once_and_one_deleted_for_good_when_keys_are_compared(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 4)
    position = parts_of(connector)[-1][0].position
    stand_in.store.delete("Account", "001000000000002AAA")
    stand_in.store.purge("Account", "001000000000003AAA")
    told = parts_of(connector, position)
    assert [(part.holds, part.complete, [row["Id"][-4:] for row in rows]) for part, rows in told] == [("rows", False, ["4AAA"]), ("gone", False, ["2AAA"])]
    connector.habits = replace(connector.habits, stale=timedelta(0))
    for bulk in (50_000, 0):
        connector.habits = replace(connector.habits, bulk=bulk)
        last, rows = parts_of(connector, told[-1][0].position)[-1]
        assert (last.holds, last.complete, sorted(row["Id"][-4:] for row in rows)) == ("keys", True, ["1AAA", "4AAA"])
    connector.habits = Habits()
    assert [part.holds for part, _ in parts_of(connector, last.position)] == ["rows", "gone"]


def test_a_deletion_is_told_though_the_reading_was_cut_before_it(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 3)
    position = parts_of(connector)[-1][0].position
    stand_in.store.delete("Account", "001000000000002AAA")
    stand_in.store.insert("Account", {"Name": "late"})
    cut = parts_of(connector, position)[0][0].position
    assert [(part.holds, len(rows)) for part, rows in parts_of(connector, cut)] == [("rows", 1), ("gone", 1)]


def test_a_change_that_showed_late_is_read_all_the_same(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 3)
    position = parts_of(connector)[-1][0].position
    stand_in.store.insert("Account", {"Name": "nine minutes late", "SystemModstamp": "2026-01-02 23:51:00"})
    assert names(connector, position) == ["nine minutes late", "3"]


@pytest.mark.parametrize("bulk", [50_000, 0], ids=["by pages", "by a job"])
def test_changes_that_are_cut_after_any_slice_go_on_though_all_have_one_time(stand_in: StandIn, connector: Salesforce, bulk: int) -> None:
    stand_in.store.insert("Account", {"Id": "001000000000099AAA", "Name": "old", "SystemModstamp": "2025-12-01 00:00:00"})
    position = parts_of(connector)[-1][0].position
    deals(stand_in, 8, "2026-01-01 00:00:00")
    connector.habits = Habits(bulk=bulk, slice=3)
    whole = [one for one in parts_of(connector, position) if one[0].holds == "rows"]
    assert [len(rows) for _, rows in whole] == [3, 3, 3]  # what has the last time comes again
    for n, (part, _) in enumerate(whole[:-1]):
        rest = [one for one in parts_of(connector, part.position) if one[0].holds == "rows"]
        assert [[row["Id"] for row in rows] for _, rows in rest] == [[row["Id"] for row in rows] for _, rows in whole[n + 1 :]]
    ended = whole[-1][0].position
    assert json.loads(str(ended))["since"] == "2026-01-01T00:00:00.000Z"
    assert not {"tie", "changes", "began"} & set(json.loads(str(ended)))


def test_fields_that_came_are_read_of_every_row_though_none_changed(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 3)
    position = parts_of(connector)[-1][0].position
    stand_in.store.reshape("Account", fields=[*FIELDS, Field("New__c")])
    ((part, rows),) = parts_of(connector, position)
    assert (part.complete, len(rows), "New__c" in rows[0]) == (True, 3, True)


def test_objects_are_those_that_people_work_with_or_that_were_named(stand_in: StandIn, settings: Settings) -> None:
    for name, flags in {
        "Deal__c": {}, "Account__Share": {"associateEntityType": "Share"}, "ApexClass": {"layoutable": False, "triggerable": False}, "Event__e": {"queryable": False},
    }.items():  # fmt: skip
        stand_in.store.make(name, [Field("Name")], **flags)
    assert [one.name for one in salesforce(stand_in, settings).discover().streams] == ["Account", "Deal__c"]
    asked = salesforce(stand_in, settings, objects=["ApexClass", "Event__e", "Nothing"]).discover()
    assert ([one.name for one in asked.streams], [name for name, _ in asked.problems]) == (["ApexClass"], ["Event__e", "Nothing"])


def test_an_object_without_a_time_or_named_so_is_read_whole_each_time(stand_in: StandIn, settings: Settings) -> None:
    stand_in.store.make("Rate", [Field("Name")], system=())
    connector = salesforce(stand_in, settings, whole=["Account"])
    assert {one.name: (one.cursor, one.delete_mode) for one in connector.discover().streams} == {"Account": (None, "exact"), "Rate": (None, "exact")}
    stand_in.store.insert("Rate", {"Name": "a"})
    (part,) = connector.read(found(connector, "Rate"), None, {})
    assert ([batch.num_rows for batch in part.batches or ()], part.complete) == ([1], True)
    assert names(connector, parts_of(connector)[-1][0].position) == []


@pytest.mark.parametrize("body", [
    b'{"totalSize":1,"done":true,"records":[{"Id":"001000000000001AAA"}]}', b'{"totalSize":2,"done":true,"records":[]}', b'{"totalSize":0,"records":[]}', b'{"totalSize":3,"done":false,"records":[]}',
    b'{"totalSize":1,"done":false,"nextRecordsUrl":"https://elsewhere.example/services/data/x","records":[]}', b"[]", b"<html>", b"", b'{"totalSize":1,"done":true,"records":[7]}', b'\xff\xfe{"a":1}',
])  # fmt: skip
def test_an_answer_that_is_not_whole_is_never_read_as_if_it_were(stand_in: StandIn, connector: Salesforce, body: bytes) -> None:
    deals(stand_in, 2)
    stand_in.faults.plan(Fault("ORDER BY Id", instead=body))
    with pytest.raises((FixTheSource, TryAgain)):
        parts_of(connector)
    assert len(names(connector)) == 2


@pytest.mark.parametrize("body", [b"", b'"Id"\n"001000000000001AAA"\n', b'"Id","Name"', b"\xff\xff", b'[{"errorCode":"X"}]'])
def test_results_of_a_job_that_are_not_whole_are_never_read_as_if_they_were(stand_in: StandIn, connector: Salesforce, body: bytes) -> None:
    deals(stand_in, 2)
    connector.habits = Habits(bulk=0)
    stand_in.faults.plan(Fault("/results", instead=body))
    with pytest.raises((FixTheSource, TryAgain)):
        parts_of(connector)


def test_a_record_of_a_jobs_results_may_be_longer_than_what_is_read_at_once() -> None:
    reader = Reader([SourceField("Id", "id", "Id"), SourceField("Story", "textarea", "Story")], "Account")
    body = f'"Id","Story"\n"1","short"\n"2","{"x" * 5_000_000}"\n"3","a\nb"\n'.encode()
    rows = [row for batch in reader.csv(body) for row in batch.to_pylist()]
    assert [(row["Id"], len(row["Story"])) for row in rows] == [("1", 5), ("2", 5_000_000), ("3", 3)]


def test_an_answer_that_is_cut_off_is_asked_for_again(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 11)
    stand_in.packed = False
    stand_in.faults.plan(Fault("ORDER BY Id", times=2, cut=200))
    assert len(names(connector)) == 11
    stand_in.faults.plan(Fault("ORDER BY Id", times=100, cut=200))
    with pytest.raises((TryAgain, FixTheSource)):
        names(connector)


def test_a_page_that_salesforce_no_longer_keeps_is_gone_on_from_where_one_stood(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 7)
    stand_in.page, connector.habits = 3, Habits(slice=3)
    stand_in.faults.plan(Fault("01g", nth=2, refusal=Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")))
    stream, seen, position = found(connector, "Account"), list[str](), None
    for _ in range(2):
        try:
            for part in connector.read(stream, position, {}):
                seen += [row["Name"] for batch in part.batches or () for row in batch.to_pylist()]
                position = part.position
        except TryAgain as later:
            assert "where this one stood" in later.sentence
    assert seen == [str(n) for n in range(1, 8)]


def test_other_rows_than_were_counted_are_no_whole_answer(stand_in: StandIn, connector: Salesforce) -> None:
    deals(stand_in, 3)
    stream = found(connector, "Account")
    text = f"SELECT {', '.join(one.name for one in stream.columns)} FROM Account"
    page = connector._api.get("query", {"q": text}).body.replace(b'"totalSize":3', b'"totalSize":2')
    stand_in.faults.plan(Fault("ORDER BY Id", instead=page))
    with pytest.raises(TryAgain, match="other rows"):
        parts_of(connector)
    connector.habits = Habits(bulk=0)
    stand_in.faults.plan(Fault("/jobs/query/750", instead=b'{"id":"750000000000001AAA","state":"JobComplete","numberRecordsProcessed":4}'))
    stand_in.jobs.polls = 0
    with pytest.raises(TryAgain):
        parts_of(connector)
