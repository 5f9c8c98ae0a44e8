"""CSV in which nothing stands in quotes: each line is a row, parted at every delimiter. Arrow reads it in a fifth of the time.

Any two readers agree on such rows; the first that has more or fewer values than the header is for the other one to judge.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from aos_resources.connectors.dialects import Dialect
from aos_resources.connectors.text import Form, unreadable
from aos_resources.connectors.written import Written

# Arrow reads some thirty ahead. From a line on that does not fit into one, DuckDB reads.
_BLOCK = 512 * 1024


def is_plain(path: Path, dialect: Dialect, form: Form, written: Written) -> bool:
    """Whether nothing of the file is quoted or escaped: its form was seen to its last byte."""
    if written.guarded or dialect.escape == "backslash" or path.suffix.lower() == ".gz":
        return False
    # A single column's empty line may be a row, and a file of few lines may have none: not judged here.
    return form.simple and dialect.quote in ('"', "'") and dialect.quote not in form.quotes and len(dialect.names) > 1 and form.lines > dialect.skip + 1


def plain_rows(path: Path, dialect: Dialect, schema: pa.Schema) -> Generator[pa.RecordBatch, None, int | None]:
    """Rows from the first on, in their order; returns None at their end, or how many they were where it could not go on.

    Raises:
        FixTheSource: the file cannot be read any more.
    """
    read = csv.ReadOptions(use_threads=False, block_size=_BLOCK, skip_rows=dialect.skip + dialect.header, column_names=dialect.names)
    parse = csv.ParseOptions(delimiter=dialect.delimiter, quote_char=False, double_quote=False)
    convert = csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True)
    rows = 0
    try:
        for batch in csv.open_csv(path, read, parse, convert):
            rows += batch.num_rows
            yield batch
    except pa.ArrowInvalid:
        return rows
    except OSError as lost:
        raise unreadable(path, lost) from lost
    return None
