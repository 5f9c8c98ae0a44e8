"""BSON documents taken apart many at a time: one row for each element of theirs. Knows bytes and places, not what they mean.

Documents are walked in lockstep, the n-th element of all of them at once, since one document at a time takes a Python
loop ten times as long. The layout is that of the BSON specification, version 1.1 (bsonspec.org).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aos_core.errors import FixTheSource

Numbers = np.ndarray[Any, Any]

END, DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, UNDEFINED, OBJECT_ID, BOOL, DATE, NULL, REGEX, POINTER, CODE, SYMBOL, SCOPED = range(16)
INT, TIMESTAMP, LONG, DECIMAL, MAX_KEY, MIN_KEY = 16, 17, 18, 19, 127, 255

_FIXED = {
    DOUBLE: 8, DOCUMENT: 4, ARRAY: 4, UNDEFINED: 0, OBJECT_ID: 12, BOOL: 1, DATE: 8, NULL: 0, REGEX: 0,
    INT: 4, TIMESTAMP: 8, LONG: 8, DECIMAL: 16, MAX_KEY: 0, MIN_KEY: 0,
}  # fmt: skip
# What a value's own first four bytes count does not include.
_COUNTED = {STRING: 4, BINARY: 5, POINTER: 16, CODE: 4, SYMBOL: 4, SCOPED: 0}
_UNKNOWN = -1
_SIZES = np.full(256, _UNKNOWN, np.int64)
for _kind, _size in (_FIXED | _COUNTED).items():
    _SIZES[_kind] = _size
_HAS_COUNT = np.zeros(256, bool)
_HAS_COUNT[list(_COUNTED)] = True
_PADDING = 16
_DEEPEST = 250  # MongoDB itself nests 100 deep


@dataclass(frozen=True)
class Elements:
    """Document after document, each in its own order, arrays of one length. The first of a document is the document itself,
    without a name, at depth 0; an END closes its `parent`. A value lies from `value` to before `value_end` in `buffer`.
    """

    buffer: Numbers
    documents: int
    document: Numbers
    kind: Numbers
    depth: Numbers
    parent: Numbers
    name: Numbers
    name_end: Numbers
    value: Numbers
    value_end: Numbers

    def gathered(self, which: Numbers, size: int, form: str) -> Numbers:
        """The first `size` bytes of these values, as numbers of that form."""
        return np.ascontiguousarray(self.buffer[self.value[which][:, None] + np.arange(size)]).view(form)


def starts_of(data: bytes | memoryview) -> list[int]:
    """Where each of the documents that stand one after another begins. Raises FixTheSource where they do not end with the data."""
    starts, at, end = [], 0, len(data)
    while at < end:
        starts.append(at)
        length = int.from_bytes(data[at : at + 4], "little", signed=True)
        if length < 5 or at + length > end:
            raise _odd()
        at += length
    return starts


def take_apart(data: bytes, starts: Sequence[int]) -> Elements:
    """Raises FixTheSource where the bytes are no BSON."""
    buffer = np.frombuffer(data + bytes(_PADDING), np.uint8)
    # The next zero byte at or after each place: there a name ends.
    zeros = np.flatnonzero(buffer == 0).astype(np.int32)
    zero = np.repeat(zeros, np.diff(zeros, prepend=np.int32(-1)))
    counts: Numbers = np.ndarray(len(buffer) - 3, "<i4", buffer, strides=(1,))
    begins = np.asarray(starts, np.int64)
    ends = np.append(begins[1:], len(data))
    document = np.arange(len(begins))
    open_at = np.zeros((8, len(begins)), np.int64)  # depth → the row of the element that is open there
    open_at[0] = document
    rows: list[tuple[Numbers, ...]] = [(document, np.full(len(begins), DOCUMENT, np.uint8), np.zeros_like(begins), np.full_like(begins, -1), begins, begins, begins, ends)]
    place, depth, base = begins + 4, np.zeros_like(begins), len(begins)
    while len(document):
        kind = buffer[place]
        parent = open_at[depth, document]
        closing = kind == END
        name, name_end = place + 1, zero[place + 1]
        value = name_end + 1
        size = _SIZES[kind]
        if _HAS_COUNT[kind].any():
            counted = np.flatnonzero(_HAS_COUNT[kind])
            count = counts[np.minimum(value[counted], len(counts) - 1)]
            size[counted] += count
            if (count < 0).any():
                raise _odd()
        if (patterns := np.flatnonzero(kind == REGEX)).size:
            options = zero[np.minimum(value[patterns], len(zero) - 1)] + 1
            size[patterns] = zero[np.minimum(options, len(zero) - 1)] + 1 - value[patterns]
        if closing.any():
            name_end, value, size = (np.where(closing, one, other) for one, other in ((name, name_end), (place, value), (1, size)))
        value_end = value + size
        if (size < 0).any() or (value_end > ends).any():
            raise _odd()
        rows.append((document, kind, depth + ~closing, parent, name, name_end, value, value_end))
        opening = (kind == DOCUMENT) | (kind == ARRAY)
        if (opened := np.flatnonzero(opening)).size:
            depth = depth + opening
            if depth.max() >= len(open_at):
                if len(open_at) > _DEEPEST:
                    raise _odd()
                open_at = np.concatenate([open_at, np.zeros_like(open_at)])
            open_at[depth[opened], document[opened]] = base + opened
        base += len(document)
        place = value_end
        if closing.any():
            depth = depth - closing
            going = np.flatnonzero(depth >= 0)
            document, place, depth, ends = document[going], place[going], depth[going], ends[going]
    return _in_order(buffer, len(begins), rows)


def _in_order(buffer: Numbers, documents: int, steps: list[tuple[Numbers, ...]]) -> Elements:
    """From the n-th elements of all documents to all elements of the n-th document."""
    step = np.repeat(np.arange(len(steps)), [len(one[0]) for one in steps])
    document, kind, depth, parent, name, name_end, value, value_end = (np.concatenate(column) for column in zip(*steps, strict=True))
    first = np.cumsum(np.bincount(document, minlength=documents)) - np.bincount(document, minlength=documents)
    rank = first[document] + step
    order = np.empty_like(rank)
    order[rank] = np.arange(len(rank))
    at = np.where(parent >= 0, rank[parent], -1)
    return Elements(buffer, documents, *(one[order] for one in (document, kind, depth, at, name, name_end, value, value_end)))


def _odd() -> FixTheSource:
    return FixTheSource("The server sent something that is no BSON document", fix="Is it really a MongoDB server?")
