"""Everything Dagster loads, assembled here and nowhere else."""

from dagster import AssetSelection, Definitions, define_asset_job, in_process_executor

from aos_assets.batch import refresh_batch, sweep_batch
from aos_assets.events import event_assets
from aos_assets.fingerprints import fingerprints
from aos_assets.mappings import mappings
from aos_assets.raw import raw_assets
from aos_assets.warehouse import warehouse
from aos_resources.wiring import world_resource
from aos_sensors.requests import requests_sensor
from aos_sensors.schedules import refresh_schedule, sweep_schedule
from aos_sensors.tenants import tenants_sensor

refresh_tenant = define_asset_job(
    "refresh_tenant",
    selection=AssetSelection.all(),
    description="One tenant from its sources to its published version.",
)

defs = Definitions(
    assets=[*raw_assets, fingerprints, mappings, *event_assets, warehouse],
    jobs=[refresh_tenant, refresh_batch, sweep_batch],
    sensors=[tenants_sensor, requests_sensor],
    schedules=[refresh_schedule, sweep_schedule],
    resources={"world": world_resource},
    executor=in_process_executor,
)
