"""Fingerprints: what is the same stream, and what its values are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aos_core.fingerprint import Column, Fingerprint, infer_type, read_columns, write_columns

_columns = st.lists(
    st.builds(
        Column,
        name=st.text(min_size=1, max_size=10),
        declared=st.sampled_from(["", "text", "bigint"]),
        inferred=st.sampled_from(["text", "enum", "id", "integer", "date"]),
        nulls=st.floats(0, 1),
        distinct=st.integers(0, 1000),
        share=st.dictionaries(st.sampled_from(["integer", "date"]), st.floats(0, 1)).map(lambda one: tuple(sorted(one.items()))),
        top=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    ),
    max_size=6,
    unique_by=lambda one: one.name,
).map(tuple)


@given(_columns, st.randoms())
def test_the_order_of_columns_and_the_fill_of_values_are_not_the_shape(columns: tuple[Column, ...], random: object) -> None:
    shuffled = list(columns)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    moved = tuple(replace(one, nulls=0.5, distinct=7, top=("x",)) for one in shuffled)
    assert Fingerprint(columns, 10).shape == Fingerprint(moved, 99).shape


@given(_columns)
def test_a_column_more_or_a_column_renamed_is_another_shape(columns: tuple[Column, ...]) -> None:
    shape = Fingerprint(columns, 1).shape
    assert Fingerprint((*columns, Column("brand new name")), 1).shape != shape
    if columns:
        renamed = (replace(columns[0], name=columns[0].name + "_"), *columns[1:])
        assert Fingerprint(renamed, 1).shape != shape


@given(_columns)
def test_columns_survive_being_stored(columns: tuple[Column, ...]) -> None:
    assert read_columns(write_columns(columns)) == columns


@pytest.mark.parametrize(
    ("present", "distinct", "fits", "kind"),
    [
        (0, 0, {}, "text"),
        (10, 10, {"integer": 10, "decimal": 10}, "integer"),
        (10, 10, {"integer": 3, "decimal": 10}, "decimal"),
        (10, 8, {"integer": 9, "decimal": 9}, "text"),
        (100, 4, {}, "enum"),
        (100, 100, {}, "id"),
        (100, 60, {}, "text"),
    ],
)
def test_a_type_is_inferred_only_where_every_value_fits(present: int, distinct: int, fits: dict[str, int], kind: str) -> None:
    assert infer_type(present, distinct, fits) == kind
