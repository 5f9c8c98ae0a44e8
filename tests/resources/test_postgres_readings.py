"""How a Postgres is read: slices along any key, what is committed late, xmin, deletions between comparisons, types, what a table can be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from aos_core.errors import FixTheSource
from aos_resources.connectors.postgres_passes import (
    Column,
    Mark,
    Pass,
    Position,
    Table,
    bound_sql,
    following,
    read_position,
    readable_by_xmin,
    where,
)
from aos_resources.connectors.source import SourceColumn, SourceStream
from tests.resources.source_postgres import PostgresSource
from tests.resources.sources import Landing, Source, found, read

AT = "2026-01-01 00:00:00+00"


@pytest.fixture
def postgres(make: Callable[[str], Source]) -> PostgresSource:
    made = make("postgres")
    assert isinstance(made, PostgresSource)
    return made


@pytest.fixture
def another(postgres: PostgresSource) -> Iterator[psycopg.Connection]:
    """A second session of the owner's, in which a transaction stays open."""
    info = postgres.owner.info
    with psycopg.connect(make_conninfo(info.dsn, password=info.password)) as connection:
        yield connection


KEYS: dict[str, list[str]] = {
    "smallint": ["-3", "0", "2", "10", "11"],
    "numeric": ["-1.5", "0.1", "0.10000000000000000000000000000000001", "2", "10", "NaN"],
    "double precision": ["-Infinity", "0.1", "0.30000000000000004", "1e300", "NaN"],
    "text": ["", "Zebra", "apple", "é", "it's \\ 'so'", "zoo", "Ünï", "漢"],
    'text collate "C"': ["Apfel", "apfel", "äpfel", "Öl", "ol", "Zoo", "a-b", "ab"],
    "character(3)": ["a", "abc", "b", "ba", "é"],
    "bit(3)": ["000", "001", "010", "111"],
    "uuid": [f"{n:08x}-0000-4000-8000-000000000000" for n in (1, 2**31, 2**32 - 1, 7)],
    "timestamp with time zone": ["-infinity", "2026-03-29 02:30:00.000001+00", "2026-03-29 02:30:00.000002+00", "infinity"],
    "date": ["0001-01-01", "2026-02-28", "2026-03-01", "9999-12-31"],
    "interval": ["P1D", "PT25H", "P1M", "P-1D"],
    "bytea": ["\\x", "\\x00", "\\x00ff", "\\xff"],
    "inet": ["10.0.0.1", "10.0.0.0/8", "::1", "10.0.0.2"],
    "mood": ["sad", "fine", "happy", "it's"],
    "named": ["a", "b", "c", "d"],
}


def test_slices_go_along_a_key_of_any_type_and_show_each_row_once(postgres: PostgresSource) -> None:
    postgres.owner.execute("create type mood as enum ('sad', 'fine', 'happy', 'it''s'); create domain named as text check (value <> '')")
    for place, (kind, values) in enumerate(KEYS.items()):
        postgres.owner.execute(f"create table t{place} (k {kind} primary key, n int)")
        for n, value in enumerate(values):
            postgres.owner.execute(f"insert into t{place} values (%s, %s)", (value, n))  # type: ignore[call-overload]
    postgres.small_slices()
    connector = postgres.connector()
    for stream in connector.discover().streams:
        kind, values = list(KEYS.items())[int(stream.name[1:])]
        landing = Landing()
        landing.follow(connector, stream)
        assert sorted(str(row["n"]) for row in landing.rows[""].values()) == [str(n) for n in range(len(values))], kind
        assert (landing.listed, landing.twice, landing.slices) == (len(values), [], -(-len(values) // 3)), kind


def test_slices_go_along_a_key_of_several_columns(postgres: PostgresSource) -> None:
    rows = [[str(a), text, "x"] for a in (2, 1, 3) for text in ("b", "a", "'", "ä")]
    postgres.make("t", {"b": "bigint", "A": "text", "n": "text"}, rows, key=["A", "b"])
    postgres.small_slices()
    connector, landing = postgres.connector(), Landing()
    stream = found(connector, "t")
    landing.follow(connector, stream)
    assert stream.key == ("A", "b")
    assert (landing.listed, landing.slices, len(landing.rows[""]), landing.twice) == (12, 4, 12, [])


def test_a_slice_is_found_by_the_index_at_both_ends(postgres: PostgresSource) -> None:
    postgres.owner.execute("create table t as select i / 10 as a, 'k' || i as b, now() as changed from generate_series(1, 20000) i; alter table t add primary key (a, b); create index on t (changed)")
    postgres.owner.execute("analyze t")
    columns = {"a": Column("a", "integer", "integer"), "b": Column("b", "text", "text"), "changed": Column("changed", "timestamp with time zone", "timestamp with time zone")}
    table = Table("public", "t", "r", columns, ("a", "b"))
    stream = SourceStream("t", tuple(SourceColumn(one) for one in columns), ("a", "b"))
    now = Pass("whole", "r", ("70", "k701"))
    for statement in (f"select * from {table.sql}{where(table, stream, now, None, ('80', 'k800'))}", bound_sql(table, stream, now, None, 100)):
        plan = "\n".join(row[0] for row in postgres.owner.execute("explain " + statement).fetchall())
        assert "Index Cond" in plan, plan
        assert "Sort" not in plan


def test_a_table_without_a_key_is_read_whole_as_it_was_at_one_moment(postgres: PostgresSource) -> None:
    postgres.fill("many", 150_000)
    connector = postgres.connector()
    (part,) = connector.read(found(connector, "many"), None, {})
    assert part.batches is not None
    rows = next(part.batches).num_rows
    assert rows < 150_000
    postgres.owner.execute("delete from many where id % 2 = 0; update many set t = 'other'")
    later = list(part.batches)
    assert rows + sum(batch.num_rows for batch in later) == 150_000
    assert all(len(str(batch.column(1)[-1])) > 100 for batch in later)
    assert (part.complete, part.last, part.holds) == (True, True, "rows")


@pytest.mark.parametrize("key", [[], ["id"]], ids=["without a key", "with a key"])
def test_a_cursor_of_any_ordered_type_is_compared_as_that_type(postgres: PostgresSource, key: list[str]) -> None:
    told = {
        "bigint": ["1", "2", "10"], "numeric": ["0.5", "2", "10.25"], "date": ["2020-01-01", "2020-01-02", "2020-01-10"], "text": ["a", "b", "c'--"],
        "character(4)": ["a", "b", "ba"], "uuid": [f"0000000{n}-0000-4000-8000-000000000000" for n in (1, 2, 9)],
    }  # fmt: skip
    for kind, values in told.items():
        postgres.make(kind, {"id": "integer", "Grows": kind}, [[str(n), one] for n, one in enumerate(values)], key)
    connector = postgres.connector(cursors=dict.fromkeys(told, "Grows"), overlap_minutes=0)
    for kind, values in told.items():
        stream, landing = found(connector, kind), Landing()
        assert stream.delete_mode == ("periodic" if key else "unknown")
        landing.follow(connector, stream)
        landing.follow(connector, stream)
        assert (landing.listed, [row["Grows"] for row in landing.table]) == (len(values) + 1, values), kind


LATE: list[tuple[str, dict[str, Any]]] = [("timestamp with time zone", {"overlap_minutes": 0}), ("timestamp without time zone", {"overlap_minutes": 0}), ("bigint", {}), ("xmin", {})]


@pytest.mark.parametrize(("kind", "told"), LATE)
def test_what_is_committed_late_with_an_earlier_value_is_not_missed(postgres: PostgresSource, another: psycopg.Connection, kind: str, told: dict[str, Any]) -> None:
    column = "bigint" if kind == "xmin" else kind
    value = "nextval('s')" if column == "bigint" else "now()"
    postgres.owner.execute(f"create sequence s; create table t (id int primary key, grows {column}); insert into t select 1, {value}")
    connector, landing = postgres.connector(cursors={"t": "xmin" if kind == "xmin" else "grows"}, **told), Landing()
    stream = found(connector, "t")
    landing.follow(connector, stream)
    another.execute(f"insert into t select 2, {value}")  # type: ignore[call-overload]
    postgres.owner.execute(f"insert into t select 3, {value}")
    landing.follow(connector, stream)
    landing.follow(connector, stream)
    assert [row["id"] for row in landing.table] == ["1", "3"]
    another.commit()
    landing.follow(connector, stream)
    assert [row["id"] for row in landing.table] == ["1", "2", "3"]
    listed = landing.listed
    for _ in range(3):
        landing.follow(connector, stream)
    assert landing.listed - listed <= 6, "once nothing is open any more, hardly anything is read again"
    listed = landing.listed
    landing.follow(connector, stream)
    assert landing.listed - listed <= 1


def test_the_first_reading_while_others_write_goes_back_by_the_overlap(postgres: PostgresSource, another: psycopg.Connection) -> None:
    postgres.owner.execute("create table t (id int primary key, changed timestamptz)")
    another.execute("insert into t values (1, now())")
    postgres.owner.execute("insert into t values (2, now()), (3, '2020-01-01')")
    connector, landing = postgres.connector(cursors={"t": "changed"}), Landing()
    stream = found(connector, "t")
    landing.follow(connector, stream)
    another.commit()
    landing.follow(connector, stream)
    assert ([row["id"] for row in landing.table], landing.listed) == (["1", "2", "3"], 4)


def test_who_may_see_when_transactions_began_goes_back_to_the_oldest(postgres: PostgresSource, another: psycopg.Connection) -> None:
    postgres._run("grant pg_read_all_stats to {reader}")
    postgres.owner.execute("create table t (id int primary key, changed timestamptz)")
    another.execute("select now()")  # it has begun, and is no writer yet: no transaction's number tells of it
    postgres.owner.execute("insert into t values (2, clock_timestamp()), (3, '2020-01-01')")
    connector, landing = postgres.connector(cursors={"t": "changed"}, overlap_minutes=0), Landing()
    stream = found(connector, "t")
    landing.follow(connector, stream)
    another.execute("insert into t values (1, now())")
    another.commit()
    landing.follow(connector, stream)
    assert ([row["id"] for row in landing.table], landing.listed) == (["1", "2", "3"], 4)


def test_a_row_from_the_future_hides_none_that_comes_before_it(postgres: PostgresSource) -> None:
    for kind in ("timestamptz", "timestamp", "date"):
        postgres.owner.execute(f"create table {kind}_s (id int primary key, changed {kind}); insert into {kind}_s values (1, '2999-01-01')")
        connector, landing = postgres.connector(cursors={f"{kind}_s": "changed"}), Landing()
        stream = found(connector, f"{kind}_s")
        landing.follow(connector, stream)
        postgres.owner.execute(f"insert into {kind}_s values (2, now())")
        landing.follow(connector, stream)
        assert [row["id"] for row in landing.table] == ["1", "2"], kind


def test_a_mark_waits_for_every_transaction_that_could_still_commit_below_it() -> None:
    before = Mark("10", "20", xid=100)
    assert following(before, 150, 150, "30", "", timed=False) == Mark("30", "30", 150)  # nobody writes
    assert following(before, 100, 150, "30", "", timed=False) == Mark("20", "30", 150)  # who wrote then has ended
    assert following(before, 99, 150, "30", "", timed=False) == Mark("10", "20", 100)  # one that wrote then still does
    assert following(None, 99, 150, "30", "", timed=False) == Mark(None, "30", 150)  # so nothing is known yet: once more whole
    assert following(None, 99, 150, "30", "", timed=True) == Mark("30", "30", 150)
    assert following(before, 99, 150, None, "", timed=False) == Mark(None, None, 150)


def test_transactions_are_told_apart_while_their_numbers_can_be(postgres: PostgresSource) -> None:
    mark = Mark(None, None, 5_000_000_000, "server")
    assert readable_by_xmin(mark, 5_000_000_000, "server")
    assert readable_by_xmin(mark, 7_000_000_000, "server")
    assert not readable_by_xmin(mark, 7_200_000_000, "server")  # round the corner: older and newer cannot be told
    assert not readable_by_xmin(mark, 4_999_999_999, "server")  # a restored server counts from further back
    assert not readable_by_xmin(mark, 5_000_000_001, "other")
    postgres.make("t", {"id": "integer"}, [[str(n)] for n in range(5)], key=["id"])
    connector, landing = postgres.connector(cursors={"t": "xmin"}), Landing()
    stream = found(connector, "t")
    landing.follow(connector, stream)
    postgres.owner.execute("vacuum freeze t")
    postgres.add("t", ["5"])
    landing.follow(connector, stream)
    assert (landing.listed, len(landing.table)) == (6, 6)
    told = json.loads(landing.position or "")
    assert told["mark"]["xid"] > 0
    for change in ({"xid": told["mark"]["xid"] + 2**33}, {"server": "another"}):
        landing.position = json.dumps(told | {"mark": told["mark"] | change})
        before = landing.listed
        landing.follow(connector, stream)
        assert landing.listed - before == 6


def test_by_xmin_only_what_changed_is_read_of_tables_and_nothing_of_views(postgres: PostgresSource) -> None:
    postgres.owner.execute(
        "create table t (id int primary key, note text); insert into t select i, 'a' from generate_series(1, 100) i; create view v as select * from t;"
        " create table p (id int primary key, note text) partition by range (id); create table p1 partition of p for values from (0) to (50);"
        " create table p2 partition of p for values from (50) to (1000); insert into p select * from t"
    )
    connector = postgres.connector(cursors={"t": "xmin", "p": "xmin", "v": "xmin"}, compare_hours=0)
    for name in ("t", "p"):
        stream, landing = found(connector, name), Landing()
        assert (stream.cursor, stream.delete_mode) == ("xmin", "periodic")
        landing.follow(connector, stream)
        postgres.owner.execute(f"update {name} set note = 'b' where id in (7, 70); delete from {name} where id = 50")
        landing.follow(connector, stream)
        assert (landing.listed, len(landing.table), landing.deleted) == (102, 99, [("50",)])
        assert [row["id"] for row in landing.table if row["note"] == "b"] == ["7", "70"]
    with pytest.raises(FixTheSource, match="Only tables have xmin"):
        read(connector, found(connector, "v"))


def test_keys_are_compared_when_it_is_time_and_a_whole_reading_counts_as_one(postgres: PostgresSource) -> None:
    postgres.make("t", {"id": "integer", "changed": "timestamp with time zone"}, [[str(n), AT] for n in range(5)], key=["id"])
    connector, landing = postgres.connector(cursors={"t": "changed"}), Landing()
    stream = found(connector, "t")
    landing.follow(connector, stream)
    postgres.delete("t", "3")
    landing.follow(connector, stream)
    assert landing.deleted == []
    told = json.loads(landing.position or "")
    landing.position = json.dumps(told | {"compared": told["compared"] - 24 * 3600})
    parts = list(connector.read(stream, landing.position, {}))
    assert [(part.holds, part.schema.names, part.complete) for part in parts] == [("rows", ["id", "changed"], False), ("keys", ["id"], True)]
    landing.follow(connector, stream)
    assert landing.deleted == [("3",)]


def test_a_column_that_comes_later_is_read_of_every_row(postgres: PostgresSource) -> None:
    postgres.make("t", {"id": "integer", "changed": "timestamp with time zone"}, [["1", "2020-01-01 00:00:00+00"], ["2", AT]], key=["id"])
    landing = Landing()
    for statement in ("select 1", "alter table t add column extra text default 'new'"):
        postgres.owner.execute(statement)
        for cursors in ({"t": "changed"}, {"t": "changed"}):
            connector = postgres.connector(cursors=cursors)
            landing.follow(connector, found(connector, "t"))
    assert [row.get("extra") for row in landing.table] == ["new", "new"]


@pytest.mark.parametrize("odd", [None, "", "2026-01-01 00:00:00+00", "17", "[]", "{}", '{"shape": "x"}', Position("another").text])
def test_a_position_that_is_not_of_these_columns_begins_anew(odd: str | None) -> None:
    assert read_position(odd, "these") == Position("these")
    kept = Position("these", Mark("a", "b", 7, "s"), None, 12.5, Pass("keys", "r", ("x", "y")))
    assert read_position(kept.text, "these") == kept


def test_types_that_only_postgres_has_come_as_postgres_writes_them(postgres: PostgresSource) -> None:
    postgres.owner.execute("create type pair as (a int, b text); create type mood as enum ('sad', 'fine'); create domain positive as int check (value > 0)")
    told = {
        "pair": '(1,"a, b")', "mood": "fine", "positive": "7", "int[]": "{1,NULL,3}", "int4range": "[1,5)", "money": "$1,234.56", "bit(5)": "10101", "bit varying": "101", "inet": "10.0.0.0/8",
        "cidr": "10.0.0.0/8", "macaddr": "08:00:2b:01:02:03", "point": "(1,2)", "polygon": "((0,0),(1,1))", "tsvector": "'a':1 'b':2",
        "pg_lsn": "16/B374D848", "real": "0.1", "time with time zone": "10:00:00+02", "jsonpath": '$."a"', "tstzmultirange": '{["2026-01-01 00:00:00+00","2026-01-02 00:00:00+00")}',
    }  # fmt: skip
    columns = {f"a {kind}": kind for kind in told}
    postgres.owner.execute("set lc_monetary = 'C'")
    postgres.make("values", {"id": "int"} | columns, [["1", *told.values()]], key=["id"])
    connector = postgres.connector()
    assert read(connector, found(connector, "values"))[0] == [["1", *told.values()]]


def test_whatever_a_table_can_be_is_read_once(postgres: PostgresSource) -> None:
    postgres.owner.execute(
        "create table base (id int primary key, twice int generated always as (id * 2) stored); insert into base values (1), (2);"
        " create view seen as select id from base; create materialized view kept as select id from base;"
        " create table parts (id int primary key) partition by hash (id); create table parts_a partition of parts for values with (modulus 2, remainder 0);"
        " create table parts_b partition of parts for values with (modulus 2, remainder 1); insert into parts select generate_series(1, 8);"
        " create foreign data wrapper without_handler; create server away foreign data wrapper without_handler; create foreign table far (word text) server away;"
        " create table included (a int, b int, c int, primary key (b, a) include (c)); insert into included values (1, 2, 3)"
    )
    postgres.small_slices()
    connector = postgres.connector()
    got = {one.name: (one.key, sorted(read(connector, one)[0])) for one in connector.discover().streams if one.name != "far"}
    assert got == {
        "base": (("id",), [["1", "2"], ["2", "4"]]), "seen": ((), [["1"], ["2"]]), "kept": ((), [["1"], ["2"]]),
        "parts": (("id",), [[str(n)] for n in range(1, 9)]), "included": (("b", "a"), [["1", "2", "3"]]),
    }  # fmt: skip
    with pytest.raises(FixTheSource, match="far"):
        read(connector, found(connector, "far"))


def test_only_what_may_be_read_is_and_rows_that_are_hidden_are_not_taken_for_none(postgres: PostgresSource) -> None:
    postgres.owner.execute("create table partly (id int primary key, open text, secret text); insert into partly values (1, 'a', 'b'); create table keyless (id int primary key, a text)")
    postgres._run("revoke select on partly, keyless from {reader}; grant select (id, open) on partly to {reader}; grant select (a) on keyless to {reader}")
    postgres.owner.execute("create table guarded (id int); insert into guarded values (1); alter table guarded enable row level security")
    connector = postgres.connector()
    told = connector.discover()
    assert {one.name: ([column.name for column in one.columns], one.key) for one in told.streams} == {"partly": (["id", "open"], ("id",)), "keyless": (["a"], ())}
    assert [name for name, _ in told.problems] == ["guarded"]
    assert read(connector, found(connector, "partly"))[0] == [["1", "a"]]
    postgres._run("create policy ours on guarded for select to {reader} using (true)")
    assert read(connector, found(connector, "guarded"))[0] == [["1"]]
