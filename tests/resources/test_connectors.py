"""The one conformance suite over CONNECTORS: what every source promises, on real sources. What only one does is below."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from aos_core.errors import FixTheSource, NotAllowed, NotUnderstood, TryAgain
from aos_resources.connectors import CONNECTORS, connect
from aos_resources.connectors.source import Doors, SourceColumn
from aos_resources.settings import Settings
from tests.resources.sources import Cut, Landing, Source, found, read
from tests.resources.suite import GENERATED, SOURCES

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
# Kinds whose sources count questions: nobody limits how often a file is read.
LIMITED = [kind for kind in sorted(SOURCES) if SOURCES[kind].limits]
ODD_COLUMN = 'select "x; drop table'
BREAKS = [(kind, one) for kind in SOURCES for one in SOURCES[kind].breaks_by]
ORDERS = {"id": "integer", "note": "text"}
CHANGED = {"id": "integer", "changed": "timestamp with time zone"}


@pytest.fixture(params=sorted(SOURCES))
def source(request: pytest.FixtureRequest, make: Callable[[str], Source]) -> Source:
    return make(request.param)


def test_every_source_stands_in_the_suite() -> None:
    assert set(CONNECTORS) - GENERATED == set(SOURCES) == {kind for kind, _ in BREAKS}


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


def test_a_probe_says_who_we_are_and_whether_we_could_write(source: Source) -> None:
    source.make("orders", ORDERS, [["1", "a"]], key=["id"])
    before = source.connector().probe()
    assert source.account in before.account
    assert before.writable is (False if source.tells_writing else None)
    source.let_write()
    after = source.connector().probe()
    assert (after.account, after.writable) == (before.account, True if source.tells_writing else None)
    for word in (source.secret() or {}).values():
        assert word not in repr((before, after))


@pytest.mark.parametrize("kind", sorted(CONNECTORS))
def test_a_kind_describes_its_settings_for_a_form_and_bounds_them(kind: str) -> None:
    told = CONNECTORS[kind]
    assert all((told.title, told.about))
    for model in filter(None, (told.config, told.secret)):
        schema = model.model_json_schema()
        assert schema["additionalProperties"] is False
        for place, setting in settings_in(schema):
            assert setting.get("title") or place.count(".") > 1, place
            assert setting.get("description") or place.count(".") > 1, f"{place} is not described"
            bounds = {"string": {"maxLength", "enum", "const", "format"}, "array": {"maxItems"}, "object": {"maxProperties", "properties"}, "integer": {"maximum", "exclusiveMaximum"}, "number": {"maximum"}}
            assert bounds.get(setting.get("type", ""), set(setting)) & set(setting), f"{place} has no bound"


def settings_in(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, schema) of each setting, those of lists and alternatives too."""
    for name, one in schema.get("properties", {}).items():
        yield f"{place}.{name}", one
        yield from settings_in(one, f"{place}.{name}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield f"{place}.{name}.each", schema[name]
            yield from settings_in(schema[name], f"{place}.{name}.each")
    for one in [*schema.get("anyOf", []), *schema.get("$defs", {}).values()]:
        yield from settings_in(one, place)


MEASURE = """
import json, sys
from pathlib import Path
from aos_resources.connectors import connect
from aos_resources.connectors.source import Doors
from aos_resources.settings import Settings
settings, kind, config, secret = json.loads(sys.stdin.read())
connector = connect(Doors(Settings(**settings)), kind, config, secret)
streams = {one.name: one for one in connector.discover().streams}
def peak():  # Linux's own mark: getrusage's begins where the process that started this one stood
    return next(int(line.split()[1]) // 1024 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
def rows(name): return sum(b.num_rows for part in connector.read(streams[name], None, {}) for b in part.batches)
few = rows("few")
before = peak()
many = rows("many")
print(json.dumps([few, many, peak() - before, peak()]))
"""


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_memory_is_flat_in_rows(make: Callable[[str], Source], kind: str, request: pytest.FixtureRequest) -> None:
    """400,000 rows of half a kilobyte are 210 MB; 270,000 of them more than before take a reader hardly any memory more."""
    source, wanted = make(kind), request.config.getoption("--rows")
    source.fill("few", 130_000)
    source.fill("many", wanted)
    secret = source.secret()
    told = json.dumps([source.settings.model_dump(mode="json"), kind, source.config(), json.dumps(secret) if secret else None])
    done = subprocess.run([sys.executable, "-c", MEASURE], input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    few, many, grown, peak = json.loads(done.stdout)
    print(f"{kind}: {many:,} rows, {peak} MB at most, {grown} MB more than of {few:,}")
    assert (few, many) == (130_000, wanted)
    assert grown < 150
    assert peak < 400


def test_a_source_that_is_not_known_or_not_described_is_refused_in_words(settings: Settings) -> None:
    with pytest.raises(NotUnderstood, match="no such kind of source"):
        connect(Doors(settings), "carrier-pigeon", {}, None)
    for kind in CONNECTORS:
        with pytest.raises(NotUnderstood, match="lacks its"):
            connect(Doors(settings), kind, {}, None)
