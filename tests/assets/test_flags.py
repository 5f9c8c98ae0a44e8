"""What a tenant's flags change of its work: who is refreshed by the clock, and what applies itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DagsterInstance

from aos_assets.batch import refresh_batch
from aos_core.flags import FLAGS
from aos_resources.flags import put_default, put_flag
from aos_resources.world import World
from tests.assets.conftest import FIRST, Company

DEALS = [row | {"product": "GTX"} for row in FIRST]


def turn(company: Company, name: str, on: bool) -> None:
    with company.work.database.transaction() as transaction:
        put_flag(transaction, FLAGS[name], on, "a test")
    company.work.flags.changed()


@contextmanager
def everywhere(world: World, name: str, on: bool) -> Iterator[None]:
    for said in (on, None):
        with world.database.people() as transaction:
            put_default(transaction, FLAGS[name], said, "a test")
        world.flags.changed()
        if said is not None:
            yield


def fields(company: Company) -> set[str]:
    """What feeds itself, of all entities."""
    with company.work.database.transaction() as transaction:
        rows = transaction.all("select document from aos.mappings where state <> 'superseded'")
    return {name for row in rows for name, one in row["document"]["fields"].items() if one["by"] == "auto"}


def asked(company: Company) -> set[str | None]:
    with company.work.database.transaction() as transaction:
        return {row["field"] for row in transaction.all("select field from aos.proposals where state = 'open'")}


def test_the_schedule_refreshes_only_those_who_want_it(mapped: Company, opened: World) -> None:
    """Off for everybody but one; who is named by somebody is refreshed all the same."""
    instance = DagsterInstance.ephemeral()

    def refreshed(**config: object) -> int:
        before = mapped.count("runs")
        given = {"ops": {"refresh_tenants": {"config": config}}} if config else {}
        assert refresh_batch.execute_in_process(run_config=given, resources={"world": opened}, instance=instance).success
        return mapped.count("runs") - before

    with everywhere(opened, "SCHEDULED_REFRESH", False):
        assert refreshed() == 0
        assert refreshed(tenants=[mapped.work.tenant.slug]) > 0
        turn(mapped, "SCHEDULED_REFRESH", True)
        assert refreshed() > 0
        turn(mapped, "SCHEDULED_REFRESH", False)
        assert refreshed() == 0


def test_an_exact_match_waits_where_the_tenant_wants_to_be_asked(acme: Company) -> None:
    turn(acme, "AUTO_APPLY_EXACT_MATCHES", False)
    acme.write("deals.csv", DEALS)
    acme.sync()
    acme.suggest()
    assert (fields(acme), asked(acme)) == (set(), {None})  # not even taken for what its key says it is
    turn(acme, "AUTO_APPLY_EXACT_MATCHES", True)
    acme.suggest()
    assert fields(acme) == {"product"}
    assert None not in asked(acme)


def test_what_applied_itself_before_goes_on_standing(acme: Company) -> None:
    acme.write("deals.csv", DEALS)
    acme.sync()
    acme.suggest()
    assert fields(acme) == {"product"}
    turn(acme, "AUTO_APPLY_EXACT_MATCHES", False)
    acme.suggest()
    assert fields(acme) == {"product"}
    acme.write("deals.csv", [row | {"close_date": row["closed"]} for row in DEALS])
    acme.sync()
    acme.suggest()
    assert fields(acme) == {"product"}
    assert "close_date" in asked(acme)
    turn(acme, "AUTO_APPLY_EXACT_MATCHES", True)
    acme.suggest()
    assert fields(acme) == {"product", "close_date"}
