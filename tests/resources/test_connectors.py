"""The one conformance suite over CONNECTORS: what every source promises, on real sources. What only one does is below."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aos_core.errors import FixTheSource
from aos_resources.connectors import CONNECTORS
from aos_resources.connectors.source import SourceColumn
from tests.resources.conftest import KINDS
from tests.resources.sources import Landing, Source, found, read
from tests.resources.suite import CHANGED, GENERATED, SOURCES

# Kind → texts as a source writes them; each must come back to the letter.
VALUES = {
    "text": ["ünï—漢字🎉\u200b", 'say "hi", he; said \\N \\.', "line\nline2\r\n\ttab\\", "it's 'quoted'", "  spaced  ", "NULL", "null", "0x1F", "=1+1"],
    "character varying": ["x"],
    "numeric": ["123456789012345678901234567890.000000000000000000000000000001", "0.10", "-7", "100"],
    "bigint": ["9223372036854775807", "-9223372036854775808"],
    "double precision": ["0.1", "1e+300", "-0"],
    "boolean": ["true", "false"],
    "timestamp with time zone": ["2026-03-01 10:00:00.123456+00", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59+00"],
    "timestamp without time zone": ["2026-03-29 02:30:00"],
    "date": ["2026-02-28"],
    "interval": ["P1Y2DT3H"],
    "json": ['{"a":  [1, null, "ü\\"x"], "a": 2}'],
    "jsonb": ['{"a": [1, 0.10]}'],
    "uuid": ["11111111-2222-3333-4444-555555555555"],
    "bytea": ["\\x00ff"],
    "text[]": ['{a,"b \\" c",NULL}'],
}
ODD_COLUMN = 'select "x; drop table'
BREAKS = [(kind, one) for kind in SOURCES for one in SOURCES[kind].breaks_by]


def test_every_source_stands_in_the_suite() -> None:
    assert set(CONNECTORS) - GENERATED == set(SOURCES) == set(KINDS) == {kind for kind, _ in BREAKS}


def test_streams_are_discovered_with_their_columns_and_keys(source: Source) -> None:
    source.make("orders", {"id": "integer", "line": "integer", "note": "text"}, [], key=["id", "line"])
    source.make("log", {"at": "timestamp with time zone", "said": "text"}, [])
    streams = {one.name: one for one in source.connector().discover().streams}
    kinds = {"id": "integer", "line": "integer", "note": "text"} if source.declares else {"id": "", "line": "", "note": ""}
    assert sorted(streams) == ["log", "orders"]
    assert streams["orders"].columns == tuple(SourceColumn(name, kind) for name, kind in kinds.items())
    assert streams["orders"].key == (("id", "line") if source.declares else ())
    assert (streams["log"].key, streams["log"].cursor, streams["log"].delete_mode) == ((), None, "exact")


def test_every_value_comes_as_the_source_has_it(source: Source) -> None:
    tall = max(map(len, VALUES.values()))
    rows = [[str(n), *(texts[n] if n < len(texts) else None for texts in VALUES.values())] for n in range(tall)]
    source.make("values", {"id": "integer"} | {f"a {kind}": kind for kind in VALUES}, rows)
    connector = source.connector()
    got, parts = read(connector, found(connector, "values"))
    assert sorted(got, key=lambda row: int(row[0] or "")) == rows
    assert [part.complete for part in parts] == [True]
    assert sum(part.rejected for part in parts) == 0


def test_nothing_and_an_empty_text_are_told_apart_where_the_source_does(source: Source) -> None:
    source.make("notes", {"id": "integer", "note": "text"}, [["1", None], ["2", ""]])
    connector = source.connector()
    assert read(connector, found(connector, "notes"))[0] == [["1", None], ["2", source.empty]]


def test_a_change_and_a_deletion_show_in_the_next_full_reading(source: Source) -> None:
    source.make("orders", {"id": "integer", "note": "text"}, [["1", "a"], ["2", "b"], ["3", "c"]])
    connector = source.connector()
    stream = found(connector, "orders")
    source.change("orders", "2", ["2", "B"])
    source.delete("orders", "3")
    got, parts = read(connector, stream)
    assert sorted(got) == [["1", "a"], ["2", "B"]]
    assert all(part.complete for part in parts)


def test_a_later_reading_gives_what_is_new_and_what_shares_the_last_value(source: Source) -> None:
    old, last, new = "2026-01-01 00:00:00+00", "2026-01-02 00:00:00.000001+00", "2026-01-03 00:00:00+00"
    source.make("orders", CHANGED, [["1", old], ["2", last]], key=["id"])
    connector = source.connector(cursors={"orders": "changed"})
    stream, landing = found(connector, "orders"), Landing()
    landing.follow(connector, stream)
    assert landing.table == [{"id": "1", "changed": old}, {"id": "2", "changed": last}]
    listed = landing.listed
    landing.follow(connector, stream)
    assert landing.listed - listed == (1 if stream.cursor else 0)
    listed = landing.listed
    rows = [["3", last], ["4", new], ["5", None], ["6", old]]
    for row in rows:
        source.add("orders", row)
    landing.follow(connector, stream)
    late_with_an_old_time = [] if stream.cursor else [{"id": "6", "changed": old}]
    assert landing.table[2:] == [*({"id": row[0], "changed": row[1]} for row in rows[:3]), *late_with_an_old_time]
    assert landing.deleted == []
    assert stream.cursor is None or landing.listed - listed == 4


def test_a_stream_without_rows_is_read_as_such(source: Source) -> None:
    source.make("empty", {"id": "integer", "note": "text"}, [])
    connector = source.connector()
    got, parts = read(connector, found(connector, "empty"))
    assert (got, [part.schema.names for part in parts], [part.complete for part in parts]) == ([], [["id", "note"]], [True])
    source.make("orders", CHANGED, [], key=["id"])
    source.small_slices()
    connector, landing = source.connector(cursors={"orders": "changed"}, **source.prompt), Landing()
    for _ in range(2):
        landing.follow(connector, found(connector, "orders"))
        assert (landing.table, landing.listed) == ([], 0)
    source.add("orders", ["1", "2026-01-01 00:00:00+00"])
    landing.follow(connector, found(connector, "orders"))
    assert [row["id"] for row in landing.table] == ["1"]


@pytest.mark.parametrize("table", ["Big.Table", "ünï 漢字", 'a"b', "data[1]", "a{b,c}", "what?*", "select", "-- x;"])
def test_odd_names_are_only_names(source: Source, table: str) -> None:
    source.make(table, {"id": "integer", ODD_COLUMN: "text", "Größe": "text"}, [["1", "a", "b"]])
    source.make("data1", {"id": "integer"}, [["9"]])
    connector = source.connector()
    (stream,) = [one for one in connector.discover().streams if one.name != "data1"]
    assert stream.name.replace('""', '"').strip('"') == table
    assert [one.name for one in stream.columns] == ["id", ODD_COLUMN, "Größe"]
    assert read(connector, stream)[0] == [["1", "a", "b"]]
    assert read(connector, found(connector, "data1"))[0] == [["9"]]


@pytest.mark.parametrize(("kind", "broken"), BREAKS)
def test_what_breaks_between_discovery_and_reading_is_named_and_no_secret_is(make: Callable[[str], Source], kind: str, broken: str) -> None:
    source = make(kind)
    source.make("orders", {"id": "integer", "note": "text"}, [["1", "a"]])
    source.make("others", {"id": "integer"}, [["1"]])
    assert tuple(source.breaks) == source.breaks_by
    connector = source.connector()
    stream, other = found(connector, "orders"), found(connector, "others")
    culprit = source.breaks[broken]("orders")
    with pytest.raises(FixTheSource) as refused:
        read(connector, stream)
    assert culprit in refused.value.sentence
    for word in (source.secret() or {}).values():
        assert word not in str(refused.value) + repr(vars(connector))
    if "folder is" not in broken and "nobody" not in broken:
        assert read(connector, other)[0] == [["1"]]
