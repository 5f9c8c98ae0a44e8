"""What every stream looks like now, beside what it looked like before."""

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, ResourceParam, asset

from aos_assets.failures import translated
from aos_assets.partitions import tenants
from aos_assets.reporting import result
from aos_assets.steps.stages import take_fingerprints
from aos_resources.connectors import CONNECTORS
from aos_resources.world import World


@asset(
    key="fingerprints",
    group_name="mapping",
    partitions_def=tenants,
    owners=["team:data"],
    kinds={"postgres"},
    deps=[AssetKey(["raw", source]) for source in CONNECTORS],
    description="Fields, types and fill of every stream, and which streams changed their shape.",
)
def fingerprints(context: AssetExecutionContext, world: ResourceParam[World]) -> MaterializeResult:
    with translated():
        return result(take_fingerprints(world.named(context.partition_key), context.run.run_id))
