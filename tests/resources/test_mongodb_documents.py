"""Documents as rows: nothing of them is lost, whatever they are made of, and their fields are columns by rule."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any

import bson
import pytest
from bson import Binary, Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.codec_options import DatetimeConversion
from bson.json_util import JSONOptions, loads
from hypothesis import given, settings
from hypothesis import strategies as st

from aos_core.errors import FixTheSource
from aos_resources.connectors.mongodb_columns import Columns, sampled
from aos_resources.connectors.mongodb_documents import documents_of
from aos_resources.connectors.source import SourceStream

EXACT = JSONOptions(tz_aware=False, tzinfo=None, datetime_conversion=DatetimeConversion.DATETIME_MS)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1).map(Int64), st.floats(allow_nan=False),
    st.text(), st.binary(), st.binary(min_size=12, max_size=12).map(ObjectId), st.integers(-(2**50), 2**50).map(DatetimeMS),
    st.decimals(allow_nan=False, places=4, min_value=-(10**20), max_value=10**20).map(lambda one: Decimal128(one)),
    st.binary(min_size=16, max_size=16).map(lambda one: Binary(one, 4)), st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)).map(lambda one: Timestamp(*one)),
)  # fmt: skip
NAMES = st.text(st.characters(exclude_characters="\0$", exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12)


def taken(*documents: Any) -> Any:
    return documents_of(b"".join(map(bson.encode, documents)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=6), min_size=1, max_size=8))
def test_every_document_comes_back_byte_for_byte_from_its_text(documents: list[dict[str, Any]]) -> None:
    raw = [bson.encode(one) for one in documents]
    whole = documents_of(b"".join(raw)).whole
    whole.validate(full=True)
    assert [bson.encode(loads(one, json_options=EXACT)) for one in whole.to_pylist()] == raw


def test_types_that_hardly_anybody_uses_come_back_too() -> None:
    document = {
        "re": Regex("a.b", "i"), "min": MinKey(), "max": MaxKey(), "code": Code("x"), "scoped": Code("x", {"a": 1}), "infinite": float("inf"),
        "whole": 1.0, "minus": -0.0, "year 10000": DatetimeMS(253_402_300_800_000), "long": Int64(5),
    }  # fmt: skip
    (whole,) = taken(document).whole.to_pylist()
    assert bson.encode(loads(whole, json_options=EXACT)) == bson.encode(document)
    assert '"whole":1.0,"minus":-0.0' in whole


DECIMALS = st.one_of(
    st.tuples(st.booleans(), st.integers(0, 10**34 - 1) | st.integers(0, 1000), st.integers(-45, 5) | st.integers(-6176, 6111)).map(
        lambda one: Decimal128(f"{'-' * one[0]}{one[1]}E{one[2]}")
    ),
    st.sampled_from(["NaN", "-Infinity", "Infinity", "-0.00", "0E-7", "1E-6", "9.99E+6111"]).map(Decimal128),
    st.binary(min_size=16, max_size=16).map(Decimal128.from_bid),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(DECIMALS, min_size=1, max_size=40))
def test_a_decimal_is_written_as_the_driver_writes_it(decimals: list[Decimal128]) -> None:
    column = taken(*({"amount": one} for one in decimals)).column("amount")
    assert column.to_pylist() == [str(one) for one in decimals]


def test_a_field_is_a_column_of_text_by_its_path_and_what_is_many_or_deep_stays_together() -> None:
    found = taken(
        {"_id": 1, "address": {"city": "Oslo", "geo": {"at": {"exact": {"x": 1}}}}, "tags": ["a", {"b": Int64(2)}], "paid": True, "at": datetime(2026, 1, 2, 3, 4, 5, 6000)},
        {"_id": 2, "address": "unknown", "amount": Decimal128("12.50"), "weight": 3.0, "none": None},
    )
    columns = {path: found.column(path).to_pylist() for path, types in found.types().items() if types}
    assert columns == {
        "_id": ["1", "2"], "address": [None, "unknown"], "address.city": ["Oslo", None], "address.geo.at.exact": ['{"x":1}', None],
        "tags": ['["a",{"b":{"$numberLong":"2"}}]', None], "paid": ["true", None], "at": ["2026-01-02T03:04:05.006Z", None],
        "amount": [None, "12.50"], "weight": [None, "3"], "none": [None, None],
    }  # fmt: skip


def test_ids_of_different_types_are_different_keys() -> None:
    here = ObjectId()
    ids = [5, "5", 2.5, "2.5", True, "true", '{"$oid":"x"}', here, str(here), {"a": 5}, Int64(6), "6", b"\xb6\xbb\x9e", DatetimeMS(0), "null"]
    found = taken(*({"_id": one} for one in ids))
    for usual in ("number", "string", "objectId", "object", "binData", "bool", "date", ""):
        assert len(set(found.keys(usual).to_pylist())) == len(ids), usual
    assert found.keys("string").to_pylist()[:9] == [
        '{"$numberInt":"5"}', "5", '{"$numberDouble":"2.5"}', "2.5", "true", '"true"', '"{\\"$oid\\":\\"x\\"}"', f'{{"$oid":"{here}"}}', str(here),
    ]  # fmt: skip
    assert found.keys("objectId").to_pylist()[7:9] == [str(here), f'"{here}"']


def test_there_are_only_so_many_columns_and_the_others_are_in_the_whole_document() -> None:
    wide = taken({"_id": 1} | {f"field{n}": n for n in range(500)})
    columns, paths = sampled("wide", [wide])
    assert (len(columns), columns[0].name, columns[-1].name) == (301, "_id", "_document")
    assert "201 fields have no column" in columns[-1].description
    batch = Columns(SourceStream("wide", columns), paths, "").batch(wide)
    assert batch.num_columns == 301
    assert '"field499":499' in batch.column("_document")[0].as_py()


def test_names_that_are_ours_or_differ_by_case_alone_land_under_others() -> None:
    found = taken({"_id": 1, "_document": "mine", "_hash": "x", "Name": "a", "name": "b", "": "none"})
    columns, paths = sampled("odd", [found])
    assert [one.name for one in columns] == ["_id", "_document_1", "_hash_1", "Name", "name_1", "column6", "_document"]
    row = Columns(SourceStream("odd", columns), paths, "").batch(found).to_pylist()[0]
    assert list(row.values())[:-1] == ["1", "mine", "x", "a", "b", "none"]


@pytest.mark.parametrize("damage", [b"\x05\x00\x00\x00", b"\xff\xff\xff\x7f\x00", struct.pack("<i", 12) + b"\x02a\0\xff\xff\xff\xff\0", struct.pack("<i", 8) + b"\x7ea\0\0", struct.pack("<i", 9) + b"\x02a\0\x09\0", b"x"])
def test_bytes_that_are_no_document_are_refused_in_words(damage: bytes) -> None:
    with pytest.raises(FixTheSource, match="no BSON"):
        documents_of(damage)


def test_a_text_that_is_not_utf8_is_refused_in_words() -> None:
    odd = bson.encode({"a": "xx"}).replace(b"xx", b"\xff\xfe")
    with pytest.raises(FixTheSource, match="not UTF-8"):
        documents_of(odd)
