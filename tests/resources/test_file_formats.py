"""Files as people write them: every dialect, encoding and packing gives the same rows to the letter, and none is guessed."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from aos_core.errors import FixTheSource, NotUnderstood
from aos_resources.connectors.encodings import certain
from aos_resources.connectors.source import Part, SourceStream
from aos_resources.csv_export import csv_of
from tests.resources.sources import FileSource, Source, found, read

ROWS = [["1", "a, b", 'say "x"'], ["2", "line\nline", "it's"], ["3", "C:\\new", None]]


@pytest.fixture
def files(make: Callable[[str], Source]) -> FileSource:
    made = make("files")
    assert isinstance(made, FileSource)
    return made


def rows(files: FileSource, name: str, content: bytes | str, **config: Any) -> tuple[list[list[str | None]], Part]:
    (files.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    connector = files.connector(**config)
    (stream,) = connector.discover().streams
    got, (part,) = read(connector, stream)
    assert part.schema.names == [one.name for one in stream.columns] or part.schema.names[: len(stream.columns)] == [one.name for one in stream.columns]
    return got, part


WRITTEN = {
    "doubled": 'id,b,c\n1,"a, b","say ""x"""\n2,"line\nline",it\'s\n3,C:\\new,\n',
    "semicolons": 'id;b;c\n1;a, b;"say ""x"""\n2;"line\nline";it\'s\n3;C:\\new;\n',
    "tabs": 'id\tb\tc\n1\ta, b\t"say ""x"""\n2\t"line\nline"\tit\'s\n3\tC:\\new\t\n',
    "bars": 'id|b|c\n1|a, b|"say ""x"""\n2|"line\nline"|it\'s\n3|C:\\new|\n',
    "single quotes": "'id','b','c'\n'1','a, b','say \"x\"'\n'2','line\nline','it''s'\n'3','C:\\new',\n",
    "backslashes": 'id,b,c\n1,"a, b","say \\"x\\""\n2,"line\nline",it\'s\n3,"C:\\\\new",\n',
    "Excel's own line": 'sep=;\r\nid;b;c\r\n1;a, b;"say ""x"""\r\n2;"line\nline";it\'s\r\n3;C:\\new;\r\n',
    "remarks first": '# exported "today\n#\n\nid,b,c\n1,"a, b","say ""x"""\n2,"line\nline",it\'s\n3,C:\\new,\n',
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_dialect_is_found_and_every_value_is_what_it_says(files: FileSource, how: str) -> None:
    assert rows(files, "t.csv", WRITTEN[how])[0] == ROWS


SAID: dict[str, tuple[str, dict[str, Any]]] = {
    "explained": ('This is, "our" list\nof things\nid,b,c\n1,"a, b","say ""x"""\n2,"line\nline",it\'s\n3,C:\\new,\n', {"skip": 2}),
    "remarked": ('-- this, "is\n-- that\nid,b,c\n1,"a, b","say ""x"""\n2,"line\nline",it\'s\n3,C:\\new,\n', {"comment": "--"}),
    "quoted singly": ("id,b,c\n1,'a, b','say \"x\"'\n2,'line\nline','it''s'\n3,C:\\new,\n", {"quote": "single"}),
    "escaped in single quotes": ("id,b,c\n1,'a, b','say \"x\"'\n2,'line\nline','it\\'s'\n3,'C:\\\\new',\n", {"quote": "single", "escape": "backslash"}),
    "parted by bars though commas are more": ('id|b,c,d|c\n1|a, b|say "x"\n', {"delimiter": "bar"}),
}


@pytest.mark.parametrize("how", SAID)
def test_a_dialect_that_was_said_is_read_so(files: FileSource, how: str) -> None:
    text, dialect = SAID[how]
    got, part = rows(files, "t.csv", text, dialect=dialect)
    assert got == ROWS if "bars" not in how else (part.schema.names == ["id", "b,c,d", "c"])


def test_without_a_header_columns_are_numbered_and_the_first_line_is_a_row(files: FileSource) -> None:
    got, part = rows(files, "t.csv", "1,a\n2,b\n", dialect={"header": False})
    assert (part.schema.names, got) == (["column0", "column1"], [["1", "a"], ["2", "b"]])


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('id,#,c\n#1,"x\\",2\n', [["#1", "x\\", "2"]]),
        ("#id\n1\n2\n", [["1"], ["2"]]),
        ("#,a\n1,2\n", [["1", "2"]]),
        ('id,b\n1,"\\\\server\\share"\n2,"say \\"x"\n', [["1", "\\\\server\\share"]]),
    ],
)
def test_what_could_be_a_dialect_and_is_none_is_left_as_it_is(files: FileSource, text: str, kept: list[list[str]]) -> None:
    """A name that begins with #, a value that ends in a backslash, and backslashes that escape nothing."""
    got, part = rows(files, "t.csv", text)
    assert got == kept
    assert len(got) + part.rejected == text.count("\n") - 1


def test_rows_keep_their_numbers_whatever_stands_before_them(files: FileSource) -> None:
    _, part = rows(files, "t.csv", '# "\n\nid,b\n1,2\n3\n')
    assert [(one.line, one.reason) for one in part.rejects] == [(5, "missing columns")]


def test_another_dialect_reads_the_same_bytes_again(files: FileSource) -> None:
    _, part = rows(files, "t.csv", "1,a\n2,b\n")
    known = {"t.csv": str(part.source_hash)}
    for config, again in (({}, False), ({"dialect": {"header": False}}, True), ({"encoding": "windows-1252"}, True)):
        connector = files.connector(**config)
        _, (part,) = read(connector, found(connector, "t"), None, known)
        assert (part.batches is not None) == again


TEXT = "id,größe\n1,Müller\n2,Strauß ÄÖ\n"
WORDS = [["1", "Müller"], ["2", "Strauß ÄÖ"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_encoding_that_is_certain_is_found(files: FileSource, encoding: str, packed: bool) -> None:
    content = TEXT.encode(encoding)
    got, part = rows(files, "t.csv.gz" if packed else "t.csv", gzip.compress(content) if packed else content)
    assert (got, part.schema.names, part.rejected) == (WORDS, ["id", "größe"], 0)


@pytest.mark.parametrize(("encoding", "named"), [("utf-16-be", "utf-16-be"), ("cp1252", "windows-1252"), ("iso8859-2", "iso-8859-2"), ("cp850", "ibm850"), ("mac_roman", "mac-roman")])
def test_an_encoding_that_was_said_is_read_so(files: FileSource, encoding: str, named: str) -> None:
    assert rows(files, "t.csv", TEXT.encode(encoding), encoding=named)[0] == WORDS


def test_windows_own_signs_and_line_ends_in_utf_16_come_through(files: FileSource) -> None:
    assert rows(files, "t.csv", "id,a\r\n1,“x” – 5 €\r\n2,\"Ċ\n\"\r3,y\r\n".encode("utf-16"))[0] == [["1", "“x” – 5 €"], ["2", "Ċ\n"], ["3", "y"]]
    assert rows(files, "t.csv", "id,a\n1,“x” – 5 € für Müller\n".encode("cp1252"))[0] == [["1", "“x” – 5 € für Müller"]]


def test_a_byte_that_its_encoding_does_not_know_rejects_its_row_and_replaces_nothing(files: FileSource) -> None:
    got, part = rows(files, "t.csv", b"id,a\n1,\xfc\n2,\x81\n3,ok\n", encoding="windows-1252")
    assert (got, [(one.line, one.reason) for one in part.rejects]) == ([["1", "ü"], ["3", "ok"]], [(3, "invalid encoding")])
    got, part = rows(files, "t.csv", "id,a\n1,x\n".encode("utf-16") + b"\x32\0,\0\x00\xd8\n\0" + "3,ok\n".encode("utf-16-le"))
    assert (got, part.rejected) == ([["1", "x"], ["3", "ok"]], 1)


def test_two_encodings_in_one_file_are_none_and_the_rows_of_the_other_are_kept_apart(files: FileSource) -> None:
    got, part = rows(files, "t.csv", "id,a\n1,Müller\n".encode() + "2,Müller\n3,ok\n".encode("cp1252"))
    assert (got, [(one.line, one.reason) for one in part.rejects]) == ([["1", "Müller"], ["3", "ok"]], [(3, "invalid encoding")])


def test_a_utf_16_file_that_is_cut_off_is_refused(files: FileSource) -> None:
    with pytest.raises(FixTheSource, match=r"(?s)utf-16.*Choose the encoding"):
        rows(files, "t.csv", TEXT.encode("utf-16")[:-1])


@pytest.mark.parametrize(
    ("text", "encoding", "sure"),
    [
        ("Ça été élevé à Nîmes où l'être forêt", "cp1252", True),
        ("El niño comió jamón aquí", "cp1252", True),
        ("Não há ações em São Paulo", "cp1252", True),
        ("Grüße aus Köln", "cp1252", True),
        ("Příliš žluťoučký kůň", "cp1250", False),
        ("Zażółć gęślą jaźń", "cp1250", False),
        ("Zażółć gęślą jaźń", "iso8859-2", False),
        ("Привет мир", "cp1251", False),
        ("Καλημέρα κόσμε", "cp1253", False),
        ("ığdır şehri güneş", "cp1254", False),
        ("Müller über Köln", "cp850", False),
        ("Müller über Köln", "mac_roman", False),
        ("日本語のテキスト", "cp932", False),
        ("中文文本 text", "gb18030", False),
        ("š", "cp1252", False),
        ("řeka", "cp1250", False),  # or øeka
        ("niño", "cp1252", False),  # or nińo
    ],
)
def test_windows_1252_is_believed_only_where_no_other_can_be_meant(text: str, encoding: str, sure: bool) -> None:
    assert certain([text.encode(encoding)]) == ("cp1252" if sure else None)


ARRAY = '\ufeff [ {"id": 12345678901234567890123, "amount": 1.10,\n  "tags": [1.50, {"x": "]"}]},\n\n {"id": "b", "late": "ü [{"} ]\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_array_of_objects_is_read_as_its_objects(files: FileSource, encoding: str) -> None:
    got, part = rows(files, "t.json", (ARRAY if encoding == "utf-8" else ARRAY[1:]).encode(encoding))
    assert part.schema.names == ["id", "amount", "tags", "late"]
    assert got == [["12345678901234567890123", "1.10", '[1.50,{"x":"]"}]', None], ["b", None, None, "ü [{"]]


def test_what_is_no_object_of_an_array_is_kept_apart_and_what_is_no_array_is_refused(files: FileSource) -> None:
    got, part = rows(files, "t.json", '[{"id": 1}, 5, {"id": 2, "id": 3}, {"id": 4}]')
    assert (got, [(one.line, one.reason) for one in part.rejects]) == ([["1"], ["4"]], [(2, "not an object"), (3, "a name stands twice")])
    assert rows(files, "t.json", '{"id": 1}\n{"id": 2}\n')[0] == [["1"], ["2"]]
    for wrong in ('[{"id": 1}, {"id": 2}', '[{"id": 1}] x', '[{"id": 1} {"id": 2}]', '{\n"rows": [\n]}', "[]", "[1, 2]"):
        (files.folder / "t.json").write_text(wrong)
        with pytest.raises(FixTheSource):
            read(files.connector(), SourceStream("t", ()))


def workbook(path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Deals"
    sheet.append([])
    sheet.append(["id", "amount", "day", "at", "hour", "won", "text", None, "last"])
    sheet.append([1, 0.1, date(2024, 2, 29), datetime(2024, 2, 29, 13, 45, 30), time(8, 30), True, 'a, "b"\nü', None, "x"])
    sheet.append([None] * 9)
    sheet.append([123456789012345, 1.1, date(1900, 1, 31), datetime(2024, 1, 1, 0, 0, 0, 250_000), None, False, "=1+1", None, None])
    other = book.create_sheet("Other ü/?".replace("/", "-").replace("?", ""))
    other.append(["id"])
    other.append(["only"])
    book.save(path)


def test_each_sheet_of_a_workbook_is_a_stream_and_its_values_are_what_it_shows(files: FileSource) -> None:
    workbook(files.folder / "book.xlsx")
    connector = files.connector()
    assert [one.name for one in connector.discover().streams] == ["book/Deals", "book/Other ü-"]
    got, (part,) = read(connector, found(connector, "book/Deals"))
    assert part.schema.names == ["id", "amount", "day", "at", "hour", "won", "text", "column7", "last"]
    assert got[0] == ["1", "0.1", "2024-02-29", "2024-02-29 13:45:30", "08:30:00", "true", 'a, "b"\nü', None, "x"]
    assert got[1] == ["123456789012345", "1.1", "1900-01-31", "2024-01-01 00:00:00.250000", None, "false", None, None, None]
    assert part.name == "book.xlsx/Deals"
    assert read(connector, found(connector, "book/Other ü-"))[0] == [["only"]]
    _, (again,) = read(connector, found(connector, "book/Deals"), None, {part.name: str(part.source_hash)})
    assert again.batches is None


def test_a_zip_is_a_folder_of_its_members_and_its_names_lead_nowhere(files: FileSource) -> None:
    with zipfile.ZipFile(files.folder / "all.zip", "w") as archive:
        for name in ("a.csv", "../../up.csv", "/etc/abs.csv", "inner/b.csv.gz", "readme.txt", "__MACOSX/a.csv", "inner/"):
            content = b"id\n" + name.encode() + b"\n"
            archive.writestr(name, gzip.compress(content) if name.endswith(".gz") else content)
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", b"PK")
        archive.writestr("book.xlsx", b"PK")
    connector = files.connector()
    discovered = connector.discover()
    assert {one.name for one in discovered.streams} == {"all/a", "all/../../up", "all//etc/abs", "all/inner/b"}
    assert sorted(name for name, _ in discovered.problems) == ["all.zip/book.xlsx", "all.zip/inner.zip", "all.zip/link.csv"]
    assert [read(connector, one)[0] for one in discovered.streams] == [[["a.csv"]], [["../../up.csv"]], [["/etc/abs.csv"]], [["inner/b.csv.gz"]]]
    assert sorted(one.name for one in files.folder.parent.iterdir() if one.name.endswith(".csv")) == []


def test_files_and_members_of_zips_may_be_one_stream_and_none_is_forgotten_where_one_cannot_be_opened(files: FileSource) -> None:
    (files.folder / "orders-1.csv").write_text("id\n1\n")
    with zipfile.ZipFile(files.folder / "orders-2.zip", "w") as archive:
        archive.writestr("orders.csv", "id\n2\n")
    connector = files.connector(patterns={"orders": "orders-*.csv"})
    got, parts = read(connector, found(connector, "orders"))
    assert (got, [one.name for one in parts]) == ([["1"], ["2"]], ["orders-1.csv", "orders-2.zip/orders.csv"])
    (files.folder / "orders-2.zip").write_bytes(b"PK\3\4")
    with pytest.raises(FixTheSource, match="cannot be opened"):
        read(connector, found(connector, "orders"))


def test_rows_that_are_gone_stay_where_a_person_says_so(files: FileSource) -> None:
    for table in ("kept", "exact"):
        files.make(table, {"id": "integer"}, [["1", ], ["2"]])
    connector = files.connector(append_streams=["kept"])
    streams = {one.name: one for one in connector.discover().streams}
    assert {name: one.delete_mode for name, one in streams.items()} == {"kept": "unknown", "exact": "exact"}
    assert [[part.complete for part in read(connector, streams[name])[1]] for name in ("kept", "exact")] == [[False], [True]]
    everywhere = files.connector(append=True)
    assert [part.complete for part in read(everywhere, found(everywhere, "exact"))[1]] == [False]


def test_what_is_no_file_is_said_so_at_once(files: FileSource) -> None:
    os.mkfifo(files.folder / "pipe.csv")
    (files.folder / "device.csv").symlink_to("/dev/zero")
    (files.folder / "loop.csv").symlink_to("loop.csv")
    (files.folder / "folder.csv").mkdir()
    (files.folder / "good.csv").write_text("id\n1\n")
    discovered = files.connector().discover()
    assert [one.name for one in discovered.streams] == ["good"]
    assert sorted(name for name, _ in discovered.problems) == ["device", "folder", "loop", "pipe"]


def test_our_own_export_reads_back_as_it_was(files: FileSource) -> None:
    values = ["=1+1", "'=1", "-5", "@x", "\t", "'quoted'", "", None, 'a"b\r\nc', "＝1", "ü"]
    with duckdb.connect() as connection:
        connection.execute('create table t (id integer, "=name" varchar)')
        connection.executemany("insert into t values (?, ?)", list(enumerate(values)))
        text = b"".join(csv_of(connection, "select * from t"))
    got, part = rows(files, "t.csv", text, dialect={"guarded": True})
    assert (got, part.schema.names) == ([[str(n), one] for n, one in enumerate(values)], ["id", "=name"])


@pytest.mark.parametrize("config", [{}, {"folder": "x", "uploads": True}, {"folder": "x", "bucket": "abc"}, {"folder": "x", "prefix": "p"}, {"folder": "x", "encoding": "klingon"}, {"folder": "x", "dialect": {"delimiter": "!"}}])
def test_settings_that_contradict_each_other_are_refused(files: FileSource, config: dict[str, Any]) -> None:
    from aos_resources.connectors import connect
    from aos_resources.connectors.source import Doors

    with pytest.raises(NotUnderstood):
        connect(Doors(files.settings), "files", config, None)
