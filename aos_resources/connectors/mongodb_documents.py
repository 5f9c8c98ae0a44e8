"""Documents as rows: each whole as Extended JSON text, and its fields as columns of text, by path. Asks no server anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aos_resources.connectors.mongodb_elements import (
    ARRAY,
    BINARY,
    BOOL,
    DATE,
    DECIMAL,
    DOCUMENT,
    DOUBLE,
    END,
    INT,
    LONG,
    MAX_KEY,
    MIN_KEY,
    NULL,
    OBJECT_ID,
    STRING,
    SYMBOL,
    TIMESTAMP,
    UNDEFINED,
    Elements,
    Numbers,
    starts_of,
    take_apart,
)
from aos_resources.connectors.mongodb_texts import bytes_at, quoted, texts_of

DEEPEST = 4  # names of a path; what lies deeper stays together as JSON text
ID = "_id"
_NAMES = {
    DOUBLE: "double", STRING: "string", DOCUMENT: "object", ARRAY: "array", BINARY: "binData", UNDEFINED: "undefined",
    OBJECT_ID: "objectId", BOOL: "bool", DATE: "date", INT: "int", TIMESTAMP: "timestamp", LONG: "long",
    DECIMAL: "decimal", MAX_KEY: "maxKey", MIN_KEY: "minKey", NULL: "null",
}  # fmt: skip
# Numbers that Extended JSON writes without saying their type, and a text beside which they would look alike.
_BARE = {INT: "$numberInt", DOUBLE: "$numberDouble"}
_LIKE_JSON = r'^(["{]|(true|false|null)$)'
# How MongoDB compares values of different types: numbers with numbers, whatever they are of.
_BRACKETS = {DOUBLE: "number", INT: "number", LONG: "number", DECIMAL: "number", STRING: "string", SYMBOL: "string"}


@dataclass(frozen=True)
class Documents:
    """`whole`: one text a document. Fields: the `path` (a number into `paths`), the row and the kind of each, and where
    its text is in `plain`. `ids`: kind, plain text and Extended JSON of each document's `_id`.
    """

    whole: pa.Array
    paths: tuple[str, ...]
    path: Numbers
    row: Numbers
    kind: Numbers
    at: Numbers
    plain: pa.Array
    id_row: Numbers
    id_kind: Numbers
    id_plain: pa.Array
    id_json: pa.Array

    def column(self, path: str) -> pa.Array:
        """The field's text of every document, null where it has none."""
        rows = len(self.whole)
        at = np.full(rows, -1, np.int64)
        for number, name in enumerate(self.paths):
            if name == path:
                first, end = np.searchsorted(self.path, [number, number + 1])
                at[self.row[first:end]] = self.at[first:end]
        return self.plain.take(pa.array(at, mask=at < 0))

    def types(self) -> dict[str, set[str]]:
        """Path → the words for the types that it was seen with, in the order in which the documents have them."""
        found: dict[str, set[str]] = {name: set() for name in self.paths}
        for both in np.unique(self.path.astype(np.int64) * 256 + self.kind).tolist():
            found[self.paths[both // 256]].add(type_name(both % 256))
        return found

    def keys(self, usual: str) -> pa.Array:
        """What tells documents apart: `_id` as plain text where it is of the usual bracket, else as canonical Extended JSON,
        so that the text "5" and the number 5 are two. A text that looks like such JSON is written as JSON too.
        """
        plain = pa.array(np.array([usual == bracket(kind) for kind in range(256)])[self.id_kind])
        plain = pc.and_(plain, pc.invert(pc.match_substring_regex(pc.fill_null(self.id_plain, "null"), _LIKE_JSON)))
        told = self.id_json
        for kind, word in _BARE.items():
            tagged = pc.binary_join_element_wise(f'{{"{word}":"', self.id_json, '"}', "")
            bare = pc.and_(pa.array(self.id_kind == kind), pc.invert(pc.starts_with(self.id_json, "{")))
            told = pc.if_else(bare, tagged, told)
        return pc.if_else(plain, self.id_plain, told)


def type_name(kind: int) -> str:
    return _NAMES.get(kind, "other")


def bracket(kind: int) -> str:
    return _BRACKETS.get(kind, type_name(kind))


def documents_of(data: bytes, starts: Sequence[int] | None = None) -> Documents:
    """Raises FixTheSource where the bytes are no BSON, or a text in them is not UTF-8."""
    elements = take_apart(data, starts_of(data) if starts is None else starts)
    names, name = _named(elements)
    closes = np.full(len(elements.kind), -1, np.int64)
    ends = elements.kind == END
    closes[elements.parent[ends]] = np.flatnonzero(ends)
    prefixes, prefix = _prefixes(elements, names, name)
    pieces, plain, at = _pieces(elements, prefixes.take(pa.array(prefix)), ends)
    offsets = np.frombuffer(pieces.buffers()[1], np.int32)[pieces.offset : pieces.offset + len(pieces) + 1]
    data_of = np.frombuffer(pieces.buffers()[2], np.uint8)
    roots = np.flatnonzero(elements.parent < 0)
    whole = pa.Array.from_buffers(pa.string(), len(roots), [None, pa.py_buffer(np.append(offsets[roots], offsets[-1]).astype(np.int32)), pieces.buffers()[2]])
    lengths = np.array([len(one.encode()) for one in prefixes.to_pylist()], np.int64)

    def json_of(which: Numbers) -> pa.Array:
        last = np.where(closes[which] >= 0, closes[which], which)
        return bytes_at(data_of, offsets[which].astype(np.int64) + lengths[prefix[which]], offsets[last + 1].astype(np.int64)).cast(pa.string())

    paths, path = _paths(elements, names, name)
    leaves = np.flatnonzero(path >= 0)
    together = leaves[(elements.kind[leaves] == DOCUMENT) | (elements.kind[leaves] == ARRAY)]
    at[together] = len(plain) + np.arange(len(together))
    every = pa.concat_arrays([plain, json_of(together)])
    leaves = leaves[np.argsort(path[leaves], kind="stable")]
    own = leaves[np.isin(path[leaves], [number for number, one in enumerate(paths) if one == ID])]
    own = own[elements.depth[own] == 1]
    return Documents(
        whole, paths, path[leaves], elements.document[leaves], elements.kind[leaves], at[leaves], every,
        elements.document[own], elements.kind[own], every.take(pa.array(at[own])), json_of(own),
    )  # fmt: skip


def _named(elements: Elements) -> tuple[list[str], Numbers]:
    """The different names, and each element's: -1 where it has none, as in an array."""
    has = np.flatnonzero((elements.kind != END) & (elements.depth > 0) & (elements.kind[elements.parent] != ARRAY))
    found = bytes_at(elements.buffer, elements.name[has], elements.name_end[has]).dictionary_encode()
    name = np.full(len(elements.kind), -1, np.int64)
    name[has] = found.indices.to_numpy()
    return [one.decode(errors="replace") for one in found.dictionary.to_pylist()], name


def _prefixes(elements: Elements, names: list[str], name: Numbers) -> tuple[pa.Array, Numbers]:
    """What stands before a value: a comma where it is not the first, its name where it has one. And which each element has."""
    inner = (elements.kind != END) & (elements.depth > 0)
    first = np.ones(len(elements.kind), bool)
    first[1:] = elements.parent[1:] == np.arange(len(first) - 1)
    texts = ["", ","]
    for one in quoted(pa.array(names, pa.string())).to_pylist():
        texts += [f'"{one}":', f',"{one}":']
    return pa.array(texts, pa.string()), np.where(inner, 2 * (name + 1) + ~first, 0)


def _pieces(elements: Elements, before: pa.Array, ends: Numbers) -> tuple[pa.Array, pa.Array, Numbers]:
    """The Extended JSON of all documents, a piece for each element; the plain texts, and where each element has its."""
    none = pa.array([], pa.string())
    made, plain, where = [none], [none], [np.array([], np.int64)]
    at, filled = np.full(len(elements.kind), -1, np.int64), 0
    for kind in np.unique(elements.kind).tolist():
        which = np.flatnonzero(elements.kind == kind)
        ahead = before.take(pa.array(which))
        if kind in (DOCUMENT, ARRAY):
            made.append(pc.binary_join_element_wise(ahead, "{" if kind == DOCUMENT else "[", ""))
        elif kind == END:
            made.append(pa.array(["}", "]"]).take(pa.array((elements.kind[elements.parent[ends]] == ARRAY).astype(np.int32))))
        else:
            texts = texts_of(elements, kind, which)
            made.append(pc.binary_join_element_wise(ahead, texts.opening, texts.json, texts.closing, ""))
            plain.append(texts.plain)
            at[which] = filled + np.arange(len(which))
            filled += len(which)
        where.append(which)
    order = np.empty(len(elements.kind), np.int64)
    order[np.concatenate(where)] = np.arange(len(order))
    return pa.concat_arrays(made).take(pa.array(order)), pa.concat_arrays(plain), at


def _paths(elements: Elements, names: list[str], name: Numbers) -> tuple[tuple[str, ...], Numbers]:
    """The paths that fields have, and each field's; -1 of what is no field: it opens into fields, or lies within one."""
    paths, path = list[str](), np.full(len(elements.kind), -1, np.int64)
    within = np.full(len(elements.kind), -1, np.int64)  # the path of an opened document
    whole = names.index(ID) if ID in names else -1  # never opened: it is one value, whatever it is made of
    opened = elements.depth == 0
    for depth in range(1, DEEPEST + 1):
        here = np.flatnonzero((elements.depth == depth) & (elements.kind != END))
        here = here[opened[elements.parent[here]]]
        if not here.size:
            break
        both = (within[elements.parent[here]] + 1) * len(names) + name[here]
        different, seen, number = np.unique(both, return_index=True, return_inverse=True)
        place = np.argsort(np.argsort(seen))  # in the order in which the documents have them
        number = place[number.reshape(-1)] + len(paths)
        for one in different[np.argsort(seen)].tolist():
            above = one // len(names) - 1
            paths.append(f"{paths[above]}.{names[one % len(names)]}" if above >= 0 else names[one % len(names)])
        opens = (elements.kind[here] == DOCUMENT) & (depth < DEEPEST) & ~((depth == 1) & (name[here] == whole))
        opened[here[opens]] = True
        within[here] = number
        path[here[~opens]] = number[~opens]
    return tuple(paths), path
