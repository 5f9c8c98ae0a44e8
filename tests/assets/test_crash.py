"""kill -9 at any moment of a refresh: the next one finishes it, and nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

from tests.assets.conftest import DEALS, FIRST, Company

ROWS = 5_000
KILLS = 6
# Imports first, so that the time until the kill is spent in the work and not in loading modules.
WORKER = """
import sys
from pathlib import Path
from aos_assets.steps import dbt, stages
from aos_resources.settings import Settings
from aos_resources.world import open_world

home, roots, slug = sys.argv[1:]
world = open_world(Settings(home=Path(home), file_roots=roots, memory="400MB"))
work = world.named(slug)
dbt._runner(work.settings.home / "dbt")
print("ready", flush=True)
for report in stages.refresh_tenant(work, "crash test"):
    assert all(check.passed for check in report.checks), report
print("done", flush=True)
"""


@pytest.fixture
def busy(acme: Company) -> Company:
    """A stream large enough that a kill lands within every stage, decided once from a first small reading."""
    acme.write("deals.csv", FIRST)
    acme.sync()
    acme.suggest()
    acme.decide(DEALS)
    acme.write("deals.csv", [FIRST[n % 3] | {"deal_id": str(n), "worth": f"{n}.25"} for n in range(ROWS)])
    return acme


def start(company: Company) -> subprocess.Popen[str]:
    settings = company.work.settings
    command = [sys.executable, "-W", "ignore", "-c", WORKER, str(settings.home), settings.file_roots, company.work.tenant.slug]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n", process.communicate()
    return process


def give_up_leases(company: Company) -> None:
    """What time does for a worker that was killed: its leases run out."""
    with company.work.database.transaction() as transaction:
        transaction.run("update aos.leases set held_until = now() - interval '1 second'")


def test_a_refresh_killed_at_random_moments_loses_and_doubles_nothing(busy: Company) -> None:
    chance = random.Random(7)
    reached = set()
    for _ in range(KILLS):
        process = start(busy)
        time.sleep(chance.uniform(0, 4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with busy.work.database.transaction() as transaction:
            last = transaction.first("select stage, subject, state from aos.runs order by started_at desc limit 1")
        reached.add((last["stage"], last["subject"], last["state"]) if last else ())
        give_up_leases(busy)
    process = start(busy)
    said, errors = process.communicate()
    assert said == "done\n", errors
    assert len(reached) > 1

    assert busy.query("select count(*), count(distinct opportunity_id_source), sum(amount) from unified.opportunities") == [
        (ROWS, ROWS, sum(n for n in range(ROWS)) + ROWS // 4)
    ]
    with busy.work.database.transaction() as transaction:
        landed = transaction.one("landed", "select sum(landed)::bigint as n from aos.sync_streams")["n"]
        batches = transaction.one("batches", "select sum(canonical)::bigint as n from aos.event_batches")["n"]
        left = transaction.all("select stage from aos.runs where state = 'running'")
    assert left == []
    # The three first rows landed once more, changed; each of the others once.
    assert (landed, batches) == (ROWS + 3, ROWS + 3)
