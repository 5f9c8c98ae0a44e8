"""What a workspace of the demo came to, as one JSON object: rows, both balances, figures, what was joined, seconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb

from aos_api.reads.balances import balances_of_mappings
from aos_core.compiling import literal
from aos_resources.database import Transaction
from aos_resources.world import Work, World

_SYNCS = """
select distinct on (c.name, s.name) c.name as connection, s.name as stream, y.read, y.landed, y.unchanged, y.rejected
from aos.sync_streams y join aos.streams s on s.id = y.stream_id join aos.connections c on c.id = s.connection_id
order by c.name, s.name, y.seq desc
"""
_SHARES = ("landed", "canonical", "quarantined", "held", "unmapped", "duplicate", "cell_issues")


def report(world: World, slug: str) -> dict[str, Any]:
    """Rows by entity, how many of them several connections tell of, the last reading of each stream, each mapping's balance,
    what waits, and every figure by a plain name."""
    work = world.of(world.database.tenant(slug))
    with work.database.transaction() as transaction:
        syncs = [dict(row) for row in transaction.all(_SYNCS)]
        mappings = [
            {"stream": one["stream"], "entity": one["entity"]} | {name: one["balance"][name] for name in _SHARES}
            for one in balances_of_mappings(transaction)
        ]
        version = transaction.one("version", "select v.* from aos.warehouses w join aos.versions v on v.id = w.current")
        stages = transaction.all(
            "select stage, round(sum(extract(epoch from ended_at - started_at)), 3) as seconds from aos.runs"
            " where ended_at is not null group by stage"
        )
        events = _event_files(transaction, work)
        labels = {row["name"]: row["note"] for row in transaction.all("select name, note from aos.connections order by name")}
        waiting = transaction.one("count", "select count(*) as open from aos.proposals where state = 'open'")["open"]
    entities = {one.name: version["tables"][f"unified/{one.plural}"]["rows"] for one in work.ontology.entities}
    with duckdb.connect(str(work.lake.absolute(version["path"])), read_only=True) as connection:
        figures = _metrics(connection)
        joined = {one.name: _joined(connection, one.name) for one in work.ontology.entities}
        if slug == "demo":
            figures |= _demo_figures(connection, work, events, mappings)
    unbalanced = sum(one["read"] != one["landed"] + one["unchanged"] + one["rejected"] for one in syncs)
    unbalanced += sum(one["landed"] != sum(one[name] for name in _SHARES[1:-1]) for one in mappings)
    return {
        "connections": labels,
        "entities": entities,
        "joined": joined,
        "waiting": waiting,
        "syncs": syncs,
        "mappings": mappings,
        "figures": {name: plain(value) for name, value in (figures | {"unbalanced": unbalanced}).items()},
        "seconds": {row["stage"]: float(row["seconds"]) for row in stages},
    }


def plain(value: Decimal | int | None) -> str | None:
    """A decimal as people write it: no exponent, no trailing zeros."""
    if value is None:
        return None
    written = f"{Decimal(value):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _joined(connection: duckdb.DuckDBPyConnection, entity: str) -> int:
    """Things of which more than one connection tells."""
    told = f"select entity_id from identities.{entity} where live group by 1 having count(distinct connection) > 1"
    return int(connection.execute(f"select count(*) from ({told})").fetchall()[0][0])


def _metrics(connection: duckdb.DuckDBPyConnection) -> dict[str, Decimal | int | None]:
    rows = connection.execute(
        "select metric, currency, value, count(*) over (partition by metric) as currencies from metrics.metric_values"
    ).fetchall()
    return {metric if currencies == 1 else f"{metric}_{currency}".lower(): value for metric, currency, value, currencies in rows}


def _event_files(transaction: Transaction, work: Work) -> dict[str, list[str]]:
    rows = transaction.all(
        "select b.entity, b.path from aos.event_batches b join aos.mappings m on m.id = b.mapping_id where m.state = 'active'"
    )
    landings = transaction.all("select l.path, s.name from aos.landings l join aos.streams s on s.id = l.stream_id")
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["entity"], []).append(str(work.lake.absolute(row["path"])))
    for row in landings:
        found.setdefault(f"raw {row['name']}", []).append(str(work.lake.absolute(row["path"])))
    return found


def _demo_figures(
    connection: duckdb.DuckDBPyConnection, work: Work, files: dict[str, list[str]], mappings: list[dict[str, Any]]
) -> dict[str, Decimal | int | None]:
    """Figures of this data set alone: that its misspelled product, its scaled revenue and its partial records come out."""

    def one(statement: str) -> Any:
        return connection.execute(statement).fetchall()[0][0]

    def read(name: str) -> str:
        return f"read_parquet([{', '.join(map(literal, files[name]))}], filename = true, file_row_number = true)"

    product = [field.name for field in work.ontology.entity("opportunity").values].index("product") + 1
    place = f"o._events[coalesce(o._from[{product}], 1)]"
    resources = next(one for one in mappings if one["entity"] == "cloud_resource")
    lost = (
        "select count(distinct r.resource_id) from unified.cloud_resources r join {events} e on e.entity_key = r.resource_id_source"
        " where e.op = 'u' and r.{field} is null and e.{field} is not null"
    )
    return {
        "opportunities_gtx_pro": one("select count(*) from unified.opportunities where product = 'GTX Pro'"),
        "opportunities_gtxpro_counted_as_gtx_pro": one(
            f"select count(*) from unified.opportunities o join {read('raw sales_pipeline')} r on r.filename like '%' || {place}.landing || '%'"
            f" and r.file_row_number = {place}.row where o.product = 'GTX Pro' and r.product = 'GTXPro'"
        ),
        "acme_corporation_revenue": one("select revenue from unified.accounts where name = 'Acme Corporation'"),
        "cloud_resource_rows_unmapped": resources["unmapped"],
        "cloud_resource_zones_lost": one(lost.format(events=read("cloud_resource"), field="availability_zone")),
        "cloud_resource_types_lost": one(lost.format(events=read("cloud_resource"), field="resource_type")),
        "cost_report_cells_saying_null": one(
            "select count(*) from unified.cost_reports c where 'NULL' in (c.availability_zone, c.resource_type, c.tags, c.service, c.region,"
            " c.usage_unit, c.resource_id_source) or c.extras like '%:\"NULL\"%'"
        ),
    }
