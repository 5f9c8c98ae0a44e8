"""One changed row of a large Postgres table, by its cursor, on its way to the published view, beside a rebuild.

    python -m benchmarks.increment --rows 1000000

In process, dbt and identities included. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

import psycopg

from benchmarks.stage import connect, decide, installation, peak, tenant, timed

TABLE = """
create table deals as select i::bigint as deal_id, (array['Won','Lost','Open'])[i % 3 + 1] as state, round(i * 1.37, 2) as worth,
  'company ' || i % 5000 as company, date '2020-01-01' + (i % 1500)::int as close_date, 'agent ' || i % 300 as owner,
  'product ' || i % 40 as product, 'lead ' || i % 7 as lead_source, 'step ' || i % 9 as next_step, 'text of deal ' || i as description,
  i % 36 as contract_term, (i % 100) / 100.0 as probability, round(i * .11, 2) as mrr, round(i * 1.32, 2) as arr, 'type ' || i % 4 as type,
  timestamp '2020-01-01' + make_interval(secs => i) as created_at, timestamp '2021-01-01' + make_interval(secs => i) as updated_at,
  'competitor ' || i % 11 as competitors, 'EUR' as currency, 'note ' || i as note
from generate_series(0, {rows} - 1) as t(i);
alter table deals add primary key (deal_id);
create index on deals (updated_at);
"""
TIMES = 5


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"rows": given.rows} | measure(Path(folder), given.rows)))


def measure(folder: Path, rows: int) -> dict[str, float]:
    from aos_assets.steps.events import build_events
    from aos_assets.steps.land import sync_connection
    from aos_assets.steps.publish import refresh
    from aos_resources.embedded import Cluster

    cluster = Cluster(folder / "source")
    (folder / "source").mkdir()
    try:
        with psycopg.connect(cluster.start(), autocommit=True) as source, installation(folder) as world:
            work = tenant(world)
            source.execute(TABLE.format(rows=rows))
            address = source.info
            config = {"host": address.host, "port": address.port, "database": address.dbname, "user": address.user,
                      "tables": ["deals"], "cursors": {"deals": "updated_at"}}  # fmt: skip
            connection = connect(work, "postgres", config, address.password)
            measured: dict[str, float] = {}
            with timed(measured, "first_sync"):
                sync_connection(work, connection)
            decide(work)
            with timed(measured, "events"):
                build_events(work, "opportunity")
            with timed(measured, "rebuild"):
                refresh(work)
            with timed(measured, "nothing_new"):
                sync_connection(work, connection)
                refresh(work)
            found = [one_row(work, connection, source, n) for n in range(TIMES)]
            for name in found[0]:
                measured[name] = round(statistics.median(one[name] for one in found), 3)
    finally:
        cluster.stop()
    total = sum(measured[f"cpu_one_{stage}"] for stage in ("sync", "events", "publish"))
    return measured | {
        "cpu_one_row": round(total, 3),
        "rebuild_by_one_row": round(measured["cpu_rebuild"] / total, 1),
        "first_by_nothing_new": round(measured["cpu_first_sync"] / measured["cpu_nothing_new"], 1),
        "peak_mb": peak(),
    }


def one_row(work: object, connection: object, source: psycopg.Connection, n: int) -> dict[str, float]:
    from aos_assets.steps.events import build_events
    from aos_assets.steps.land import sync_connection
    from aos_assets.steps.publish import refresh

    source.execute("update deals set worth = %s, updated_at = now() + make_interval(secs => %s) where deal_id = %s", (n, n, 17 + 1000 * n))
    measured: dict[str, float] = {}
    with timed(measured, "one_sync"):
        sync = sync_connection(work, connection)  # type: ignore[arg-type]
    assert [(one.landed, one.deleted) for one in sync.streams] == [(1, 0)], sync
    with timed(measured, "one_events"):
        build_events(work, "opportunity")  # type: ignore[arg-type]
    with timed(measured, "one_publish"):
        version = refresh(work)  # type: ignore[arg-type]
    assert version.fresh
    return measured


if __name__ == "__main__":
    main()
