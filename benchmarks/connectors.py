"""Each connector, alone and while its rows land, beside the plain client that people use for the same source.

    python -m benchmarks.connectors --rows 1000000 --only postgres,files

Per source: rows a second of each plain client (what it does is said in `benchmarks.plain_clients`), of our connector alone, of a
landing, which is a first sync without its discovery (a plain client is told what to read), of that sync as a whole, and of one
that finds nothing new. To reach: landing at .6 of the plain client, with at most 400 MB. Each side
runs in a process of its own, in turns, and the best of each counts: others may use the machine too. CPU is the best turn's, and
of the landing also its Postgres's. pymongoarrow wants an older pyarrow than ours: pip install --target FOLDER pymongoarrow, and
--pymongoarrow FOLDER. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import importlib.abc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.plain_clients import SOURCES, Served
from benchmarks.stage import bare_installation, connect, cpu_of_postgres, peak, tenant, timed

Measured = dict[str, float]
TO_REACH, MOST_MB = 0.6, 400


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--only", default=",".join(SOURCES), help="sources, with commas between")
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--pymongoarrow", help="a folder that it is installed in; without one, MongoDB's bar is pymongo's raw batches")
    asked.add_argument("--side", help=argparse.SUPPRESS)
    asked.add_argument("--served", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.side:
        served = Served(**json.loads(given.served))
        print(json.dumps(one_side(given.only, given.side, served)))
        return
    found = {}
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measure(name, Path(folder), given.rows, given.rounds, given.pymongoarrow)
        print(name, json.dumps(found[name]), file=sys.stderr)
    print(json.dumps({"rows": given.rows, "rounds": given.rounds, "load": round(os.getloadavg()[1], 1)} | found))


def measure(name: str, folder: Path, rows: int, rounds: int, pymongoarrow: str | None = None) -> dict[str, Any]:
    """`of_<client>`: how the landing stands beside it; `sync_of_<client>`: how all of the sync; `alone_of_<client>`: how the connector."""
    source = SOURCES[name]
    clients = [one for one in source.clients if pymongoarrow or not one.startswith("pymongoarrow")]
    turns: dict[str, list[Measured]] = {side: [] for side in (*clients, "connector", "landing")}
    with source.serving(folder, rows) as served:
        for _ in range(rounds):
            for side, measured in turns.items():
                measured.append(apart(name, side, served, pymongoarrow))
    best = {side: min(measured, key=lambda one: one["wall"]) for side, measured in turns.items()}
    best["landing"]["peak_mb"] = max(one["peak_mb"] for one in turns["landing"])
    found: dict[str, Any] = {side: one | {"rows_a_second": round(rows / one["wall"])} for side, one in best.items()}
    found["again"] = {"wall": (again := min(one.pop("wall_again") for one in turns["landing"])), "rows_a_second": round(rows / again)}
    for client in clients:
        found[f"alone_of_{client}"] = round(best[client]["wall"] / best["connector"]["wall"], 2)
        found[f"of_{client}"] = round(best[client]["wall"] / best["landing"]["wall"], 2)
        found[f"sync_of_{client}"] = round(best[client]["wall"] / best["landing"]["wall_sync"], 2)
    reached = found[f"of_{clients[0]}"] >= TO_REACH and best["landing"]["peak_mb"] <= MOST_MB
    return found | {"reached": reached}


def apart(name: str, side: str, served: Served, pymongoarrow: str | None) -> Measured:
    """One side in a process of its own."""
    first = ["env", f"PYTHONPATH={pymongoarrow}"] if pymongoarrow and side.startswith("pymongoarrow") else []
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.connectors", "--only", name, "--side", side, "--served", json.dumps(vars(served))]
    found: Measured = json.loads(subprocess.run([*first, *command], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])
    return found


def one_side(name: str, side: str, served: Served) -> Measured:
    if side in ("landing", "connector"):
        sys.meta_path.insert(0, _NoPandas())
    if side == "landing":
        return landing(name, served)
    read = alone(name, served) if side == "connector" else SOURCES[name].clients[side](served)
    cpu, wall = time.process_time(), time.monotonic()
    rows = read()
    assert rows == served.rows, rows
    return {"wall": round(time.monotonic() - wall, 2), "cpu": round(time.process_time() - cpu, 2), "peak_mb": peak()}


class _NoPandas(importlib.abc.MetaPathFinder):
    """The product is installed without pandas, which is among what its tests need and which Arrow loads, in .3 s, wherever it is."""

    def find_spec(self, fullname: str, *_: Any) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def alone(name: str, served: Served) -> Any:
    """The stream from end to end, each batch let go of at once."""
    from aos_resources.connectors import connect as open_source
    from aos_resources.connectors.source import Doors
    from aos_resources.settings import Settings

    settings = Settings(home=Path(served.folder) / "nowhere", file_roots=served.folder, allowed_networks="localhost")
    secret = json.dumps(served.secret) if served.secret is not None else None
    connector = open_source(Doors(settings), name, served.config, secret)
    (stream,) = [one for one in connector.discover().streams if one.name == served.stream]
    return lambda: sum(batch.num_rows for part in connector.read(stream, None, {}) for batch in part.batches or ())


def landing(name: str, served: Served) -> Measured:
    """A first sync and another one, into an installation of its own."""
    from aos_assets.steps.land import sync_connection

    with tempfile.TemporaryDirectory() as folder:
        if served.folder:
            (Path(folder) / "files").symlink_to(served.folder)
        with bare_installation(Path(folder)) as world:
            work = tenant(world)
            connection = connect(work, name, served.config, served.secret)
            measured, before = {"idle_mb": peak()}, cpu_of_postgres(world.settings)
            with timed(measured, "sync"), discovery_timed(name, measured):
                (first,) = sync_connection(work, connection).streams
            measured["cpu_postgres"] = round(cpu_of_postgres(world.settings) - before, 2)
            assert (first.read, first.landed, first.error) == (served.rows, served.rows, None), first
            measured |= {"wall": round(measured["wall_sync"] - measured["wall_discover"], 2), "cpu": measured.pop("cpu_sync")}
            measured.pop("cpu_discover")
            with timed(measured, "again"):
                (again,) = sync_connection(work, connection).streams
            assert (again.landed, again.deleted, again.error) == (0, 0, None), again
            measured.pop("cpu_again")
            return measured | {"peak_mb": peak()}


@contextmanager
def discovery_timed(name: str, measured: Measured) -> Iterator[None]:
    """Within a sync, as `wall_discover`: its first step, in which the source is asked what streams it has."""
    from aos_resources.connectors import CONNECTORS

    kind = CONNECTORS[name]

    def make(*given: Any) -> Any:
        connector = kind.make(*given)
        discover = connector.discover

        def found() -> Any:
            with timed(measured, "discover"):
                return discover()

        connector.discover = found
        return connector

    CONNECTORS[name] = replace(kind, make=make)
    try:
        yield
    finally:
        CONNECTORS[name] = kind


if __name__ == "__main__":
    main()
