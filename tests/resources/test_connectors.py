"""The one conformance suite over CONNECTORS: what every source promises, on real sources. What only one does is below."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from aos_core.errors import FixTheSource, NotUnderstood
from aos_resources.connectors import CONNECTORS, connect
from aos_resources.connectors.source import SourceColumn
from aos_resources.settings import Settings
from tests.resources.sources import PASSWORD, FileSource, PostgresSource, Source, found, read

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


SOURCES = {"files": FileSource, "postgres": PostgresSource}
BREAKS = {
    "files": ["the file became a folder", "the folder is gone", "the file lost its header"],
    "postgres": ["the table was dropped", "the right to read was taken", "a column was dropped", "a column changed its type", "the database lets nobody in"],
}


@pytest.fixture(params=sorted(CONNECTORS))
def source(request: pytest.FixtureRequest, make: Callable[[str], Source]) -> Source:
    return make(request.param)


def test_every_source_stands_in_the_suite() -> None:
    assert set(CONNECTORS) == set(SOURCES) == set(BREAKS)


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
    source.make("orders", {"id": "integer", "changed": "timestamp with time zone"}, [["1", old], ["2", last]])
    connector = source.connector(cursors={"orders": "changed"})
    stream = found(connector, "orders")
    got, parts = read(connector, stream)
    assert sorted(got) == [["1", old], ["2", last]]
    position, known = parts[-1].position, {part.name: str(part.source_hash) for part in parts}
    again, _ = read(connector, stream, position, known)
    assert again == ([["2", last]] if stream.cursor else [])
    for row in (["3", last], ["4", new], ["5", None], ["6", old]):
        source.add("orders", row)
    later, parts = read(connector, stream, position, known)
    late_with_an_old_time = [] if stream.cursor else [["1", old], ["6", old]]
    assert sorted(later) == sorted([["2", last], ["3", last], ["4", new], ["5", None], *late_with_an_old_time])
    assert [part.complete for part in parts] == [stream.cursor is None]
    assert (stream.delete_mode, parts[-1].position) == (("unknown", new) if stream.cursor else ("exact", None))


def test_a_stream_without_rows_is_read_as_such(source: Source) -> None:
    source.make("empty", {"id": "integer", "note": "text"}, [])
    connector = source.connector()
    got, parts = read(connector, found(connector, "empty"))
    assert (got, [part.schema.names for part in parts], [part.complete for part in parts]) == ([], [["id", "note"]], [True])


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


@pytest.mark.parametrize(("kind", "broken"), [(kind, one) for kind in BREAKS for one in BREAKS[kind]])
def test_what_breaks_between_discovery_and_reading_is_named_and_no_secret_is(make: Callable[[str], Source], kind: str, broken: str) -> None:
    source = make(kind)
    source.make("orders", {"id": "integer", "note": "text"}, [["1", "a"]])
    source.make("others", {"id": "integer"}, [["1"]])
    assert list(source.breaks) == BREAKS[kind]
    connector = source.connector()
    stream, other = found(connector, "orders"), found(connector, "others")
    culprit = source.breaks[broken]("orders")
    with pytest.raises(FixTheSource) as refused:
        read(connector, stream)
    assert culprit in refused.value.sentence
    assert PASSWORD not in str(refused.value) + repr(vars(connector))
    if "folder is" not in broken and "nobody" not in broken:
        assert read(connector, other)[0] == [["1"]]


MEASURE = """
import json, resource, sys
from aos_resources.connectors import connect
from aos_resources.settings import Settings
home, roots, kind, config, secret = json.loads(sys.stdin.read())
connector = connect(Settings(home=home, file_roots=roots), kind, config, secret)
streams = {one.name: one for one in connector.discover().streams}
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
def rows(name): return sum(b.num_rows for part in connector.read(streams[name], None, {}) for b in part.batches)
few = rows("few")
before = peak()
many = rows("many")
print(json.dumps([few, many, peak() - before]))
"""


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_memory_is_flat_in_rows(make: Callable[[str], Source], kind: str) -> None:
    """400,000 rows of half a kilobyte are 210 MB; 270,000 of them more than before take a reader hardly any memory more."""
    source = make(kind)
    source.fill("few", 130_000)
    source.fill("many", 400_000)
    settings: Settings = source.settings  # type: ignore[attr-defined]
    told = json.dumps([str(settings.home), settings.file_roots, kind, source.config(), PASSWORD if kind == "postgres" else None])
    done = subprocess.run([sys.executable, "-c", MEASURE], input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    few, many, grown = json.loads(done.stdout)
    assert (few, many) == (130_000, 400_000)
    assert grown < 100


def test_a_source_that_is_not_known_or_not_described_is_refused_in_words(settings: Settings) -> None:
    with pytest.raises(NotUnderstood, match="no such kind of source"):
        connect(settings, "carrier-pigeon", {}, None)
    for kind in CONNECTORS:
        with pytest.raises(NotUnderstood, match="lacks its"):
            connect(settings, kind, {}, None)
