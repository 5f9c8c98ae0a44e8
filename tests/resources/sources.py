"""What a source must offer to stand in the conformance suite, and what a test lands of it. Files are the first; others have files of their own."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

import duckdb
import pyarrow as pa
import pytest

from aos_resources.connectors import connect
from aos_resources.connectors.guarded import Guarded
from aos_resources.connectors.source import Connector, Doors, Part, SourceStream
from aos_resources.settings import Settings

Row = Sequence[str | None]
Key = tuple[str | None, ...]
# A wide row of text that no compression shrinks, for 400,000 rows far above what a reader may hold.
WIDE = "select i as id, {} as t from {}"


class Cut(Exception):
    """The worker was killed here."""


class Source(Protocol):
    """A real source of one kind, whose data the suite makes, changes, deletes and breaks. Values are texts, as the source writes them.

    Of a class: `breaks_by` names what can break, and `at(request, folder, settings)` makes one; `close()` ends it.
    `empty`: what an empty text is read as. `declares`: whether it tells types and keys.
    `slices`: whether a long table comes in slices, so that a reading that was cut goes on within it; `small_slices()` makes
    every connector made after it cut them after three rows.
    `prompt`: settings with which a deletion shows in the next reading.
    `limits`: how it says that it was asked too often: "" never, "held" until `limit_rate(0)`, "counted" that many times.
    A few are waited out (without really waiting in a test), many are TryAgain.
    `account`: words that its probe names; `tells_writing`: whether the probe knows what the credentials may write, which
    `let_write()` lets them.
    `secret()`: what is sealed, None where there is nothing; none of its values may show anywhere.
    `settings`: those it is read with, in another process too.
    `breaks`: what breaks a table and returns the culprit that must be named. `lose_permission(table)` takes the right to read
    one table away, returns the culprit, and `give_permission(table)` gives it back; where a kind has no rights of a table, that of all.
    `change_schema(table, how)`: of a table of `id` and `note`, how is "added" (a column `extra`, "new" in each row), "dropped"
    (`note`) or "renamed" (`note` to `remark`).
    """

    breaks_by: ClassVar[tuple[str, ...]]
    empty: str | None
    declares: bool
    slices: bool
    prompt: dict[str, Any]
    limits: Literal["", "held", "counted"]
    account: str
    tells_writing: bool
    settings: Settings
    breaks: dict[str, Callable[[str], str]]

    @classmethod
    def at(cls, request: pytest.FixtureRequest, folder: Path, settings: Settings) -> Source: ...
    def close(self) -> None: ...
    def config(self, **more: Any) -> dict[str, Any]: ...
    def secret(self) -> dict[str, str] | None: ...
    def connector(self, **more: Any) -> Connector: ...
    def stream(self, table: str) -> str: ...
    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None: ...
    def add(self, table: str, row: Row) -> None: ...
    def change(self, table: str, identity: str, row: Row) -> None: ...
    def delete(self, table: str, identity: str) -> None: ...
    def fill(self, table: str, rows: int) -> None: ...
    def small_slices(self) -> None: ...
    def lose_permission(self, table: str) -> str: ...
    def give_permission(self, table: str) -> None: ...
    def change_schema(self, table: str, how: str) -> None: ...
    def limit_rate(self, times: int) -> None: ...
    def let_write(self) -> None: ...


def within(connector: Connector) -> Connector:
    """The kind's own connector: what a test turns stands behind the guard that hides its secret, and must not need that guard."""
    return connector._connector if isinstance(connector, Guarded) else connector


class FileSource:
    """A folder of CSV files: types are not declared, and an empty text is nothing."""

    empty: str | None = None
    declares = False
    slices = False
    prompt: ClassVar[dict[str, Any]] = {}
    limits: Literal["", "held", "counted"] = ""
    tells_writing = False
    breaks_by = ("the file became a folder", "the folder is gone", "the file lost its header")

    @classmethod
    def at(cls, request: pytest.FixtureRequest, folder: Path, settings: Settings) -> FileSource:
        made = folder / "folder of files"
        made.mkdir()
        return cls(made, settings)

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.account = str(folder)
        self.folder = folder
        self.settings = settings.model_copy(update={"file_roots": str(folder)})
        self._tables: dict[str, tuple[list[str], list[Row]]] = {}
        self.breaks = dict(zip(self.breaks_by, (self._no_file, self._no_folder, self._no_header), strict=True))

    def close(self) -> None:
        """A folder of a test goes with it."""

    def config(self, **more: Any) -> dict[str, Any]:
        return {"folder": str(self.folder)} | {name: said for name, said in more.items() if name != "cursors"}  # a file has no cursor

    def secret(self) -> None:
        return None

    def connector(self, **more: Any) -> Connector:
        return connect(Doors(self.settings), "files", self.config(**more), None)

    def stream(self, table: str) -> str:
        return table

    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None:
        self._tables[table] = (list(columns), list(rows))
        self._write(table)

    def add(self, table: str, row: Row) -> None:
        self._tables[table][1].append(row)
        self._write(table)

    def change(self, table: str, identity: str, row: Row) -> None:
        names, rows = self._tables[table]
        self._tables[table] = (names, [row if one[0] == identity else one for one in rows])
        self._write(table)

    def delete(self, table: str, identity: str) -> None:
        names, rows = self._tables[table]
        self._tables[table] = (names, [one for one in rows if one[0] != identity])
        self._write(table)

    def fill(self, table: str, rows: int) -> None:
        statement = WIDE.format("repeat(md5(i::text), 16)", f"range({rows}) r(i)")
        with duckdb.connect() as connection:
            connection.execute(f"copy ({statement}) to '{self._path(table)}' (header)")

    def small_slices(self) -> None:
        """A file is one part, and read whole."""

    def lose_permission(self, table: str) -> str:
        """The right of files is that of their folder: it leads out of what may be read."""
        self.folder.rename(self._elsewhere)
        self.folder.symlink_to(self._elsewhere)
        return self._path(table).name

    def give_permission(self, table: str) -> None:
        self.folder.unlink()
        self._elsewhere.rename(self.folder)

    def change_schema(self, table: str, how: str) -> None:
        names, rows = self._tables[table]
        changed: dict[str, tuple[list[str], list[Row]]] = {
            "added": ([*names, "extra"], [[*row, "new"] for row in rows]),
            "dropped": (["id"], [row[:1] for row in rows]),
            "renamed": (["id", "remark"], rows),
        }
        self._tables[table] = changed[how]
        self._write(table)

    def limit_rate(self, times: int) -> None:
        raise AssertionError("Nobody limits how often a file is read.")

    def let_write(self) -> None:
        """Who may read a file says nothing of who may write it."""

    @property
    def _elsewhere(self) -> Path:
        return self.folder.parent / "elsewhere"

    def _path(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def _write(self, table: str) -> None:
        names, rows = self._tables[table]
        with self._path(table).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([names, *rows])

    def _no_file(self, table: str) -> str:
        self._path(table).unlink()
        self._path(table).mkdir()
        return self._path(table).name

    def _no_folder(self, table: str) -> str:
        shutil.rmtree(self.folder)
        return self.folder.name

    def _no_header(self, table: str) -> str:
        self._path(table).write_bytes(b"")
        return self._path(table).name


@dataclass
class Landing:
    """What landing would have listed of one stream: part by part, each whole or not at all, with its position.

    `rows`: by part, then by key (the stream's, else its first column). `steps`: parts and batches so far, `listed` rows;
    `twice`: keys that one complete pass showed more than once; `deleted`: keys taken for gone; `slices`: parts of rows.
    """

    position: str | None = None
    known: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[Key, dict[str, str | None]]] = field(default_factory=dict)
    steps: int = 0
    listed: int = 0
    slices: int = 0
    twice: list[Key] = field(default_factory=list)
    deleted: list[Key] = field(default_factory=list)
    _shown: dict[tuple[str, str, str], Counter[Key]] = field(default_factory=dict)

    def follow(self, connector: Connector, stream: SourceStream, stop: int | None = None, then: Callable[[], None] | None = None) -> None:
        """From the last position to the end, or to step `stop`. Raises Cut there, and what the source raises.

        `then` happens once the first part is listed, before the next is asked for.
        """
        seen, complete = set[str](), True
        until = None if stop is None else self.steps + stop
        for part in connector.read(stream, self.position, dict(self.known)):
            self._step(until)
            seen.add(part.name)
            complete &= part.complete
            rows = list[dict[str, str | None]]()
            for batch in part.batches or ():
                self._step(until)
                rows += texts(batch)
            if part.batches is not None:
                self._list(part, rows, stream.key or tuple(part.schema.names[:1]))
            if then is not None:
                then()
                then = None
        for name in set(self.rows) - seen if complete else ():
            self.deleted += self.rows.pop(name)

    @property
    def table(self) -> list[dict[str, str | None]]:
        """Every row there is, in the order of their keys."""
        return sorted((row for rows in self.rows.values() for row in rows.values()), key=lambda row: int(row["id"] or ""))

    def _step(self, until: int | None) -> None:
        if until is not None and self.steps >= until:
            raise Cut
        self.steps += 1

    def _list(self, part: Part, rows: list[dict[str, str | None]], key: Sequence[str]) -> None:
        keys = [tuple(row[name] for name in key) for row in rows]
        mine = self.rows.setdefault(part.name, {})
        gone = keys if part.holds == "gone" else []
        if part.holds == "rows":
            mine.update(zip(keys, rows, strict=True))
            self.listed, self.slices = self.listed + len(rows), self.slices + 1
        if part.holds != "gone" and (part.complete or part.holds == "keys"):
            pass_ = (part.name, part.reading, part.holds)
            shown = self._shown.setdefault(pass_, Counter())
            shown.update(keys)
            self.twice += [one for one in keys if shown[one] > 1]
            if part.last:
                gone = [one for one in mine if not shown[one]]
                del self._shown[pass_]
        self.deleted += [one for one in gone if mine.pop(one, None) is not None]
        self.position = part.position if part.position is not None else self.position
        self.known[part.name] = str(part.source_hash)


def texts(batch: pa.RecordBatch) -> list[dict[str, str | None]]:
    """Rows as texts; booleans and numbers as the source writes them."""
    return [
        {name: None if value is None else str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}
        for row in batch.to_pylist()
    ]


def found(connector: Connector, name: str) -> SourceStream:
    (stream,) = [one for one in connector.discover().streams if one.name == name]
    return stream


def rows_of(parts: list[Part]) -> list[list[str | None]]:
    return [list(row.values()) for part in parts for batch in (part.batches or ()) for row in texts(batch)]


def read(connector: Connector, stream: SourceStream, cursor: str | None = None, known: dict[str, str] | None = None) -> tuple[list[list[str | None]], list[Part]]:
    parts = list(connector.read(stream, cursor, known or {}))
    return rows_of(parts), parts
