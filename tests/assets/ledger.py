"""A source whose every page can be told to fail: rows by key, read in slices, which says of itself what a test wants it to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pytest
from pydantic import BaseModel

from aos_resources.connectors import CONNECTORS
from aos_resources.connectors.source import (
    Discovery,
    Doors,
    Kind,
    Part,
    Probe,
    Reject,
    SourceColumn,
    SourceStream,
)

SCHEMA = pa.schema([("id", pa.string()), ("worth", pa.string()), ("note", pa.string())])


class Nothing(BaseModel):
    pass


@dataclass
class Ledger:
    """`page`: rows of a slice. `fails`: called with the number of each page before it is given, and may raise.

    `shows`: whether a reading is whole, or only of what changed since (`changed`, keys); then `gone` and `keys` may tell more.
    """

    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    page: int = 3
    fails: Callable[[int], None] = lambda page: None
    shows: Literal["all", "changes"] = "all"
    changed: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    keys: bool = False
    why: str = ""
    torn: int = 0  # rows of each page that cannot be parsed
    name: str = "ledger"
    asked: list[str | None] = field(default_factory=list)

    def probe(self) -> Probe:
        return Probe("ledger", writable=False)

    def discover(self) -> Discovery:
        return Discovery((SourceStream("entries", tuple(SourceColumn(name) for name in SCHEMA.names), key=("id",)),))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        self.asked.append(cursor)
        at: dict[str, Any] = json.loads(cursor) if cursor else {}
        whole = self.shows == "all" or not at.get("since")
        reading = at.get("reading") or f"reading {len(self.asked)}"
        after = at.get("after", "") if at.get("reading") else ""
        keys = sorted(key for key in (self.rows if whole else self.changed & set(self.rows)) if key > after)
        pages = [keys[start : start + self.page] for start in range(0, len(keys), self.page)] or [[]]
        for number, page in enumerate(pages):
            self.fails(number)
            last = number == len(pages) - 1
            said = {"since": "once"} if last else {"reading": reading, "after": page[-1]}
            part = Part("", complete=whole, source_hash=None, schema=SCHEMA, position=json.dumps(said), last=last, reading=reading, why=self.why)
            part.batches, part.rejected = self._batch(page), self.torn
            part.rejects = [Reject(n, "torn", "a torn line") for n in range(self.torn)]
            yield part
        if self.gone:
            yield self._keys("gone", self.gone, complete=False)
        if self.keys:
            yield self._keys("keys", sorted(self.rows), complete=True)

    def _batch(self, keys: list[str]) -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_arrays([pa.array([key, *self.rows[key]][n] for key in keys) if keys else pa.array([], pa.string()) for n in range(3)], schema=SCHEMA)

    def _keys(self, holds: Literal["keys", "gone"], keys: list[str], *, complete: bool) -> Part:
        schema = pa.schema([("id", pa.string())])
        batch = pa.RecordBatch.from_arrays([pa.array(keys, pa.string())], schema=schema)
        return Part("", complete=complete, source_hash=None, schema=schema, batches=iter([batch]), holds=holds)


def known_as_a_source(patch: pytest.MonkeyPatch, ledger: Ledger) -> None:
    def make(doors: Doors, config: Nothing, secret: None) -> Ledger:
        return ledger

    patch.setitem(CONNECTORS, "ledger", Kind("ledger", "Ledger", "Rows of a test.", Nothing, None, make))


def numbered(count: int, worth: str = "1") -> dict[str, tuple[str, str]]:
    return {f"{n:04}": (worth, f"note {n}") for n in range(count)}
