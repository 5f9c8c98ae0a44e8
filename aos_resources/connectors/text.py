"""Files of text as connectors meet them: read once for their hash and their form, before any row is."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from aos_core.errors import FixTheSource
from aos_resources.lake import hash_file

# DuckDB rejects one line beyond 2 MB, and beyond its buffer of 32 MB drops it without a word: refused before it comes there.
LONGEST = 16 * 1024 * 1024
_BLOCK = 1024 * 1024
# Of a DuckDB that reads one file: it holds a few batches, and spills nothing into whatever folder the process was started in.
LIMITS: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "256MB", "temp_directory": ""}
# A column costs DuckDB 32 kB for each step that holds it, however few rows there are.
MOST_COLUMNS = 1_000


@dataclass(frozen=True)
class Form:
    """`hash`: sha256 of the file's bytes as they stand. `lines`: how many, those in quotes included; `mixed`: they do not all end alike."""

    hash: str
    lines: int = 0
    mixed: bool = False


def opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def examine(path: Path) -> Form:
    """Raises FixTheSource where the file cannot be read, is cut off or has a line without end."""
    hashed, packed, ends = hashlib.sha256(), path.suffix == ".gz", LineEnds()
    unbroken, last = 0, b""
    try:
        with opened(path) as file:
            while block := file.read(_BLOCK):
                if block.endswith(b"\r"):
                    block += file.read(1)
                if not packed:
                    hashed.update(block)
                ends.count(block)
                last = block[-1:]
                unbroken = 0 if b"\n" in block or b"\r" in block else unbroken + len(block)
                if unbroken > LONGEST:
                    raise FixTheSource("A line of the file is longer than 16 MB", culprit=path.name, fix="Is it really text, one row to a line?")
        content = hash_file(path) if packed else hashed.hexdigest()
    except (OSError, EOFError, zlib.error) as lost:
        raise unreadable(path, lost) from lost
    return Form(content, ends.total + (last not in (b"", b"\n", b"\r")), ends.mixed)


class LineEnds:
    """How many lines end in which way; no block may part a pair."""

    def __init__(self) -> None:
        self._line_feeds = self._returns = self._pairs = 0

    def count(self, block: bytes) -> None:
        self._line_feeds += block.count(b"\n")
        if returns := block.count(b"\r"):
            self._returns += returns
            self._pairs += block.count(b"\r\n")

    @property
    def total(self) -> int:
        return self._line_feeds + self._returns - self._pairs

    @property
    def mixed(self) -> bool:
        return (self._line_feeds > self._pairs) + (self._returns > self._pairs) + (self._pairs > 0) > 1


def in_and_out_of_quotes(path: Path) -> Iterator[list[bytes]]:
    """The file in blocks, each parted at its double quotes: every second piece, beginning with the first, lies outside of them."""
    inside = False
    with opened(path) as file:
        while block := file.read(_BLOCK):
            if block.endswith(b"\r"):
                block += file.read(1)
            pieces = block.split(b'"')
            yield [b"", *pieces] if inside else pieces
            inside ^= len(pieces) % 2 == 0


def first_bytes(path: Path, limit: int = 1_000_000) -> bytes:
    try:
        with opened(path) as file:
            return file.read(limit)
    except (OSError, EOFError, zlib.error) as lost:
        raise unreadable(path, lost) from lost


def unreadable(path: Path, error: Exception) -> FixTheSource:
    said = getattr(error, "strerror", None) or str(error)
    return FixTheSource(
        "The file or folder cannot be read", culprit=path.name, fix=f"The system said: {said}."
    )


def exactly(path: Path) -> str:
    """The path for DuckDB, which would take `[1]`, `*`, `?` and `{}` of a name as a pattern."""
    return re.sub(r"[*?\[{]", r"[\g<0>]", str(path))


def said_by_duckdb(error: Exception, path: Path) -> str:
    """The first line of what DuckDB said, without the path, which is nobody's business."""
    return str(error).splitlines()[0].replace(str(path), path.name)


def refuse_width(path: Path, columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise FixTheSource(
            f"The file has {columns:,} columns, more than the {MOST_COLUMNS:,} that can be read",
            culprit=path.name,
            fix="Export names and values as rows, or fewer columns.",
        )
