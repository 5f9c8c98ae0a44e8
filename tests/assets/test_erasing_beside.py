"""A tenant erased while others are at work on it, while Redis is away, and by a process that is killed: nothing of it comes back."""

from __future__ import annotations

import random
import threading
import time

import pytest

from aos_assets.steps import land, publish, reading
from aos_core.errors import Gone, TryAgain
from aos_resources.audit import Entry, record
from aos_resources.embedded_valkey import tell
from aos_resources.erasing import erase
from tests.assets.conftest import FIRST
from tests.assets.erasing_installation import Installation
from tests.assets.erasing_world import (
    OPERATOR,
    Canaries,
    erasing_elsewhere,
    everything_of,
    in_files,
    in_the_database,
    tell_live,
)


@pytest.mark.parametrize("place", ["before its first folder", "before it lists", "before it publishes"])
def test_a_straggling_run_recreates_neither_rows_nor_files(installation: Installation, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    company = installation.small("straggler")
    company.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "4", "company": "Late"}])
    reached, go, failed = threading.Event(), threading.Event(), list[Exception]()
    module, name = {"before its first folder": (land, "read_stored"), "before it lists": (reading, "list_reading"), "before it publishes": (publish, "_publish")}[place]
    real = getattr(module, name)

    def slow(*given: object) -> object:
        reached.set()
        assert go.wait(120)
        return real(*given)

    monkeypatch.setattr(module, name, slow)

    def straggle() -> None:
        try:
            company.refresh()
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not leave anything
            failed.append(error)

    run = threading.Thread(target=straggle)
    run.start()
    assert reached.wait(60)
    done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    go.set()
    run.join(60)
    assert not any(done.signed["report"]["left"].values())
    assert len(failed) == 1 and isinstance(failed[0], Gone), failed
    assert (installation.rows_of(company), company.work.lake.folder.is_file()) == (0, True)
    assert [one for one in installation.settings.lake.iterdir() if str(company.work.tenant.id) in one.name] == [company.work.lake.folder]


def test_a_batch_that_was_asked_before_passes_an_erased_tenant_by_without_a_word(installation: Installation) -> None:
    from dagster import DagsterInstance

    from aos_assets.definitions import defs

    company = installation.small("passed")
    with DagsterInstance.ephemeral() as instance:
        erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
        config = {"ops": {"refresh_tenants": {"config": {"tenants": [company.work.tenant.slug]}}}}
        job = defs.resolve_job_def("refresh_batch")
        result = job.execute_in_process(instance=instance, resources={"world": installation.world}, run_config=config, raise_on_error=False)
        assert result.success
        assert not [one for one in instance.all_logs(result.run_id) if company.work.tenant.slug in one.user_message]


def test_what_a_run_writes_after_it_was_removed_goes_at_night(installation: Installation) -> None:
    from aos_resources.erased_orchestration import remove_orphans

    before = everything_of(installation.owner, installation.neighbour)
    installation.owner.execute("insert into dagster.event_logs (run_id, event, timestamp) values ('gone', 'the run of an erased tenant', now())")
    assert (remove_orphans(installation.settings), remove_orphans(installation.settings)) == (1, 0)
    assert everything_of(installation.owner, installation.neighbour) == before


def test_of_an_embedded_redis_that_does_not_run_the_file_goes(installation: Installation) -> None:
    company, canaries = installation.small("stopped"), Canaries("stopped")
    tell_live(installation.settings, company.work.tenant, canaries)
    installation.valkey.stop()
    tell(installation.settings, None)
    assert in_files(installation.settings.home, canaries.pattern) != []
    done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    assert not any(done.signed["report"]["left"].values())
    assert in_files(installation.settings.home, canaries.pattern) == []
    tell(installation.settings, installation.valkey.start())


def test_while_redis_does_not_answer_the_erasure_waits_for_it_and_then_goes_on(installation: Installation) -> None:
    company, canaries = installation.small("waiting"), Canaries("waiting")
    tell_live(installation.settings, company.work.tenant, canaries)
    tell(installation.settings, "redis://:x@127.0.0.1:1/0")
    with pytest.raises(TryAgain):
        erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    with pytest.raises(Gone):
        company.sync()
    tell(installation.settings, installation.valkey.url())
    done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    assert (done.now, done.signed["report"]["removed"]["live"], any(done.signed["report"]["left"].values())) == (True, 2, False)
    assert in_files(installation.settings.home, canaries.pattern) == []


def test_killed_at_any_moment_the_next_erasure_finishes_it(installation: Installation) -> None:
    chance, before = random.Random(5), everything_of(installation.owner, installation.neighbour)
    kills = 0
    for _ in range(4):
        company = installation.small("killed")
        with company.work.database.transaction() as transaction:
            record(transaction, Entry(OPERATOR, "change", "settings"))
        for _ in range(3):
            process = erasing_elsewhere(installation.settings, company.work.tenant.slug)
            assert process.stdout is not None and process.stdout.readline() == "begun\n"
            time.sleep(chance.uniform(0, 0.9))
            kills += process.poll() is None
            process.kill()
            process.communicate()
        done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
        assert not any(done.signed["report"]["left"].values())
        assert done.signed["report"]["audit_log_ended_at"]["entries"] == 1
        assert (installation.rows_of(company), company.work.lake.folder.is_file()) == (0, True)
        assert in_the_database(installation.owner, f"^.*{company.work.tenant.slug}") == {}
    assert kills >= 4
    assert everything_of(installation.owner, installation.neighbour) == before
