"""What a row is told by: its key's text, and 128 bits of all its values.

A landed row of texts says the same for ever: its hash can wait until it is first compared with another.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from aos_core.compiling import quoted
from aos_resources.landed import OURS

# Columns that one expression holds; more of them are taken in parts, for memory's sake.
AT_ONCE = 100
_BETWEEN, _ABSENT = "chr(31)", "chr(30)"


def text(name: str) -> str:
    """A column's cells as texts, in SQL."""
    return f"cast({quoted(name)} as varchar)"


def own(key: tuple[str, ...]) -> str:
    """What a row calls itself, in SQL: its key's text, of several columns a list of them; null where there is none or one lacks."""
    if len(key) == 1:
        return text(key[0])
    lacks = " or ".join(f"{text(name)} is null" for name in key)
    return f"case when {lacks} then null else cast(json_array({', '.join(map(text, key))}) as varchar) end" if key else "null::varchar"


def told_by(batch: pa.RecordBatch, key: tuple[str, ...]) -> tuple[pa.RecordBatch, str]:
    """What DuckDB is to be shown of a batch, the columns of its key among it, and what a row's hash is in SQL over that."""
    return _joined_texts(batch, key) or (batch, _row_hash(batch))


def _joined_texts(batch: pa.RecordBatch, key: tuple[str, ...]) -> tuple[pa.RecordBatch, str] | None:
    """The key's columns and each row as the one text that `_row_hash` would make of it, and that text's hash; None where it takes more.

    Of rows that are texts already Arrow makes it in half of the time that DuckDB needs to look at them.
    """
    names = sorted(batch.schema.names)
    if not of_texts(batch.schema) or may_hold_marks(batch):
        return None
    row = pc.binary_join_element_wise(*map(batch.column, names), "\x1f", null_handling="replace", null_replacement="\x1e")
    return pa.RecordBatch.from_arrays([*map(batch.column, key), row], [*key, "_hash"]), _hash_of("_hash")


def of_texts(schema: pa.Schema) -> bool:
    """Whether a row is so few texts that it is one text itself."""
    return 0 < len(schema) <= AT_ONCE and all(pa.types.is_string(one.type) for one in schema)


def may_hold_marks(batch: pa.RecordBatch) -> bool:
    return any(map(_may_hold_marks, batch.columns))


def later(told: dict[str, str]) -> dict[str, str]:
    """What a file says of itself, and that a row in it without a hash is yet to be given one: of such as `may_hold_marks` each has its own."""
    return told | {"hash": "later"}


def hash_in(told: dict[str, str], columns: list[str]) -> str:
    """What gives a row's hash in SQL, in a file of these columns that says this of itself: it stands there, or is made of the row."""
    if told.get("hash") != "later":
        return "_hash"
    names = sorted(name for name in columns if name not in OURS)
    return f"coalesce(_hash, {_hash_of(_plain(names, frozenset(names)))})"


def _plain(names: list[str], may_lack: frozenset[str]) -> str:
    return _joined([f"coalesce({text(name)}, {_ABSENT})" if name in may_lack else text(name) for name in names], _BETWEEN)


def _hash_of(joined: str) -> str:
    return f"md5_number({joined})::uuid"


def _row_hash(batch: pa.RecordBatch) -> str:
    """128 bits of each row's values, whatever the order of its columns.

    Between the values stands a character that hardly any source sends, for an absent one another. A row that holds
    one of the two is told by the lengths of its values instead, and begins as no other does.
    """
    names = sorted(batch.schema.names)
    plain = _plain(names, frozenset(name for name in names if batch[name].null_count))
    doubtful = [name for name in names if _may_hold_marks(batch[name])]
    if not doubtful:
        return _hash_of(plain)
    marked = " or ".join(f"coalesce(contains({text(name)}, {mark}), false)" for name in doubtful for mark in (_BETWEEN, _ABSENT))
    told = _joined([f"coalesce(strlen({text(name)}) || ':' || {text(name)}, '-')" for name in names], "','")
    return _hash_of(f"case when {marked} then concat({_ABSENT}, {_ABSENT}, {told}) else {plain} end")


def _joined(cells: list[str], between: str) -> str:
    """The cells as one text; of a wide row, the hashes of its parts."""
    if len(cells) > AT_ONCE:
        parts = (cells[start : start + AT_ONCE] for start in range(0, len(cells), AT_ONCE))
        return f"concat({', '.join(f'md5({_joined(some, between)})' for some in parts)})"
    return f"concat_ws({between}, {', '.join(cells)})" if cells else "''"


def _may_hold_marks(column: pa.Array) -> bool:
    kind = column.type
    if pa.types.is_string(kind):
        held = column.buffers()[2]
        texts = b"" if held is None else held.to_pybytes()
        return b"\x1f" in texts or b"\x1e" in texts
    return not (pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind) or isinstance(kind, pa.UuidType | pa.Bool8Type))
