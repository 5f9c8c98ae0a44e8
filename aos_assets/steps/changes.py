"""What a reading of one part changed: compared in DuckDB with the part's latest landed state, row hash by row hash.

The rows themselves stand in a file beside; only numbers, keys and hashes are held in tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import duckdb
import pyarrow as pa

from aos_assets.steps.states import State, recall
from aos_core.compiling import literal, quoted
from aos_core.errors import AosError
from aos_resources.connectors.source import Part

_KEY_TRIES = 5
_KEY_SAMPLE = 10_000
# Columns that one expression holds; more of them are taken in parts, for memory's sake.
_AT_ONCE = 100
# Fewer where different values are counted: each count holds some megabytes, however few there are.
COUNTED_AT_ONCE = 20


@dataclass(frozen=True)
class Change:
    """Counts of one part. `rows` = landed + deleted are in the raw file, tombstones first."""

    read: int
    landed: int
    unchanged: int
    deleted: int

    @property
    def rows(self) -> int:
        return self.landed + self.deleted


def take_in(
    connection: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterator[pa.RecordBatch], file: Path, key: tuple[str, ...] | None, told: dict[str, str]
) -> tuple[str, ...]:
    """The part's rows, streamed into a file; view `incoming` shows them with their number `_row` in reading order.

    The file is written as a landing in which every row is new would be, so that it can become one (see `adopt`).

    Args:
        key: the stream's key; None where it is not known yet, which is then guessed from the first rows.

    Returns: the key that the file is written under.

    Raises:
        AosError: whatever the source raised while it was read.
    """
    raised: list[AosError] = []

    def watched() -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except AosError as error:
            raised.append(error)
            raise

    coming = watched()
    if key is None:
        first = list(islice(coming, 1))
        coming = chain(first, coming)
        key = _guessed(connection, first)
    own = _text(key[0]) if len(key) == 1 else "null::varchar"
    connection.register("batches", pa.RecordBatchReader.from_batches(schema, coming))
    try:
        _write(connection, f"select {own} as _key, 'i' as _op, *, now() as _at from batches", len(schema), file, told)
    except duckdb.Error as wrapped:
        if raised:
            raise raised[0] from wrapped
        raise
    finally:
        connection.unregister("batches")
    show(connection, file)
    return key


def _guessed(connection: duckdb.DuckDBPyConnection, first: list[pa.RecordBatch]) -> tuple[str, ...]:
    if not first:
        return ()
    connection.register("first_rows", pa.Table.from_batches(first))
    try:
        return tuple(prove_key(connection, list(first[0].schema.names), "first_rows"))
    finally:
        connection.unregister("first_rows")


def adopt(connection: duckdb.DuckDBPyConnection, change: Change, written: tuple[str, ...], key: tuple[str, ...], incoming: Path, file: Path) -> bool:
    """Makes the file that was taken in the landing, where it already is what would be written: every row new, under its own key."""
    if change.landed != change.read or change.deleted or written != key or len(key) != 1:
        return False
    others = "select (select count(*) from twice) + (select count(*) from plain where own is null) + (select count(*) from landing_rows where _op <> 'i')"
    if _one(connection, others) > 0:
        return False
    incoming.rename(file)
    return True


def show(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """View `incoming` over a file that was taken in, wherever it stands now."""
    read = f"read_parquet({literal(str(file))}, file_row_number = true)"
    connection.execute(f"create or replace view incoming as select * exclude (_key, _op, _at, file_row_number), file_row_number as _row from {read}")


def group_rows(columns: int) -> int:
    """Rows that a file's writer holds at once: DuckDB's own number, fewer of wide rows."""
    return max(2_048, min(122_880, 10_000_000 // max(1, columns)))


def prove_key(connection: duckdb.DuckDBPyConnection, columns: list[str], rows: str = "incoming") -> list[str]:
    """The first column that is never absent and never twice the same, ids by name before others; none if none is.

    A single row proves nothing.
    """
    if not columns or _one(connection, f"select count(*) from {rows}") < 2:
        return []
    # What is absent or twice the same among the first rows is no key; whoever is left is counted.
    likely = []
    for start in range(0, len(columns), COUNTED_AT_ONCE):
        some = columns[start : start + COUNTED_AT_ONCE]
        measures = ", ".join(f"count(distinct {_text(name)}) filter (trim({_text(name)}) <> '')" for name in some)
        cells = ", ".join(map(quoted, some))
        total, *counted = connection.execute(f"select count(*), {measures} from (select {cells} from {rows} limit {_KEY_SAMPLE})").fetchall()[0]
        likely += [name for name, distinct in zip(some, counted, strict=True) if distinct == total]
    likely.sort(key=lambda name: not name.lower().replace("_", "").endswith(("id", "key", "code", "number")))
    for name in likely[:_KEY_TRIES]:
        if _one(connection, f"select count(*) - count(distinct {_text(name)}) filter (trim({_text(name)}) <> '') from {rows}") == 0:
            return [name]
    return []


def compare(
    connection: duckdb.DuckDBPyConnection, state: State, part: Part, columns: list[str], key: tuple[str, ...], landing: str
) -> Change:
    """Fills table `landing_rows` (row in the landing, n, key, op) and tells `next_state` what the reading changed.

    Rows of one key are judged together: where any of them changed all land again, so that the last one stays the
    last. A row that repeats its key and content within the reading is kept and marked `r`.
    """
    _identify(connection, columns, key)
    recall(connection, state, part.name, complete=part.complete)
    connection.execute(
        "create or replace temp table judged as select g.key, g.hash, g.last, p.key is not null as known, p.landing, p.row,"
        " p.hash is not distinct from g.hash as same from groups g left join prior p on p.key = g.key"
    )
    gone = "select key from prior where key not in (select key from groups)" if part.complete else "select null::varchar as key where false"
    connection.execute(
        f"create or replace temp table landing_rows as select row_number() over (order by n, _key) - 1 as row, * from ("
        f" select -1::bigint as n, key as _key, 'd' as _op from ({gone}) union all"
        f" select h.n, h.key, case when h.again then 'r' when j.known then 'u' else 'i' end"
        f" from hashed h join judged j on j.key = h.key where not j.same)"
    )
    changed = "" if part.complete else " where not j.same"
    connection.execute(
        "insert into next_state select ?, j.key, j.hash, case when j.same then j.landing else ?::uuid end,"
        f" case when j.same then j.row else l.row end, j.known from judged j left join landing_rows l on l.n = j.last{changed}",
        [part.name, landing],
    )
    if part.complete:
        connection.execute("insert into whole values (?)", [part.name])
    return _count(connection)


def write_landing(connection: duckdb.DuckDBPyConnection, columns: list[str], file: Path, told: dict[str, str]) -> None:
    """The raw file: the rows to land in order, as the source sent them, with `_key`, `_op` and `_at`."""
    names = "".join(f", i.{quoted(name)}" for name in columns)
    rows = f"select l._key, l._op{names}, now() as _at from landing_rows l left join incoming i on i._row = l.n order by l.row"
    if len(columns) > 5 * _AT_ONCE:
        connection.execute("set threads = 1")  # each thread of a sort holds wide rows of its own
    _write(connection, rows, len(columns), file, told)


def _write(connection: duckdb.DuckDBPyConnection, rows: str, columns: int, file: Path, told: dict[str, str]) -> None:
    told_in = ", ".join(f"{name}: {literal(value)}" for name, value in told.items())
    form = f"format parquet, compression zstd, compression_level 1, row_group_size {group_rows(columns)}, kv_metadata {{{told_in}}}"
    connection.execute(f"copy ({rows}) to {literal(str(file))} ({form})")


def _identify(connection: duckdb.DuckDBPyConnection, columns: list[str], key: tuple[str, ...]) -> None:
    """Tables `hashed` (n, key, hash, again) and `groups` (key, hash, last): windows only over what occurs twice.

    Lengths before values keep the row hash injective. Without a key, content and occurrence are the key.
    """
    row_hash = f"substr(sha256({_content(sorted(columns))}), 1, 32)::uuid"
    own = (_text(key[0]) if len(key) == 1 else f"cast(json_array({', '.join(map(_text, key))}) as varchar)") if key else "null::varchar"
    missing = " or ".join(f"{_text(name)} is null" for name in key) or "true"
    connection.execute(
        f"create or replace temp table plain as select _row as n, {row_hash} as hash, case when {missing} then null else {own} end as own from incoming"
    )
    connection.execute(
        "create or replace temp table twice as select coalesce(own, hash::varchar) as base, own is null as keyless from plain"
        " group by all having count(*) > 1"
    )
    several = "(coalesce(own, hash::varchar), own is null) in (select (base, keyless) from twice)" if _one(connection, "select count(*) from twice") else "false"
    connection.execute(
        f"create or replace temp table hashed as select n, coalesce(own, hash::varchar || '-1') as key, hash, false as again from plain where not {several}"
        f" union all select n, coalesce(own, hash::varchar || '-' || row_number() over (partition by hash, own is null order by n)), hash,"
        f" own is not null and row_number() over (partition by own, hash order by n) > 1 from plain where {several}"
    )
    connection.execute(
        "create or replace temp table groups as select key, hash, n as last from hashed where key not in (select base from twice)"
        " union all select key, substr(sha256(string_agg(hash::varchar, '' order by n)), 1, 32)::uuid, max(n) from hashed"
        " where key in (select base from twice) group by key"
    )


def _content(columns: list[str]) -> str:
    """A text that two rows share only where all their values are alike; of a wide row, of its parts' hashes."""
    if len(columns) > _AT_ONCE:
        parts = (columns[start : start + _AT_ONCE] for start in range(0, len(columns), _AT_ONCE))
        return f"concat({', '.join(f'sha256({_content(some)})' for some in parts)})"
    cells = ", ".join(f"coalesce(strlen({_text(name)}) || ':' || {_text(name)}, '-')" for name in columns)
    return f"concat_ws(',', {cells})"


def _count(connection: duckdb.DuckDBPyConnection) -> Change:
    """Each side of the balance counted where it stands, none from the others: a lost row shows."""
    return Change(
        read=_one(connection, "select count(*) from incoming"),
        landed=_one(connection, "select count(*) from landing_rows where _op <> 'd'"),
        unchanged=_one(connection, "select count(*) from hashed join judged using (key) where same"),
        deleted=_one(connection, "select count(*) from landing_rows where _op = 'd'"),
    )


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    return int(connection.execute(statement).fetchall()[0][0])


def _text(name: str) -> str:
    return f"cast({quoted(name)} as varchar)"
