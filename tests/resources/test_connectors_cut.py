"""The conformance suite, of readings that are cut: by a fault, a lost right, a column that changes or too many questions."""

from __future__ import annotations

import contextlib
from copy import deepcopy

import pytest

from aos_core.errors import FixTheSource, NotAllowed, TryAgain
from tests.resources.sources import Cut, Landing, Source, found
from tests.resources.suite import CHANGED, ORDERS, SOURCES

# Kinds whose sources count questions: nobody limits how often a file is read.
LIMITED = [kind for kind in sorted(SOURCES) if SOURCES[kind].limits]


@pytest.mark.parametrize("cursors", [{}, {"orders": "changed"}], ids=["whole", "by a cursor"])
def test_a_reading_that_is_cut_anywhere_goes_on_where_it_stood(source: Source, cursors: dict[str, str]) -> None:
    rows = [[str(n), f"2026-01-{1 + n // 4:02} 00:00:00+00"] for n in range(1, 9)]
    source.make("orders", CHANGED, rows, key=["id"])
    source.small_slices()
    connector = source.connector(cursors=cursors)
    stream, whole = found(connector, "orders"), Landing()
    whole.follow(connector, stream)
    there = [{"id": row[0], "changed": row[1]} for row in rows]
    assert (whole.table, whole.twice, whole.deleted) == (there, [], [])
    assert whole.slices > (2 if source.slices else 0)
    for stop in range(whole.steps):
        landing = Landing()
        with pytest.raises(Cut):
            landing.follow(source.connector(cursors=cursors), stream, stop)
        another = source.connector(cursors=cursors)
        landing.follow(another, found(another, "orders"))
        assert (landing.table, landing.twice, landing.deleted) == (there, [], []), stop
        assert landing.listed == whole.listed, f"cut at {stop}, rows that were listed came again"


@pytest.mark.parametrize("cursors", [{}, {"orders": "changed"}], ids=["whole", "by a cursor"])
def test_what_happens_while_a_reading_is_cut_shows_at_the_latest_in_the_next(source: Source, cursors: dict[str, str]) -> None:
    source.small_slices()
    for stop in (2, 3, 6):
        table = f"orders{stop}"
        source.make(table, CHANGED, [[str(n), f"2026-01-{n:02} 00:00:00+00"] for n in range(2, 12)], key=["id"])
        by = {table: "changed"} if cursors else {}
        connector, landing = source.connector(cursors=by), Landing()
        stream = found(connector, table)
        with contextlib.suppress(Cut):
            landing.follow(connector, stream, stop)
        source.delete(table, "3")
        source.delete(table, "10")
        for row in (["1", "2026-02-01 00:00:00+00"], ["12", "2026-02-02 00:00:00+00"]):
            source.add(table, row)
        for identity in ("2", "9"):
            source.change(table, identity, [identity, "2026-02-03 00:00:00+00"])
        landing.follow(source.connector(cursors=by), stream)
        assert {one for one in landing.deleted if one not in {("3",), ("10",)}} == set()
        landing.follow(source.connector(cursors=by, **source.prompt), stream)
        assert [row["id"] for row in landing.table] == ["1", "2", "4", "5", "6", "7", "8", "9", "11", "12"]
        assert [row["changed"] for row in landing.table if row["id"] in ("2", "9")] == ["2026-02-03 00:00:00+00"] * 2


@pytest.mark.parametrize("cursors", [{}, {"orders": "changed"}], ids=["whole", "by a cursor"])
def test_what_is_deleted_is_and_nothing_else_wherever_the_reading_is_cut(source: Source, cursors: dict[str, str]) -> None:
    source.make("orders", CHANGED, [[str(n), f"2026-01-{n:02} 00:00:00+00"] for n in range(1, 9)], key=["id"])
    source.small_slices()
    connector = source.connector(cursors=cursors)
    stream, before = found(connector, "orders"), Landing()
    before.follow(connector, stream)
    for identity in ("1", "5", "8"):
        source.delete("orders", identity)
    after = deepcopy(before)
    after.follow(source.connector(cursors=cursors, **source.prompt), stream)
    assert sorted(after.deleted) == [("1",), ("5",), ("8",)]
    for stop in range(after.steps - before.steps):
        landing = deepcopy(before)
        with pytest.raises(Cut):
            landing.follow(source.connector(cursors=cursors, **source.prompt), stream, stop)
        assert set(landing.deleted) <= {("1",), ("5",), ("8",)}
        landing.follow(source.connector(cursors=cursors, **source.prompt), stream)
        assert (landing.table, sorted(landing.deleted)) == (after.table, sorted(after.deleted)), stop


def test_the_right_to_read_lost_midway_is_named_and_keeps_what_was_read(source: Source) -> None:
    source.make("orders", ORDERS, [[str(n), f"note {n}"] for n in range(1, 25)], key=["id"])
    source.small_slices()
    connector, landing = source.connector(), Landing()
    stream = found(connector, "orders")
    culprits = [] if source.slices else [source.lose_permission("orders")]
    with pytest.raises((FixTheSource, NotAllowed)) as refused:
        landing.follow(connector, stream, then=lambda: culprits.append(source.lose_permission("orders")))
    assert culprits[0] in refused.value.sentence
    assert landing.deleted == []
    assert landing.listed in ((3, 6) if source.slices else (0,))  # what was fetched ahead was still allowed
    source.give_permission("orders")
    landing.follow(source.connector(), stream)
    assert ([row["note"] for row in landing.table], landing.twice, landing.deleted) == ([f"note {n}" for n in range(1, 25)], [], [])


@pytest.mark.parametrize("how", ["added", "dropped", "renamed"])
def test_a_column_that_changes_midway_makes_no_wrong_value_and_loses_none_in_silence(source: Source, how: str) -> None:
    source.make("orders", ORDERS, [[str(n), f"note {n}"] for n in range(1, 25)], key=["id"])
    source.small_slices()
    connector, landing = source.connector(), Landing()
    stream = found(connector, "orders")
    if not source.slices:
        source.change_schema("orders", how)
    try:
        landing.follow(connector, stream, then=(lambda: source.change_schema("orders", how)) if source.slices else None)
    except FixTheSource as said:
        assert "note" in said.sentence
    for row in landing.table:
        assert row.get("note", row.get("remark")) == f"note {row['id']}" or (how == "dropped" and row.get("note") is None)
        assert row.get("extra", "new") == "new"
    again = source.connector()
    landing.follow(again, found(again, "orders"))  # goes on from where it stood, with the columns as they are now
    landing.follow(again, found(again, "orders"))
    names = {"added": {"note", "extra"}, "dropped": set[str](), "renamed": {"remark"}}[how]
    told = {"note": "note {}", "remark": "note {}", "extra": "new"}
    assert landing.table == [{"id": str(n)} | {name: told[name].format(n) for name in sorted(names, reverse=True)} for n in range(1, 25)]
    assert landing.deleted == []


@pytest.mark.parametrize("source", LIMITED, indirect=True)
def test_a_source_that_is_asked_too_often_is_waited_for_and_then_left_for_later(source: Source) -> None:
    source.make("orders", ORDERS, [[str(n), f"note {n}"] for n in range(1, 12)], key=["id"])
    source.small_slices()
    stream, landing = found(source.connector(), "orders"), Landing()
    if source.limits == "counted":
        landing.follow(source.connector(), stream, then=lambda: source.limit_rate(2))
        assert len(landing.table) == 11
    landing = Landing()
    with pytest.raises(Cut):
        landing.follow(source.connector(), stream, 3)
    source.limit_rate(1_000)
    with pytest.raises(TryAgain) as refused:
        landing.follow(source.connector(), stream)
    for word in (source.secret() or {}).values():
        assert word not in refused.value.sentence
    assert landing.deleted == []
    source.limit_rate(0)
    landing.follow(source.connector(), stream)
    assert (len(landing.table), landing.twice, landing.deleted) == (11, [], [])
