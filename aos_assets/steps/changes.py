"""What a reading of one part changed: compared in DuckDB with the part's latest landed state, row hash by row hash.

The rows themselves stand in a file beside; only numbers, keys and hashes are held in tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from aos_assets.steps.hashing import (
    AT_ONCE,
    hash_in,
    later,
    may_hold_marks,
    of_texts,
    own,
    text,
    told_by,
)
from aos_assets.steps.states import SHARES, State, gone_since, recall
from aos_assets.steps.streams import Pass
from aos_core.compiling import literal, quoted
from aos_resources.ahead import ahead
from aos_resources.connectors.source import Part
from aos_resources.memory import give_back
from aos_resources.parquet import copy_to, write_parquet

_KEY_TRIES = 5
_KEY_SAMPLE = 10_000
# Fewer where different values are counted: each count holds some megabytes, however few there are.
_COUNTED_AT_ONCE = 4
_SORTED_AT_ONCE = 2_000_000


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
    connection: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterator[pa.RecordBatch], file: Path, key: tuple[str, ...] | None,
    told: dict[str, str], *, unmet: bool = False,
) -> tuple[tuple[str, ...], int]:  # fmt: skip
    """The part's rows, streamed into a file; view `written` shows them with what we say of them, and their number `_row` in reading order.

    The file is written as a landing in which every row is new would be, so that it can become one.

    Args:
        key: the stream's key; None where it is not known yet, which is then guessed from the first rows.
        unmet: there is nothing yet that the rows would be compared with. Their hashes wait until there is, where they can.

    Returns: the key that the file is written under, and how many rows were read.

    Raises:
        AosError: whatever the source raised while it was read.
    """
    coming = batches
    if key is None:
        first = list(islice(coming, 1))
        coming = chain(first, coming)
        key = _guessed(connection, first)
    wait = unmet and bool(key) and of_texts(schema)
    told = later(told) if wait else told
    with ahead(_marked(connection, schema, coming, key, wait=wait)) as marked:
        rows = write_parquet(file, _landed_schema(schema), marked, told)
    give_back()  # what batches were read into, before rows are compared
    rows_of_it = f"read_parquet({literal(str(file))}, file_row_number = true)"
    connection.execute(
        "create or replace view written as select * exclude (file_row_number)"
        f" replace ({hash_in(told, schema.names)} as _hash), file_row_number as _row from {rows_of_it}"
    )
    return key, rows


def _landed_schema(schema: pa.Schema) -> pa.Schema:
    ours = [pa.field("_key", pa.string()), pa.field("_op", pa.string()), pa.field("_hash", pa.uuid())]
    return pa.schema([*ours, *schema, pa.field("_at", pa.timestamp("us", "UTC"))])


def _marked(
    connection: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterable[pa.RecordBatch], key: tuple[str, ...], *, wait: bool
) -> Iterator[pa.RecordBatch]:
    """Each batch with what a landing says of its rows; the rows themselves are not touched."""
    landed = _landed_schema(schema)
    at = pa.scalar(datetime.now(UTC), pa.timestamp("us", "UTC"))
    for batch in (one for one in batches if one.num_rows):
        rows, hashes = batch.num_rows, None
        if wait and not may_hold_marks(batch):
            keys, hashes = _keys(connection, batch, key), pa.nulls(rows, pa.uuid())
        else:
            shown, content = told_by(batch, key)
            keys, hashes = _asked(connection, shown, f"{own(key)} as _key, {content} as _hash")
        yield pa.RecordBatch.from_arrays([keys, pa.repeat("i", rows), hashes, *batch.columns, pa.repeat(at, rows)], schema=landed)


def _keys(connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, key: tuple[str, ...]) -> pa.Array:
    return batch[key[0]] if len(key) == 1 else _asked(connection, batch.select(list(key)), f"{own(key)} as _key")[0]


def _asked(connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, what: str) -> list[pa.Array]:
    connection.register("batch", batch)
    try:
        return [column.chunk(0) for column in connection.sql(f"select {what} from batch").to_arrow_table().combine_chunks().columns]
    finally:
        connection.unregister("batch")


def _guessed(connection: duckdb.DuckDBPyConnection, first: list[pa.RecordBatch]) -> tuple[str, ...]:
    if not first or first[0].num_rows < 2:
        return ()
    connection.register("first_rows", first[0])
    try:
        return tuple(islice(_likely(connection, list(first[0].schema.names), "first_rows"), 1))
    finally:
        connection.unregister("first_rows")
        give_back()


def all_new(connection: duckdb.DuckDBPyConnection, part: str, *, proven: bool, known: bool, whole: bool) -> bool:
    """Whether each row that was taken in has a key, and one of its own (which may be `proven` already); and, where any rows are
    `known`, none that the part had before. Where it was read as a `whole`, it had none at all: what it does not show any more is gone.
    """
    if not proven and _without_own(connection, "_key", "written"):
        return False
    met = "" if whole else " and key in (select _key from written)"
    return not known or not connection.execute(f"select exists (select 1 from said where part = ?{met})", [part]).fetchall()[0][0]


def prove_key(connection: duckdb.DuckDBPyConnection, columns: list[str], rows: str = "written", guess: tuple[str, ...] = ()) -> list[str]:
    """The first column that is never absent and never twice the same, ids by name before others; none if none is.

    A single row proves nothing. `guess`: what the first of these rows suggested; where it holds for all, those before it
    did not hold for the first.
    """
    if not columns or _one(connection, f"select count(*) from {rows}") < 2:
        return []
    if guess and not _without_own(connection, _present(guess[0]), rows):
        return [guess[0]]
    for name in islice(_likely(connection, columns, rows), _KEY_TRIES):
        if not _without_own(connection, _present(name), rows):
            return [name]
    return []


def _likely(connection: duckdb.DuckDBPyConnection, columns: list[str], rows: str) -> Iterator[str]:
    """Columns that among the first rows are never absent or twice the same, ids by name before others: no other is a key."""
    likeliest = sorted(columns, key=lambda name: not name.lower().replace("_", "").endswith(("id", "key", "code", "number")))
    for start in range(0, len(columns), _COUNTED_AT_ONCE):
        some = likeliest[start : start + _COUNTED_AT_ONCE]
        measures = ", ".join(f"count(distinct {text(name)}) filter (trim({text(name)}) <> '')" for name in some)
        cells = ", ".join(map(quoted, some))
        total, *counted = connection.execute(f"select count(*), {measures} from (select {cells} from {rows} limit {_KEY_SAMPLE})").fetchall()[0]
        yield from (name for name, distinct in zip(some, counted, strict=True) if distinct == total)


def _present(name: str) -> str:
    return f"case when trim({text(name)}) <> '' then {text(name)} end"


def _without_own(connection: duckdb.DuckDBPyConnection, cell: str, rows: str) -> bool:
    """Whether any row's cell is absent or another's too; in shares, so that never all of them are held at once.

    Where no two have the same hash, no two are the same: that is soon seen, and the cells are compared only where it is not so.
    """
    cells = f"(select {cell} as cell from {rows})"
    connection.execute(f"create or replace temp table hashes as select hash(cell) as hash, cell is null as absent from {cells}")
    try:
        total, absent = connection.execute("select count(*), count(*) filter (absent) from hashes").fetchall()[0]
        shares = 1 + total // _SORTED_AT_ONCE
        if absent or not any(_meets_twice(connection.sql(f"select hash from hashes where hash % {shares} = {share}")) for share in range(shares)):
            return bool(absent)
    finally:
        connection.execute("drop table hashes")
    return any(_one(connection, f"select count(*) - count(distinct cell) from {cells} where hash(cell) % {SHARES} = {share}") for share in range(SHARES))


def _meets_twice(numbers: duckdb.DuckDBPyRelation) -> bool:
    """Sorted, equal ones stand side by side: for numbers that takes a quarter of what counting them apart does."""
    found = np.sort(numbers.to_arrow_table().column(0).to_numpy())
    return bool((found[1:] == found[:-1]).any())


def compare(
    connection: duckdb.DuckDBPyConnection, state: State, part: Part, columns: list[str], key: tuple[str, ...], landing: str,
    *, going: Pass | None, again: bool,
) -> Change:  # fmt: skip
    """Fills table `landing_rows` (row in the landing, n, key, op) and tells `next_state` what the reading changed.

    Rows of one key are judged together: where any of them changed all land again, so that the last one stays the
    last. A row that repeats its key and content within the reading is kept and marked `r`.

    Args:
        going: the pass that the part is a slice of; None where the part is a reading by itself.
        again: every row lands, changed or not: the stream is read from zero.
    """
    whole = part.complete and going is None
    _identify(connection, columns, key)
    recall(connection, state, part.name, complete=whole)
    connection.execute(
        "create or replace temp table judged as select g.key, g.hash, g.last, g.rows, p.key is not null as known, p.landing, p.row,"
        f" p.hash is not distinct from g.hash{' and false' if again else ''} as same from groups g left join prior p on p.key = g.key"
    )
    if not whole:
        connection.execute("drop table prior")
    connection.execute("create or replace temp table changed as select key, known from judged where not same")
    if going is not None:
        _end(connection, part, going)
    gone = "select key from prior where key not in (select key from groups)" if whole else "select key from gone where part = ?"
    connection.execute(
        f"create or replace temp table landing_rows as select row_number() over (order by n, _key) - 1 as row, * from ("
        f" select -1::bigint as n, key as _key, 'd' as _op from ({gone}) union all"
        f" select h.n, h.key, case when h.again then 'r' when c.known then 'u' else 'i' end from hashed h join changed c on c.key = h.key)",
        [] if whole else [part.name],
    )
    changed = "" if whole else " where not j.same"
    connection.execute(
        "insert into next_state select ?, j.key, j.hash, case when j.same then j.landing else ?::uuid end,"
        f" case when j.same then j.row else l.row end, j.known from judged j left join landing_rows l on l.n = j.last{changed}",
        [part.name, landing],
    )
    if whole:
        connection.execute("insert into whole values (?)", [part.name])
    return _count(connection)


def go(connection: duckdb.DuckDBPyConnection, state: State, part: Part, columns: list[str], key: tuple[str, ...], going: Pass | None) -> Change:
    """The same for a part that names keys alone: those that are gone, or all there are; only tombstones can land."""
    _identify(connection, columns, key)
    if part.holds == "gone":
        recall(connection, state, part.name, complete=False)
        connection.execute("insert into gone select ?, key from prior", [part.name])
    else:
        _end(connection, part, going or Pass(part.reading))
    connection.execute(
        "create or replace temp table landing_rows as select row_number() over (order by key) - 1 as row, -1::bigint as n, key as _key, 'd' as _op"
        " from gone where part = ?",
        [part.name],
    )
    return Change(0, 0, 0, _one(connection, "select count(*) from landing_rows"))


def _end(connection: duckdb.DuckDBPyConnection, part: Part, going: Pass) -> None:
    """At the end of a whole pass: what was landed and no slice of it showed is gone."""
    if part.last and part.complete and not going.fresh:
        gone_since(connection, part.name, going.seen)
        connection.execute("insert into gone select ?, key from prior", [part.name])


def write_landing(connection: duckdb.DuckDBPyConnection, columns: list[str], file: Path, told: dict[str, str]) -> None:
    """The raw file: the rows to land in order, as the source sent them, with what we say of them."""
    names = "".join(f", w.{quoted(name)}" for name in columns)
    rows = f"select l._key, l._op, w._hash{names}, now() as _at from landing_rows l left join written w on w._row = l.n order by l.row"
    if len(columns) > 5 * AT_ONCE:
        connection.execute("set threads = 1")  # each thread of a sort holds wide rows of its own
    copy_to(connection, rows, file, told)


def write_tombstones(connection: duckdb.DuckDBPyConnection, columns: list[str], file: Path, told: dict[str, str]) -> None:
    """A raw file of table `landing_rows` where no row was read: each says only that it is gone."""
    names = "".join(f", null::varchar as {quoted(name)}" for name in columns)
    copy_to(connection, f"select _key, _op, null::uuid as _hash{names}, now() as _at from landing_rows order by row", file, told)


def _identify(connection: duckdb.DuckDBPyConnection, columns: list[str], key: tuple[str, ...]) -> None:
    """Table `hashed` (n, key, hash, again) and view `groups` (key, hash, last, rows): windows only over what occurs twice.

    Without a key, content and occurrence are the key.
    """
    connection.execute(f"create or replace temp table plain as select _row as n, _hash as hash, {own(key)} as own from written")
    connection.execute(
        "create or replace temp table twice as select coalesce(own, hash::varchar) as base, own is null as keyless from plain"
        " group by all having count(*) > 1"
    )
    twice = _one(connection, "select count(*) from twice") > 0
    several = "(coalesce(own, hash::varchar), own is null) in (select (base, keyless) from twice)" if twice else "false"
    connection.execute(
        f"create or replace temp table hashed as select n, coalesce(own, hash::varchar || '-1') as key, hash, false as again from plain where not {several}"
        f" union all select n, coalesce(own, hash::varchar || '-' || row_number() over (partition by hash, own is null order by n)), hash,"
        f" own is not null and row_number() over (partition by own, hash order by n) > 1 from plain where {several}"
    )
    connection.execute("drop table plain")
    together, alone = ("key in (select base from twice)", "key not in (select base from twice)") if twice else ("false", "true")
    connection.execute(
        "create or replace temp table together as select key, md5_number(string_agg(hash::varchar, '' order by n))::uuid as hash, max(n) as last, count(*) as rows"
        f" from hashed where {together} group by key"
    )
    connection.execute(f"create or replace temp view groups as select key, hash, n as last, 1 as rows from hashed where {alone} union all select * from together")


def _count(connection: duckdb.DuckDBPyConnection) -> Change:
    """Each side of the balance counted where it stands, none from the others: a lost row shows."""
    return Change(
        read=_one(connection, "select count(*) from written"),
        landed=_one(connection, "select count(*) from landing_rows where _op <> 'd'"),
        unchanged=_one(connection, "select coalesce(sum(rows), 0) from judged where same"),
        deleted=_one(connection, "select count(*) from landing_rows where _op = 'd'"),
    )


def _one(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    return int(connection.execute(statement).fetchall()[0][0])
