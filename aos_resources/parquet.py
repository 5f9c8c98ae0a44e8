"""Parquet as the lake holds it: Arrow batches written in groups of rows, whoever made them. Knows no folders and no meaning.

Arrow's own writer takes a third of the CPU of DuckDB's copy for wide rows of text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aos_core.errors import TryAgain

_GROUP_ROWS = 15_360
_GROUP_CELLS = 10_000_000
_GROUP_BYTES = 16 * 1024 * 1024
# A column whose first rows say the same so often is written by dictionary, which readers of it then profit from too.
_SAMPLE, _SHARE = 8_192, 8


def group_rows(columns: int) -> int:
    """Rows that are held at once while a file is written: fewer of wide rows."""
    return max(2_048, min(_GROUP_ROWS, _GROUP_CELLS // max(1, columns)))


def write_parquet(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch], told: dict[str, str] | None = None) -> int:
    """All rows of those batches, in order. `told` goes into the file's own metadata. Gives the number of rows.

    Raises:
        TryAgain: the disk is full. And whatever the batches raise; the file is then to be thrown away.
    """
    plain = pa.schema([pa.field(one.name, _stored(one.type)) for one in schema])
    groups, rows = _groups(plain, batches), 0
    first = next(groups, None)
    often = [] if first is None else _said_often(first)
    # Least and greatest of a text prune nothing here and take a fifth of the time.
    measured = [one.name for one in plain if not pa.types.is_string(one.type)]
    try:
        with pq.ParquetWriter(
            file, plain, compression="zstd", compression_level=1, use_dictionary=often, write_statistics=measured, store_schema=False,
            write_batch_size=_GROUP_ROWS,
        ) as writer:  # fmt: skip
            writer.add_key_value_metadata(told or {})
            while first is not None:
                writer.write_table(first)
                rows, first = rows + first.num_rows, next(groups, None)
    except OSError as full:
        raise TryAgain("A file could not be written", culprit=file.name, fix="Free disk space.") from full
    return rows


def copy_to(connection: duckdb.DuckDBPyConnection, statement: str, file: Path, told: dict[str, str] | None = None) -> int:
    """The rows of a statement as a file; gives their number. The connection hands types over as they are (`TenantLake.duckdb`)."""
    with connection.sql(statement).to_arrow_reader(61_440) as reader:
        return write_parquet(file, reader.schema, reader, told)


def told_in(file: Path) -> dict[str, str]:
    """The file's own metadata."""
    found: dict[bytes, bytes] = pq.read_metadata(file).metadata or {}
    return {key.decode(): value.decode() for key, value in found.items()}


def columns_in(file: Path) -> list[str]:
    return [str(name) for name in pq.read_schema(file).names]


def rows_in(file: Path) -> int:
    return int(pq.read_metadata(file).num_rows)


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    most, held, rows, size = group_rows(len(schema)), list[pa.RecordBatch](), 0, 0
    for batch in batches:
        held.append(_as(batch, schema))
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= most or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(held, schema)
            held, rows, size = [], 0, 0
    if rows:
        yield pa.Table.from_batches(held, schema)


def _stored(kind: pa.DataType) -> pa.DataType:
    """A type that every engine reads: of the extension types, only ids are one."""
    if isinstance(kind, pa.Bool8Type):
        return pa.bool_()
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) and not isinstance(kind, pa.UuidType) else kind


def _as(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    columns = [
        one if one.type.equals(field.type) else getattr(one, "storage", one).cast(field.type) for one, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _said_often(first: pa.Table) -> list[str]:
    sample, often = first.slice(0, _SAMPLE), list[str]()
    for name, column in zip(sample.column_names, sample.columns, strict=True):
        if pa.types.is_string(column.type) or isinstance(column.type, pa.UuidType):
            values = column.cast(column.type.storage_type) if isinstance(column.type, pa.UuidType) else column
            often += [name] if pc.count_distinct(values).as_py() * _SHARE <= len(column) else []
    return often
