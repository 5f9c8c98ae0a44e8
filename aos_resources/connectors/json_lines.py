"""JSON lines: an object a line, its names as columns, its values as the text they were written in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa

from aos_core.errors import FixTheSource
from aos_resources.connectors.source import Part, Reject, SourceColumn, batch_rows, landed_names
from aos_resources.connectors.text import (
    LIMITS,
    MOST_COLUMNS,
    Form,
    exactly,
    examine,
    refuse_width,
    said_by_duckdb,
)

__all__ = ["batches", "columns", "examine"]

_LINES = (
    "read_csv(?, auto_detect = false, columns = {'line': 'VARCHAR'}, header = false, delim = '\x1f', quote = '', escape = '',"
    " store_rejects = true, rejects_limit = 300_000, strict_mode = true)"
)
_SAMPLE = 1_000
_KEPT_REJECTS = 1_000
_MOST_REJECTS = 300_000
# A name that stands twice would lose one of its values.
_WHY = (
    "case when line is null or trim(line) = '' then 'blank' when not json_valid(line) then 'not json' when json_type(line) <> 'OBJECT' then 'not an object'"
    " when len(json_keys(line)) <> len(list_distinct(json_keys(line))) then 'a name stands twice' end"
)


def columns(path: Path) -> tuple[SourceColumn, ...]:
    """The names of the first lines; whatever comes later is found when the file is read."""
    with duckdb.connect(config=LIMITS) as connection:
        names = _sampled(connection, path)
    return tuple(SourceColumn(name) for name in landed_names(names))


def batches(path: Path, part: Part, form: Form) -> Iterator[pa.RecordBatch]:
    with duckdb.connect(config=LIMITS) as connection:
        names = _sampled(connection, path)
        later = connection.execute(
            f"select distinct unnest(json_keys(line)) as name from (select line from {_LINES}) where {_WHY} is null limit {MOST_COLUMNS + 1}",
            [exactly(path)],
        ).fetchall()
        names += sorted({row[0] for row in later} - set(names))
    refuse_width(path, len(names))
    part.schema = pa.schema([(name, pa.string()) for name in landed_names(names)])
    return _batches(path, names, part)


def _batches(path: Path, names: list[str], part: Part) -> Iterator[pa.RecordBatch]:
    mark = uuid4().hex
    pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in names]
    cells = ", ".join(_value(f"said[{place}]", mark) + f" as c{place}" for place in range(1, len(names) + 1))
    with duckdb.connect(config=LIMITS) as connection:
        # DuckDB would bend a number to a double: it is quoted with a mark that no text can hold, and taken out of its quotes again.
        quoted = (
            r"""replace(replace(replace(regexp_replace(line, '("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)', '\1' || chr(1) || '\2' || chr(2), 'g'),"""
            f""" chr(1) || chr(2), ''), chr(1), '"{mark}'), chr(2), '"')"""
        )
        rows = f"select json_extract_string({quoted}, $pointers) as said from {_LINES.replace('?', '$path')} where {_WHY} is null"
        try:
            statement = (
                f"select {cells} from ({rows})" if names else f"select 1 where false and {len(names)} > 0"
            )
            given = {"path": exactly(path), "pointers": pointers} if names else {}
            for batch in connection.sql(statement, params=given).to_arrow_reader(
                batch_rows(len(names))
            ):
                yield pa.RecordBatch.from_arrays(batch.columns, schema=part.schema)
        except duckdb.Error as unread:
            raise FixTheSource(
                "The file could not be read as JSON lines",
                culprit=path.name,
                fix=said_by_duckdb(unread, path),
            ) from unread
        _rejects(connection, path, part)
        if part.rejected >= _MOST_REJECTS:
            raise FixTheSource(f"More than {_MOST_REJECTS:,} lines of the file are no JSON objects", culprit=path.name)


def _value(cell: str, mark: str) -> str:
    nested = f"""regexp_replace({cell}, '"{mark}([^"]*)"', '\\1', 'g')"""
    return f"case when not contains({cell}, '{mark}') then {cell} when starts_with({cell}, '{mark}') then substr({cell}, {len(mark) + 1}) else {nested} end"


def _rejects(connection: duckdb.DuckDBPyConnection, path: Path, part: Part) -> None:
    """Lines that could not be read at all, and those that are no row."""
    connection.execute(
        f"create temp table refused as select n, why, left(line, 2000) as said from"
        f" (select row_number() over () as n, line, {_WHY} as why from {_LINES}) where why <> 'blank' limit {_MOST_REJECTS}",
        [exactly(path)],
    )
    connection.execute(
        "insert into refused select distinct on (file_id, line) line, lower(error_type::varchar), left(csv_line, 2000) from reject_errors"
    )
    found = connection.execute(
        f"select n, why, said from refused order by n limit {_KEPT_REJECTS}"
    ).fetchall()
    part.rejects = [Reject(line, why, said or "") for line, why, said in found]
    part.rejected = connection.execute("select count(*) from refused").fetchall()[0][0]


def _sampled(connection: duckdb.DuckDBPyConnection, path: Path) -> list[str]:
    """Raises FixTheSource where none of the first lines is an object."""
    try:
        found = connection.execute(
            f"select why, json_keys(case when why is null then line end) from (select line, {_WHY} as why from (select line from {_LINES} limit {_SAMPLE})) where why is distinct from 'blank'",
            [exactly(path)],
        ).fetchall()
    except duckdb.Error as unread:
        raise FixTheSource(
            "The file could not be read as JSON lines", culprit=path.name, fix=said_by_duckdb(unread, path)
        ) from unread
    if not found:
        raise FixTheSource("The file is empty, without a single object", culprit=path.name)
    if all(why is not None for why, _ in found):
        raise FixTheSource(
            "The file holds no JSON objects, one to a line",
            culprit=path.name,
            fix=f"Its first line is {found[0][0]}.",
        )
    names = list(dict.fromkeys(name for _, keys in found for name in keys or ()))
    refuse_width(path, len(names))
    return names
