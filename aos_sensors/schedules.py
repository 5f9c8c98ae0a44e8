"""When the batch runs by itself."""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from aos_assets.batch import refresh_batch

refresh_schedule = ScheduleDefinition(
    name="refresh",
    job=refresh_batch,
    cron_schedule="*/15 * * * *",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every quarter of an hour: reads what changed, tenant by tenant, and reports only what is new.",
)
