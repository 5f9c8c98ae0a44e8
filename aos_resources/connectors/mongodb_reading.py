"""How one collection is read: a full pass in slices, then its changes, or what grew and a comparison of keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from aos_core.errors import FixTheSource
from aos_resources.connectors.mongodb_changes import Changes, HistoryLost, changes_since, history_now
from aos_resources.connectors.mongodb_client import Address, in_words
from aos_resources.connectors.mongodb_columns import Columns, value_at
from aos_resources.connectors.mongodb_documents import ID, documents_of
from aos_resources.connectors.mongodb_pieces import Piece, Query, pieces
from aos_resources.connectors.mongodb_queries import (
    Position,
    beyond,
    comparable,
    group_of,
    grown,
    read_back,
    written,
)
from aos_resources.connectors.source import Part

if TYPE_CHECKING:
    from pymongo.collection import Collection

_OBJECT_ID = 7  # its place among the groups of types


@dataclass(frozen=True)
class Way:
    """`cursor`: the field that grows, None where there is none. `plain`: a collection of its own, no view: its ids are its keys."""

    cursor: str | None
    plain: bool
    follow: bool
    compare_seconds: float
    slice_rows: int


class Reading:
    def __init__(self, collection: Collection[Any], address: Address, columns: Columns, way: Way, position: Position) -> None:
        self._collection = collection
        self._address = address
        self._columns = columns
        self._way = way
        self._position = position if position.cursor == (way.cursor or "") or position.reading else Position(usual=position.usual)
        columns.usual = columns.usual or self._position.usual
        self._why = ""

    def parts(self) -> Iterator[Part]:
        self._must_be_there()
        if self._position.token and not self._position.reading and self._way.follow and not self._way.cursor:
            try:
                yield from self._changed()
                return
            except HistoryLost as lost:
                self._why = f"Read whole, since {lost}."
                self._must_be_there()
        elif self._position.since and not self._position.reading and self._way.cursor:
            yield from self._grown(self._way.cursor)
            return
        yield from self._whole()

    def _whole(self) -> Iterator[Part]:
        """Everything there is, by id. What changes meanwhile is told after it, from where the pass began."""
        if not self._position.reading:
            since = self._highest(self._way.cursor) if self._way.cursor else ""
            token = history_now(self._collection, self._address) if self._way.follow and self._way.plain and not self._way.cursor else ""
            self._position = Position(self._columns.usual, uuid4().hex, "", token, self._way.cursor or "", since, time.time())
        left = beyond(read_back(self._position.after)) if self._position.after else {}
        query = Query(left, ID, lambda last: beyond(last[ID]), indexed=True) if self._way.plain else Query({})
        yield from self._slices(query, complete=True)

    def _grown(self, field: str) -> Iterator[Part]:
        since = read_back(self._position.since)
        if field == ID and group_of(since) != _OBJECT_ID:
            raise FixTheSource("Only ids that MongoDB makes itself grow with time", culprit=f"{self._collection.name}.{ID}", fix="Name a field such as updatedAt as its cursor, or none.")
        now, due = time.time(), time.time() - self._position.compared >= self._way.compare_seconds

        def after(last: dict[str, Any]) -> dict[str, Any]:
            value = value_at(last, field)
            return grown(field, value if comparable(value, since) else since)

        yield from self._slices(Query(grown(field, since), field, after), complete=False)
        if due:
            yield self._keys(now)

    def _slices(self, query: Query, *, complete: bool) -> Iterator[Part]:
        """Parts of rows. Each has the columns of its first documents; where later ones bring more, it ends before them."""
        found = pieces(self._collection, query, self._address, self._way.slice_rows)
        reading = self._position.reading or uuid4().hex
        held = [next(found, None), next(found, None)]
        while True:
            if held[0] is not None:
                self._columns.widen(held[0].documents)
            part = Part("", complete, None, self._columns.schema, reading=reading, last=held[1] is None, why=self._why)
            if part.last:
                rows = [self._columns.batch(held[0].documents)] if held[0] is not None else []
                if held[0] is not None:
                    self._stand_after(held[0].last)
                self._end(part)
                part.batches = iter(rows)
                yield part
                return
            part.batches = self._fill(part, held, found)
            yield part
            if part.last:
                return
            assert part.position is not None, "a slice is read before the next is asked for"

    def _fill(self, part: Part, held: list[Piece | None], found: Iterator[Piece]) -> Iterator[pa.RecordBatch]:
        rows = 0
        while (piece := held[0]) is not None:
            size = len(piece.documents.whole)
            full = self._way.plain and rows and rows + size > self._way.slice_rows
            if full or (rows and self._columns.lacks(piece.documents)):
                part.position = self._position.text
                return
            yield self._columns.batch(piece.documents)
            self._stand_after(piece.last)
            rows += size
            held[:] = [held[1], next(found, None) if held[1] is not None else None]
        self._end(part)

    def _end(self, part: Part) -> None:
        self._must_be_there()  # the cursor of a collection that was dropped ends like any other
        part.last = True
        self._position = replace(self._position, reading="", after="", usual=self._columns.usual)
        part.position = self._position.text

    def _stand_after(self, last: dict[str, Any]) -> None:
        position = replace(self._position, usual=self._columns.usual)
        if position.reading:
            self._position = replace(position, after=written(last[ID]) if self._way.plain else "")
        elif self._way.cursor and position.since:
            value = value_at(last, self._way.cursor)
            grew = comparable(value, read_back(position.since))
            self._position = replace(position, since=written(value) if grew else position.since)

    def _changed(self) -> Iterator[Part]:
        reading = uuid4().hex
        for slice_ in changes_since(self._collection, self._position.token, self._way.slice_rows, self._address):
            before = self._position
            there = documents_of(b"".join(slice_.there.values()))
            self._columns.widen(there)
            rows = [self._columns.batch(there)] if slice_.there else []
            self._position = replace(before, token=slice_.token, usual=self._columns.usual)
            if slice_.gone:
                yield self._gone(slice_, reading, before)
            yield Part("", False, None, self._columns.schema, iter(rows), position=self._position.text, last=slice_.last, reading=reading)

    def _gone(self, changes: Changes, reading: str, before: Position) -> Part:
        keys = self._columns.key_batch(documents_of(b"".join(changes.gone.values())))
        return Part("", False, None, self._columns.keys, iter([keys]), position=before.text, last=changes.last, reading=reading, holds="gone")

    def _keys(self, now: float) -> Part:
        """Every key there is. The comparison counts as done once all of them are."""
        query = Query({}, ID, lambda last: beyond(last[ID]), {ID: 1}, indexed=self._way.plain)
        part = Part("", True, None, self._columns.keys, reading=uuid4().hex, holds="keys", position=self._position.text)

        def batches() -> Iterator[pa.RecordBatch]:
            for piece in pieces(self._collection, query, self._address, self._way.slice_rows):
                yield self._columns.key_batch(piece.documents)
            self._must_be_there()
            self._position = replace(self._position, compared=now, usual=self._columns.usual)
            part.position = self._position.text

        part.batches = batches()
        return part

    def _highest(self, field: str) -> str:
        """The last value of a field, of the type that its highest values have; "" where there is none."""
        query = Query({field: {"$nin": [None, float("nan")]}}, field, limit=1, descending=True)
        found = [value_at(one.last, field) for one in pieces(self._collection, query, self._address, 1)]
        return written(found[0]) if found else ""

    def _must_be_there(self) -> None:
        """A collection that is not there answers like an empty one. Raises FixTheSource."""
        name = self._collection.name
        with in_words(self._address, name):
            if not self._collection.database.list_collection_names(filter={"name": name}, authorizedCollections=True):
                raise FixTheSource("There is no such collection, or it may not be read", culprit=name, fix="Bring it back, or take it out of the connection.")
