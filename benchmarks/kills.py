"""kill -9 at random points of a sync on its way to the published view: what is lost, what is doubled, what lands out of order.

    python -m benchmarks.kills --rows 50000 --kills 200 --source postgres

Two tenants read the same file, or the same table with a primary key in ten slices; all of its rows change before each round,
some go and some come. One's worker is killed in a chosen stage (before, while and after each slice is listed too), after a
random share of its time, and the next refresh finishes what it left; the other's is never killed. After every round their
tables must be equal, and what landed of each key, in its order. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.nursery import Nursery
from benchmarks.stage import connect, decide, installation, tenant

SLICES = 10
# Columns of the deals of round n: every row is another one than before; some are gone, some are new, some cannot be accepted.
DEALS = """
select i + {n} % 7 as deal_id, (array['Won','Lost','Open'])[(i + {n}) % 3 + 1] as state,
  case when (i + {n}) % 97 = 0 then 'plenty' else cast(cast(i * 1.25 + {n} as decimal(18,2)) as varchar) end as worth,
  'company ' || i % 500 as company, 'EUR' as currency from {numbers} where (i * 7919 + {n}) % 89 <> 0
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=50_000)
    asked.add_argument("--kills", type=int, default=200)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--source", choices=tuple(SOURCES), default="files")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), given.source, given.rows, given.kills, given.seed)))


@dataclass(frozen=True)
class Deals:
    """A source of deals; `write` makes them those of a round, all at once."""

    config: dict[str, Any]
    secret: str | None
    write: Callable[[int], None]


def measure(folder: Path, source: str, rows: int, kills: int, seed: int, slices: int = SLICES, aims: Callable[[str], bool] = lambda stage: True) -> dict[str, Any]:
    """Kills per stage and what was found wrong: `unequal` and `lost_or_doubled` are rounds, `reordered` keys.

    Args:
        aims: which stages to kill in; all where it is not said.
    """
    from aos_assets.steps.stages import refresh_tenant

    chance, slice_rows = random.Random(seed), -(-rows // slices)
    (folder / "files").mkdir()
    cut_into_slices(slice_rows)
    with installation(folder) as world, SOURCES[source](folder, rows) as deals:
        calm, struck = tenant(world, "calm"), tenant(world, "struck")
        deals.write(0)
        for work in (calm, struck):
            connect(work, source, deals.config, deals.secret)
            for _ in refresh_tenant(work, "first"):
                pass
            decide(work)
            for _ in refresh_tenant(work, "first"):
                pass
        with Nursery(calm.settings, struck.tenant.slug, slice_rows) as nursery:
            deals.write(1)
            lasting = nursery.whole()
            for _ in refresh_tenant(calm, "calm"):
                pass
            hit, unequal, wrong, reordered = dict.fromkeys(lasting, 0), 0, 0, 0
            for n in count(2):
                if sum(hit.values()) == kills:
                    break
                deals.write(n)
                before = [last_landing(work) for work in (calm, struck)]
                stage = nursery.strike(min(filter(aims, lasting), key=lambda one: hit[one]), chance, lasting)
                if stage is not None:
                    hit[stage] += 1
                with struck.database.transaction() as transaction:  # what time does for a worker that was killed
                    transaction.run("update aos.leases set held_until = now() - interval '1 second'")
                for work in (calm, struck):
                    for _ in refresh_tenant(work, "resumed"):
                        pass
                unequal += content(calm) != content(struck)
                wrong += counted(calm) != counted(struck)
                reordered += told_otherwise((calm, struck), before)
                found = {"source": source, "rows": rows, "kills": sum(hit.values()), "hit": hit, "unequal": unequal, "lost_or_doubled": wrong, "reordered": reordered}
                print(json.dumps(found), file=sys.stderr)
    return found


def cut_into_slices(rows: int) -> None:
    """In this process, tables are read in slices of so many rows."""
    from aos_resources.connectors import CONNECTORS, postgres

    def make(*given: Any) -> Any:
        made: Any = postgres.KIND.make(*given)
        made.slice_rows = rows
        return made

    CONNECTORS["postgres"] = replace(postgres.KIND, make=make)


@contextmanager
def file_of_deals(folder: Path, rows: int) -> Iterator[Deals]:
    def write(n: int) -> None:
        duckdb.execute(f"copy ({DEALS.format(n=n, numbers=f'range({rows}) t(i)')}) to '{folder}/files/deals.new' (format csv, header)")
        (folder / "files" / "deals.new").replace(folder / "files" / "deals.csv")

    yield Deals({"folder": str(folder / "files")}, None, write)


@contextmanager
def table_of_deals(folder: Path, rows: int) -> Iterator[Deals]:
    import psycopg

    from aos_resources.embedded import Cluster

    cluster = Cluster(folder / "source")
    try:
        with psycopg.connect(cluster.start(), autocommit=True) as source:
            source.execute("create table deals (deal_id bigint primary key, state text, worth text, company text, currency text)")

            def write(n: int) -> None:
                with source.transaction():
                    source.execute("truncate deals")
                    source.execute(f"insert into deals {DEALS.format(n=n, numbers=f'generate_series(0, {rows} - 1) t(i)')}".encode())

            at = source.info
            yield Deals({"host": at.host, "port": at.port, "database": at.dbname, "user": at.user, "tables": ["deals"]}, at.password, write)
    finally:
        cluster.stop()


SOURCES = {"files": file_of_deals, "postgres": table_of_deals}


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


def last_landing(work: Any) -> int:
    with work.database.transaction() as transaction:
        return int(transaction.one("seq", "select max(seq) as seq from aos.landings")["seq"])


def told_otherwise(works: tuple[Any, Any], since: list[int]) -> int:
    """Keys of which not the same landed in the same order in both tenants, after those numbers."""
    with duckdb.connect() as connection:
        for name, work, seq in zip(("one", "other"), works, since, strict=True):
            with work.database.transaction() as transaction:
                paths = [work.lake.absolute(row["path"]) for row in transaction.all("select path from aos.landings where seq > :seq order by seq", seq=seq)]
            each = " union all ".join(
                f"select {place} as place, file_row_number as row, _key, _op, _hash from read_parquet('{path}', file_row_number = true)" for place, path in enumerate(paths)
            )
            connection.execute(f"create temp table {name} as select _key, string_agg(_op || coalesce(_hash::varchar, ''), ',' order by place, row) as told from ({each}) group by _key")
        return int(connection.execute("select count(*) from one full join other using (_key) where one.told is distinct from other.told").fetchall()[0][0])


if __name__ == "__main__":
    main()
