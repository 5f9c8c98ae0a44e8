"""The latest landed state of a stream: of each part's keys the hash and the landed row that says it last.

Kept as one file of all keys and, for a stream that is read by what grew, files of the keys that came since; of a
key that stands in several, the last file counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import duckdb

from aos_core.compiling import literal
from aos_resources.world import Work

# Beyond these the files become one: a look-up reads the keys of each.
_MOST_FILES = 32
_MOST_SHARE = 0.25


@dataclass(frozen=True)
class State:
    """Files, the oldest first, and how many keys they tell of."""

    paths: tuple[Path, ...]
    rows: int


def open_state(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """View `said` of what was landed before, table `next_state` of what is now, table `whole` of parts read completely."""
    nothing = "select 0 as file, null::varchar as part, null::varchar as key, null::uuid as hash, null::uuid as landing, null::bigint as row where false"
    files = [f"select {n} as file, part, key, hash, landing, row from read_parquet({literal(str(path))})" for n, path in enumerate(state.paths)]
    connection.execute(f"create view said as {' union all '.join([nothing, *files])}")
    connection.execute("create temp table next_state (part varchar, key varchar, hash uuid, landing uuid, row bigint, known boolean)")
    connection.execute("create temp table whole (part varchar)")


def recall(connection: duckdb.DuckDBPyConnection, state: State, part: str, *, complete: bool) -> None:
    """Table `prior`: the last state of a part's keys; of an incomplete reading only of the keys in table `groups`."""
    asked = "part = ?" if complete else "part = ? and key in (select key from groups)"
    connection.execute(f"create or replace temp table prior as select key, hash, landing, row from said where {asked}{_last(len(state.paths))}", [part])


def write_state(connection: duckdb.DuckDBPyConnection, work: Work, stream_id: UUID, state: State) -> State:
    """The state after this reading: a file more of what came, or one of everything."""
    came, new, whole = connection.execute("select count(*), count(*) filter (not known), (select count(*) from whole) from next_state").fetchall()[0]
    folder, name = work.lake.states(stream_id), f"{uuid4()}.parquet"
    more = bool(state.paths) and not whole and len(state.paths) < _MOST_FILES and came < _MOST_SHARE * state.rows
    rows = "select part, key, hash, landing, row from next_state"
    if not more:
        files = len(state.paths) + (1 if came and not whole else 0)
        rows = (
            "select part, key, hash, landing, row from (select * from said where part not in (select part from whole)"
            f" union all select {len(state.paths)}, part, key, hash, landing, row from next_state){_last(files, 'part, key')}"
        )
    with work.lake.writing(folder, name) as temporary:
        connection.execute(f"copy ({rows}) to {literal(str(temporary))} (format parquet, compression zstd, compression_level 1)")
        total = state.rows + new if more else connection.execute(f"select count(*) from read_parquet({literal(str(temporary))})").fetchall()[0][0]
    return State((*state.paths, folder / name) if more else (folder / name,), int(total))


def _last(files: int, by: str = "key") -> str:
    """Nothing is sorted where no key can stand twice."""
    return f" qualify row_number() over (partition by {by} order by file desc) = 1" if files > 1 else ""
