"""Files of text as connectors meet them: read once for their form, before any row is."""

from __future__ import annotations

import codecs
import gzip
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import duckdb
import numpy as np

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.connectors.encodings import certain
from aos_resources.connectors.packed import MOST_UNPACKED, Bounded
from aos_resources.connectors.written import AS_FOUND, Written

# DuckDB rejects one line beyond 2 MB, and beyond its buffer of 32 MB drops it without a word: refused before it comes there.
LONGEST = 16 * 1024 * 1024
_BLOCK = 1024 * 1024
_LINE_FEED = ord("\n")
_MARKS = frozenset((b'"', b"'", b"\0"))
# Of a DuckDB that reads one file: it holds a few batches, and spills nothing into whatever folder the process was started in.
LIMITS: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "256MB", "temp_directory": ""}
# A column costs DuckDB 32 kB for each step that holds it, however few rows there are.
MOST_COLUMNS = 1_000
UTF_8 = "utf-8"


def reading() -> duckdb.DuckDBPyConnection:
    """A DuckDB for one file; it draws no bar of its progress into whatever the process prints."""
    connection = duckdb.connect(config=LIMITS)
    connection.execute("set enable_progress_bar = false")
    return connection


@dataclass(frozen=True)
class Form:
    """`lines`: how many, those in quotes included; `mixed`: they do not all end alike.

    `encoding`: Python's name of how it is written. `simple`: UTF-8 throughout, without a NUL, its lines end
    alike; `quotes`: those of the two that occur.
    """

    lines: int = 0
    mixed: bool = False
    encoding: str = UTF_8
    simple: bool = False
    quotes: frozenset[str] = frozenset()


def opened(path: Path) -> Bounded:
    packed = path.suffix.lower() == ".gz"
    file = cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")  # noqa: SIM115 (who reads closes it)
    return Bounded(file, path.stat().st_size if packed else MOST_UNPACKED, path.name)


def examine(path: Path, written: Written = AS_FOUND, longest: int | None = LONGEST) -> Form:
    """`longest`: bytes of a line. Raises FixTheSource where the file cannot be read, is cut off or has a line without end."""
    ends, unbroken, last, marks = LineEnds(), 0, b"", set[bytes]()
    encoding = written.encoding or encoding_by_mark(first_bytes(path, 4))
    judge = _Utf8() if encoding is None else None
    try:
        with opened(path) as file:
            for block in _converted(file, encoding):
                if judge is not None:
                    judge.see(block)
                ends.count(block)
                last = block[-1:]
                unbroken = 0 if b"\n" in block or b"\r" in block else unbroken + len(block)
                marks |= {mark for mark in _MARKS - marks if mark in block}
                if longest is not None and unbroken > longest:
                    raise FixTheSource("A line of the file is longer than 16 MB", culprit=path.name, fix="Is it really text, one row to a line?")
        simple = judge is not None and judge.valid() and b"\0" not in marks and not ends.mixed
        if encoding is None:
            encoding = UTF_8 if judge is not None and judge.valid() else certain(blocks(path)) or UTF_8
    except UnicodeDecodeError as odd:
        raise not_written_so(path, encoding) from odd
    except (OSError, EOFError, zlib.error) as lost:
        raise unreadable(path, lost) from lost
    quotes = frozenset(mark.decode() for mark in marks - {b"\0"})
    return Form(ends.total + (last not in (b"", b"\n", b"\r")), ends.mixed, encoding, simple, quotes)


class _Utf8:
    """Whether everything seen is UTF-8."""

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder(UTF_8)()
        self._within = False

    def see(self, block: bytes) -> None:
        if self._decoder is None or (block.isascii() and not self._within):
            return
        try:
            self._decoder.decode(block)
            self._within = bool(self._decoder.getstate()[0])
        except UnicodeDecodeError:
            self._decoder = None

    def valid(self) -> bool:
        return self._decoder is not None and not self._within


def encoding_by_mark(start: bytes) -> str | None:
    """What a byte order mark says; UTF-8's is left to whoever reads UTF-8."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    return "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def blocks(path: Path, encoding: str | None = None) -> Iterator[bytes]:
    """The file as UTF-8, piece by piece; none parts a pair of line ends. What is no text of its encoding stays what is no UTF-8."""
    with opened(path) as file:
        yield from _converted(file, encoding)


def _converted(file: Bounded, encoding: str | None) -> Iterator[bytes]:
    as_it_is = encoding is None or encoding == UTF_8
    decoder = codecs.getincrementaldecoder(encoding or UTF_8)(_lenient(encoding or UTF_8))
    first, left = True, b""
    while True:
        block = file.read(_BLOCK)
        if as_it_is:
            text = left + block
        else:
            said = decoder.decode(block, final=not block)
            text = left + (said.removeprefix("\ufeff") if first else said).encode(UTF_8, _lenient(encoding or UTF_8))
            first = first and not said
        left = b"\r" if text.endswith(b"\r") and block else b""
        if text := text[: len(text) - len(left)]:
            yield text
        if not block:
            return


def _lenient(encoding: str) -> str:
    """What is no text goes through as it is, which is no UTF-8 either: whoever reads the rows finds it in its row."""
    return "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


@contextmanager
def copied(path: Path, pieces: Iterable[bytes], encoding: str) -> Iterator[Path]:
    """What the pieces say, as a file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / (path.name[:-3] if path.suffix.lower() == ".gz" else path.name)
        try:
            with copy.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
        except UnicodeDecodeError as odd:
            raise not_written_so(path, encoding) from odd
        except OSError as full:
            raise TryAgain("There is no room to read the file", culprit=f"{path.name}: {full.strerror}", fix="Free disk space.") from full
        yield copy


def not_written_so(path: Path, encoding: str | None) -> FixTheSource:
    return FixTheSource(f"The file is not written in {encoding}, or is cut off", culprit=path.name, fix="Choose the encoding that it is written in.")


class LineEnds:
    """How many lines end in which way; no block may part a pair."""

    def __init__(self) -> None:
        self._line_feeds = self._returns = self._pairs = 0

    def count(self, block: bytes) -> None:
        self._line_feeds += int(np.count_nonzero(np.frombuffer(block, np.uint8) == _LINE_FEED))  # in a fifth of the time that bytes take to count
        if b"\r" in block:  # found or not in a tenth of the time that counting takes
            self._returns += block.count(b"\r")
            self._pairs += block.count(b"\r\n")

    @property
    def total(self) -> int:
        return self._line_feeds + self._returns - self._pairs

    @property
    def mixed(self) -> bool:
        return (self._line_feeds > self._pairs) + (self._returns > self._pairs) + (self._pairs > 0) > 1


def in_and_out_of_quotes(pieces: Iterable[bytes], quote: bytes = b'"') -> Iterator[list[bytes]]:
    """Each piece parted at its quotes: every second part, beginning with the first, lies outside of them."""
    inside = False
    for piece in pieces:
        parts = piece.split(quote)
        yield [b"", *parts] if inside else parts
        inside ^= len(parts) % 2 == 0


def first_bytes(path: Path, limit: int = 1_000_000) -> bytes:
    try:
        with opened(path) as file:
            return file.read(limit)
    except (OSError, EOFError, zlib.error) as lost:
        raise unreadable(path, lost) from lost


def beginning(path: Path, encoding: str | None = None, limit: int = 1_000_000) -> bytes:
    """As many of its first bytes, as UTF-8."""
    start = first_bytes(path, limit)
    encoding = encoding or encoding_by_mark(start) or UTF_8
    if encoding == UTF_8:
        return start
    said = codecs.getincrementaldecoder(encoding)(_lenient(encoding)).decode(start)
    return said.removeprefix("\ufeff").encode(UTF_8, _lenient(encoding))


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
