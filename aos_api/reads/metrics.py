"""Metrics of the published version, each with its definition."""

from __future__ import annotations

from typing import Any

from aos_api.masking import Mask
from aos_api.reads.columns import decimal_text
from aos_api.reads.entities import as_version
from aos_resources.warehouse import TenantWarehouse

_COLUMNS = ("name", "label", "entity", "definition", "unit", "currency", "value", "rows")
_METRICS = f"""
select metric, label, entity, definition, unit, currency, {decimal_text("value")}, "rows"
from metrics.metric_values order by rowid
"""


def all_metrics(warehouse: TenantWarehouse, mask: Mask) -> dict[str, Any]:
    """In the builder's order, one figure per currency; those over masked fields without their values. Nothing published yet: no figures, and no version."""
    published = warehouse.published()
    if published is None:
        return {"version": None, "metrics": []}
    with warehouse.opened(published) as version:
        rows = version.all(_METRICS)
    return {
        "version": as_version(published),
        "metrics": [mask.figure(dict(zip(_COLUMNS, row, strict=True)), published.applied_seq) for row in rows],
    }
