"""What a landing says of its rows: a hash that two rows share only where all their values are alike, and a bounded sample."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aos_assets.steps.changes import take_in
from aos_assets.steps.hashing import told_by
from aos_assets.steps.states import State, open_state
from aos_core.compiling import literal
from aos_core.fingerprint import PATTERNS, PLAUSIBLE
from aos_resources import profiling
from aos_resources.profiling import SAMPLE_ROWS, Sample

CONNECTION = duckdb.connect()
# Rich in what stands between values, in what stands for an absent one, and in what lengths are written with.
_CELL = st.none() | st.text(alphabet="\x1e\x1fa1:,-", max_size=4) | st.text(max_size=3)
ROWS = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(_CELL, min_size=width, max_size=width), min_size=2, max_size=6))


def hashes(rows: list[list[str | None]], kind: pa.DataType | None = None) -> list[object]:
    names = [f"c{place}" for place in range(len(rows[0]))]
    schema = pa.schema([(name, kind or pa.string()) for name in names])
    shown, told = told_by(pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema), ("c0",))
    CONNECTION.register("shown", shown)
    found = CONNECTION.execute(f"select c0, {told} from shown").fetchall()
    assert [key for key, _ in found] == [row[0] for row in rows]
    return [one for _, one in found]


@given(ROWS)
@example([["\x1f", ""], ["", "\x1f"]])
@example([["\x1e", "a"], [None, "a"]])
@example([["a\x1fb", "c"], ["a", "b\x1fc"], ["3:a\x1f", "b"]])
def test_two_rows_share_a_hash_only_where_all_their_values_are_alike(rows: list[list[str | None]]) -> None:
    found = hashes(rows)
    assert len(set(found)) == len({tuple(row) for row in rows})


@given(ROWS)
def test_a_row_has_the_same_hash_whatever_rows_came_with_it(rows: list[list[str | None]]) -> None:
    assert hashes(rows) == [one for row in rows for one in hashes([row])]


@given(ROWS)
@example([["a", None], ["", "b"]])
def test_a_row_has_the_same_hash_whatever_made_one_text_of_it(rows: list[list[str | None]]) -> None:
    """Arrow joins columns of texts; other types, which DuckDB writes as texts, are joined by DuckDB."""
    assert hashes(rows) == hashes(rows, pa.large_string())


@given(ROWS)
@example([["a", None], ["", "b"]])
@example([["\x1e", "a"], [None, "a"]])
def test_a_row_has_the_same_hash_made_at_once_or_when_it_is_first_asked_for(rows: list[list[str | None]]) -> None:
    names = [f"c{place}" for place in range(len(rows[0]))]
    schema = pa.schema([(name, pa.string()) for name in names])
    with TemporaryDirectory() as folder, duckdb.connect(config={"arrow_lossless_conversion": True}) as connection:
        found = dict[bool, list[object]]()
        for unmet in (False, True):
            file = Path(folder) / f"{unmet}.parquet"
            # Of two batches each is judged by itself: one may hold what stands between values, the other not.
            batches = (pa.RecordBatch.from_pylist([dict(zip(names, row, strict=True))], schema) for row in rows)
            take_in(connection, schema, batches, file, ("c0",), {"part": "one"}, unmet=unmet)
            found[unmet] = [one for (one,) in connection.execute("select _hash from written order by _row").fetchall()]
            state = State((file.rename(Path(folder) / f"{uuid4()}.parquet"),), len(rows))
            open_state(connection, state)
            assert [one for (one,) in connection.execute("select hash from said order by row").fetchall()] == found[unmet]
            assert len(connection.execute("select hash from said where part = 'one'").fetchall()) == len(rows)
            connection.execute("drop table next_state; drop table whole; drop table gone")
    assert found[True] == found[False] == hashes(rows)


@pytest.mark.parametrize("width", [99, 101, 350])
def test_a_wide_row_is_another_where_any_value_is(width: int) -> None:
    row: list[str | None] = [str(n) for n in range(width)]
    others = [[*row[:place], "x", *row[place + 1 :]] for place in range(width)]
    assert len(set(hashes([row, *others]))) == width + 1


@given(st.lists(st.integers(0, 9_000), max_size=12))
def test_a_sample_is_spread_over_everything_read_however_it_came(sizes: list[int]) -> None:
    sample, rows = Sample(), sum(sizes)
    taken = iter(range(rows))
    batches = [pa.RecordBatch.from_pydict({"n": [next(taken) for _ in range(size)]}, pa.schema([("n", pa.int64())])) for size in sizes]
    assert sum(one.num_rows for one in sample.watch(batches)) == rows
    if sizes:
        kept = sample.rows["n"].to_pylist()
        step = kept[1] - kept[0] if len(kept) > 1 else 1
        assert kept == list(range(0, rows, step))
        assert len(kept) <= SAMPLE_ROWS
        assert len(kept) >= min(rows, SAMPLE_ROWS // 2)


def test_a_sample_of_large_values_is_bounded_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "_SAMPLE_BYTES", 10_000)
    sample = Sample()
    for _ in sample.watch(pa.RecordBatch.from_pydict({"n": ["x" * 1_000] * 10}) for _ in range(20)):
        assert sample.rows.nbytes < 25_000


@given(st.sampled_from(sorted(PATTERNS)), st.data())
def test_whatever_fits_a_pattern_is_plausible_at_a_glance(kind: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(rf"\A{PATTERNS[kind][1:-1]}\Z") | st.text(max_size=12))
    text = text.strip().lower().replace("\0", "")
    fits, plausible = CONNECTION.execute(
        f"select regexp_full_match(v, {literal(PATTERNS[kind])}), {PLAUSIBLE[kind].format('v')} from (select ?::varchar as v)", [text]
    ).fetchall()[0]
    assert plausible or not fits
