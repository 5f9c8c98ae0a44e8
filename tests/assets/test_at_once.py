"""Several workers at once: one wins, whoever loses is put off and leaves nothing, and readers only ever see whole versions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import pytest

from aos_assets.steps import dbt, stages
from aos_assets.steps.publish import refresh
from aos_core.errors import TryAgain
from aos_resources.people import create_tenant
from aos_resources.settings import Settings
from aos_resources.warehouse import Warehouse
from aos_resources.world import World, open_world
from tests.assets.conftest import DEALS, FIRST, Company

PUT_OFF = {"Another worker is at it", "Another worker took over", "Somebody else published first", "Rows landed that are not events yet", "More was listed meanwhile"}


@cache
def world_of(settings: Settings) -> World:
    """One for each worker process, its models read."""
    dbt.load(settings.home / "dbt")
    return open_world(settings)


def work_on(settings: Settings, slug: str, step: str) -> str:
    """`done`, or why it was put off; any other error is one."""
    work = world_of(settings).named(slug)
    try:
        if step == "batch":
            list(stages.refresh_tenant(work, step))
        elif step == "raw":
            stages.land(work, "files", step)
        elif step == "events":
            stages.canonise(work, "opportunity", step)
        else:
            list(stages.publish(work, step))
    except TryAgain as later:
        return later.what
    return "done"


def ready(settings: Settings) -> None:
    world_of(settings)


@pytest.fixture(scope="module")
def workers(opened: World) -> Iterator[ProcessPoolExecutor]:
    """Four processes that have loaded everything."""
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        for loaded in [pool.submit(ready, opened.settings) for _ in range(4)]:
            loaded.result()
        yield pool


def company(world: World, folder: Path, rows: list[dict[str, str]]) -> Company:
    """A tenant whose deals have landed and whose mapping is decided."""
    made = Company(world.of(create_tenant(world.database, f"one-{uuid4().hex[:10]}", "One")), folder)
    made.connect()
    made.write("deals.csv", rows)
    assert made.sync().error is None
    made.suggest()
    made.decide(DEALS)
    return made


def rows(one: Company) -> list[tuple[object, ...]]:
    """What the view says, without the ids, which are each tenant's own."""
    return one.query("select opportunity_id_source, amount, status, account_id_source, close_date, extras from unified.opportunities order by 1")


def test_twenty_tenants_refreshed_at_once_have_each_its_own_rows(opened: World, workers: ProcessPoolExecutor, tmp_path: Path) -> None:
    tenants = []
    for n in range(20):
        folder = tmp_path / str(n)
        folder.mkdir()
        tenants.append(company(opened, folder, [row | {"company": f"of {n}", "worth": str(n)} for row in FIRST]))
        tenants[n].write("deals.csv", [row | {"company": f"of {n} alone", "worth": str(n)} for row in FIRST])
    slugs = [one.work.tenant.slug for one in tenants]
    assert list(workers.map(work_on, [opened.settings] * 20, slugs, ["batch"] * 20)) == ["done"] * 20
    for n, one in enumerate(tenants):
        assert one.query("select account_id_source, amount::int, count(*) from unified.opportunities group by all") == [(f"of {n} alone", n, 3)]
        assert one.count("landings") == 2


def test_a_batch_and_single_steps_of_one_tenant_at_once_leave_what_one_after_another_leaves(
    opened: World, workers: ProcessPoolExecutor, tmp_path: Path
) -> None:
    hurried, calm = (company(opened, tmp_path, FIRST) for _ in range(2))
    said = list[str]()
    for n in range(6):
        calm.write("deals.csv", [row | {"worth": str(n), "deal_id": str(n * place)} for place, row in enumerate(FIRST)])
        calm.refresh()
        steps = ["batch", "raw", "events", "publish", "batch", "raw"]
        at_once = [workers.submit(work_on, opened.settings, hurried.work.tenant.slug, step) for step in steps]
        said += [one.result() for one in at_once]
        hurried.refresh()
        assert rows(hurried) == rows(calm)
        assert [hurried.count(table) for table in ("landings", "event_batches")] == [calm.count(table) for table in ("landings", "event_batches")]
    assert set(said) <= PUT_OFF | {"done"}
    assert set(said) & PUT_OFF, "nobody ever met anybody"


def test_readers_see_whole_versions_while_publications_race(opened: World, workers: ProcessPoolExecutor, tmp_path: Path) -> None:
    """All rows of a version are worth the same, and the one before it is worth one less."""
    one = company(opened, tmp_path, [row | {"worth": "0"} for row in FIRST])
    one.refresh()
    warehouse = Warehouse(opened.settings, opened.database)
    seen = list[int]()
    for n in range(1, 7):
        one.write("deals.csv", [row | {"worth": str(n)} for row in FIRST])
        one.sync()
        one.events()
        racing = [workers.submit(work_on, opened.settings, one.work.tenant.slug, "publish") for _ in range(4)]
        while not all(worker.done() for worker in racing):
            with warehouse.of(one.work.tenant).current() as version:
                ((least, most, rows),) = version.all("select min(amount)::int, max(amount)::int, count(*) from unified.opportunities")
                assert (least, rows) == (most, 3)
                seen.append(least)
        assert {worker.result() for worker in racing} <= PUT_OFF | {"done"}
        assert one.publish().applied_seq > 0
    warehouse.close()
    assert seen == sorted(seen)
    assert one.count("versions") == 7
    files = {path.suffix for path in one.work.lake.warehouse.iterdir()}
    assert (files, len(list(one.work.lake.warehouse.iterdir()))) == ({".duckdb"}, 7)


def test_a_reader_keeps_its_version_through_fifty_publications(mapped: Company, opened: World) -> None:
    first = mapped.refresh()
    warehouse = Warehouse(opened.settings, opened.database)
    asked = "select opportunity_id, amount, status from unified.opportunities order by _ordinal"
    with warehouse.of(mapped.work.tenant).version(first.id) as version:
        before = version.all(asked)
        for n in range(50):
            mapped.write("deals.csv", [FIRST[0] | {"worth": str(n)}, *FIRST[1:]])
            mapped.sync()
            mapped.events()
            assert refresh(mapped.work).fresh
            assert version.all(asked) == before
    with warehouse.of(mapped.work.tenant).version(first.id) as again:
        assert again.all(asked) == before
    with warehouse.of(mapped.work.tenant).current() as now:
        assert now.all(asked) != before
    warehouse.close()
