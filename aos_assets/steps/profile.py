"""The cheap fingerprint: one pass over a bounded sample of what was read, all columns at once."""

from __future__ import annotations

from typing import Any

import duckdb

from aos_assets.steps.changes import COUNTED_AT_ONCE
from aos_core.compiling import literal, quoted
from aos_core.fingerprint import PATTERNS, Column, Fingerprint, infer_type
from aos_resources.connectors.source import SourceColumn

SAMPLE_ROWS = 5_000
_TOP = 20
_SAMPLED_AT_ONCE = 200


def profile(connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[SourceColumn, ...], rows: int, described: dict[str, str]) -> Fingerprint:
    """The fingerprint of `rows` rows, numbered by a column `_row`. `described`: column → the dictionary's words on it.

    The sample is every n-th row in reading order, so that the same file gives the same fingerprint and what stands
    only at its end is seen too.
    """
    found, step = [], max(1, -(-rows // SAMPLE_ROWS))
    for start in range(0, len(columns), _SAMPLED_AT_ONCE):
        some = columns[start : start + _SAMPLED_AT_ONCE]
        cells = ", ".join(quoted(one.name) for one in some)
        connection.execute(f"create or replace temp table sample as select {cells} from {table} where _row % {step} = 0")
        for place in range(0, len(some), COUNTED_AT_ONCE):
            few = some[place : place + COUNTED_AT_ONCE]
            row = connection.execute(f"select {', '.join(_measures(one.name) for one in few)} from sample").fetchall()[0]
            found += [_column(one, measured, described) for one, measured in zip(few, row, strict=True)]
    connection.execute("drop table if exists sample")
    return Fingerprint(tuple(found), rows)


def _measures(name: str) -> str:
    raw = f"cast({quoted(name)} as varchar)"
    there = f"{raw} is not null and trim({raw}) not in ('', 'NULL')"
    fits = ", ".join(
        f"{literal(kind)}: count(*) filter ({there} and regexp_full_match(lower(trim({raw})), {literal(pattern)}))"
        for kind, pattern in PATTERNS.items()
    )
    return (
        f"{{'rows': count(*), 'present': count(*) filter ({there}),"
        f" 'nulls': count(*) filter (trim({raw}) = 'NULL'),"
        f" 'distinct': count(distinct {raw}) filter ({there}),"
        f" 'top': approx_top_k(left(trim({raw}), 200), {_TOP}) filter ({there}),"
        f" 'fits': {{{fits}}}}}"
    )


def _column(one: SourceColumn, measured: dict[str, Any], described: dict[str, str]) -> Column:
    rows, present = measured["rows"], measured["present"]
    fits = {kind: count for kind, count in measured["fits"].items() if count}
    return Column(
        name=one.name,
        declared=one.type,
        inferred=infer_type(present, measured["distinct"], fits),
        nulls=round(1 - present / rows, 6) if rows else 1.0,
        distinct=measured["distinct"],
        present=present,
        literal_nulls=measured["nulls"] > 0,
        share=tuple(sorted((kind, round(count / present, 6)) for kind, count in fits.items())),
        top=tuple(measured["top"] or ()),
        description=described.get(one.name, one.description),
    )
