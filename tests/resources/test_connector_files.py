"""What a folder of files does beyond what every source does: roots, rejects, parts, dictionaries."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from aos_core.errors import FixTheSource, NotAllowed
from aos_resources.connectors import csv_files
from aos_resources.connectors.file_settings import FilesConfig
from aos_resources.connectors.files import Files
from aos_resources.connectors.source import Dictionary, SourceColumn, SourceStream
from aos_resources.connectors.stores import Folder
from tests.resources.sources import FileSource, Source, found, read


@pytest.fixture
def files(make: Callable[[str], Source]) -> FileSource:
    made = make("files")
    assert isinstance(made, FileSource)
    return made


def test_files_outside_the_roots_are_refused_however_they_are_reached(files: FileSource, tmp_path: Path) -> None:
    outside, home = tmp_path / "outside", files.folder / "home"
    for folder in (outside, home / "lake"):
        folder.mkdir(parents=True)
        (folder / "secret.csv").write_text("id\n1\n")
    (files.folder / "inner").mkdir()
    (files.folder / "inner" / "ok.csv").write_text("id\n1\n")
    (files.folder / "way-out").symlink_to(outside)
    (files.folder / "way-home").symlink_to(home / "lake")
    named_alike = tmp_path / "folder of files and more"
    named_alike.mkdir()

    def at(folder: Path) -> Files:
        return Files(Folder(folder, (files.folder.resolve(),), (home,)), FilesConfig(folder=str(folder)))

    assert [one.name for one in at(files.folder / "inner" / ".." / "inner").discover().streams] == ["ok"]
    refused = [outside, tmp_path, Path("/"), Path("/etc"), named_alike, files.folder / "..", files.folder / "inner" / ".." / ".." / "outside",
               files.folder / "way-out", files.folder / "way-home", home, home / "lake"]  # fmt: skip
    for folder in refused:
        with pytest.raises(NotAllowed, match="outside the folders"):
            at(folder)
    with pytest.raises(NotAllowed):
        Folder(files.folder, (), (home,))
    with pytest.raises(FixTheSource, match="no such file or folder"):
        at(files.folder / "nowhere")


@pytest.mark.parametrize("pattern", [{}, {"all": "*.csv"}, {"up": "../outside/*.csv"}])
def test_a_link_among_the_files_that_leads_out_is_refused_and_a_pattern_cannot_climb(files: FileSource, tmp_path: Path, pattern: dict[str, str]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text("id\nsecret\n")
    (files.folder / "plain.csv").write_text("id\n1\n")
    connector = Files(Folder(files.folder, (files.folder.resolve(),), (tmp_path / "home",)), FilesConfig(folder=".", patterns=pattern))
    stream = SourceStream(next(iter(pattern), "plain"), (SourceColumn("id"),))
    assert read(connector, stream)[0] == ([] if "up" in pattern else [["1"]])
    if "up" not in pattern:
        (files.folder / "plain.csv").unlink()
        (files.folder / "plain.csv").symlink_to(outside / "secret.csv")
        seen = connector.discover()
        assert seen.streams == ()
        assert [(name, "outside the folders" in why) for name, why in seen.problems] == [(stream.name, True)]
        with pytest.raises(NotAllowed):
            read(connector, stream)


@pytest.mark.parametrize(
    ("content", "kept", "rejected"),
    [
        (b"id,a,b\n1,x,y\n2,x\n3,x,y,z\n4,x,y\n", [["1", "x", "y"], ["4", "x", "y"]], [(3, "missing columns", "2,x"), (4, "too many columns", "3,x,y,z")]),
        ("id,a\n1,Dvořák\n2,ok\n".encode("cp1250"), [["2", "ok"]], [(2, "invalid encoding", None)]),
        (b"\xef\xbb\xbfid,a\r\n1,x\r\n", [["1", "x"]], []),
        (b"id;a\n1;x,y\n", [["1", "x,y"]], []),
        (b"id,a\n1,x\r\n2,y\n", [["1", "x"], ["2", "y"]], []),
        (b"id,a\n#1,x\n", [["#1", "x"]], []),
        (b"id,a", [], []),
        (b"id,a\n1,x", [["1", "x"]], []),
    ],
)
def test_every_row_of_a_file_is_kept_or_rejected_with_its_line_and_reason(
    files: FileSource, content: bytes, kept: list[list[str]], rejected: list[tuple[int, str, str | None]]
) -> None:
    (files.folder / "t.csv").write_bytes(content)
    connector = files.connector()
    got, (part,) = read(connector, found(connector, "t"))
    assert got == kept
    assert [(one.line, one.reason, said and one.text) for one, (_, _, said) in zip(part.rejects, rejected, strict=True)] == rejected
    assert (part.rejected, len(got) + part.rejected) == (len(rejected), len(kept) + len(rejected))


def test_more_rejects_than_are_listed_are_still_counted(files: FileSource) -> None:
    (files.folder / "t.csv").write_text("id,a\n" + "".join(f"{n},x\n{n}\n" for n in range(1500)))
    connector = files.connector()
    got, (part,) = read(connector, found(connector, "t"))
    assert (len(got), part.rejected, len(part.rejects)) == (1500, 1500, 1000)


@pytest.mark.parametrize(("content", "says"), [(b"", "empty, without even a header"), ("id,a\n1,é\n".encode("utf-16-le"), "not UTF-8"), (bytes(range(256)) * 40, "not UTF-8")])
def test_a_file_that_is_no_table_is_a_problem_and_the_others_go_on(files: FileSource, content: bytes, says: str) -> None:
    (files.folder / "bad.csv").write_bytes(content)
    (files.folder / "good.csv").write_text("id\n1\n")
    (files.folder / "notes.txt").write_text("not,csv\n")
    connector = files.connector()
    discovered = connector.discover()
    assert [one.name for one in discovered.streams] == ["good"]
    assert [name for name, _ in discovered.problems] == ["bad"]
    assert says in discovered.problems[0][1]
    with pytest.raises(FixTheSource, match=r"bad\.csv"):
        read(connector, SourceStream("bad", ()))


def test_a_pattern_is_one_stream_of_parts_and_an_equal_file_is_not_read_again(files: FileSource) -> None:
    for month in ("01", "02"):
        (files.folder / f"orders-{month}.csv").write_text(f"id\n{month}\n")
    connector = files.connector(patterns={"orders": "orders-*.csv"})
    stream = found(connector, "orders")
    got, parts = read(connector, stream)
    assert (got, [part.name for part in parts]) == ([["01"], ["02"]], ["orders-01.csv", "orders-02.csv"])
    (files.folder / "orders-02.csv").write_text("id\n02\n03\n")
    later, again = read(connector, stream, None, {part.name: str(part.source_hash) for part in parts})
    assert (later, [part.batches is None for part in again]) == ([["02"], ["03"]], [True, False])


def test_a_data_dictionary_is_metadata_and_never_a_stream(files: FileSource) -> None:
    (files.folder / "data_dictionary.csv").write_text('Table,Field,Description\naccounts,revenue,"Annual revenue, in millions"\naccounts,id, \n')
    (files.folder / "accounts.csv").write_text("id,revenue\n1,2\n")
    discovered = files.connector().discover()
    assert [one.name for one in discovered.streams] == ["accounts"]
    (dictionary,) = discovered.dictionaries
    assert dictionary == Dictionary("data_dictionary.csv", dictionary.content_hash, (("accounts", "revenue", "Annual revenue, in millions"), ("accounts", "id", "")))


def test_a_quote_that_first_comes_far_down_the_file_is_read_like_any_other(files: FileSource) -> None:
    plain = "".join(f"{n};plain\n" for n in range(30_000))
    (files.folder / "late.csv").write_text(f'id;word\n{plain}30000;"semi;colon"\n30001;"say ""so"""\n')
    connector = files.connector()
    rows, parts = read(connector, found(connector, "late"))
    assert (len(rows), rows[-2:], parts[0].rejected) == (30_002, [["30000", "semi;colon"], ["30001", 'say "so"']], 0)


def test_two_files_whose_names_differ_only_in_their_ending_are_two_streams(files: FileSource) -> None:
    for name in ("same.csv", "same.CSV"):
        (files.folder / name).write_text(f"id,of\n1,{name}\n")
    assert {"same.csv", "same.CSV"} <= {stream.name for stream in files.connector().discover().streams}


def test_json_lines_keep_every_value_to_the_letter_and_every_name(files: FileSource) -> None:
    """Numbers above all: read as doubles, an amount of a budget or an id of twenty digits would be another."""
    lines = [
        '{"id": 12345678901234567890123, "amount": 1.10, "tiny": 0.0000000000000000000001, "name": "a \\"b\\" 3: 4, \\u00fc\\n", "on": true, "none": null}',
        '{"amount": -0, "owner": {"id": 1.50, "tags": ["x", 2.0, {"n": 1e5}]}, "a/b~c\\"d": "odd", "Id": "another", "": "nameless", "_key": "k", "empty": ""}',
    ]
    (files.folder / "deals.jsonl").write_text("\n".join(lines))
    connector = files.connector()
    got, parts = read(connector, found(connector, "deals"))
    names = parts[0].schema.names
    first, second = (dict(zip(names, row, strict=True)) for row in got)
    assert (first["id"], first["amount"], first["tiny"]) == ("12345678901234567890123", "1.10", "0.0000000000000000000001")
    assert (first["name"], first["on"], first["none"], first["empty"]) == ('a "b" 3: 4, ü\n', "true", None, None)
    assert (second["amount"], second["owner"], second['a/b~c"d']) == ("-0", '{"id":1.50,"tags":["x",2.0,{"n":1e5}]}', "odd")
    assert (second["Id_1"], second["column9"], second["_key_1"], second["empty"]) == ("another", "nameless", "k", "")
    assert parts[0].rejected == 0


def test_a_name_that_comes_late_in_json_lines_is_a_column_and_packed_lines_are_read(files: FileSource) -> None:
    with gzip.open(files.folder / "log.ndjson.gz", "wt") as file:
        file.writelines(f'{{"n": {n}}}\n' for n in range(5_000))
        file.write('{"n": 5000, "late": "x"}\n')
    connector = files.connector()
    got, parts = read(connector, found(connector, "log"))
    assert parts[0].schema.names == ["n", "late"]
    assert (len(got), got[0], got[-1]) == (5_001, ["0", None], ["5000", "x"])


def test_parquet_keeps_its_types_and_every_value(files: FileSource) -> None:
    duckdb.execute(
        "copy (select 1::bigint as id, 1.10::decimal(38, 15) as amount, 0.1::double as share, true as won,"
        " timestamptz '2026-03-01 10:00:00.123456+00' as at, date '2026-02-28' as day, 'a\0b' as text, '\\xAA'::blob as bytes,"
        " {'x': 1.50::decimal(9, 2), 'l': [1, 2]} as nested, null::varchar as none, 'k' as _key)"
        f" to '{files.folder}/deals.parquet' (format parquet)"
    )
    connector = files.connector()
    stream = found(connector, "deals")
    got, _ = read(connector, stream)
    kinds = ["bigint", "decimal(38,15)", "double", "boolean", "timestamp with time zone", "date", "varchar", "blob"]
    assert [one.type for one in stream.columns][:8] == kinds
    assert stream.columns[-1].name == "_key_1"
    wanted = ["1", "1.100000000000000", "0.1", "true", "2026-03-01 10:00:00.123456+00", "2026-02-28", "a\0b", "\\xAA", '{"x":1.5,"l":[1,2]}', None, "k"]
    assert got == [wanted]


def test_files_of_several_formats_and_one_name_are_told_apart(files: FileSource) -> None:
    (files.folder / "deals.csv").write_text("id\n1\n")
    (files.folder / "deals.jsonl").write_text('{"id": 2}\n')
    (files.folder / "notes.txt").write_text("nothing to read\n")
    connector = files.connector()
    assert [one.name for one in connector.discover().streams] == ["deals.csv", "deals.jsonl"]
    assert read(connector, found(connector, "deals.jsonl"))[0] == [["2"]]


def test_rows_that_end_in_several_ways_keep_the_line_ends_of_their_values(files: FileSource) -> None:
    (files.folder / "notes.csv").write_bytes(b'id,note\r\n1,"a\r\nb"\n2,"c\nd"\r\n3,"say ""e""\r"\r4,f\n')
    connector = files.connector()
    assert read(connector, found(connector, "notes"))[0] == [["1", "a\r\nb"], ["2", "c\nd"], ["3", 'say "e"\r'], ["4", "f"]]


@pytest.mark.parametrize(
    ("fault", "looked_through"),
    [("", False), ("{n},{n}\n", True), ('{n},"{n}",{n}\n', True), ("{n},{n},{n},{n}\n", True), ("{n},\xff,{n}\n", True)],
    ids=["sound", "a value less", "quotes", "a value more", "no text"],
)
def test_a_large_file_is_looked_through_first_unless_random_places_of_it_are_sound(
    files: FileSource, monkeypatch: pytest.MonkeyPatch, fault: str, looked_through: bool
) -> None:
    """The faulty lines are few enough here to be kept as rejects, and many enough that no chance passes them over."""
    monkeypatch.setattr(csv_files, "_MOST_REJECTS", 1_000)
    with (files.folder / "large.csv").open("w", encoding="latin-1") as file:
        file.write("id,word,more\n")
        file.writelines(f"{n},{n},{n}\n" + (fault.format(n=n) if n % 3 == 0 and n < 2_900 else "") for n in range(20_000))
    asked: list[int] = []
    monkeypatch.setattr(csv_files, "_refuse_what_is_no_csv", lambda path, dialect, missing: asked.append(missing))
    connector = files.connector()
    rows, (part,) = read(connector, found(connector, "large"))
    assert len(rows) + part.rejected == 20_000 + (967 if fault else 0)
    assert bool(asked) == looked_through
