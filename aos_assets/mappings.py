"""How each stream becomes an entity: suggestion plus decisions, and what waits for a person."""

from dagster import AssetExecutionContext, MaterializeResult, ResourceParam, asset

from aos_assets.failures import translated
from aos_assets.partitions import tenants
from aos_assets.reporting import result
from aos_assets.steps.stages import map_streams
from aos_resources.world import World


@asset(
    key="mappings",
    group_name="mapping",
    partitions_def=tenants,
    owners=["team:data"],
    kinds={"postgres"},
    deps=["fingerprints"],
    description="One stored document per stream and entity; what the rules leave open waits as proposals.",
)
def mappings(context: AssetExecutionContext, world: ResourceParam[World]) -> MaterializeResult:
    with translated():
        return result(map_streams(world.named(context.partition_key), context.run.run_id))
