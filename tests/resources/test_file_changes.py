"""Files that change, or that nobody wants any more, while they are read; and what tells the next reading whether they did."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.ahead import ahead
from tests.resources.sources import FileSource, Source, found


@pytest.fixture
def files(make: Callable[[str], Source]) -> FileSource:
    made = make("files")
    assert isinstance(made, FileSource)
    return made


def aged(path: Path) -> None:
    """As if it had been there for an hour: its hash need not be known before it is read."""
    then = path.stat().st_mtime - 3_600
    os.utime(path, (then, then))


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.parquet"])
def test_a_file_has_the_same_hash_made_before_it_is_read_or_beside(files: FileSource, name: str) -> None:
    path = files.folder / name
    with duckdb.connect() as connection:
        connection.execute(f"copy (select range as id, 'x' as b from range(5000)) to '{path}'")
    connector = files.connector()
    stream = found(connector, "t")
    (young,) = connector.read(stream, None, {})
    assert young.source_hash is not None
    aged(path)
    (old,) = connector.read(stream, None, {})
    assert (old.source_hash, old.batches is None) == (None, False)
    assert sum(batch.num_rows for batch in old.batches or ()) == 5_000
    assert old.source_hash == young.source_hash
    (again,) = connector.read(stream, None, {path.name: old.source_hash})
    assert again.batches is None


def test_a_file_whose_rows_nobody_wants_any_more_leaves_no_thread_behind(files: FileSource) -> None:
    path = files.folder / "t.csv"
    path.write_text("id\n" + "1\n" * 5_000_000)
    aged(path)
    connector = files.connector()
    (part,) = connector.read(found(connector, "t"), None, {})
    assert part.batches is not None
    with pytest.raises(ZeroDivisionError), ahead(part.batches) as batches:
        next(batches)
        assert hashing()
        1 / 0  # noqa: B018
    assert (hashing(), part.source_hash) == ([], None)


def hashing() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("hash")]


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("change", ["grown", "replaced", "gone"])
def test_a_file_that_changes_while_it_is_read_is_read_again_and_never_mixed(files: FileSource, change: str, old: bool) -> None:
    path = files.folder / "t.csv"
    path.write_text("id\n" + "".join(f"{n}\n" for n in range(200_000)))
    if old:
        aged(path)
    connector = files.connector()
    (part,) = connector.read(found(connector, "t"), None, {})
    assert part.batches is not None
    next(part.batches)
    if change == "grown":
        with path.open("a") as file:
            file.write("more\n")
    elif change == "replaced":
        (files.folder / "new").write_text("id\n1\n")
        (files.folder / "new").replace(path)
    else:
        path.unlink()
    with pytest.raises((TryAgain, FixTheSource), match=r"changed while it was read|cannot be read"):
        list(part.batches)
