"""Hostile files at a twentieth of their size: refused in words or read, each in a process of its own. `benchmarks.hostile` has the full size."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from aos_core.errors import FixTheSource
from aos_resources.connectors.packed import Bounded, archive, refuse_size
from benchmarks.hostile import KINDS, MOST_MB, MOST_SECONDS, measure

# Kind → (rows that are read, words of each refusal that must be among them).
WANTED: dict[str, tuple[int, tuple[str, ...]]] = {
    "zip_of_zeros": (0, ("200 times as large",)),
    "nested_zip": (0, ("within an archive is not opened",)),
    "many_entries": (0, ("more than 10,000 entries",)),
    "overlapping": (0, ("when it is unpacked",)),
    "gzip_of_zeros": (0, ("first line is longer than 1 MB",)),
    "gzip_of_lines": (0, ("200 times as large",)),
    "million_columns": (0, ("columns, more than the 1,000",)),
    "giant_cell": (0, ("longer than 16 MB",)),
    "giant_cell_of_lines": (0, ("longer than 16 MB",)),
    "deep_json": (3, ("could not be read as JSON",)),
    "giant_object": (0, ("could not be read as JSON",)),
    "many_names": (0, ("columns, more than the 1,000",)),
    "workbooks": (2, ("entities of its own", "cannot be opened", "is broken", "more columns")),
    "parquets": (1_001, ("could not be read as Parquet",)),
    "encodings": (102_001, ("could not be read",)),
    "quoted_newlines": (200_005, ()),
    "no_files": (0, ("no file but a folder, a pipe or a device", "outside the folders")),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_file_is_refused_in_words_or_read_within_its_memory_and_time(tmp_path: Path, kind: str) -> None:
    found = measure(tmp_path, kind, 0.05)
    rows, words = WANTED[kind]
    assert "died" not in found, found
    assert (found["mb"] <= MOST_MB, found["cpu"] <= MOST_SECONDS / 3) == (True, True), found
    assert found["rows"] == rows
    assert [word for word in words if not any(word in said for said in found["said"])] == []


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a.csv", "id\n1\n")
        made.writestr("b.csv", "id\n2\n")
        made.infolist()[1].header_offset = 0
    with pytest.raises(FixTheSource, match="share their bytes"), archive(path):
        pass


def test_what_unpacks_beyond_what_it_said_is_refused_while_it_unpacks(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(70 * 1024 * 1024))
    with (tmp_path / "zeros").open("rb") as file, pytest.raises(FixTheSource, match="200 times"):
        held = Bounded(file, 1_000, "a")
        while held.read(1_048_576):
            pass
    refuse_size(64 * 1024**2, 1, "small")
    with pytest.raises(FixTheSource, match="8 GB"):
        refuse_size(9 * 1024**3, 9 * 1024**3, "large")
