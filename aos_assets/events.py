"""Canonical events, one asset per entity: what each landed row says about one thing."""

from dagster import AssetExecutionContext, AssetsDefinition, MaterializeResult, ResourceParam, asset

from aos_assets.failures import WAIT_AND_TRY_AGAIN, translated
from aos_assets.partitions import tenants
from aos_assets.reporting import check_specs, result
from aos_assets.steps.stages import canonise
from aos_core.ontology import standard
from aos_resources.world import World


def _events(entity: str) -> AssetsDefinition:
    @asset(
        key=["events", entity],
        group_name="events",
        partitions_def=tenants,
        owners=["team:data"],
        kinds={"duckdb", "parquet"},
        deps=["mappings"],
        retry_policy=WAIT_AND_TRY_AGAIN,
        check_specs=check_specs(["events", entity], ["balance"]),
        description=f"What landed rows say of each {entity.replace('_', ' ')}; what could not be accepted is quarantined with its reason.",
    )
    def events(context: AssetExecutionContext, world: ResourceParam[World]) -> MaterializeResult:
        with translated():
            return result(canonise(world.named(context.partition_key), entity, context.run.run_id))

    return events


event_assets = [_events(entity.name) for entity in standard().entities]
