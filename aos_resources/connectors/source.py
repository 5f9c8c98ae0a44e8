"""What every connector promises: plain values in, Arrow batches out, as the source sent them. Lands nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal, Protocol

import pyarrow as pa
from pydantic import BaseModel

from aos_resources.settings import Settings

_BATCH_ROWS = 15_360
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
    `delete_mode` says when what is gone shows: in each reading (exact), when keys are compared (periodic), never (unknown).
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
    """One part of a reading: a file, a table's rows, or a slice of them. `rejects` and `position` hold once `batches` is read.

    `complete`: what is not among its rows is gone from the source. `source_hash`: equal means nothing changed; it may be told only when the
    last batch was given.

    A long part comes in slices: the same `name`, each but the last with `last` false, all with the same `reading`, a
    word of the connector's own for this pass. Each slice is listed, with its `position`, before the next is asked for; a
    reading that was cut is asked to go on from the last listed position. Of a complete pass only its end deletes.

    `why`: in a sentence, what made the source be read otherwise than it was asked to.

    `holds`: rows; or, with key columns alone, `keys` of every row there is (what is not among them is gone), or those of rows
    that the source says are `gone`. Neither counts as rows that were read.
    """

    name: str
    complete: bool
    source_hash: str | None
    schema: pa.Schema = field(default_factory=lambda: pa.schema([]))
    batches: Iterator[pa.RecordBatch] | None = None
    rejects: list[Reject] = field(default_factory=list)
    rejected: int = 0
    position: str | None = None
    last: bool = True
    reading: str = ""
    why: str = ""
    holds: Literal["rows", "keys", "gone"] = "rows"


@dataclass(frozen=True)
class Probe:
    """What a source says when it is really asked. `writable`: whether these credentials may change it, None where it cannot tell."""

    account: str
    writable: bool | None
    said: str = ""


class Connector(Protocol):
    """One connection's source. `read` opens nothing before it is iterated and holds one batch at a time."""

    name: str

    def probe(self) -> Probe:
        """Raises CredentialsRefused, FixTheSource, NotAllowed or TryAgain where it cannot be reached or does not let us in."""
        ...

    def discover(self) -> Discovery: ...

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        """Parts in a stable order. `cursor`: the position of the last listed part; `known`: part → source hash as landed;
        an equal part comes without batches.

        Raises:
            TryAgain: the source is away or asks for patience. CredentialsRefused: it does not let us in any more.
        """
        ...


@dataclass(frozen=True)
class Doors:
    """What of the installation a connector may use. `uploads`: the folder of files that people sent for this connection."""

    settings: Settings
    uploads: Path | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of source. `config` is kept in the open, `secret` sealed; forms are made of their schemas.

    `make` is given both as these models; `secret` is None where the kind has none.
    """

    name: str
    title: str
    about: str
    config: type[BaseModel]
    secret: type[BaseModel] | None
    make: Callable[[Doors, Any, Any], Connector]


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
