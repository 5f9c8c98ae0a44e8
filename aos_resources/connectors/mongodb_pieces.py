"""A long query in pieces that fit in memory, gone on with where its cursor was lost. Knows no positions and no columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aos_core.errors import TryAgain
from aos_resources.ahead import ahead
from aos_resources.connectors.mongodb_client import STATEMENT_MS, Address, in_words
from aos_resources.connectors.mongodb_documents import Documents, documents_of
from aos_resources.connectors.mongodb_elements import starts_of

if TYPE_CHECKING:
    from pymongo.collection import Collection

_PIECE_ROWS = 4_096
_PIECE_BYTES = 2 * 1024 * 1024
_BATCH_ROWS = 1_500
_ATTEMPTS = 5
_PAUSE = 0.5  # seconds before the first new attempt, twice as many before each next


@dataclass(frozen=True)
class Piece:
    """`last`: the last document, as Python has it."""

    documents: Documents
    last: dict[str, Any]


@dataclass(frozen=True)
class Query:
    """`after` makes the filter of what is left from the last document that was read; None where that cannot be said.

    `indexed`: by the index of its sort, whatever the server would choose, so that it never sorts what it can walk.
    """

    filter: dict[str, Any]
    sort: str | None = None
    after: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    projection: dict[str, Any] | None = None
    limit: int = 0
    descending: bool = False
    indexed: bool = False


def pieces(collection: Collection[Any], query: Query, address: Address, most_rows: int) -> Iterator[Piece]:
    """In the query's order. Raises FixTheSource, CredentialsRefused or TryAgain, which name the collection."""
    last: dict[str, Any] | None = None
    failures = 0
    while True:
        asked = query.filter if last is None or query.after is None else query.after(last)
        try:
            with in_words(address, collection.name):
                for raw in _batches(collection, query, asked, most_rows):
                    for data, starts in cut(raw, most_rows):
                        last, failures = decoded(data[starts[-1] :]), 0
                        yield Piece(documents_of(data, starts), last)
            return
        except TryAgain:
            failures += 1
            if failures == _ATTEMPTS or (query.after is None and last is not None):
                raise
            time.sleep(_PAUSE * 2 ** (failures - 1))


def _batches(collection: Collection[Any], query: Query, asked: dict[str, Any], most_rows: int) -> Iterator[bytes]:
    cursor = collection.find_raw_batches(
        asked, query.projection, batch_size=min(most_rows, _BATCH_ROWS), max_time_ms=STATEMENT_MS, allow_disk_use=True if query.sort not in (None, "_id") else None,
        sort=[(query.sort, -1 if query.descending else 1)] if query.sort else None, hint=[(query.sort, 1)] if query.sort and query.indexed else None, limit=query.limit,
    )  # fmt: skip
    try:
        with ahead(cursor) as batches:  # the server works while documents are taken apart
            yield from batches
    finally:
        cursor.close()


def cut(raw: bytes, most_rows: int) -> Iterator[tuple[bytes, list[int]]]:
    """A server's batch, up to 16 MB, in pieces whose work fits in memory, and where the documents of each begin."""
    starts = [*starts_of(raw), len(raw)]
    first = 0
    for place in range(1, len(starts)):
        full = place - first >= min(_PIECE_ROWS, most_rows) or starts[place] - starts[first] >= _PIECE_BYTES
        if full or place == len(starts) - 1:
            yield raw[starts[first] : starts[place]], [one - starts[first] for one in starts[first:place]]
            first = place


def decoded(data: bytes) -> dict[str, Any]:
    """A document as Python has it, every value exact."""
    from bson import decode  # noqa: PLC0415  loaded where MongoDB is read
    from bson.codec_options import CodecOptions, DatetimeConversion  # noqa: PLC0415

    exact: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
    return decode(data, exact)
