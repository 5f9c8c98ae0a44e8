"""Parquet: the file's own columns and types; what Arrow or JSON would bend travels as its text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from aos_core.errors import FixTheSource
from aos_resources.connectors.batching import VECTOR, gathered
from aos_resources.connectors.source import Part, SourceColumn, batch_rows, landed_names
from aos_resources.connectors.text import (
    LONGEST,
    Form,
    exactly,
    reading,
    refuse_width,
    said_by_duckdb,
)
from aos_resources.connectors.written import Written

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}


def columns(path: Path, written: Written) -> tuple[SourceColumn, ...]:
    described = _describe(path)
    names = landed_names([name for name, _ in described])
    return tuple(SourceColumn(name, kind.lower()) for name, (_, kind) in zip(names, described, strict=True))


def examine(path: Path, written: Written) -> Form:
    return Form()


def batches(path: Path, part: Part, form: Form, written: Written) -> Iterator[pa.RecordBatch]:
    described = _describe(path)
    part.schema = pa.schema(
        [(one.name, _arrow(kind)) for one, (_, kind) in zip(columns(path, written), described, strict=True)]
    )
    return _batches(path, described, part)


def _batches(path: Path, described: list[tuple[str, str]], part: Part) -> Iterator[pa.RecordBatch]:
    cells = ", ".join(_cell(name, kind) for name, kind in described)
    with reading() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            reader = connection.sql(f"select {cells} from read_parquet(?)", params=[exactly(path)]).to_arrow_reader(VECTOR)
            for batch in gathered(reader, batch_rows(len(described))):
                yield pa.RecordBatch.from_arrays(
                    [one.cast(field.type) for one, field in zip(batch.columns, part.schema, strict=True)],
                    schema=part.schema,
                )
        except duckdb.Error as unread:
            raise _refused(path, unread) from unread


def _describe(path: Path) -> list[tuple[str, str]]:
    with reading() as connection:
        try:
            found = connection.execute("describe select * from read_parquet(?)", [exactly(path)]).fetchall()
        except duckdb.Error as unread:
            raise _refused(path, unread) from unread
    refuse_width(path, len(found))
    return [(str(row[0]), str(row[1])) for row in found]


def _refused(path: Path, error: duckdb.Error) -> FixTheSource:
    return FixTheSource(
        "The file could not be read as Parquet", culprit=path.name, fix=said_by_duckdb(error, path)
    )


def _cell(name: str, kind: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "BOOLEAN" or kind in _INTEGERS:
        return quoted
    if kind in ("VARCHAR", "BLOB"):
        bytes_of = "strlen" if kind == "VARCHAR" else "octet_length"
        return f"case when {bytes_of}({quoted}) > {LONGEST} then error('A value is longer than 16 MB') else {quoted}::varchar end"
    nested = kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]")
    return f"to_json({quoted})::varchar" if nested else f"{quoted}::varchar"


def _arrow(kind: str) -> pa.DataType:
    return pa.bool_() if kind == "BOOLEAN" else pa.int64() if kind in _INTEGERS else pa.string()
