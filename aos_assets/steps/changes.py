"""What a reading of one part changed: compared in DuckDB with the part's latest landed state, row hash by row hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from aos_core.compiling import literal, quoted
from aos_resources.connectors.source import Part


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


def open_state(connection: duckdb.DuckDBPyConnection, state: Path | None) -> None:
    """Table `state`: of each part's keys the hash and the landed row that says it last."""
    connection.execute("create temp table state (part varchar, key varchar, hash uuid, landing uuid, row bigint)")
    if state is not None:
        connection.execute(f"insert into state select part, key, hash, landing, row from read_parquet({literal(str(state))})")


def take_in(connection: duckdb.DuckDBPyConnection, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> int:
    """The part's rows as table `incoming`, in reading order (its rowid), one batch at a time. Gives their number."""
    connection.execute("drop table if exists incoming")
    connection.register("batch", schema.empty_table())
    connection.execute("create temp table incoming as select * from batch")
    for batch in batches:
        connection.register("batch", pa.Table.from_batches([batch]))
        connection.execute("insert into incoming select * from batch")
    connection.unregister("batch")
    return int(connection.execute("select count(*) from incoming").fetchall()[0][0])


def prove_key(connection: duckdb.DuckDBPyConnection, columns: list[str]) -> list[str]:
    """The first column that is never absent and never twice the same, ids by name before others; none if none is.

    A single row proves nothing.
    """
    if not columns or connection.execute("select count(*) from incoming").fetchall()[0][0] < 2:
        return []
    measures = ", ".join(f"count(nullif(trim({_text(name)}), '')), count(distinct {_text(name)})" for name in columns)
    counted = connection.execute(f"select count(*), {measures} from incoming").fetchall()[0]
    total, pairs = counted[0], list(zip(counted[1::2], counted[2::2], strict=True))
    unique = [name for name, (present, distinct) in zip(columns, pairs, strict=True) if present == distinct == total]
    called_id = [name for name in unique if name.lower().replace("_", "").endswith(("id", "key", "code", "number"))]
    return (called_id or unique)[:1]


def compare(
    connection: duckdb.DuckDBPyConnection,
    part: Part,
    columns: list[str],
    key: tuple[str, ...],
    landing: str,
) -> Change:
    """Fills table `landing_rows` with what to land, in order, and brings table `state` up to the reading.

    Rows of one key are judged together: where any of them changed all land again, so that the last one stays the
    last. A row that repeats its key and content within the reading is kept and marked `r`.
    """
    connection.execute("create or replace temp table prior as select * from state where part = ?", [part.name])
    connection.execute("create or replace temp table hashed as " + _hashed(columns, key))
    connection.execute(
        "create or replace temp table groups as select key, case when count(*) = 1 then any_value(hash) else"
        " substr(sha256(string_agg(hash::varchar, '' order by n)), 1, 32)::uuid end as hash from hashed group by key"
    )
    connection.execute(
        "create or replace temp table judged as select g.key, g.hash, p.key is not null as known,"
        " p.landing, p.row, p.hash is not distinct from g.hash as same from groups g left join prior p on p.key = g.key"
    )
    gone = "select key from prior where key not in (select key from groups)" if part.complete else "select null as key where false"
    connection.execute(f"create or replace temp table gone as {gone}")
    names = "".join(f", {quoted(name)}" for name in columns)
    nothing = "".join(f", null as {quoted(name)}" for name in columns)
    connection.execute(
        f"create or replace temp table landing_rows as select * exclude (n) from ("
        f" select -1 as n, key as _key, 'd' as _op{nothing} from gone union all"
        f" select h.n, h.key, case when h.again then 'r' when j.known then 'u' else 'i' end{names}"
        f" from hashed h join judged j on j.key = h.key join incoming i on i.rowid = h.n where not j.same) order by n, _key"
    )
    connection.execute(
        "create or replace temp table next_state as select ? as part, j.key, j.hash, case when j.same then j.landing else ?::uuid end as landing,"
        " case when j.same then j.row else l.row end as row from judged j left join"
        " (select _key, max(rowid) as row from landing_rows where _op <> 'd' group by _key) l on l._key = j.key",
        [part.name, landing],
    )
    if part.complete:
        connection.execute("delete from state where part = ?", [part.name])
    else:
        connection.execute("delete from state where part = ? and key in (select key from next_state)", [part.name])
    connection.execute("insert into state select * from next_state")
    return _count(connection)


def _count(connection: duckdb.DuckDBPyConnection) -> Change:
    """Each side of the balance counted where it stands, none from the others: a lost row shows."""

    def one(statement: str) -> int:
        return int(connection.execute(statement).fetchall()[0][0])

    return Change(
        read=one("select count(*) from incoming"),
        landed=one("select count(*) from landing_rows where _op <> 'd'"),
        unchanged=one("select count(*) from hashed join judged using (key) where same"),
        deleted=one("select count(*) from landing_rows where _op = 'd'"),
    )


def _text(name: str) -> str:
    return f"cast({quoted(name)} as varchar)"


def _hashed(columns: list[str], key: tuple[str, ...]) -> str:
    """n, key, hash and whether the row repeats an earlier one. Lengths before values keep the hash injective."""
    cells = ", ".join(f"coalesce(strlen({_text(name)}) || ':' || {_text(name)}, '-')" for name in sorted(columns))
    row_hash = f"substr(sha256(concat_ws(',', {cells})), 1, 32)"
    own = (_text(key[0]) if len(key) == 1 else f"cast(json_array({', '.join(map(_text, key))}) as varchar)") if key else "null"
    missing = " or ".join(f"{_text(name)} is null" for name in key) or "true"
    return (
        "select n, hash::uuid as hash, coalesce(own, hash || '-' || row_number() over (partition by hash, own is null order by n)) as key,"
        " own is not null and row_number() over (partition by own, hash order by n) > 1 as again"
        f" from (select rowid as n, {row_hash} as hash, case when {missing} then null else {own} end as own from incoming)"
    )

