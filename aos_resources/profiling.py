"""The cheap fingerprint: one pass over a bounded sample of what was read, all columns at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import pyarrow as pa

from aos_core.compiling import literal
from aos_core.fingerprint import PATTERNS, PLAUSIBLE, Column, Fingerprint, infer_type
from aos_resources.connectors.source import SourceColumn

SAMPLE_ROWS = 4_096
# Columns whose different values are counted at once: each count holds some megabytes, however few there are.
_COUNTED_AT_ONCE = 20
_SAMPLE_BYTES = 32 * 1024 * 1024
_TOP = 20


class Sample:
    """Every n-th row of what is read, n doubled whenever more would be held than SAMPLE_ROWS or so many bytes.

    So the same rows give the same sample, and what stands only at their end is seen too.
    """

    def __init__(self) -> None:
        self._step, self._seen, self._kept = 1, 0, list[pa.RecordBatch]()

    def watch(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The same batches, looked at in passing."""
        for batch in batches:
            while self._seen + batch.num_rows > SAMPLE_ROWS * self._step or (len(self) > 1 and sum(one.nbytes for one in self._kept) > _SAMPLE_BYTES):
                self._thin()
            self._kept.append(batch.take(pa.arange(-self._seen % self._step, batch.num_rows, self._step)))
            self._seen += batch.num_rows
            yield batch

    def __len__(self) -> int:
        return sum(one.num_rows for one in self._kept)

    @property
    def rows(self) -> pa.Table:
        """At least one batch must have come."""
        return pa.Table.from_batches(self._kept)

    def _thin(self) -> None:
        self._step *= 2
        if self._kept:
            self._kept = self.rows.take(pa.arange(0, len(self), 2)).to_batches()


def profile(connection: duckdb.DuckDBPyConnection, sample: Sample, columns: tuple[SourceColumn, ...], rows: int, described: dict[str, str]) -> Fingerprint:
    """The fingerprint of `rows` rows of which that is a sample. `described`: column → the dictionary's words on it."""
    found: list[Column] = []
    for start in range(0, len(columns), _COUNTED_AT_ONCE):
        few = columns[start : start + _COUNTED_AT_ONCE]
        connection.register("said", _long(sample.rows, few))
        measured = connection.execute(_MEASURES).fetchall()
        found += [_column(one, row, described) for one, (_, *row) in zip(few, measured, strict=True)]
    connection.unregister("said")
    return Fingerprint(tuple(found), rows)


def _long(rows: pa.Table, columns: tuple[SourceColumn, ...]) -> pa.Table:
    """The columns' values below each other, so that one short statement measures them all: a wide one takes longer to plan than to run."""
    values = [rows[one.name].cast(pa.string()) for one in columns]
    places = pa.concat_arrays([pa.repeat(pa.scalar(place, pa.int32()), len(one)) for place, one in enumerate(values)])
    return pa.table({"place": places, "value": pa.chunked_array([chunk for one in values for chunk in one.chunks], pa.string())})


# Values that are alike are looked at once: (place, rows, present, literal nulls, different, commonest, fits).
_FITS = ", ".join(
    f"{literal(kind)}: coalesce(sum(case when {PLAUSIBLE[kind].format('text')} then case when regexp_full_match(text, {literal(pattern)}) then n end end), 0)::bigint"
    for kind, pattern in PATTERNS.items()
)
_MEASURES = f"""
with counted as (select place, trim(value) as value, count(*) as n from said group by all),
seen as (select *, value not in ('', 'NULL') as there, case when value not in ('', 'NULL') then lower(value) end as text from counted)
select place, sum(n)::bigint, coalesce(sum(n) filter (there), 0)::bigint, coalesce(sum(n) filter (value = 'NULL'), 0)::bigint, count(*) filter (there),
    list(left(value, 200) order by n desc, value)  filter (there)[:{_TOP}], {{{_FITS}}}
from seen group by place order by place
"""


def _column(one: SourceColumn, measured: list[Any], described: dict[str, str]) -> Column:
    rows, present, nulls, distinct, top, fitting = measured
    fits = {kind: count for kind, count in fitting.items() if count}
    return Column(
        name=one.name,
        declared=one.type,
        inferred=infer_type(present, distinct, fits),
        nulls=round(1 - present / rows, 6) if rows else 1.0,
        distinct=distinct,
        present=present,
        literal_nulls=nulls > 0,
        share=tuple(sorted((kind, round(count / present, 6)) for kind, count in fits.items())),
        top=tuple(top or ()),
        description=described.get(one.name, one.description),
    )
