"""The latest landed state of a stream: of each part's keys the hash and the landed row that says it last.

Kept as one file of all keys and, for a stream that is read by what grew, files of the keys that came since; of a
key that stands in several, the last file counts. A landing whose rows were all new tells its part's keys itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from uuid import UUID, uuid4

import duckdb

from aos_core.compiling import literal
from aos_resources.parquet import copy_to, rows_in, told_in
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
    _say(connection, state.paths)
    connection.execute("create temp table next_state (part varchar, key varchar, hash uuid, landing uuid, row bigint, known boolean)")
    connection.execute("create temp table whole (part varchar)")


def _say(connection: duckdb.DuckDBPyConnection, paths: tuple[Path, ...]) -> None:
    nothing = "select 0 as file, null::varchar as part, null::varchar as key, null::uuid as hash, null::uuid as landing, null::bigint as row where false"
    connection.execute(f"create or replace view said as {' union all '.join([nothing, *(_rows_of(n, path) for n, path in enumerate(paths))])}")


def _rows_of(n: int, path: Path) -> str:
    part, file = _part_of(path), literal(str(path))
    if part is None:
        return f"select {n} as file, part, key, hash, landing, row from read_parquet({file})"
    return (
        f"select {n}, {literal(part)}, _key, _hash, {literal(path.stem)}::uuid, file_row_number from read_parquet({file}, file_row_number = true)"
    )


@lru_cache(maxsize=4096)
def _part_of(path: Path) -> str | None:
    """The part that a landing tells of; None of a state's own file, which may tell of any."""
    return told_in(path).get("part")


def recall(connection: duckdb.DuckDBPyConnection, state: State, part: str, *, complete: bool) -> None:
    """Table `prior`: the last state of a part's keys; of an incomplete reading only of the keys in table `groups`."""
    telling = [path for path in state.paths if _part_of(path) in (None, part)]
    asked = "part = ?" if complete else "part = ? and key in (select key from groups)"
    connection.execute(f"create or replace temp table prior as select key, hash, landing, row from said where {asked}{_last(len(telling))}", [part])


def write_state(connection: duckdb.DuckDBPyConnection, work: Work, stream_id: UUID, state: State, adopted: tuple[Path, ...] = ()) -> State:
    """The state after this reading: the landings that tell it themselves, and a file more of what came, or one of everything."""
    paths, rows = (*state.paths, *adopted), state.rows + sum(map(rows_in, adopted))
    came, new, whole = connection.execute("select count(*), count(*) filter (not known), (select count(*) from whole) from next_state").fetchall()[0]
    if not came and not whole and len(paths) <= _MOST_FILES:
        return State(paths, rows)
    folder, name = work.lake.states(stream_id), f"{uuid4()}.parquet"
    more = bool(state.paths) and not whole and len(paths) < _MOST_FILES and came < _MOST_SHARE * state.rows
    said = "select part, key, hash, landing, row from next_state"
    if not more:
        _say(connection, paths)
        files = len(paths) + (1 if came and not whole else 0)
        said = (
            "select part, key, hash, landing, row from (select * from said where part not in (select part from whole)"
            f" union all select {len(paths)}, part, key, hash, landing, row from next_state){_last(files, 'part, key')}"
        )
    with work.lake.writing(folder, name) as temporary:
        written = copy_to(connection, said, temporary)
    return State((*paths, folder / name), rows + new) if more else State((folder / name,), written)


def _last(files: int, by: str = "key") -> str:
    """Nothing is sorted where no key can stand twice."""
    return f" qualify row_number() over (partition by {by} order by file desc) = 1" if files > 1 else ""
