"""CSV: every column as text, what cannot be parsed kept apart with its line and reason."""

from __future__ import annotations

import codecs
import random
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from aos_core.errors import FixTheSource
from aos_core.spreadsheet import sql_unguarded
from aos_resources.connectors.batching import VECTOR, gathered
from aos_resources.connectors.csv_plain import is_plain, plain_rows
from aos_resources.connectors.dialects import Dialect, dialect_of
from aos_resources.connectors.source import Part, Reject, SourceColumn, batch_rows
from aos_resources.connectors.text import (
    LONGEST,
    UTF_8,
    Form,
    LineEnds,
    beginning,
    blocks,
    copied,
    exactly,
    examine,
    in_and_out_of_quotes,
    reading,
    said_by_duckdb,
)
from aos_resources.connectors.written import Written

__all__ = ["batches", "columns", "examine"]

# Nothing is sniffed: a sniffer that sees no quotes in its sample would refuse the first one that comes later, and
# reading strictly is what keeps a surplus value or an open quote from being dropped without a word.
_READ = (
    "read_csv($path, auto_detect = false, columns = $columns, header = {header}, skip = {skip}, delim = '{delimiter}', quote = '{quote}',"
    " escape = '{quote}', strict_mode = true, allow_quoted_nulls = {nulls}, compression = '{packed}', {faults})"
)
# Passing over what cannot be parsed drops the row after it too, so it serves to count and never to read.
_KEEPING, _PASSING_OVER = "store_rejects = true, rejects_limit = 0", "ignore_errors = true"
_KEPT_REJECTS = 1_000
# Beyond so many the file is something else than it seems, and is refused as a whole: DuckDB holds them all in memory.
_MOST_REJECTS = 300_000
_LOOKED_AT_FIRST = 32 * 1024 * 1024


def columns(path: Path, written: Written) -> tuple[SourceColumn, ...]:
    return tuple(SourceColumn(name) for name in _look(path, written).names)


def batches(path: Path, part: Part, form: Form, written: Written) -> Iterator[pa.RecordBatch]:
    """The file's rows; the last step fills the part's rejects, which are known only when the file has been read."""
    dialect = dialect_of(path, beginning(path, form.encoding), written, form.encoding)
    part.schema = pa.schema([(name, pa.string()) for name in dialect.names])
    return gathered(_pieces(path, dialect, part, form, written), batch_rows(len(part.schema)))


def _look(path: Path, written: Written) -> Dialect:
    """From the file's beginning alone, unless that is not UTF-8: then what it is written in is known only when all of it was seen."""
    start, encoding = beginning(path, written.encoding), written.encoding or UTF_8
    if written.encoding is None and not _begins_as_text(start):
        encoding = examine(path, written).encoding
        start = beginning(path, encoding)
    return dialect_of(path, start, written, encoding)


def _begins_as_text(start: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _pieces(path: Path, dialect: Dialect, part: Part, form: Form, written: Written) -> Iterator[pa.RecordBatch]:
    """The plain rows that a plain file begins with, and whatever comes after them."""
    passed: int | None = 0
    if is_plain(path, dialect, form, written):
        passed = yield from plain_rows(path, dialect, part.schema)
    if passed is not None:
        yield from _by_duckdb(path, dialect, part, form, written, passed)


def _by_duckdb(path: Path, dialect: Dialect, part: Part, form: Form, written: Written, passed: int) -> Iterator[pa.RecordBatch]:
    """`passed`: rows from the first on that were given already."""
    with _as_duckdb_reads(path, dialect, form) as file, reading() as connection:
        read = _READ.format(
            header=dialect.header, skip=dialect.skip, delimiter=dialect.delimiter, quote=dialect.quote.replace("'", "''"), nulls=not written.guarded,
            packed="gzip" if file.suffix.lower() == ".gz" else "none", faults="{faults}",
        )  # fmt: skip
        given = {"path": exactly(file), "columns": dict.fromkeys(dialect.names, "VARCHAR")}
        cells = ", ".join(f"{sql_unguarded(one)} as {one}" for one in map(_quoted, dialect.names)) if written.guarded else "*"
        try:
            if form.lines > _MOST_REJECTS and not _sound_wherever_looked(file, dialect):
                with copied(path, _first(file), form.encoding) as start:  # what is no CSV mostly shows soon
                    plain = read.replace("compression = 'gzip'", "compression = 'none'").format(faults=_PASSING_OVER)
                    rows = connection.execute(f"select count(*) from {plain}", given | {"path": exactly(start)}).fetchall()[0][0]
                    _refuse_what_is_no_csv(start, dialect, examine(start, written).lines - rows)
                rows = connection.execute(f"select count(*) from {read.format(faults=_PASSING_OVER)}", given).fetchall()[0][0]
                _refuse_what_is_no_csv(file, dialect, form.lines - rows)
            reader = connection.sql(f"select {cells} from {read.format(faults=_KEEPING)} offset {passed}", params=given)
            for batch in reader.to_arrow_reader(VECTOR):
                yield batch.cast(part.schema)
        except duckdb.Error as unread:
            raise FixTheSource("The file could not be read as CSV", culprit=path.name, fix=said_by_duckdb(unread, file)) from unread
        lines = connection.execute(
            "select line, string_agg(distinct error_type, ', '), any_value(left(csv_line, 2000)) from reject_errors"
            f" group by file_id, line order by line limit {_KEPT_REJECTS}"
        ).fetchall()
        part.rejects = [Reject(line, why.lower(), (said or "").strip("\r\n")) for line, why, said in lines]
        part.rejected = connection.execute("select count(distinct (file_id, line)) from reject_errors").fetchall()[0][0]


def _first(path: Path) -> Iterator[bytes]:
    """Its first bytes, to the end of a block."""
    size = 0
    for block in blocks(path):
        yield block
        size += len(block)
        if size >= _LOOKED_AT_FIRST:
            return


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sound_wherever_looked(path: Path, dialect: Dialect) -> bool:
    """Whether lines at random places all have as many values as the header and no quote, which are then too many to be chance.

    Were there so many others that DuckDB could not hold them, each at least a byte, all would be missed once in e^16.
    """
    if path.suffix.lower() == ".gz" or not (size := path.stat().st_size):
        return False
    delimiter, quote, wanted = dialect.delimiter.encode(), dialect.quote.encode(), len(dialect.names) - 1
    with path.open("rb") as file:  # not mapped: pages that were looked at would count as this process's memory
        for _ in range(16 * size // _MOST_REJECTS):
            file.seek(random.randrange(size))
            file.readline(LONGEST)
            line = file.readline(LONGEST)
            if line and (line.count(delimiter) != wanted or quote in line or not _is_text(line)):
                return False
    return True


def _is_text(line: bytes) -> bool:
    try:
        return bool(line.decode())
    except UnicodeDecodeError:
        return False


def _refuse_what_is_no_csv(path: Path, dialect: Dialect, missing: int) -> None:
    """`missing`: lines that are not rows. They may stand in quotes; where they do not, or a quote is never closed, there is no reading it."""
    if missing <= _MOST_REJECTS:
        return
    inside = unbroken = 0
    for pieces in in_and_out_of_quotes(blocks(path), dialect.quote.encode()):
        for place, piece in enumerate(pieces):
            if place % 2:
                inside += piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
                unbroken = len(piece) + (unbroken if place == 1 and not pieces[0] else 0)
                if unbroken > LONGEST:
                    raise FixTheSource("A quoted value of the file is longer than 16 MB", culprit=path.name, fix="Is a quote left open?")
    if missing - inside > _MOST_REJECTS:
        raise FixTheSource(f"More than {_MOST_REJECTS:,} lines of the file could not be parsed", culprit=path.name, fix="Does its first line fit the others?")


@contextmanager
def _as_duckdb_reads(path: Path, dialect: Dialect, form: Form) -> Iterator[Path]:
    """The file, or a copy of it in UTF-8 whose quotes are doubled, whose rows all end alike and whose lines before the header are empty.

    Of rows that end in several ways DuckDB may drop some without a word, and it drops each backslash before whatever follows.
    """
    quote = dialect.quote.encode()
    with ExitStack() as held:
        if form.encoding != UTF_8 or dialect.escape == "backslash" or dialect.quote in dialect.before:
            pieces = _without_text_before(blocks(path, form.encoding), dialect)
            path = held.enter_context(copied(path, _doubled(pieces, quote) if dialect.escape == "backslash" else pieces, form.encoding))
        if form.mixed and _rows_end_in_several_ways(path, quote):
            path = held.enter_context(copied(path, _ending_alike(path, quote), form.encoding))
        yield path


def _without_text_before(pieces: Iterable[bytes], dialect: Dialect) -> Iterator[bytes]:
    """Lines before the header become empty ones: each row keeps its number."""
    before, left = dialect.before.encode(errors="surrogateescape"), -1
    for piece in pieces:
        if left < 0:
            left = len(before) + (3 if piece.startswith(b"\xef\xbb\xbf") else 0)
            yield b"\n" * dialect.skip
        yield piece[left:]
        left = max(0, left - len(piece))


def _doubled(pieces: Iterable[bytes], quote: bytes) -> Iterator[bytes]:
    """Quotes escaped by a backslash are doubled, and a backslash escaped by itself is one; before anything else it stays."""
    escaped = re.compile(rb"\\(\\|" + quote + rb")")
    left = b""
    for piece in pieces:
        text = left + piece
        alone = len(text) - len(text.rstrip(b"\\"))
        left = b"\\" if alone % 2 else b""
        yield escaped.sub(lambda one: b"\\" if one[1] == b"\\" else quote * 2, text[: len(text) - len(left)])
    yield left


def _ending_alike(path: Path, quote: bytes) -> Iterator[bytes]:
    inside = False
    for pieces in in_and_out_of_quotes(blocks(path), quote):
        outside = [piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if place % 2 == 0 else piece for place, piece in enumerate(pieces)]
        yield quote.join(outside[1:] if inside else outside)
        inside = len(pieces) % 2 == 0


def _rows_end_in_several_ways(path: Path, quote: bytes) -> bool:
    ends = LineEnds()
    for pieces in in_and_out_of_quotes(blocks(path), quote):
        ends.count(b" ".join(pieces[::2]))
    return ends.mixed
