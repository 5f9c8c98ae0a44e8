"""What many small tenants cost: a batch over all of them beside a run for each, and the memory of all that stands.

    python -m benchmarks.tenants --tenants 200

Every run is a process of its own on the installation's own Dagster storage, as the product starts them. CPU is of
that process from its start to its end, Postgres's is told apart; a tenant's share is what all but one add to a batch
over that one. The runs for each are measured on a sample. Memory is PSS, so that shared pages count once.
Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import psutil
import psycopg

from benchmarks.stage import DEALS, connect, cpu_of_postgres, decide, installation, peak, tenant

ROWS = 300  # of a tenant's file
SETTLED = 40  # seconds until the processes of a start have loaded what they load


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tenants", type=int, default=200)
    asked.add_argument("--sample", type=int, default=5, help="Tenants for which a run of their own is measured.")
    asked.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.run:
        print(json.dumps(run(*given.run)))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), given.tenants, given.sample)))


def measure(folder: Path, tenants: int, sample: int) -> dict[str, Any]:
    from aos_cli.servers import dagster
    from aos_cli.supervise import control_plane

    slugs = [f"tenant-{n:04}" for n in range(tenants)]
    with installation(folder) as world:
        settings = world.settings
        for slug in slugs:
            _fill(world, folder, slug)
        told = dagster(settings)[0].environment
        _apart(settings, told, "partitions", slugs)
        _apart(settings, told, "refresh_batch", slugs)
        found: dict[str, Any] = {"tenants": tenants, "rows": ROWS, "sample": sample}
        for what in ("idle", "changed"):
            measured = []
            for job, chosen in (("refresh_batch", slugs[:1]), ("refresh_batch", slugs[1:]), *(("refresh_tenant", [one]) for one in slugs[:sample])):
                for slug in chosen if what == "changed" else ():
                    _change(folder, slug)
                measured.append(_apart(settings, told, job, chosen))
            one, rest, *apart = measured
            found[what] = _compared(one, rest, tenants, apart)
        # The requests sensor of an installation that stands saw these decisions long ago.
        with psycopg.connect(control_plane(settings).url()) as connection:
            connection.execute("delete from aos.outbox")
    found["memory_mb"] = _standing(settings)
    return found


def run(job: str, *slugs: str) -> dict[str, float]:
    """One run in this process: a batch over those tenants, or the assets of one; its CPU since the process began. Or makes their partitions."""
    from dagster import DagsterInstance

    from aos_assets.definitions import defs

    with DagsterInstance.get() as instance:
        if job == "partitions":
            instance.add_dynamic_partitions("tenant", list(slugs))
            return {}
        chosen: dict[str, Any] = {"partition_key": slugs[0]}
        if job == "refresh_batch":
            chosen = {"run_config": {"ops": {"refresh_tenants": {"config": {"tenants": list(slugs)}}}}}
        result = defs.resolve_job_def(job).execute_in_process(instance=instance, **chosen)
        assert result.success
        events = len(instance.all_logs(result.run_id))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "cpu": sum(one.ru_utime + one.ru_stime for one in used),
        "events": events,
        "peak_mb": peak(),
    }


def _compared(one: dict[str, float], rest: dict[str, float], tenants: int, apart: list[dict[str, float]]) -> dict[str, float]:
    """Per tenant in a batch, what a batch costs whatever it holds, and a run of a tenant's own."""
    share = {name: (rest[name] - one[name]) / (tenants - 2) for name in ("cpu", "cpu_postgres", "wall", "events")}
    own = {name: statistics.mean(each[name] for each in apart) for name in ("cpu", "cpu_postgres", "wall", "events")}
    overhead = one["cpu"] - share["cpu"]
    return {
        **{f"tenant_{name}": round(value, 4) for name, value in share.items()},
        **{f"own_run_{name}": round(value, 3) for name, value in own.items()},
        "run_overhead_cpu": round(overhead, 3),
        "overhead_by_tenant": round(overhead / share["cpu"], 1),
        "own_run_by_tenant": round((own["cpu"] + own["cpu_postgres"]) / (share["cpu"] + share["cpu_postgres"]), 1),
        "batch_peak_mb": rest["peak_mb"],
    }


def _fill(world: Any, folder: Path, slug: str) -> None:
    """A tenant with one small file, its mapping decided and its first version published."""
    from aos_assets.steps.events import build_events
    from aos_assets.steps.land import sync_connection
    from aos_assets.steps.publish import refresh

    (folder / "files" / slug).mkdir(parents=True)
    duckdb.execute(f"copy ({DEALS.format(rows=ROWS)}) to '{folder}/files/{slug}/deals.csv'")
    work = tenant(world, slug)
    sync_connection(work, connect(work, "files", {"folder": str(folder / "files" / slug)}))
    decide(work)
    for entity in work.ontology.entities:
        build_events(work, entity.name)
    assert refresh(work).tables["unified/opportunities"]["rows"] == ROWS


def _change(folder: Path, slug: str) -> None:
    file = folder / "files" / slug / "deals.csv"
    with file.open(newline="") as told:
        head, first, *rest = csv.reader(told)
    first[2] = str(float(first[2]) + 1)
    with file.open("w", newline="") as told:
        csv.writer(told).writerows([head, first, *rest])


def _apart(settings: Any, told: Mapping[str, str], job: str, slugs: list[str]) -> dict[str, float]:
    before, started = cpu_of_postgres(settings), time.monotonic()
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.tenants", "--run", job, *slugs]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=told).stdout
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found | {"cpu_postgres": cpu_of_postgres(settings) - before, "wall": time.monotonic() - started}


def _standing(settings: Any) -> dict[str, float]:
    """MB of every kind of process of `aos up`, once it has loaded what it loads; `runs` only where the schedule starts one just then."""
    from aos_cli import home
    from aos_cli.processes import environment
    from aos_cli.supervise import control_plane

    supervisor = subprocess.Popen(
        [sys.executable, "-m", "aos_cli.main", "up"], env=environment(settings), cwd=settings.home,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while (status := home.read_status(settings)) is None:
            assert supervisor.poll() is None, "aos up ended"
            time.sleep(0.5)
        time.sleep(SETTLED)
        used: Counter[str] = Counter({"supervisor": psutil.Process(supervisor.pid).memory_full_info().pss})
        roots = {psutil.Process(one["pid"]): name for name, one in status.items() if isinstance(one, dict)}
        server = control_plane(settings).process()
        for root, name in (roots | {server: "postgres"}).items():
            used[name] += root.memory_full_info().pss
            for child in root.children(recursive=True):
                with suppress(psutil.NoSuchProcess):  # some live for moments
                    used[_kind(child, name)] += child.memory_full_info().pss
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(120)
    return {name: round(value / 2**20) for name, value in used.items()} | {"total": round(used.total() / 2**20)}


def _kind(process: psutil.Process, started_by: str) -> str:
    words = " ".join(process.cmdline())
    return "code servers" if "grpc" in words else "runs" if "multiprocessing" in words else started_by


if __name__ == "__main__":
    main()
