"""Starts what people asked for: a refresh by request, and one after every decision."""

from dagster import (
    DefaultSensorStatus,
    ResourceParam,
    RunRequest,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)

from aos_resources.world import World
from aos_sensors.decisions import ASKING, Header, read_cursor, refreshes, write_cursor


@sensor(
    name="requests",
    job_name="refresh_tenant",
    minimum_interval_seconds=5,
    default_status=DefaultSensorStatus.RUNNING,
    description="Refreshes a tenant that somebody asked for or decided something in.",
)
def requests_sensor(context: SensorEvaluationContext, world: ResourceParam[World]) -> SensorResult:
    known = set(context.instance.get_dynamic_partitions("tenant"))
    seen = {tenant: seq for tenant, seq in read_cursor(context.cursor).items() if tenant in known}  # nothing is kept of one that is gone
    with world.database.dispatch() as transaction:
        rows = transaction.all(
            "select t.slug, max(o.seq) as seq from aos.outbox o join aos.tenants t on t.id = o.tenant_id"
            " where o.type = any(:asking) and t.suspended_at is null and t.erased_at is null group by t.slug",
            asking=list(ASKING),
        )
    headers = [Header(row["slug"], row["seq"], "") for row in rows if row["slug"] in known]
    asked, now = refreshes(headers, seen)
    if not asked:
        return SensorResult(skip_reason=SkipReason("nobody asked for anything new"), cursor=write_cursor(now))
    return SensorResult(run_requests=[RunRequest(run_key=one.key, partition_key=one.tenant) for one in asked], cursor=write_cursor(now))
