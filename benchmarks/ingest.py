"""CPU, wall and peak memory of a CSV on its way to a published view, beside a bare DuckDB load of the same file.

    python -m benchmarks.ingest --rows 1000000

Each side runs in a process of its own, so that the peaks are its own. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

ROW = """
select i as deal_id, ['Won','Lost','Open'][i % 3 + 1] as state, round(i * 1.37, 2) as worth, 'company ' || i % 5000 as company,
  date '2020-01-01' + (i % 1500)::int as close_date, 'agent ' || i % 300 as owner, 'product ' || i % 40 as product,
  'lead ' || i % 7 as lead_source, 'step ' || i % 9 as next_step, 'text of deal ' || i as description, i % 36 as contract_term,
  (i % 100) / 100.0 as probability, round(i * .11, 2) as mrr, round(i * 1.32, 2) as arr, 'type ' || i % 4 as type,
  timestamp '2020-01-01' + to_seconds(i) as created_at, timestamp '2021-01-01' + to_seconds(i) as updated_at,
  'competitor ' || i % 11 as competitors, 'EUR' as currency, 'note ' || i as note
from range({rows}) t(i)
"""
DECISION = {
    "stream": "crm/deals",
    "entity": "opportunity",
    "key": "deal_id",
    "fields": {
        "status": {"from": "state", "values": {"Won": "won", "Lost": "lost", "Open": "open"}},
        "amount": "worth",
        "account_name": "company",
    },
}


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
        duckdb.execute(f"copy ({ROW.format(rows=given.rows)}) to '{folder}/files/deals.csv'")
        found = {"rows": given.rows} | {side: _apart(side, Path(folder)) for side in ("bare", "ours")}
    found["cpu_ratio_to_canonical"] = round(sum(found["ours"][f"cpu_{one}"] for one in ("land", "map", "events")) / found["bare"]["cpu_load"], 2)
    found["cpu_ratio_to_published"] = round(found["ours"]["cpu_total"] / found["bare"]["cpu_load"], 2)
    print(json.dumps(found))


def bare(folder: Path) -> dict[str, float]:
    measured: dict[str, float] = {}
    with duckdb.connect(str(folder / "bare.duckdb"), config={"threads": 2, "memory_limit": "1GB"}) as connection, timed(measured, "load"):
        connection.execute(f"create table deals as select * from read_csv('{folder}/files/deals.csv')")
    return measured | {"peak_mb": peak()}


def ours(folder: Path) -> dict[str, float]:
    """The product's own steps, its Postgres included; Postgres's own CPU is not in the figure."""
    from aos_assets.steps import dbt
    from aos_assets.steps.events import build_events
    from aos_assets.steps.land import sync_connection
    from aos_assets.steps.map import suggest_mappings
    from aos_assets.steps.publish import refresh
    from aos_resources.database import as_json
    from aos_resources.decisions import state_decision
    from aos_resources.embedded import Cluster
    from aos_resources.migrate import prepare
    from aos_resources.people import create_tenant
    from aos_resources.settings import Settings
    from aos_resources.world import open_world

    settings = Settings(home=folder / "home", file_roots=str(folder / "files"))
    cluster = Cluster(settings.home / "postgres")
    settings.home.mkdir()
    prepare(settings, cluster.start())
    try:
        world = open_world(settings)
        work = world.of(create_tenant(world.database, "bench", "Benchmark"))
        dbt.nodes_fingerprint(settings.home / "dbt")
        with work.database.transaction() as transaction:
            row = transaction.one(
                "connection",
                "insert into aos.connections (id, name, source, config) values (gen_random_uuid(), 'crm', 'files', cast(:c as jsonb)) returning id",
                c=as_json({"folder": str(folder / "files")}),
            )
        idle, measured = peak(), dict[str, float]()
        started = time.process_time()
        with timed(measured, "land"):
            sync_connection(work, row["id"])
        with timed(measured, "map"):
            suggest_mappings(work)
            with work.database.transaction() as transaction:
                state_decision(transaction, work.ontology, DECISION, "bench@example.com")
            suggest_mappings(work)
        with timed(measured, "events"):
            (batch,) = build_events(work, "opportunity")
        with timed(measured, "publish"):
            version = refresh(work)
        assert batch.canonical == version.tables["unified/opportunities"]["rows"]
        measured["cpu_total"] = round(time.process_time() - started, 2)
        with timed(measured, "again"):
            sync_connection(work, row["id"])
        world.database.close()
        return measured | {"peak_mb": peak(), "idle_mb": idle}
    finally:
        cluster.stop()


def _apart(side: str, folder: Path) -> Any:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.ingest", "--side", side, "--folder", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


@contextmanager
def timed(measured: dict[str, float], name: str) -> Iterator[None]:
    cpu, wall = time.process_time(), time.monotonic()
    yield
    measured[f"cpu_{name}"], measured[f"wall_{name}"] = round(time.process_time() - cpu, 2), round(time.monotonic() - wall, 2)


def peak() -> float:
    """Of this process so far, in MB (Linux counts in kB)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
