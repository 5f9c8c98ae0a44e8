"""What is counted over the unified views, each figure with the words that define it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import sqlglot
import yaml
from sqlglot import exp


@dataclass(frozen=True)
class Metric:
    """`measure` and `where` are our own SQL over the entity's view; `by_currency` gives a figure per currency."""

    name: str
    label: str
    entity: str
    measure: str
    where: str
    by_currency: bool
    unit: str
    definition: str


@cache
def standard_metrics() -> tuple[Metric, ...]:
    said = yaml.safe_load((files("aos_core") / "metrics.yaml").read_text())
    return tuple(
        Metric(
            name=name,
            label=one["label"],
            entity=one["entity"],
            measure=one["measure"],
            where=one.get("where", "true"),
            by_currency=one.get("by") == "currency",
            unit=one.get("unit", "count"),
            definition=one["definition"],
        )
        for name, one in said.items()
    )


@cache
def fields_of(name: str) -> frozenset[str] | None:
    """The fields of its entity that a metric is made of; None where it is none of ours."""
    known = next((one for one in standard_metrics() if one.name == name), None)
    if known is None:
        return None
    said = sqlglot.parse_one(f"select {known.measure} from t where {known.where}", read="duckdb")
    return frozenset(column.name for column in said.find_all(exp.Column))
