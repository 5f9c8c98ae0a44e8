"""Batches of a size that can be held, whatever a row weighs: gathered from the small ones that DuckDB hands over."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

# Rows of what DuckDB hands over: its own measure. More at once, and rows of some kilobytes each would be gigabytes.
VECTOR = 2_048
_BYTES = 24 * 1024 * 1024


def gathered(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Of at least so many rows, or of so many bytes that they are enough."""
    held, many, size = list[pa.RecordBatch](), 0, 0
    for batch in batches:
        held.append(batch)
        many, size = many + batch.num_rows, size + batch.nbytes
        if many >= rows or size >= _BYTES:
            yield _one(held)
            held, many, size = [], 0, 0
    if held:
        yield _one(held)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
