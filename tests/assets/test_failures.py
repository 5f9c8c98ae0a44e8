"""What breaks beneath a refresh: the disk is full, the database is killed, the answer to a commit is lost. The next one finishes it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from aos_assets.steps import publish
from aos_assets.steps.stages import refresh_tenant
from aos_core.errors import AosError, TryAgain
from aos_resources.embedded import Cluster
from benchmarks.kills import content, counted, file_of_deals
from benchmarks.stage import connect, decide, installation, tenant
from tests.assets.conftest import FIRST, Company

# A file may grow to so many bytes, no more: its writer sees what it would see on a full disk.
FULL = """
import json, resource, sys
from uuid import UUID
from aos_assets.steps import dbt
from aos_assets.steps.land import sync_connection
from aos_assets.steps.publish import refresh
from aos_core.errors import AosError
from aos_resources.settings import Settings
from aos_resources.world import open_world
home, roots, slug, connection, most = json.loads(sys.argv[1])
work = open_world(Settings(home=home, file_roots=roots)).named(slug)
dbt.load(work.settings.home / "dbt")
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
try:
    said = sync_connection(work, UUID(connection)).error if connection else refresh(work) and None
except AosError as refused:
    said = refused.sentence
print(chr(10) + json.dumps(said))
"""


def on_a_full_disk(acme: Company, connection: str, most: int) -> str | None:
    told = json.dumps([str(acme.work.settings.home), str(acme.folder.parent), acme.work.tenant.slug, connection, most])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FULL, told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: str | None = json.loads(done.stdout.splitlines()[-1])
    return said


def files_of(acme: Company) -> list[Path]:
    return sorted(path for path in acme.work.lake.folder.rglob("*") if path.is_file())


def many(rows: int) -> list[dict[str, str]]:
    chance = random.Random(5)
    return [FIRST[0] | {"deal_id": str(n), "company": f"{chance.getrandbits(256):x}"} for n in range(rows)]


@pytest.mark.parametrize("most", [20_000, 200_000, 700_000])
def test_a_disk_that_is_full_while_landing_loses_nothing_and_leaves_nothing(mapped: Company, most: int) -> None:
    before, listed = files_of(mapped), mapped.count("landings")
    mapped.write("deals.csv", many(20_000))
    assert "could not be" in (on_a_full_disk(mapped, str(mapped.connection), most) or "")
    assert (files_of(mapped), mapped.count("landings")) == (before, listed)
    one = mapped.stream("deals")
    assert (one.error, one.read, one.landed + one.unchanged) == (None, 20_000, 20_000)


@pytest.mark.parametrize("most", [100_000, 2_000_000])
def test_a_disk_that_is_full_while_publishing_leaves_the_version_before_and_the_next_refresh_ends(mapped: Company, most: int) -> None:
    mapped.refresh()
    version, read = mapped.file(), mapped.content()
    mapped.write("deals.csv", many(20_000))
    mapped.sync()
    mapped.events()
    before = files_of(mapped)
    assert "could not be written" in (on_a_full_disk(mapped, "", most) or "")
    assert (mapped.file(), mapped.content(), files_of(mapped)) == (version, read, before)
    mapped.publish()
    assert len(mapped.view("opportunities", "opportunity_id")) == 20_000


def test_a_version_whose_commit_went_through_unheard_is_kept(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped.refresh()
    mapped.write("deals.csv", FIRST[:2])
    mapped.sync()
    mapped.events()
    heard = publish._publish

    def unheard(*given: object) -> None:
        heard(*given)  # type: ignore[arg-type]
        raise TryAgain("The database went away")

    monkeypatch.setattr(publish, "_publish", unheard)
    with pytest.raises(TryAgain, match="went away"):
        publish.refresh(mapped.work)
    assert len(mapped.view("opportunities", "opportunity_id")) == 2


def test_a_database_killed_at_any_moment_of_a_refresh_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(3)
    (tmp_path / "files").mkdir()
    with installation(tmp_path) as world, file_of_deals(tmp_path, 3_000) as deals:
        calm, struck = tenant(world, "calm"), tenant(world, "struck")
        deals.write(0)
        for work in (calm, struck):
            connect(work, "files", deals.config)
            list(refresh_tenant(work, "first"))
            decide(work)
            list(refresh_tenant(work, "first"))
        cluster = Cluster(world.settings.home / "postgres")
        interrupted = 0
        for n in range(1, 9):
            deals.write(n)
            list(refresh_tenant(calm, "calm"))
            with ThreadPoolExecutor(1) as pool:
                worker = pool.submit(lambda: list(refresh_tenant(struck, "struck")))
                wait([worker], chance.uniform(0.02, 0.9))
                server = cluster.process()
                assert server is not None
                os.kill(server.pid, signal.SIGKILL)
            stopped = worker.exception()
            assert stopped is None or isinstance(stopped, AosError), stopped
            interrupted += stopped is not None
            cluster.start()
            with struck.database.transaction() as transaction:  # what time does for a worker that could not give back its lease
                transaction.run("update aos.leases set held_until = now() - interval '1 second'")
            list(refresh_tenant(struck, "resumed"))
            assert content(struck) == content(calm)
            assert counted(struck) == counted(calm)
        assert interrupted >= 2
