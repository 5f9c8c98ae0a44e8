"""CPU, wall and peak memory of a CSV on its way to a published view, beside what others use for the same file.

    python -m benchmarks.ingest --rows 1000000

Each side runs in a process of its own, so that the peaks are its own: a bare DuckDB load, our own steps, and the
sides of `benchmarks.peers`. Our CPU counts Postgres's too. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import peers
from benchmarks.stage import DEALS, connect, cpu_of_postgres, decide, installation, peak, tenant, timed


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--side", choices=("ours", "bare"), help=argparse.SUPPRESS)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.side:
        print(json.dumps(ours(given.folder) if given.side == "ours" else bare(given.folder)))
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "files").mkdir()
        duckdb.execute(f"copy ({DEALS.format(rows=given.rows)}) to '{folder}/files/deals.csv'")
        found = {"rows": given.rows} | {side: _apart(side, Path(folder)) for side in ("bare", "ours")} | peers.measure(Path(folder), given.rows)
    load, path = found["bare"]["cpu_load"], found["ours"]
    found["cpu_ratio_to_canonical"] = round(sum(path[f"cpu_{one}"] for one in ("land", "map", "events")) / load, 2)
    found["cpu_ratio_to_published"] = round(path["cpu_total"] / load, 2)
    found |= {f"cpu_ratio_{side}": round(found[side]["cpu_scaled"] / load, 2) for side in peers.SIDES}
    print(json.dumps(found))


def bare(folder: Path) -> dict[str, float]:
    measured: dict[str, float] = {}
    with duckdb.connect(str(folder / "bare.duckdb"), config={"threads": 2, "memory_limit": "1GB"}) as connection, timed(measured, "load"):
        connection.execute(f"create table deals as select * from read_csv('{folder}/files/deals.csv')")
    return measured | {"peak_mb": peak()}


def ours(folder: Path) -> dict[str, float]:
    """The product's own steps; `cpu_total` is of this process and of its Postgres, which is told apart too."""
    from aos_assets.steps.events import build_events
    from aos_assets.steps.land import sync_connection
    from aos_assets.steps.publish import refresh

    with installation(folder) as world:
        work = tenant(world)
        connection = connect(work, "files", {"folder": str(folder / "files")})
        idle, measured = peak(), dict[str, float]()
        started, server = time.process_time(), cpu_of_postgres(world.settings)
        with timed(measured, "land"):
            sync_connection(work, connection)
        with timed(measured, "map"):
            decide(work)
        with timed(measured, "events"):
            (batch,) = build_events(work, "opportunity")
        with timed(measured, "publish"):
            version = refresh(work)
        assert batch.canonical == version.tables["unified/opportunities"]["rows"]
        measured["cpu_postgres"] = round(cpu_of_postgres(world.settings) - server, 2)
        measured["cpu_total"] = round(time.process_time() - started + measured["cpu_postgres"], 2)
        with timed(measured, "again"):
            sync_connection(work, connection)
        return measured | {"peak_mb": peak(), "idle_mb": idle}


def _apart(side: str, folder: Path) -> Any:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest", "--side", side, "--folder", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
