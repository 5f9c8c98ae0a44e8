"""A CSV without quotes is read by another reader than one with them; what it says does not depend on it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aos_core.errors import FixTheSource
from aos_resources.connectors import csv_files, csv_plain
from aos_resources.connectors.csv_plain import is_plain
from aos_resources.connectors.source import Part
from aos_resources.connectors.written import Written

CELLS = st.text(st.characters(exclude_characters="\r\n\0\"'", exclude_categories=["Cs"]), max_size=8)
LINES = st.lists(st.one_of(st.lists(CELLS, min_size=3, max_size=3), st.lists(CELLS, max_size=5)), min_size=1, max_size=40)
Said = tuple[list[list[str | None]], int, list[tuple[int | None, str]]]


def said(path: Path, written: Written) -> Said:
    part = Part("", complete=True, source_hash=None)
    rows = [list(row.values()) for batch in csv_files.batches(path, part, csv_files.examine(path, written), written) for row in batch.to_pylist()]
    return rows, part.rejected, [(one.line, one.reason) for one in part.rejects]


def test_a_file_reads_the_same_by_either_reader(tmp_path: Path) -> None:
    @settings(max_examples=300)
    @given(LINES, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans(), st.booleans(), st.sampled_from([40, 64, 1024 * 1024]))
    def reads_alike(lines: list[list[str]], delimiter: str, end: str, ends: bool, marked: bool, block: int) -> None:
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            path = Path(folder) / "some.csv"
            text = end.join([delimiter.join(("first", "second", "third")), *map(delimiter.join, lines)]) + (end if ends else "")
            path.write_bytes((b"\xef\xbb\xbf" if marked else b"") + text.encode())
            written = Written(delimiter=delimiter)
            with patch.object(csv_plain, "_BLOCK", block):
                told = said(path, written)
            with patch.object(csv_files, "is_plain", lambda *given: False):
                assert told == said(path, written)

    reads_alike()


@pytest.mark.parametrize(
    ("text", "written", "plain"),
    [
        (b"a,b\n1,2\n", Written(), True),
        (b"a,b\n1,it's\n", Written(), True),
        (b"a,b\n1,it's\n", Written(quote="'"), False),
        (b'a,b\n1,"2"\n', Written(), False),
        (b"a,b\n1,\xff\n", Written(), False),
        (b"a,b\n1,\0\n", Written(), False),
        (b"a,b\n1,2\r\n3,4\n", Written(), False),
        (b"a\n1\n\n2\n", Written(), False),
        (b"a,b\n1,2\n", Written(guarded=True), False),
        (b"a,b\n1,2\n", Written(escape="backslash"), False),
        (b"a,b\n", Written(), False),
    ],
)  # fmt: skip
def test_only_what_is_known_to_hold_no_quotes_is_taken_for_it(tmp_path: Path, text: bytes, written: Written, plain: bool) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(text)
    asked: list[bool] = []
    with patch.object(csv_files, "is_plain", lambda *given: asked.append(is_plain(*given)) or asked[-1]):
        said(path, written)
    assert asked == [plain]


def test_a_line_that_is_longer_than_what_is_read_at_once_is_read(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("a,b\n1,2\n" + "x" * 1_500_000 + ",3\n4,5\n")
    assert said(path, Written()) == ([["1", "2"], ["x" * 1_500_000, "3"], ["4", "5"]], 0, [])


def test_rows_after_a_faulty_one_are_read_and_none_before_it_twice(tmp_path: Path) -> None:
    """Far into the file, where many were given already."""
    path = tmp_path / "some.csv"
    path.write_text("a,b\n" + "".join(f"{n},{n}\n" for n in range(700_000)) + "torn\n" + "".join(f"{n},\n" for n in range(3)))
    rows, rejected, rejects = said(path, Written())
    assert ([row[0] for row in rows] == [*map(str, range(700_000)), "0", "1", "2"], rejected, rejects) == (True, 1, [(700_002, "missing columns")])


def test_a_file_that_is_gone_before_it_is_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("a,b\n1,2\n")
    part, form = Part("", complete=True, source_hash=None), csv_files.examine(path, Written())
    rows = csv_files.batches(path, part, form, Written())
    path.unlink()
    with pytest.raises(FixTheSource, match=r"cannot be read \(some.csv\)"):
        next(rows)
