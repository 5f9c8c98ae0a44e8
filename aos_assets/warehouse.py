"""The tenant's warehouse: identities, staging, unified views and metrics of one version, built and published whole."""

from collections.abc import Iterator

from dagster import AssetExecutionContext, AssetKey, AssetSpec, MaterializeResult, ResourceParam, multi_asset

from aos_assets.failures import WAIT_AND_TRY_AGAIN, translated
from aos_assets.partitions import tenants
from aos_assets.reporting import check_specs, result
from aos_assets.steps.stages import publish
from aos_core.ontology import Entity, standard
from aos_resources.world import World

_ENTITIES = standard().entities


def _spec(key: tuple[str, str], deps: list[tuple[str, str]], kind: str, about: str) -> AssetSpec:
    return AssetSpec(
        AssetKey(list(key)),
        deps=[AssetKey(list(one)) for one in deps],
        group_name=key[0],
        owners=["team:data"],
        kinds={"duckdb", kind},
        skippable=True,
        description=about,
    )


def _targets(entity: Entity) -> list[str]:
    """Entities that its references lead to."""
    return sorted({str(one.target) for one in entity.values if one.type == "ref"})


def _specs() -> list[AssetSpec]:
    specs = []
    for entity in _ENTITIES:
        name = entity.name
        identity = ("identities", name)
        pointed = [("identities", target) for target in _targets(entity) if target != name]
        specs.append(_spec(identity, [("events", name)], "identity", f"Which source records are one {name.replace('_', ' ')}."))
        specs.append(_spec(("staging", f"stg_{name}"), [("events", name), identity, *pointed], "dbt", "The latest good state of each source record."))
        specs.append(_spec(("unified", entity.plural), [("staging", f"stg_{name}"), identity], "dbt", entity.about))
    views = [("unified", entity.plural) for entity in _ENTITIES]
    specs.append(_spec(("metrics", "metric_values"), views, "dbt", "Every certified figure, per currency where it is money."))
    return specs


@multi_asset(
    name="warehouse",
    specs=_specs(),
    partitions_def=tenants,
    can_subset=True,
    retry_policy=WAIT_AND_TRY_AGAIN,
    check_specs=[spec for entity in _ENTITIES for spec in check_specs(["unified", entity.plural], ["reconciliation", "references"])],
)
def warehouse(context: AssetExecutionContext, world: ResourceParam[World]) -> Iterator[MaterializeResult]:
    """Whatever part was asked for, the version is built and published as one; only that part is reported."""
    with translated():
        reports = list(publish(world.named(context.partition_key), context.run.run_id))
    wanted = {tuple(key.path) for key in context.selected_asset_keys}
    for report in reports:
        if report.key in wanted:
            yield result(report)
