"""What a row is told by: its key's text, and 128 bits of all its values."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from aos_core.compiling import quoted

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
    if not 0 < len(names) <= AT_ONCE or not all(pa.types.is_string(one.type) for one in batch.schema) or any(map(_may_hold_marks, batch.columns)):
        return None
    row = pc.binary_join_element_wise(*map(batch.column, names), "\x1f", null_handling="replace", null_replacement="\x1e")
    return pa.RecordBatch.from_arrays([*map(batch.column, key), row], [*key, "_hash"]), "md5_number(_hash)::uuid"


def _row_hash(batch: pa.RecordBatch) -> str:
    """128 bits of each row's values, whatever the order of its columns.

    Between the values stands a character that hardly any source sends, for an absent one another. A row that holds
    one of the two is told by the lengths of its values instead, and begins as no other does.
    """
    names = sorted(batch.schema.names)
    plain = _joined([text(name) if batch[name].null_count == 0 else f"coalesce({text(name)}, {_ABSENT})" for name in names], _BETWEEN)
    doubtful = [name for name in names if _may_hold_marks(batch[name])]
    if not doubtful:
        return f"md5_number({plain})::uuid"
    marked = " or ".join(f"coalesce(contains({text(name)}, {mark}), false)" for name in doubtful for mark in (_BETWEEN, _ABSENT))
    told = _joined([f"coalesce(strlen({text(name)}) || ':' || {text(name)}, '-')" for name in names], "','")
    return f"md5_number(case when {marked} then concat({_ABSENT}, {_ABSENT}, {told}) else {plain} end)::uuid"


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
