"""Plain reports as Dagster's results: metadata and partitioned checks. Decides nothing."""

import warnings
from collections.abc import Iterator, Sequence, Set
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    AssetMaterialization,
    DagsterInstance,
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
    "freshness": "Every active connection of this kind was read to its end as lately as is asked for.",
    "reconciliation": "The view has as many rows as there are living things in its sources.",
    "references": "Every reference leads to a row that is there.",
}
RawEvent = AssetMaterialization | AssetCheckEvaluation
# A check of a tenant.
Told = tuple[str | None, AssetCheckKey]


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


def logged(report: Report, tenant: str, holding: Set[Told]) -> Iterator[RawEvent]:
    """The same for a run that has no partition of its own: only what is new. A check that held and holds is not told again."""
    if report.new:
        yield AssetMaterialization(asset_key=AssetKey(report.key), partition=tenant, metadata=metadata(report))
    for one in report.checks:
        known = (tenant, AssetCheckKey(AssetKey(report.key), one.name)) in holding
        if report.new or not one.passed or not known:
            yield AssetCheckEvaluation(
                asset_key=AssetKey(report.key), check_name=one.name, passed=one.passed, partition=tenant, metadata=_said(one.said)
            )


def checks_that_hold(instance: DagsterInstance, checks: Sequence[AssetCheckKey], tenants: Sequence[str]) -> frozenset[Told]:
    """The tenants' checks of which Dagster heard last that they hold."""
    found = instance.event_log_storage.get_asset_check_partition_info(checks, partition_keys=tenants)
    return frozenset((one.partition_key, one.check_key) for one in found if one.latest_execution_status.value == "SUCCEEDED")


def check_specs(key: Sequence[str], names: Sequence[str]) -> list[AssetCheckSpec]:
    with warnings.catch_warnings():
        # Partitioned checks are Dagster's preview; the lock file pins the version that they were tested with.
        warnings.simplefilter("ignore", PreviewWarning)
        return [AssetCheckSpec(name, asset=AssetKey(list(key)), description=_CHECKS[name], partitions_def=tenants) for name in names]


def _said(said: dict[str, Any]) -> dict[str, Any]:
    return {name: MetadataValue.json(one) if isinstance(one, (dict, list)) else one for name, one in said.items()}
