"""Raw landings, one asset per kind of source: every connection of the tenant to it, read once."""

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, ResourceParam, asset

from aos_assets.failures import WAIT_AND_TRY_AGAIN, translated
from aos_assets.partitions import tenants
from aos_assets.reporting import check_specs, result
from aos_assets.steps.stages import land
from aos_resources.connectors import CONNECTORS
from aos_resources.world import World


def _raw(source: str) -> AssetsDefinition:
    @asset(
        key=["raw", source],
        group_name="raw",
        partitions_def=tenants,
        owners=["team:data"],
        kinds={source if source != "files" else "csv", "parquet"},
        retry_policy=WAIT_AND_TRY_AGAIN,
        check_specs=check_specs(["raw", source], ["balance", "readable", "freshness"]),
        description=f"Rows of every {source} connection as they came, immutable; a row that did not change lands once.",
    )
    def raw(context: AssetExecutionContext, world: ResourceParam[World]) -> MaterializeResult:
        with translated():
            return result(land(world.named(context.partition_key), source, context.run.run_id))

    return raw


raw_assets = [_raw(source) for source in CONNECTORS]
