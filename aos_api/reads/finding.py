"""What a listing of records is asked for (values, absences, words, an order), and the page that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aos_api.reads.columns import Shape, built_field, condition, quoted, said_as
from aos_core.errors import NotUnderstood
from aos_core.masking import not_for_you
from aos_core.ontology import Entity, Field
from aos_resources.warehouse import Version

RESERVED = frozenset({"cursor", "empty", "limit", "search", "sort"})  # parameters that are no fields
_MOST_WORDS, _LONGEST = 8, 200


@dataclass(frozen=True)
class Asked:
    """As it was sent. `values` are alternatives within a field, and so is a field's absence; fields go together."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empty: Sequence[str] = ()
    search: str | None = None
    sort: str | None = None

    @property
    def words(self) -> list[str]:
        """
        Raises:
            NotUnderstood: too long, or too many words.
        """
        words = (self.search or "").split()
        if len(self.search or "") > _LONGEST or len(words) > _MOST_WORDS:
            raise NotUnderstood(
                f"A search is of at most {_MOST_WORDS} words and {_LONGEST} characters",
                fix="Leave out some words.",
            )
        return words

    @property
    def listing(self) -> list[object]:
        """What tells this listing from another; nothing for all records in their own order."""
        parts: list[object] = [(name, sorted(said)) for name, said in sorted(self.values.items())]
        if self.empty:
            parts.append(["empty", *sorted(self.empty)])
        if self.words:
            parts.append(["search", *self.words])
        if self.sort is not None:
            parts.append(["sort", self.sort])
        return parts

    def order(self, entity: Entity, shape: Shape) -> tuple[str, bool] | None:
        """SQL of what rows are sorted by, and whether the largest comes first.

        Raises:
            NotUnderstood: no such field, or its values have no order. NotAllowed: it is masked for the caller.
        """
        if self.sort is None:
            return None
        descending = self.sort.startswith("-")
        by = built_field(entity, shape, self.sort[1:] if descending else self.sort)
        if not shape.said(by):
            raise not_for_you(by.name)
        if by.type == "json":
            raise NotUnderstood(
                f"{by.name} holds structures, which have no order",
                culprit=by.name,
                fix="Sort by another field.",
            )
        return said_as(by), descending


@dataclass(frozen=True)
class Condition:
    """SQL that is true, false or null of a row, with its parameters; `field` where it is about one."""

    sql: str
    values: list[object]
    field: str | None = None


def conditions(shape: Shape, asked: Asked) -> list[Condition]:
    """One for each field that is asked for, in the order of asking, then one for each word.

    Raises:
        NotUnderstood: a field is unknown, a value is not of its type, or the search is too long.
        NotAllowed: a field is masked for the caller.
    """
    entity = shape.entity
    alternatives: dict[str, list[tuple[str, list[object]]]] = {}
    for name, said in asked.values.items():
        found = [condition(entity, shape, name, value) for value in said]
        alternatives.setdefault(entity.field(name).name, []).extend(found)
    for name in asked.empty:
        absent = built_field(entity, shape, name)
        told = said_as(absent) if shape.sees_spelling(absent) else quoted(absent.name)
        alternatives.setdefault(absent.name, []).append((f"{told} is null", []))
    by_field = [
        Condition(
            f"({' or '.join(sql for sql, _ in either)})", [one for _, given in either for one in given], name
        )
        for name, either in alternatives.items()
    ]
    return by_field + [_word(shape, word) for word in asked.words]


def _word(shape: Shape, word: str) -> Condition:
    """The word stands in some text of the row that the caller sees; without regard to case and accents, and never as a pattern."""
    columns = [said_as(one) for one in (shape.entity.key, *shape.values) if is_text(one) and shape.said(one)]
    found = " or ".join(f"contains({_folded(column)}, {_folded('?')})" for column in columns) or "false"
    return Condition(f"({found})", [word] * len(columns))


def is_text(field: Field) -> bool:
    return field.physical == "VARCHAR" and field.type != "json"


def _folded(expression: str) -> str:
    return f"strip_accents(lower({expression}))"


@dataclass(frozen=True)
class Slice:
    """A page's records as JSON text, the ordinal of its last row where more follow, and how many there are in all."""

    rows: str
    last: int | None
    total: int


def slice_of(version: Version, shape: Shape, asked: Asked, after: int | None, limit: int) -> Slice:
    """The page behind the row whose ordinal is `after`."""
    order, where = asked.order(shape.entity, shape), conditions(shape, asked)
    if order is None and not where:
        return _dense(version, shape, after or 0, limit)
    return _found(version, shape, order, where, after, limit)


def _dense(version: Version, shape: Shape, after: int, limit: int) -> Slice:
    """A bounded range of the index, and no sort over the table; wider where it holds too few rows.

    Ordinals are never given again, so there are gaps where things went or became one.
    """
    span = limit
    while True:
        row = version.first(
            "select coalesce(string_agg(said, ',' order by _ordinal), ''), count(*), max(_ordinal) from"
            f" (select _ordinal, {shape.record}::varchar as said from {shape.table}"
            " where _ordinal > ? and _ordinal <= ? order by _ordinal limit ?)",
            after,
            after + span,
            limit,
        )
        rows, found, last = row or ("", 0, None)
        if found == limit or after + span >= shape.last:
            return Slice(rows, last if found and last < shape.last else None, shape.rows)
        span *= 8


def _found(
    version: Version,
    shape: Shape,
    order: tuple[str, bool] | None,
    where: list[Condition],
    after: int | None,
    limit: int,
) -> Slice:
    """Matching rows as two narrow columns, of which the page's rows are the first behind `after`; only those become JSON."""
    by, descending = order or ("null", False)
    row = version.first(
        f"with matched as materialized (select _ordinal, {by} as _edge from {shape.table} where {all_of(where)}),"
        f" chosen as (select _ordinal, row_number() over (order by {_sorted(descending)}) as _place from"
        f" (select _ordinal, _edge from matched{_behind(shape, by, descending, after)} order by {_sorted(descending)} limit ?)),"
        f" page as (select _place, _ordinal, {shape.record}::varchar as said from {shape.table}"
        " join chosen using (_ordinal) where _place <= ?)"
        " select coalesce(string_agg(said, ',' order by _place), ''), arg_max(_ordinal, _place),"
        " (select count(*) from chosen), (select count(*) from matched) from page",
        *(value for one in where for value in one.values),
        *([after] if after is not None else []),
        limit + 1,  # one more than is shown says whether there is another page
        limit,
    )
    rows, last, reached, total = row or ("", None, 0, 0)
    return Slice(rows, last if reached > limit else None, total)


def all_of(where: list[Condition]) -> str:
    return " and ".join(one.sql for one in where) or "true"


def _sorted(descending: bool) -> str:
    return f"_edge {'desc' if descending else 'asc'} nulls last, _ordinal"


def _behind(shape: Shape, by: str, descending: bool, after: int | None) -> str:
    """Rows after the one of an ordinal, in the order of `_sorted`: what has no value stands behind all that has one."""
    if after is None:
        return ""
    return (
        f", (select _ordinal as _last, {by} as _reached from {shape.table} where _ordinal = ?) as before"
        f" where _edge {'<' if descending else '>'} _reached or (_edge is null and _reached is not null)"
        " or (_edge is not distinct from _reached and _ordinal > _last)"
    )
