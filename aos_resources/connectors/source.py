"""What every connector promises: plain values in, Arrow batches out, as the source sent them. Lands nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Protocol

import pyarrow as pa

_BATCH_ROWS = 61_440
# What a landing says of its rows; a source's column of such a name lands under another.
_RESERVED = ("_key", "_op", "_at", "_hash", "_row", "_verdict", "_reasons", "_issues", "file_row_number", "filename")


@dataclass(frozen=True)
class SourceColumn:
    """`type` is the source's own word, empty where it has none."""

    name: str
    type: str = ""
    description: str = ""


@dataclass(frozen=True)
class SourceStream:
    """A stream as its source tells of it.

    `key` is what the source declares, empty where it declares none; `cursor` the column that grows;
    `delete_mode` says whether a reading shows what is gone: exact or unknown.
    """

    name: str
    columns: tuple[SourceColumn, ...]
    key: tuple[str, ...] = ()
    cursor: str | None = None
    delete_mode: str = "exact"


@dataclass(frozen=True)
class Dictionary:
    """Descriptions that a source carries about its own tables: metadata, never a stream."""

    name: str
    content_hash: str
    entries: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Discovery:
    """`problems`: what could not become a stream, (name, reason); the others go on."""

    streams: tuple[SourceStream, ...]
    dictionaries: tuple[Dictionary, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reject:
    """A row that could not be parsed: where it stood, why, and what it said."""

    line: int
    reason: str
    text: str


@dataclass
class Part:
    """One part of a reading: a file, or a table's rows. `rejects` and `position` hold once `batches` is read.

    `complete`: what is not among its rows is gone from the source. `source_hash`: equal means nothing changed.
    """

    name: str
    complete: bool
    source_hash: str | None
    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))
    batches: Iterator[pa.RecordBatch] | None = None
    rejects: list[Reject] = field(default_factory=list)
    rejected: int = 0
    position: str | None = None


class Connector(Protocol):
    """One connection's source. `read` opens nothing before it is iterated and holds one batch at a time."""

    name: str

    def discover(self) -> Discovery: ...

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        """Parts in a stable order. `known`: part → source hash as landed; an equal part comes without batches."""
        ...


def batch_rows(columns: int) -> int:
    """Rows of a batch, fewer of wide ones: it is held whole."""
    return max(2_048, _BATCH_ROWS // max(1, columns // 20))


def landed_names(names: Sequence[str]) -> list[str]:
    """Each column's name as it lands: its own, with a number where it is empty, ours, or told apart by its case alone."""
    taken, landed = set(_RESERVED), list[str]()
    for place, name in enumerate(names):
        base = name if name.strip() else f"column{place}"
        found = next(one for one in chain([base], (f"{base}_{n}" for n in count(1))) if one.lower() not in taken)
        taken.add(found.lower())
        landed.append(found)
    return landed
