"""Salesforce's answers as Arrow: pages of JSON and of CSV, the same value as the same text whichever way it came."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aos_core.errors import FixTheSource
from aos_resources.connectors.salesforce.describing import SourceField

_NUMBERS = {"double", "currency", "percent"}
# Arrow reads some thirty ahead.
_BLOCK = 1024 * 1024
# Zeros after the last digit that counts say nothing, and come by one way and not by the other.
_ZEROS = r"^(-?[0-9]+)(?:\.0*|(\.[0-9]*[1-9])0*)$"


@dataclass(frozen=True)
class Page:
    """`total`: rows of the whole question. `following`: where the next page is, None where this is the last."""

    rows: pa.RecordBatch
    total: int
    following: str | None


class Reader:
    """Reads the answers to one question."""

    def __init__(self, fields: Sequence[SourceField], about: str) -> None:
        self._fields, self._about = tuple(fields), about
        self._names = [one.name for one in fields]
        self.schema = pa.schema([(one.lands_as, one.arrow) for one in fields])

    def page(self, body: bytes) -> Page:
        """Raises FixTheSource where this is no page of these fields: what lacks one of them is not read as if it were empty."""
        try:
            said = json.loads(body, parse_float=str, parse_int=str)
            total, done, following, records = int(said["totalSize"]), said["done"], said.get("nextRecordsUrl"), said["records"]
            if not isinstance(done, bool) or done == isinstance(following, str):
                raise FixTheSource("Salesforce's answer does not say whether it is over", culprit=self._about)
            # A name of its own twice: of one alone `itemgetter` would give the value and no row.
            rows = zip(*map(itemgetter(self._names[0], *self._names), records), strict=True)
            columns = list(rows)[1:] or [()] * len(self._fields)
            return Page(self._batch([_array(values, one) for values, one in zip(columns, self._fields, strict=True)]), total, following)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, pa.ArrowException) as odd:
            raise self._unreadable(odd) from odd

    def csv(self, body: bytes) -> list[pa.RecordBatch]:
        """A page of a bulk job's results; what is absent and an empty text are the same to Salesforce. Raises FixTheSource as `page` does."""
        try:
            try:
                return self._parsed(body, _BLOCK)
            except pa.ArrowInvalid:  # one reason is a record that does not fit into a block
                return self._parsed(body, max(1, len(body)))
        except (ValueError, pa.ArrowException) as odd:
            raise self._unreadable(odd) from odd

    def _parsed(self, body: bytes, block: int) -> list[pa.RecordBatch]:
        # Loaded where it is used: this package is imported by the API.
        from pyarrow import csv  # noqa: PLC0415

        types = {one.name: one.arrow for one in self._fields}
        options = csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""], true_values=["true"], false_values=["false"])
        read = csv.open_csv(io.BytesIO(body), csv.ReadOptions(block_size=block), csv.ParseOptions(newlines_in_values=True), options)
        if sorted(read.schema.names) != sorted(self._names):
            raise FixTheSource("The job's results have other fields than were asked for", culprit=self._about)
        return [self._batch([batch.column(name) for name in self._names]) for batch in read]

    def _batch(self, columns: list[pa.Array]) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([_plain(column, one.type) for column, one in zip(columns, self._fields, strict=True)], schema=self.schema)

    def _unreadable(self, odd: Exception) -> FixTheSource:
        return FixTheSource("Salesforce's answer is none that can be read", culprit=self._about, fix=f"{type(odd).__name__}: {' '.join(str(odd).split())[:200]}")


def _array(values: Sequence[Any], one: SourceField) -> pa.Array:
    """Numbers come as their own text; where a field may hold anything, as JSON."""
    if one.type == "boolean":
        return pa.array(values, pa.bool_())
    try:
        texts = pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        texts = pa.array([value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values], pa.string())
    return texts.cast(one.arrow)


def _plain(column: pa.Array, kind: str) -> pa.Array:
    """Numbers are doubles of Java, which writes some with an exponent: their digits alone. Times end in Z."""
    if kind == "datetime":
        return pc.replace_substring(column, "+0000", "Z")
    if kind not in _NUMBERS:
        return column
    powers = pc.fill_null(pc.match_substring(column, "e", ignore_case=True), False)
    if pc.any(powers).as_py():
        digits = [format(Decimal(one), "f") for one in column.filter(powers).to_pylist()]
        column = pc.replace_with_mask(column, powers, pa.array(digits, pa.string()))
    return pc.replace_substring_regex(column, _ZEROS, r"\1\2")
