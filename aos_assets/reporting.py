"""Plain reports as Dagster's results: metadata and partitioned checks. Decides nothing."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    AssetMaterialization,
    MaterializeResult,
    MetadataValue,
    PreviewWarning,
    TableColumn,
    TableSchema,
)

from aos_assets.partitions import tenants
from aos_assets.steps.stages import Report

_CHECKS = {
    "balance": "Every row is accounted for: read = landed + unchanged + rejected; landed = canonical + quarantined + held + unmapped + duplicate.",
    "readable": "Every connection of this kind could be reached and every stream of it read.",
    "reconciliation": "The view has as many rows as there are living things in its sources.",
    "references": "Every reference leads to a row that is there.",
}
RawEvent = AssetMaterialization | AssetCheckEvaluation


def metadata(report: Report) -> dict[str, Any]:
    """Row count and column schema under Dagster's own names; the rest as the stage said it."""
    said: dict[str, Any] = {"dagster/row_count": report.rows, "new": report.new}
    if report.columns:
        columns = [TableColumn(name, kind, about) for name, kind, about in report.columns]
        said["dagster/column_schema"] = MetadataValue.table_schema(TableSchema(columns))
    return said | _said(report.said)


def result(report: Report) -> MaterializeResult:
    return MaterializeResult(
        asset_key=AssetKey(report.key),
        metadata=metadata(report),
        check_results=[
            AssetCheckResult(check_name=one.name, asset_key=AssetKey(report.key), passed=one.passed, metadata=_said(one.said))
            for one in report.checks
        ],
    )


def logged(report: Report, tenant: str) -> Iterator[RawEvent]:
    """The same for a run that has no partition of its own; only what is new is materialized, checks always told."""
    if report.new:
        yield AssetMaterialization(asset_key=AssetKey(report.key), partition=tenant, metadata=metadata(report))
    for one in report.checks:
        yield AssetCheckEvaluation(
            asset_key=AssetKey(report.key), check_name=one.name, passed=one.passed, partition=tenant, metadata=_said(one.said)
        )


def check_specs(key: Sequence[str], names: Sequence[str]) -> list[AssetCheckSpec]:
    with warnings.catch_warnings():
        # Partitioned checks are Dagster's preview; the lock file pins the version that they were tested with.
        warnings.simplefilter("ignore", PreviewWarning)
        return [AssetCheckSpec(name, asset=AssetKey(list(key)), description=_CHECKS[name], partitions_def=tenants) for name in names]


def _said(said: dict[str, Any]) -> dict[str, Any]:
    return {name: MetadataValue.json(one) if isinstance(one, (dict, list)) else one for name, one in said.items()}
