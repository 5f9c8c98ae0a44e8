"""JSON: objects, one a line or all in one array, their names as columns, their values as the text they were written in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa

from aos_core.errors import FixTheSource
from aos_resources.connectors import text
from aos_resources.connectors.batching import VECTOR, gathered
from aos_resources.connectors.source import Part, Reject, SourceColumn, batch_rows, landed_names
from aos_resources.connectors.text import (
    LONGEST,
    MOST_COLUMNS,
    UTF_8,
    Form,
    beginning,
    blocks,
    copied,
    encoding_by_mark,
    exactly,
    first_bytes,
    reading,
    refuse_width,
    said_by_duckdb,
)
from aos_resources.connectors.written import Written

_LINES = (
    "read_csv($path, auto_detect = false, columns = {'line': 'VARCHAR'}, header = false, delim = '\x1f', quote = '', escape = '',"
    " store_rejects = true, rejects_limit = 300_000, strict_mode = true, compression = '%s')"
)
# Objects of one array, each as it is written; what is no JSON ends the reading.
_ARRAY = "(select json::varchar as line from read_json_objects($path, format = 'array', maximum_object_size = 16_777_216, compression = '%s'))"
_ARRAYS = (".json", ".json.gz")
_SAMPLE = 1_000
_KEPT_REJECTS = 1_000
_MOST_REJECTS = 300_000
# A name that stands twice would lose one of its values.
_WHY = (
    "case when line is null or trim(line) = '' then 'blank' when not json_valid(line) then 'not json' when json_type(line) <> 'OBJECT' then 'not an object'"
    " when len(json_keys(line)) <> len(list_distinct(json_keys(line))) then 'a name stands twice' end"
)


def examine(path: Path, written: Written) -> Form:
    """An array may stand on one line, however long."""
    return text.examine(path, written, None if _is_array(path) else LONGEST)


def columns(path: Path, written: Written) -> tuple[SourceColumn, ...]:
    """The names of the first lines; whatever comes later is found when the file is read."""
    encoding = written.encoding or encoding_by_mark(first_bytes(path, 4)) or UTF_8
    with _as_utf8(path, encoding) as file, reading() as connection, _in_words(file):
        names = _sampled(connection, file)
    return tuple(SourceColumn(name) for name in landed_names(names))


def batches(path: Path, part: Part, form: Form, written: Written) -> Iterator[pa.RecordBatch]:
    with ExitStack() as held:
        file = held.enter_context(_as_utf8(path, form.encoding))
        with reading() as connection, _in_words(file):
            names = _sampled(connection, file)
            later = connection.execute(
                f"select distinct unnest(json_keys(line)) as name from (select line from {_objects(file)}) where {_WHY} is null limit {MOST_COLUMNS + 1}",
                {"path": exactly(file)},
            ).fetchall()
        names += sorted({row[0] for row in later} - set(names))
        refuse_width(path, len(names))
        part.schema = pa.schema([(name, pa.string()) for name in landed_names(names)])
        return _batches(file, names, part, held.pop_all())


def _batches(path: Path, names: list[str], part: Part, held: ExitStack) -> Iterator[pa.RecordBatch]:
    mark = uuid4().hex
    pointers = ["/" + name.replace("~", "~0").replace("/", "~1") for name in names]
    cells = ", ".join(_value(f"said[{place}]", mark) + f" as c{place}" for place in range(1, len(names) + 1))
    with held, reading() as connection, _in_words(path):
        # DuckDB would bend a number to a double: it is quoted with a mark that no text can hold, and taken out of its quotes again.
        quoted = (
            r"""replace(replace(replace(regexp_replace(line, '("(?:[^"\\]|\\.)*")|(-?[0-9][0-9.eE+-]*)', '\1' || chr(1) || '\2' || chr(2), 'g'),"""
            f""" chr(1) || chr(2), ''), chr(1), '"{mark}'), chr(2), '"')"""
        )
        rows = f"select json_extract_string({quoted}, $pointers) as said from {_objects(path)} where {_WHY} is null"
        statement = f"select {cells} from ({rows})" if names else f"select 1 where false and {len(names)} > 0"
        given = {"path": exactly(path), "pointers": pointers} if names else {}
        for batch in gathered(connection.sql(statement, params=given).to_arrow_reader(VECTOR), batch_rows(len(names))):
            yield pa.RecordBatch.from_arrays(batch.columns, schema=part.schema)
        _rejects(connection, path, part)
        if part.rejected >= _MOST_REJECTS:
            raise FixTheSource(f"More than {_MOST_REJECTS:,} lines of the file are no JSON objects", culprit=path.name)


def _objects(path: Path) -> str:
    """A table of the file's objects as they are written."""
    packed = "gzip" if path.suffix.lower() == ".gz" else "none"
    return (_ARRAY if _is_array(path) else _LINES) % packed


def _is_array(path: Path) -> bool:
    """What is called JSON may hold one array; what is called JSON lines never does."""
    return path.name.lower().endswith(_ARRAYS) and beginning(path).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["


@contextmanager
def _as_utf8(path: Path, encoding: str) -> Iterator[Path]:
    """The file, or a copy of it in UTF-8."""
    if encoding == UTF_8:
        yield path
        return
    with copied(path, blocks(path, encoding), encoding) as copy:
        yield copy


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as unread:
        raise FixTheSource("The file could not be read as JSON", culprit=path.name, fix=said_by_duckdb(unread, path)) from unread


def _value(cell: str, mark: str) -> str:
    nested = f"""regexp_replace({cell}, '"{mark}([^"]*)"', '\\1', 'g')"""
    return f"case when not contains({cell}, '{mark}') then {cell} when starts_with({cell}, '{mark}') then substr({cell}, {len(mark) + 1}) else {nested} end"


def _rejects(connection: duckdb.DuckDBPyConnection, path: Path, part: Part) -> None:
    """Lines that could not be read at all, and those that are no row."""
    connection.execute(
        f"create temp table refused as select n, why, left(line, 2000) as said from"
        f" (select row_number() over () as n, line, {_WHY} as why from {_objects(path)}) where why <> 'blank' limit {_MOST_REJECTS}",
        {"path": exactly(path)},
    )
    if _is_array(path):
        connection.execute("create temp table if not exists reject_errors (file_id bigint, line bigint, error_type varchar, csv_line varchar)")
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
    found = connection.execute(
        f"select why, json_keys(case when why is null then line end) from (select line, {_WHY} as why from (select line from {_objects(path)} limit {_SAMPLE})) where why is distinct from 'blank'",
        {"path": exactly(path)},
    ).fetchall()
    if not found:
        raise FixTheSource("The file is empty, without a single object", culprit=path.name)
    if all(why is not None for why, _ in found):
        raise FixTheSource(
            "The file holds no JSON objects, one to a line or all in one array",
            culprit=path.name,
            fix=f"Its first line is {found[0][0]}.",
        )
    names = list(dict.fromkeys(name for _, keys in found for name in keys or ()))
    refuse_width(path, len(names))
    return names
