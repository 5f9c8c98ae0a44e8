"""The latest state of a stream, read whole or by what grew, in one file or several: always what was last said of each key."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aos_assets.steps import states
from aos_assets.steps.changes import compare, take_in
from aos_assets.steps.states import State, open_state, write_state
from aos_resources.connectors.source import Part
from tests.assets.conftest import Company

_KEY = st.sampled_from(["1", "2", "3", "4", "5"])
READING = st.tuples(st.booleans(), st.dictionaries(_KEY, st.sampled_from(["a", "b", "c"]), max_size=5))


def read(company: Company, folder: Path, state: State, complete: bool, rows: dict[str, str]) -> tuple[State, tuple[int, int, int, int]]:
    """One reading of a part with the columns id and said; gives the state after it and what changed."""
    batch = pa.table({"id": pa.array(rows, pa.string()), "said": pa.array(rows.values(), pa.string())})
    with company.work.lake.duckdb() as (connection, _):
        open_state(connection, state)
        take_in(connection, batch.schema, iter(batch.to_batches()), folder / "incoming.parquet", ("id",), {})
        part = Part("part", complete, None, batch.schema)
        change = compare(connection, state, part, ["id", "said"], ("id",), str(uuid4()), going=None, again=False)
        after = write_state(connection, company.work, uuid4(), state)
    return after, (change.read, change.landed, change.unchanged, change.deleted)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(readings=st.lists(READING, min_size=1, max_size=6), most_files=st.sampled_from([1, 3, 32]))
def test_whatever_is_read_in_whatever_way_what_changed_is_told_exactly(
    acme: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readings: list[tuple[bool, dict[str, str]]], most_files: int
) -> None:
    monkeypatch.setattr(states, "_MOST_FILES", most_files)
    monkeypatch.setattr(states, "_MOST_SHARE", 10.0)
    state, known = State((), 0), dict[str, str]()
    for complete, rows in readings:
        state, change = read(acme, tmp_path, state, complete, rows)
        same = sum(known.get(key) == said for key, said in rows.items())
        gone = len(set(known) - set(rows)) if complete else 0
        assert change == (len(rows), len(rows) - same, same, gone)
        known = (known if not complete else {}) | rows
        assert state.rows == len(known)
        assert len(state.paths) <= most_files + 1


def test_what_came_since_is_a_small_file_beside_the_large_one(acme: Company, tmp_path: Path) -> None:
    first, _ = read(acme, tmp_path, State((), 0), False, {str(n): "a" for n in range(10_000)})
    second, change = read(acme, tmp_path, first, False, {"17": "b", "18": "a", "x": "a"})
    assert change == (3, 2, 1, 0)
    assert (second.rows, second.paths[0]) == (10_001, first.paths[0])
    assert second.paths[1].stat().st_size < first.paths[0].stat().st_size / 10
