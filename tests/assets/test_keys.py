"""Which column is proven to be a stream's key: whatever the first rows suggest, all of them are looked at."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aos_assets.steps import changes
from aos_assets.steps.changes import prove_key

_CELL = st.none() | st.sampled_from(["", " ", "1", "2", "3", "4", "5"])


@pytest.fixture(scope="module", autouse=True)
def suggested_by_two_rows() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "_KEY_SAMPLE", 2)
        yield


@given(st.lists(st.tuples(_CELL, _CELL), min_size=2, max_size=6))
@example([("1", "1"), ("2", "2"), (None, "3")])
@example([("1", "1"), ("2", "2"), (" ", "3")])
@example([("1", "1"), ("2", "2"), ("1", "3")])
@example([("1", "1"), ("2", "2"), ("1", "2")])
def test_a_key_is_a_column_that_is_never_absent_and_never_twice_the_same(rows: list[tuple[str | None, str | None]]) -> None:
    cells = {name: [row[place] for row in rows] for place, name in enumerate(("a", "b"))}
    unique = [name for name, held in cells.items() if len({one for one in held if one and one.strip()}) == len(rows)]
    with duckdb.connect() as connection:
        connection.register("written", pa.table(cells, pa.schema([("a", pa.string()), ("b", pa.string())])))
        assert prove_key(connection, ["a", "b"]) == unique[:1]
        assert prove_key(connection, ["a", "b"], guess=("a",)) == unique[:1]
