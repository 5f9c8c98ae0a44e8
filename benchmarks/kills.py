"""kill -9 at random points of a sync on its way to the published view: what is lost, what is doubled.

    python -m benchmarks.kills --rows 50000 --kills 200

Two tenants read the same file, all of whose rows change before each round. One's worker is killed in a chosen
stage, after a random share of its time, and the next refresh finishes what it left; the other's is never killed.
After every round their tables must be equal. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.stage import connect, decide, installation, tenant

# A template that has loaded everything forks a worker per round; each says the stage that it enters.
NURSERY = """
import os, sys
from pathlib import Path
from aos_assets.steps import building, dbt, events, land, publish, stages
from aos_resources.settings import Settings
from aos_resources.world import open_world

home, roots, slug = sys.argv[1:]
for stage, module, name in (("reading", land, "_stream"), ("listing", land, "list_reading"), ("mapping", stages, "suggest_mappings"),
                            ("events", events, "_build"), ("identities", building, "follow"), ("models", dbt, "build"), ("publishing", publish, "_publish")):
    def told(*given, stage=stage, step=getattr(module, name), **named):
        print(stage, flush=True)
        return step(*given, **named)
    setattr(module, name, told)
settings = Settings(home=Path(home), file_roots=roots)
dbt.load(settings.home / "dbt")
print("ready", flush=True)
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        print(f"worker {os.getpid()}", flush=True)
        for report in stages.refresh_tenant(open_world(settings).named(slug), "kills"):
            assert all(check.passed for check in report.checks), report
        print("done", flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""
STAGES = ("reading", "listing", "mapping", "events", "identities", "models", "publishing")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=50_000)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=7)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), given.rows, given.kills, given.seed)))


def measure(folder: Path, rows: int, kills: int, seed: int) -> dict[str, Any]:
    """Kills per stage and what was found wrong; `unequal` and `lost_or_doubled` are rounds."""
    from aos_assets.steps.stages import refresh_tenant

    chance = random.Random(seed)
    (folder / "files").mkdir()
    with installation(folder) as world:
        calm, struck = tenant(world, "calm"), tenant(world, "struck")
        for work in (calm, struck):
            connect(work, "files", {"folder": str(folder / "files")})
            write(folder, rows, 0)
            for _ in refresh_tenant(work, "first"):
                pass
            decide(work)
            for _ in refresh_tenant(work, "first"):
                pass
        with Nursery(calm.settings, struck.tenant.slug) as nursery:
            write(folder, rows, 1)
            lasting = nursery.whole()
            for _ in refresh_tenant(calm, "calm"):
                pass
            hit, unequal, wrong = dict.fromkeys(STAGES, 0), 0, 0
            for n in range(kills):
                write(folder, rows, n + 2)
                stage = nursery.strike(min(STAGES, key=lambda one: hit[one]), chance, lasting)
                hit[stage] += 1
                with struck.database.transaction() as transaction:  # what time does for a worker that was killed
                    transaction.run("update aos.leases set held_until = now() - interval '1 second'")
                for work in (calm, struck):
                    for _ in refresh_tenant(work, "resumed"):
                        pass
                unequal += content(calm) != content(struck)
                wrong += counted(calm) != counted(struck)
    return {"rows": rows, "kills": kills, "hit": hit, "unequal": unequal, "lost_or_doubled": wrong}


class Nursery:
    def __init__(self, settings: Any, slug: str) -> None:
        command = [sys.executable, "-W", "ignore", "-c", NURSERY, str(settings.home), settings.file_roots, slug]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._until("ready")

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def whole(self) -> dict[str, float]:
        """A worker that is left alone: seconds that each stage lasts."""
        lasting, stage, since = dict.fromkeys(STAGES, 0.0), "", time.monotonic()
        self._begin()
        while (word := self._word()) != "ended":
            lasting[stage] = lasting.get(stage, 0.0) + time.monotonic() - since
            stage, since = word, time.monotonic()
        return lasting

    def strike(self, wanted: str, chance: random.Random, lasting: dict[str, float]) -> str:
        """Kills a worker within that stage; gives the stage it was in, which may be a later one."""
        worker = self._begin()
        self._until(wanted)
        time.sleep(chance.uniform(0, lasting[wanted]))
        os.kill(worker, signal.SIGKILL)
        stage = wanted
        while (word := self._word()) != "ended":
            stage = word if word in STAGES else stage
        return stage

    def _begin(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._word().split()[1])

    def _until(self, wanted: str) -> None:
        while (word := self._word()) != wanted:
            if word == "ended":
                raise RuntimeError(f"the worker never came to {wanted}")

    def _word(self) -> str:
        assert self._process.stdout is not None
        word = self._process.stdout.readline().strip()
        if not word:
            raise RuntimeError("the worker's template has died")
        return word


def write(folder: Path, rows: int, n: int) -> None:
    """Every row is another one than before; some are gone, some are new, some cannot be accepted."""
    duckdb.execute(
        f"copy (select i + {n % 7} as deal_id, ['Won','Lost','Open'][(i + {n}) % 3 + 1] as state,"
        f" case when (i + {n}) % 97 = 0 then 'plenty' else ((i * 1.25 + {n})::decimal(18,2))::varchar end as worth,"
        f" 'company ' || i % 500 as company, 'EUR' as currency from range({rows}) t(i)) to '{folder}/files/deals.new' (format csv, header)"
    )
    (folder / "files" / "deals.new").replace(folder / "files" / "deals.csv")


def content(work: Any) -> dict[str, str]:
    """A sorted content hash of every unified table, without what names a tenant or a run."""
    with work.database.transaction() as transaction:
        path = transaction.one("version", "select v.path from aos.warehouses w join aos.versions v on v.id = w.current")["path"]
    found = {}
    with duckdb.connect(str(work.lake.absolute(path)), read_only=True) as connection:
        for entity in work.ontology.entities:
            ours = ", ".join(("_seq", "_events", "_from", entity.key.name, *(one.name for one in entity.values if one.type == "ref")))
            rows = connection.execute(f"select * exclude ({ours}) from unified.{entity.plural} order by all").fetchall()
            found[entity.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def counted(work: Any) -> dict[str, Any]:
    """Rows that landed and what became of them: a row that landed or was mapped twice shows here."""
    with work.database.transaction() as transaction:
        landed = transaction.one("sums", "select sum(read - unchanged - rejected)::bigint as moved, sum(landed)::bigint as landed, sum(deleted)::bigint as deleted from aos.sync_streams")
        files = transaction.one("files", "select count(*) as n, sum(rows)::bigint as rows from aos.landings")
        made = transaction.one("made", "select sum(landed)::bigint as landed, sum(canonical)::bigint as canonical, sum(quarantined)::bigint as quarantined from aos.event_batches")
    return {**landed, **files, "made": dict(made)}


if __name__ == "__main__":
    main()
