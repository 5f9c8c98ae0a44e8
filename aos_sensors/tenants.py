"""Keeps Dagster's partitions equal to the living tenants."""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from aos_assets.partitions import tenants
from aos_resources.world import World
from aos_sensors.decisions import partitions_to_change


@sensor(name="tenants", minimum_interval_seconds=5, default_status=DefaultSensorStatus.RUNNING, description="Adds and removes tenants' partitions.")
def tenants_sensor(context: SensorEvaluationContext, world: ResourceParam[World]) -> SensorResult | SkipReason:
    living = {one.slug for one in world.database.tenants()}
    known = set(context.instance.get_dynamic_partitions("tenant"))
    added, removed = partitions_to_change(living, known)
    requests = [tenants.build_add_request(added)] if added else []
    if removed:
        return SensorResult(dynamic_partitions_requests=[*requests, tenants.build_delete_request(removed)])
    return SensorResult(dynamic_partitions_requests=requests) if requests else SkipReason(f"{len(known)} tenants, none came or went")
