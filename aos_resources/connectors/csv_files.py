"""CSV: every column as text, what cannot be parsed kept apart with its line and reason."""

from __future__ import annotations

import csv
import io
import mmap
import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow as pa

from aos_core.errors import FixTheSource
from aos_resources.connectors.source import Part, Reject, SourceColumn, batch_rows, landed_names
from aos_resources.connectors.text import (
    LIMITS,
    LONGEST,
    Form,
    LineEnds,
    exactly,
    examine,
    first_bytes,
    in_and_out_of_quotes,
    refuse_width,
    said_by_duckdb,
)

__all__ = ["batches", "columns", "examine"]

# Nothing is sniffed: a sniffer that sees no quotes in its sample would refuse the first one that comes later, and
# reading strictly is what keeps a surplus value or an open quote from being dropped without a word.
_READ = (
    "read_csv(?, auto_detect = false, columns = {columns}, header = true, skip = {skip}, delim = '{delimiter}', quote = '\"',"
    " escape = '\"', strict_mode = true, {faults})"
)
# Passing over what cannot be parsed drops the row after it too, so it serves to count and never to read.
_KEEPING, _PASSING_OVER = "store_rejects = true, rejects_limit = 0", "ignore_errors = true"
_DELIMITERS = (",", ";", "\t", "|")
_KEPT_REJECTS = 1_000
# Beyond so many the file is something else than it seems, and is refused as a whole: DuckDB holds them all in memory.
_MOST_REJECTS = 300_000
_OTHER = re.compile(r'\s*(<!doctype|<html|<\?xml|\{\s*"|\{\s*$|\[\s*[\[{]|\[\s*$)', re.IGNORECASE)


def columns(path: Path) -> tuple[SourceColumn, ...]:
    return tuple(SourceColumn(name) for name in _look(path).names)


def batches(path: Path, part: Part, form: Form) -> Iterator[pa.RecordBatch]:
    """The file's rows; the last step fills the part's rejects, which are known only when the file has been read."""
    look = _look(path)
    part.schema = pa.schema([(name, pa.string()) for name in look.names])
    return _batches(path, look, part, form)


def _batches(path: Path, look: _Look, part: Part, form: Form) -> Iterator[pa.RecordBatch]:
    read = look.read
    with _one_line_end(path, form) as file, duckdb.connect(config=LIMITS) as connection:
        try:
            if form.lines > _MOST_REJECTS and not _sound_wherever_looked(path, look):
                rows = connection.execute(f"select count(*) from {read.format(faults=_PASSING_OVER)}", [exactly(file)]).fetchall()[0][0]
                _refuse_what_is_no_csv(path, form.lines - rows)
            reader = connection.sql(f"select * from {read.format(faults=_KEEPING)}", params=[exactly(file)])
            for batch in reader.to_arrow_reader(batch_rows(len(part.schema))):
                yield batch.cast(part.schema)
        except duckdb.Error as unread:
            raise FixTheSource("The file could not be read as CSV", culprit=path.name, fix=said_by_duckdb(unread, file)) from unread
        lines = connection.execute(
            "select line, string_agg(distinct error_type, ', '), any_value(left(csv_line, 2000)) from reject_errors"
            f" group by file_id, line order by line limit {_KEPT_REJECTS}"
        ).fetchall()
        part.rejects = [Reject(line, why.lower(), (said or "").strip("\r\n")) for line, why, said in lines]
        part.rejected = connection.execute("select count(distinct (file_id, line)) from reject_errors").fetchall()[0][0]


def _sound_wherever_looked(path: Path, look: _Look) -> bool:
    """Whether lines at random places all have as many values as the header and no quote, which are then too many to be chance.

    Were there so many others that DuckDB could not hold them, each at least a byte, all would be missed once in e^16.
    """
    if path.suffix == ".gz" or not (size := path.stat().st_size):
        return False
    delimiter, wanted = look.delimiter.encode(), len(look.names) - 1
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        for _ in range(16 * size // _MOST_REJECTS):
            start = text.find(b"\n", random.randrange(size)) + 1
            line = text[start : text.find(b"\n", start) + 1]
            if start and line and (line.count(delimiter) != wanted or b'"' in line or not _is_text(line)):
                return False
    return True


def _is_text(line: bytes) -> bool:
    try:
        return bool(line.decode())
    except UnicodeDecodeError:
        return False


def _refuse_what_is_no_csv(path: Path, missing: int) -> None:
    """`missing`: lines that are not rows. They may stand in quotes; where they do not, or a quote is never closed, there is no reading it."""
    if missing <= _MOST_REJECTS:
        return
    inside = unbroken = 0
    for pieces in in_and_out_of_quotes(path):
        for place, piece in enumerate(pieces):
            if place % 2:
                inside += piece.count(b"\n") + piece.count(b"\r") - piece.count(b"\r\n")
                unbroken = len(piece) + (unbroken if place == 1 and not pieces[0] else 0)
                if unbroken > LONGEST:
                    raise FixTheSource("A quoted value of the file is longer than 16 MB", culprit=path.name, fix="Is a quote left open?")
    if missing - inside > _MOST_REJECTS:
        raise FixTheSource(f"More than {_MOST_REJECTS:,} lines of the file could not be parsed", culprit=path.name, fix="Does its first line fit the others?")


@contextmanager
def _one_line_end(path: Path, form: Form) -> Iterator[Path]:
    """The file, or, where its rows end in several ways, which DuckDB may drop without a word, a copy where all end alike."""
    if not (form.mixed and _rows_end_in_several_ways(path)):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name.removesuffix(".gz")
        with copy.open("wb") as alike:
            inside = False
            for pieces in in_and_out_of_quotes(path):
                outside = [piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if place % 2 == 0 else piece for place, piece in enumerate(pieces)]
                alike.write(b'"'.join(outside[1:] if inside else outside))
                inside = len(pieces) % 2 == 0
        yield copy


def _rows_end_in_several_ways(path: Path) -> bool:
    ends = LineEnds()
    for pieces in in_and_out_of_quotes(path):
        ends.count(b" ".join(pieces[::2]))
    return ends.mixed


class _Look(NamedTuple):
    """How the file is read, and its columns as they land."""

    read: str
    names: list[str]
    delimiter: str


def _look(path: Path) -> _Look:
    """How the file is read, and its columns as they land, from its first line."""
    skip, header = _header(path)
    delimiter = _delimiter(header)
    try:
        said = next(csv.reader(io.StringIO(header, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error as broken:
        raise FixTheSource(
            "The file's first line could not be read as CSV", culprit=path.name, fix=f"{broken}."
        ) from broken
    refuse_width(path, len(said))
    names = landed_names(said)
    told = ", ".join(f"'{name.replace(chr(39), chr(39) * 2)}': 'VARCHAR'" for name in names).replace("{", "{{").replace("}", "}}")
    return _Look(_READ.format(columns=f"{{{{{told}}}}}", skip=skip, delimiter=delimiter, faults="{faults}"), names, delimiter)


def _header(path: Path) -> tuple[int, str]:
    """How many empty lines come first, and what follows. One that is not UTF-8 text refuses the file; a later line that is not is one rejected row."""
    start = first_bytes(path)
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if not bare:
        raise FixTheSource("The file is empty, without even a header", culprit=path.name)
    line = re.split(rb"[\r\n]", bare, maxsplit=1)[0]
    if line == bare and len(start) == 1_000_000:
        raise FixTheSource(
            "The file's first line is longer than 1 MB", culprit=path.name, fix="Is it really CSV?"
        )
    try:
        header = line.decode()
    except UnicodeDecodeError:
        header = "\0"
    if "\0" in header:
        raise FixTheSource("The file is not UTF-8 text", culprit=path.name, fix="Export it as CSV in UTF-8.")
    if _OTHER.match(header):
        raise FixTheSource(
            "The file is named CSV but holds JSON or a web page",
            culprit=path.name,
            fix="Name it as what it is, or export it as CSV.",
        )
    before = start.removeprefix(b"\xef\xbb\xbf")[: len(start.removeprefix(b"\xef\xbb\xbf")) - len(bare)]
    return len(re.findall(rb"\r\n|\r|\n", before)), bare.decode(errors="replace") if header.count(
        '"'
    ) % 2 else header


def _delimiter(header: str) -> str:
    """What parts the header's names, quoted names set aside; a comma where there is one name."""
    bare = re.sub(r'"(?:[^"]|"")*"', "", header)
    return max(_DELIMITERS, key=bare.count)
