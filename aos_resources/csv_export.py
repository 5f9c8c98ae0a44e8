"""Rows as a CSV file that people may open in a spreadsheet: made in DuckDB, handed over in pieces, no formula in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from aos_core.spreadsheet import header, sql_line

_ROWS = 20_000  # of a piece: it is held whole


def csv_of(connection: duckdb.DuckDBPyConnection, query: str, given: Sequence[Any] | None = None) -> Iterator[bytes]:
    """The query's rows as UTF-8 with CRLF; its columns as their texts, nested ones as JSON. `given`: the query's parameters."""
    asked = f"select * from ({query})"
    described = connection.execute(f"describe {asked}", list(given or ())).fetchall()
    names = [str(name) for name, *_ in described]
    yield header(names).encode()
    line = sql_line([_text(name, str(kind)) for name, kind, *_ in described])
    for batch in connection.sql(f"select {line} as line from ({query})", params=list(given or ())).to_arrow_reader(_ROWS):
        yield from _bytes_of(batch.column(0))


def _text(name: str, kind: str) -> str:
    quoted = f'"{name.replace(chr(34), chr(34) * 2)}"'
    nested = kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]")
    return f"to_json({quoted})::varchar" if nested else f"{quoted}::varchar"


def _bytes_of(lines: pa.Array) -> Iterator[bytes]:
    """All texts of a column one after the other, as they lie in memory."""
    if not len(lines):
        return
    texts = lines.cast(pa.large_string())
    _, places, data = texts.buffers()
    ends = memoryview(places).cast("q")
    first, last = ends[texts.offset], ends[texts.offset + len(texts)]
    yield bytes(memoryview(data)[first:last])
