"""When the batches run by themselves."""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from aos_assets.batch import refresh_batch, sweep_batch
from aos_core.cadence import REFRESH_MINUTES

refresh_schedule = ScheduleDefinition(
    name="refresh",
    job=refresh_batch,
    cron_schedule=f"*/{REFRESH_MINUTES} * * * *",
    default_status=DefaultScheduleStatus.RUNNING,
    description=f"Every {REFRESH_MINUTES} minutes: reads what changed, tenant by tenant, and reports only what is new.",
)

sweep_schedule = ScheduleDefinition(
    name="sweep",
    job=sweep_batch,
    cron_schedule="20 3 * * *",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every night: deletes the files that nothing lists any more.",
)
