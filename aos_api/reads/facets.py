"""Facets: how often each value of a field occurs among the records that are asked for, for fields of few values."""

from __future__ import annotations

from typing import Any

from aos_api.masking import Mask
from aos_api.reads.columns import Shape, entity_named, said_as, shape_of
from aos_api.reads.entities import as_version
from aos_api.reads.finding import Asked, Condition, all_of, conditions
from aos_core.ontology import Field, Ontology
from aos_resources.warehouse import TenantWarehouse, Version

MOST_VALUES = 20  # of a field that are told one by one
_MOST_DISTINCT = 50  # a field of more values is searched, not chosen from
_SAMPLE = 10_000
_MOST_FACETS = 60  # a grouping's number has 63 bits


def facets(ontology: Ontology, warehouse: TenantWarehouse, name: str, asked: Asked, mask: Mask) -> dict[str, Any]:
    """The counts of a field leave out its own filter, else choosing one value would hide the others; masked fields have none.

    Raises:
        NotFound: no such entity, or nothing published.
        NotUnderstood: a filter or the search is not of the asked form. NotAllowed: a filter is by a masked field.
    """
    entity = entity_named(ontology, name)
    with warehouse.current() as version:
        shape = shape_of(version, entity, mask)
        told = conditions(shape, asked)
        fields = _worth_it(version, shape)
        total, counts = _counts(version, shape, fields, told)
    chosen = {entity.field(one).name: set(said) for one, said in asked.values.items()}
    found = [_facet(field, counts[field.name], chosen.get(field.name, set())) for field in fields]
    return {"version": as_version(version.published), "total": total, "facets": found, "masked": shape.hidden.names}


def _worth_it(version: Version, shape: Shape) -> list[Field]:
    """Enums and booleans, and text and references of a few values: by an even sample first, by an estimate of all rows then.

    The sample drops what has a value of its own in nearly every row, before an estimate is made of it: a tenth of the time.
    """
    total = (version.first(f"select count(*) from {shape.table}") or (0,))[0]
    seen_whole = [one for one in shape.values if shape.said(one)]
    told = [one for one in seen_whole if one.type in ("enum", "boolean")]
    open_ended = [one for one in seen_whole if one.type in ("text", "ref")]
    step = max(1, total // _SAMPLE)
    seen = _measured(version, shape, "count(distinct {})", open_ended, f"_ordinal % {step} = 0")
    few = [one for one in open_ended if seen[one.name] <= _MOST_DISTINCT]
    # An estimate may be one too low where there are two: the sample has counted.
    about = _measured(version, shape, "approx_count_distinct({})", few, "true") if step > 1 else seen
    told += [one for one in few if 2 <= max(seen[one.name], about[one.name]) <= _MOST_DISTINCT]
    return [one for one in shape.values if one in told][:_MOST_FACETS]


def _measured(
    version: Version, shape: Shape, measure: str, fields: list[Field], where: str
) -> dict[str, int]:
    if not fields:
        return {}
    measures = ", ".join(measure.format(said_as(one)) for one in fields)
    row = version.first(f"select {measures} from {shape.table} where {where}") or ()
    return dict(zip((one.name for one in fields), row, strict=True))


def _counts(
    version: Version, shape: Shape, fields: list[Field], told: list[Condition]
) -> tuple[int, dict[str, list[tuple[str | None, int]]]]:
    """In one scan: how many rows hold to every condition, and of each field its values with their counts, most frequent first.

    A row that fails the filters of two fields counts nowhere; one that fails a single field's counts for that field alone.
    """
    by_field = [one for one in told if one.field is not None]
    words = [one for one in told if one.field is None]
    tests = [f"coalesce({one.sql}, false) as _held_{place}" for place, one in enumerate(by_field)]
    columns = [f"{said_as(one)}::varchar as _facet_{place}" for place, one in enumerate(fields)]
    facets = [f"_facet_{place}" for place in range(len(fields))]
    grouped = f"grouping_id({', '.join(facets)})" if facets else "0"
    rows = version.all(
        f"select {grouped}, coalesce({', '.join(['null', *facets])}),"
        f" {', '.join(_held(len(by_field), leaving_out) for leaving_out in (None, *range(len(by_field))))}"
        f" from (select {', '.join(['1', *tests, *columns])} from {shape.table} where {all_of(words)})"
        f" group by grouping sets ({', '.join(['()', *(f'({one})' for one in facets)])})",
        *(value for one in [*by_field, *words] for value in one.values),
    )
    # A bit for each facet by which a row is not grouped, the first facet's the most significant.
    every = 2 ** len(fields) - 1
    place_of = {one.field: place for place, one in enumerate(by_field, start=1)}
    total = next((row[2] for row in rows if row[0] == every), 0)
    return total, {
        one.name: [
            (row[1], row[2 + place_of.get(one.name, 0)])
            for row in rows
            if row[0] == every - 2 ** (len(fields) - 1 - place)
        ]
        for place, one in enumerate(fields)
    }


def _held(tests: int, leaving_out: int | None) -> str:
    held = [f"_held_{place}" for place in range(tests) if place != leaving_out]
    return f"count(*) filter (where {' and '.join(held)})" if held else "count(*)"


def _facet(field: Field, counts: list[tuple[str | None, int]], chosen: set[str]) -> dict[str, Any]:
    """The most frequent values, and what is chosen however rare it is."""
    counted = sorted(
        ((value, count) for value, count in counts if value is not None and (count > 0 or value in chosen)),
        key=lambda one: (-one[1], one[0]),
    )
    shown = [one for place, one in enumerate(counted) if place < MOST_VALUES or one[0] in chosen]
    return {
        "field": field.name,
        "values": [{"value": value, "count": count} for value, count in shown],
        "others": sum(count for _, count in counted) - sum(count for _, count in shown),
        "empty": sum(count for value, count in counts if value is None),
    }
