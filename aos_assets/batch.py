"""The batch: many tenants in one run, one after the other; one tenant's failure leaves the others standing."""

from dagster import Config, Failure, OpExecutionContext, ResourceParam, in_process_executor, job, op
from pydantic import Field

from aos_assets.events import event_assets
from aos_assets.raw import raw_assets
from aos_assets.reporting import checks_that_hold, logged
from aos_assets.steps.stages import refresh_tenant
from aos_assets.steps.sweeping import sweep
from aos_assets.warehouse import warehouse
from aos_core.errors import AosError, Gone
from aos_resources.erased_orchestration import remove_orphans
from aos_resources.world import World

_CHECKS = [key for one in (*raw_assets, *event_assets, warehouse) for key in one.check_keys]


class Tenants(Config):
    """Slugs of the tenants to refresh; none named means every living one that the schedule may refresh."""

    tenants: list[str] = Field(default_factory=list)


@op
def refresh_tenants(context: OpExecutionContext, config: Tenants, world: ResourceParam[World]) -> None:
    # Whom the schedule leaves alone may still be named by somebody.
    slugs = config.tenants or [one.slug for one in world.database.tenants() if world.flags.on("SCHEDULED_REFRESH", one)]
    failed: dict[str, str] = {}
    holding = checks_that_hold(context.instance, _CHECKS, slugs)
    for slug in slugs:
        try:
            if world.database.stands_still(slug):
                continue  # since this was asked for
            work = world.named(slug)
            for report in refresh_tenant(work, context.run.run_id):
                if any(check.name == "balance" and not check.passed for check in report.checks):
                    failed[slug] = f"{'/'.join(report.key)} does not balance"
                for event in logged(report, slug, holding):
                    context.log_event(event)  # type: ignore[arg-type]  # checks are logged too; the annotation lags behind
        except Gone:
            continue  # erased meanwhile: nothing is told of it any more
        except AosError as error:
            failed[slug] = error.sentence
            context.log.error(f"{slug}: {error.sentence}")
        except Exception as error:
            failed[slug] = f"{type(error).__name__}: {error}"
            context.log.exception(f"{slug} could not be refreshed")
    if failed:
        raise Failure(f"{len(failed)} of {len(slugs)} tenants failed: {', '.join(failed)}", metadata=dict(failed.items()))


@job(executor_def=in_process_executor, description="Refreshes the tenants that are due and reports only what is new.")
def refresh_batch() -> None:
    refresh_tenants()


@op
def sweep_tenants(context: OpExecutionContext, world: ResourceParam[World]) -> None:
    for tenant in world.database.tenants():
        swept = sweep(world.of(tenant))
        context.log.info(f"{tenant.slug}: {swept.files} files, {swept.bytes} bytes")
    context.log.info(f"{remove_orphans(world.settings)} events of runs that are no more")


@job(executor_def=in_process_executor, description="Deletes the files of every tenant that nothing lists any more.")
def sweep_batch() -> None:
    sweep_tenants()
