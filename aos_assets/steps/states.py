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

from aos_assets.steps.hashing import hash_in
from aos_core.compiling import literal
from aos_resources.parquet import columns_in, copy_to, rows_in, told_in
from aos_resources.world import Work

# Beyond these the files become one: a look-up reads the keys of each.
_MOST_FILES = 32
_MOST_SHARE = 0.25
# In which keys are compared with each other where there may be as many as the source has rows.
SHARES = 4


@dataclass(frozen=True)
class State:
    """Files, the oldest first, and how many keys they tell of."""

    paths: tuple[Path, ...]
    rows: int


def open_state(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """View `said` of what was landed before; tables of what this reading says: `next_state`, `whole` (parts read completely), `gone` (keys)."""
    _say(connection, state.paths)
    connection.execute("create temp table next_state (part varchar, key varchar, hash uuid, landing uuid, row bigint, known boolean)")
    connection.execute("create temp table whole (part varchar)")
    connection.execute("create temp table gone (part varchar, key varchar)")


def _say(connection: duckdb.DuckDBPyConnection, paths: tuple[Path, ...]) -> None:
    nothing = "select 0 as file, null::varchar as part, null::varchar as key, null::uuid as hash, null::uuid as landing, null::bigint as row where false"
    connection.execute(f"create or replace view said as {' union all '.join([nothing, *(_rows_of(n, path) for n, path in enumerate(paths))])}")


def _rows_of(n: int, path: Path) -> str:
    (part, content), file = _told(path), literal(str(path))
    if part is None:
        return f"select {n} as file, part, key, hash, landing, row from read_parquet({file})"
    return (
        f"select {n}, {literal(part)}, _key, {content}, {literal(path.stem)}::uuid, file_row_number from read_parquet({file}, file_row_number = true)"
    )


@lru_cache(maxsize=4096)
def _told(path: Path) -> tuple[str | None, str]:
    """The part that a landing tells of, None of a state's own file, which may tell of any; and what gives a landed row's hash."""
    told = told_in(path)
    return told.get("part"), hash_in(told, columns_in(path))


def recall(connection: duckdb.DuckDBPyConnection, state: State, part: str, *, complete: bool) -> None:
    """Table `prior`: the last state of a part's keys; of an incomplete reading only of the keys in table `groups`."""
    asked = "part = ?" if complete else "part = ? and key in (select key from groups)"
    connection.execute(f"create or replace temp table prior as select key, hash, landing, row, file from said where {asked}", [part])
    # Hardly ever does a key stand in two files, and finding that out takes a fraction of what sorting them does.
    if len([path for path in state.paths if _told(path)[0] in (None, part)]) > 1 and connection.execute(
        "select count(*) > count(distinct key) from prior"
    ).fetchall()[0][0]:
        connection.execute(f"create or replace temp table prior as select * from prior{_last(2)}")


def gone_since(connection: duckdb.DuckDBPyConnection, part: str, seen: tuple[Path, ...]) -> None:
    """Table `prior` of keys of the part that neither those files nor table `groups` name: after a whole pass, they are gone.

    In shares of the keys: those that were met are held in memory, and there may be as many as the source has rows.
    """
    met = " union all ".join(["select key from groups", *(f"select key from read_parquet({literal(str(path))})" for path in seen)])
    connection.execute("create or replace temp table prior (key varchar)")
    for share in range(SHARES if seen else 1):
        of = f"hash(key) % {SHARES} = {share}" if seen else "true"
        connection.execute(
            f"insert into prior select distinct key from said where part = ? and {of} and key not in (select key from ({met}) where key is not null and {of})", [part]
        )


def write_seen(connection: duckdb.DuckDBPyConnection, work: Work, stream_id: UUID) -> Path:
    """The keys that a slice showed (table `groups`), for the end of its pass."""
    folder, name = work.lake.states(stream_id), f"seen-{uuid4()}.parquet"
    with work.lake.writing(folder, name) as temporary:
        copy_to(connection, "select key from groups", temporary)
    return folder / name


def write_state(connection: duckdb.DuckDBPyConnection, work: Work, stream_id: UUID, state: State, adopted: tuple[Path, ...] = ()) -> State:
    """The state after this reading: the landings that tell it themselves, and a file more of what came, or one of everything."""
    paths, rows = (*state.paths, *adopted), state.rows + sum(map(rows_in, adopted))
    came, new, whole, beside = connection.execute(
        "select count(*), count(*) filter (not known), (select count(*) from whole) + (select count(*) from gone),"
        " count(*) filter (part not in (select part from whole)) from next_state"
    ).fetchall()[0]
    if not came and not whole and len(paths) <= _MOST_FILES:
        return State(paths, rows)
    folder, name = work.lake.states(stream_id), f"{uuid4()}.parquet"
    more = bool(state.paths) and not whole and len(paths) < _MOST_FILES and came < _MOST_SHARE * state.rows
    said = "select part, key, hash, landing, row from next_state"
    if not more:
        _say(connection, paths)
        files = len(paths) + (1 if beside else 0)
        said = (
            "select part, key, hash, landing, row from (select * from said where part not in (select part from whole) and (part, key) not in (select (part, key) from gone)"
            f" union all select {len(paths)}, part, key, hash, landing, row from next_state){_last(files, 'part, key')}"
        )
    with work.lake.writing(folder, name) as temporary:
        written = copy_to(connection, said, temporary)
    return State((*paths, folder / name), rows + new) if more else State((folder / name,), written)


def _last(files: int, by: str = "key") -> str:
    """Nothing is sorted where no key can stand twice."""
    return f" qualify row_number() over (partition by {by} order by file desc) = 1" if files > 1 else ""
