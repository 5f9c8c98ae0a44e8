"""The assets as Dagster runs them: one tenant by its partition, several by the batch, checks per tenant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from aos_assets.definitions import defs
from aos_assets.steps import stages
from aos_assets.steps.land import Sync
from aos_assets.steps.listing import StreamSync
from aos_resources.connectors import CONNECTORS
from aos_resources.world import World
from tests.assets.conftest import FIRST, Company


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as made:
        yield made


def materialize(company: Company, world: World, instance: DagsterInstance) -> ExecuteInProcessResult:
    slug = company.work.tenant.slug
    instance.add_dynamic_partitions("tenant", [slug])
    job = defs.resolve_job_def("refresh_tenant")
    return job.execute_in_process(partition_key=slug, instance=instance, resources={"world": world}, raise_on_error=False)


def batch(world: World, instance: DagsterInstance, *slugs: str) -> ExecuteInProcessResult:
    config = {"ops": {"refresh_tenants": {"config": {"tenants": list(slugs)}}}}
    job = defs.resolve_job_def("refresh_batch")
    return job.execute_in_process(instance=instance, resources={"world": world}, run_config=config, raise_on_error=False)


def test_a_tenant_is_materialized_whole_by_its_partition_with_rows_columns_and_balances(
    mapped: Company, opened: World, instance: DagsterInstance
) -> None:
    result = materialize(mapped, opened, instance)
    assert result.success
    told = {event.asset_key.to_user_string(): event.materialization for event in result.get_asset_materialization_events()}
    assert len(told) == len(CONNECTORS) + 2 + 5 + 5 + 5 + 5 + 1
    assert {one.partition for one in told.values()} == {mapped.work.tenant.slug}
    view = told["unified/opportunities"].metadata
    assert view["dagster/row_count"].value == 3
    columns = {one.name: one.type for one in view["dagster/column_schema"].schema.columns}
    assert columns["amount"] == "DECIMAL(38,15)" and columns["account_id"] == "UUID"
    (balance,) = told["events/opportunity"].metadata["balances"].data
    assert (balance["landed"], balance["canonical"], balance["quarantined"]) == (3, 3, 0)
    checks = result.get_asset_check_evaluations()
    assert all(one.passed and one.partition == mapped.work.tenant.slug for one in checks)
    assert {one.check_name for one in checks} == {"balance", "readable", "freshness", "reconciliation", "references"}


def test_part_of_the_warehouse_may_be_asked_for_and_only_that_part_is_reported(
    mapped: Company, opened: World, instance: DagsterInstance
) -> None:
    from dagster import AssetSelection
    from dagster import materialize as run

    mapped.events()
    slug = mapped.work.tenant.slug
    instance.add_dynamic_partitions("tenant", [slug])
    result = run(
        list(defs.assets or ()), selection=AssetSelection.assets(["unified", "opportunities"]), partition_key=slug,
        instance=instance, resources={"world": opened},
    )  # fmt: skip
    assert [one.asset_key.to_user_string() for one in result.get_asset_materialization_events()] == ["unified/opportunities"]
    assert len(mapped.view("opportunities", "opportunity_id")) == 3


def reported(result: ExecuteInProcessResult) -> list[str]:
    return [one.asset_key.to_user_string() for one in result.get_asset_materialization_events() if one.asset_key]


def told(result: ExecuteInProcessResult) -> list[tuple[str, str, bool]]:
    return [(one.asset_key.to_user_string(), one.check_name, one.passed) for one in result.get_asset_check_evaluations()]


def test_the_batch_reports_only_what_is_new(mapped: Company, opened: World, instance: DagsterInstance) -> None:
    slug = mapped.work.tenant.slug
    first = batch(opened, instance, slug)
    again = batch(opened, instance, slug)
    assert first.success and again.success
    assert "unified/opportunities" in reported(first) and "raw/files" not in reported(first)
    assert reported(again) == []
    assert len(told(first)) == 3 * len(CONNECTORS) + 5 + 5 * 2 and told(again) == []


def test_of_a_new_version_what_stands_empty_as_before_is_not_reported(mapped: Company, opened: World, instance: DagsterInstance) -> None:
    slug = mapped.work.tenant.slug
    assert "unified/contacts" in reported(batch(opened, instance, slug))
    mapped.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "4"}])
    again = set(reported(batch(opened, instance, slug)))
    assert {"raw/files", "events/opportunity", "unified/opportunities", "metrics/metric_values"} < again
    assert not again & {"unified/contacts", "identities/contact", "staging/stg_contact"}


def test_the_batch_reports_assets_that_there_are(mapped: Company, opened: World, instance: DagsterInstance) -> None:
    known = {one.to_user_string() for one in defs.resolve_asset_graph().get_all_asset_keys()}
    assert set(reported(batch(opened, instance, mapped.work.tenant.slug))) <= known


def test_a_red_check_is_told_by_every_batch_and_a_green_one_when_it_turns(mapped: Company, opened: World, instance: DagsterInstance) -> None:
    slug = mapped.work.tenant.slug
    batch(opened, instance, slug)
    empty = mapped.folder / "empty.csv"
    empty.touch()
    for _ in range(2):
        assert told(batch(opened, instance, slug)) == [("raw/files", "readable", False)]
    empty.unlink()
    list(stages.refresh_tenant(mapped.work, "a run that Dagster never heard of"))
    assert told(batch(opened, instance, slug)) == [("raw/files", "readable", True)]
    assert told(batch(opened, instance, slug)) == []


def test_a_check_that_another_tenant_passed_is_told_of_this_one_too(
    mapped: Company, neighbour: Company, opened: World, instance: DagsterInstance
) -> None:
    from aos_assets.batch import _CHECKS
    from aos_assets.reporting import checks_that_hold

    slug = mapped.work.tenant.slug
    batch(opened, instance, slug)
    assert {tenant for tenant, _ in checks_that_hold(instance, _CHECKS, [slug, neighbour.work.tenant.slug])} == {slug}
    assert len(checks_that_hold(instance, _CHECKS, [slug])) == len(_CHECKS)
    assert checks_that_hold(instance, _CHECKS, [neighbour.work.tenant.slug]) == set()


def test_a_batch_that_finds_nothing_new_leaves_a_row_of_the_reading_alone(mapped: Company, opened: World, instance: DagsterInstance) -> None:
    slug = mapped.work.tenant.slug
    batch(opened, instance, slug)
    again = batch(opened, instance, slug)
    with mapped.work.database.transaction() as transaction:
        rows = transaction.all("select stage, subject, state from aos.runs where dagster_run_id = :run", run=again.run_id)
    assert [tuple(row.values()) for row in rows] == [("raw", "files", "succeeded")]


def test_a_different_shape_is_new_once(mapped: Company) -> None:
    mapped.write("deals.csv", [row | {"note": "x"} for row in FIRST])
    mapped.sync()
    assert [stages.take_fingerprints(mapped.work, "test").new for _ in range(2)] == [True, False]
    mapped.write("deals.csv", FIRST)
    mapped.sync()
    again = stages.take_fingerprints(mapped.work, "test")
    assert again.new and again.said["changed"] == ["crm/deals"]


def test_mappings_that_could_not_be_suggested_leave_a_failed_row(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(work: object) -> None:
        raise ValueError("no such word")

    monkeypatch.setattr(stages, "suggest_mappings", broken)
    with pytest.raises(ValueError, match="no such word"):
        stages.map_streams(mapped.work, "test")
    with mapped.work.database.transaction() as transaction:
        row = transaction.one("row", "select state, error, ended_at >= started_at as ordered from aos.runs where stage = 'mappings'")
    assert (row["state"], row["error"]["what"], row["ordered"]) == ("failed", "ValueError: no such word", True)


def test_a_tenant_that_fails_is_named_at_the_end_and_the_others_stand(mapped: Company, opened: World, instance: DagsterInstance) -> None:
    result = batch(opened, instance, "nobody-here", mapped.work.tenant.slug)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "1 of 2 tenants failed: nobody-here" in str(failure.event_specific_data)
    assert len(mapped.view("opportunities", "opportunity_id")) == 3


def test_a_source_that_cannot_be_read_fails_its_check_and_stops_nothing_else(
    mapped: Company, opened: World, instance: DagsterInstance
) -> None:
    (mapped.folder / "empty.csv").touch()
    result = materialize(mapped, opened, instance)
    assert result.success
    red = {(one.asset_key.to_user_string(), one.check_name) for one in result.get_asset_check_evaluations() if not one.passed}
    assert red == {("raw/files", "readable")}
    assert len(mapped.view("opportunities", "opportunity_id")) == 3


def test_a_row_that_gets_lost_between_reading_and_landing_turns_the_balance_red(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from aos_assets.steps import changes, reading

    def leaky(*given: object, **more: object) -> object:
        counted = changes.compare(*given, **more)  # type: ignore[arg-type]
        given[0].execute("delete from landing_rows where _key = '8'")  # type: ignore[attr-defined]
        return changes._count(given[0]) if counted.landed else counted  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "compare", leaky)
    mapped.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "8"}, FIRST[0] | {"deal_id": "9"}])
    one = stages.land(mapped.work, "files", "test")
    assert [(check.name, check.passed) for check in one.checks] == [("balance", False), ("readable", False), ("freshness", True)]
    assert one.checks[0].said == {"unbalanced": ["crm/deals"]}


def test_a_row_that_a_mapping_loses_turns_the_balance_red(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from aos_assets.steps import events

    whole = events._map

    def leaky(*given: object) -> None:
        whole(*given)  # type: ignore[arg-type]
        given[0].execute("alter view mapped rename to whole")  # type: ignore[attr-defined]
        given[0].execute("create view mapped as select * from whole where _row <> 1")  # type: ignore[attr-defined]

    monkeypatch.setattr(events, "_map", leaky)
    one = stages.canonise(mapped.work, "opportunity", "test")
    assert [(check.name, check.passed) for check in one.checks] == [("balance", False)]


def test_what_ran_is_told_to_the_tenant_alone_with_its_error(pair_runs: tuple[Company, Company]) -> None:
    acme, globex = pair_runs
    with acme.work.database.transaction() as transaction:
        mine = transaction.all("select stage, state, error from aos.runs order by started_at")
    assert [(row["stage"], row["state"]) for row in mine] == [("raw", "succeeded"), ("warehouse", "put_off")]
    assert mine[1]["error"]["code"] == "try_again"
    assert globex.count("runs") == 0


@pytest.fixture
def pair_runs(mapped: Company, neighbour: Company) -> tuple[Company, Company]:
    from aos_core.errors import TryAgain

    stages.land(mapped.work, "files", "test")
    with pytest.raises(TryAgain, match="not events yet"):
        list(stages.publish(mapped.work, "test"))
    return mapped, neighbour


def test_a_balance_is_what_it_says() -> None:
    assert StreamSync("s", read=3, landed=1, unchanged=1, rejected=1).balanced
    assert not StreamSync("s", read=3, landed=1, unchanged=1).balanced
    assert Sync("c", ()).error is None


def test_a_run_that_meets_a_killed_workers_lease_waits_for_it_and_goes_on(
    mapped: Company, opened: World, instance: DagsterInstance
) -> None:
    """Dagster waits between its tries itself; the dead worker's lease has a second left."""
    with mapped.work.database.transaction() as transaction:
        transaction.run(
            "update aos.leases set held_until = now() + interval '1 second', holder = 'killed' where name = :name",
            name=f"sync:{mapped.connection}",
        )
    mapped.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "4"}])
    result = materialize(mapped, opened, instance)
    assert result.success
    assert [event.event_type_value for event in result.all_events if "RETRY" in event.event_type_value] == ["STEP_UP_FOR_RETRY"]
    assert len(mapped.view("opportunities", "opportunity_id")) == 4
