"""Canonical events: every landing of a stream through each of its mappings, once, with what was not accepted beside.

A landing and a mapping version make one batch, listed with its balance in one transaction; a replay makes the same
event ids. Nothing here decides what is latest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import duckdb

from aos_assets.steps.leases import Lease, holding
from aos_core.compiling import compile_mapping, literal, quoted
from aos_core.mapping import Mapping, read_mapping
from aos_core.ontology import Entity
from aos_resources.database import Transaction
from aos_resources.landed import OURS
from aos_resources.parquet import copy_to, rows_in
from aos_resources.world import Work

_VERDICTS = ("canonical", "quarantined", "unmapped", "duplicate", "deleted")


@dataclass(frozen=True)
class Batch:
    """What one landing became through one mapping version; `landed` is the landing's own count."""

    stream: str
    entity: str
    landed: int
    canonical: int
    quarantined: int
    unmapped: int
    duplicate: int
    deleted: int
    cell_issues: int

    @property
    def balanced(self) -> bool:
        return self.landed == self.canonical + self.quarantined + self.unmapped + self.duplicate


@dataclass(frozen=True)
class _Due:
    mapping_id: UUID
    mapping: Mapping
    landing_id: UUID
    part: str
    path: Path
    rows: int
    seq: int
    landed_at: datetime


def build_events(work: Work, entity_name: str) -> tuple[Batch, ...]:
    """Builds every batch of an entity that is due: a landing that an active mapping has not seen yet.

    Raises:
        TryAgain: another worker builds this entity's.
    """
    entity = work.ontology.entity(entity_name)
    if not _due(work, entity):
        return ()
    with holding(work.database, f"events:{entity.name}", str(uuid4())) as lease:
        return tuple(_build(work, entity, due, lease) for due in _due(work, entity))


def due_entities(work: Work) -> set[str]:
    """Names of the entities that `build_events` would find something for."""
    with work.database.transaction() as transaction:
        rows = transaction.all(
            "select distinct m.entity from aos.mappings m join aos.landings l on l.stream_id = m.stream_id where m.state = 'active'"
            " and not exists (select 1 from aos.event_batches b where b.mapping_id = m.id and b.landing_id = l.id)"
        )
    return {row["entity"] for row in rows}


def _due(work: Work, entity: Entity) -> list[_Due]:
    with work.database.transaction() as transaction:
        rows = transaction.all(
            "select m.id as mapping_id, m.document, l.id, l.part, l.path, l.rows, l.seq, l.landed_at"
            " from aos.mappings m join aos.landings l on l.stream_id = m.stream_id"
            " where m.entity = :entity and m.state = 'active' and not exists"
            " (select 1 from aos.event_batches b where b.mapping_id = m.id and b.landing_id = l.id) order by l.seq, l.id",
            entity=entity.name,
        )
    return [
        _Due(
            row["mapping_id"], read_mapping(row["document"], work.ontology), row["id"], row["part"],
            work.lake.absolute(row["path"]), row["rows"], row["seq"], row["landed_at"],
        )
        for row in rows
    ]  # fmt: skip


def _build(work: Work, entity: Entity, due: _Due, lease: Lease) -> Batch:
    batch_id = uuid4()
    with work.lake.duckdb() as (connection, _):
        _map(connection, entity, due)
        events = _write_events(work, connection, entity, due, batch_id)
        counts, issues = _count(connection, due, events)
        lists = {
            "row": _write_reasons(work, connection, entity, due, batch_id, "row") if counts["quarantined"] else None,
            "cell": _write_reasons(work, connection, entity, due, batch_id, "cell") if issues else None,
        }
    with work.database.transaction() as transaction:
        seq = transaction.next_seq()
        lease.prove(transaction)
        _list(transaction, work, entity, due, batch_id, events, rows_in(events), counts, issues, seq)
        _list_reasons(transaction, work, due, batch_id, lists, {"row": counts["quarantined"], "cell": issues})
    return Batch(due.mapping.stream, entity.name, due.rows, cell_issues=issues, **counts)


def _map(connection: duckdb.DuckDBPyConnection, entity: Entity, due: _Due) -> None:
    """View `mapped`: a row per landed row. A column that this landing lacks reads as absent."""
    raw = f"read_parquet({literal(str(due.path))}, file_row_number = true)"
    names = [str(row[0]) for row in connection.execute(f"describe select * from {raw}").fetchall()]
    columns = tuple(name for name in names if name not in (*OURS, "file_row_number"))
    wanted = {one.source for _, one in due.mapping.fields if one.source} | {due.mapping.key} | {name for name, _ in due.mapping.types}
    lacking = tuple(sorted(wanted - set(columns)))
    nothing = "".join(f", null::varchar as {quoted(name)}" for name in lacking)
    connection.execute(f"create view raw as select *, file_row_number as _row{nothing} from {raw}")
    connection.execute(f"create view mapped as {compile_mapping(due.mapping, entity, columns + lacking).sql}")


def _count(connection: duckdb.DuckDBPyConnection, due: _Due, events: Path) -> tuple[dict[str, int], int]:
    """Rows by what became of them, each counted where it stands, and issues of cells.

    What is not among the events is looked for only where rows of the landing are missing there.
    """
    file = literal(str(events))
    said, gone, issues = connection.execute(
        f"select count(*) filter (op = 'u'), count(*) filter (op = 'd'), coalesce(sum(issues), 0)::bigint from read_parquet({file})"
    ).fetchall()[0]
    deleted = int(connection.execute("select count(*) from raw where _op = 'd'").fetchall()[0][0])
    counts = dict.fromkeys(_VERDICTS, 0) | {"canonical": int(said), "deleted": deleted, "unmapped": int(gone) - deleted}
    if counts["canonical"] + counts["unmapped"] != due.rows:
        others = connection.execute("select _verdict, count(*) from mapped where _verdict in ('quarantined', 'unmapped', 'duplicate') group by 1").fetchall()
        for verdict, rows in others:
            counts[verdict] += int(rows)
    return counts, int(issues)


def _event_base(work: Work, entity: Entity, due: _Due) -> int:
    """Ids of a batch's events begin alike, with 80 bits of a hash of what it is made of, and end with the landed row: a replay gives the same."""
    said = f"{work.tenant.id}/{due.landing_id}/{entity.name}/{due.mapping_id}"
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:10]) << 48


def _write_events(work: Work, connection: duckdb.DuckDBPyConnection, entity: Entity, due: _Due, batch_id: UUID) -> Path:
    fields = ", ".join(quoted(field.name) for field in entity.values)
    folder, name = work.lake.events(entity.name), f"{batch_id}.parquet"
    with work.lake.writing(folder, name) as temporary:
        copy_to(
            connection,
            f"select ({_event_base(work, entity, due)}::uhugeint + _row::uhugeint)::uuid as event_id, {due.seq}::bigint as seq,"
            f" case when _verdict = 'canonical' then 'u' else 'd' end as op, {literal(due.landed_at.isoformat())}::timestamptz as observed_at,"
            f" {literal(str(due.landing_id))}::uuid as landing, _row as row, {literal(str(due.mapping_id))}::uuid as mapping,"
            f" {literal(due.part)} || ':' || _key as source_key, entity_key, {fields}, extras,"
            " case when _verdict = 'canonical' then len(_issues) else 0 end as issues from mapped"
            " where _verdict in ('canonical', 'deleted', 'withdrawn')",
            temporary,
        )
    return folder / name


def _write_reasons(work: Work, connection: duckdb.DuckDBPyConnection, entity: Entity, due: _Due, batch_id: UUID, kind: str) -> Path:
    """What was not accepted, with field, value and reason. The row itself stays where it landed."""
    chosen = ("_reasons", "_verdict = 'quarantined'") if kind == "row" else ("_issues", "_verdict = 'canonical' and len(_issues) > 0")
    folder, name = work.lake.quarantine(entity.name), f"{batch_id}-{kind}.parquet"
    with work.lake.writing(folder, name) as temporary:
        copy_to(
            connection,
            f"select {literal(str(due.landing_id))}::uuid as landing, _row as row, {literal(str(due.mapping_id))}::uuid as mapping,"
            f" {due.seq}::bigint as seq, {literal(due.part)} || ':' || _key as source_key, {chosen[0]} as reasons from mapped"
            f" where {chosen[1]} order by _row",
            temporary,
        )
    return folder / name


def _list(
    transaction: Transaction, work: Work, entity: Entity, due: _Due, batch_id: UUID, path: Path, rows: int,
    counts: dict[str, int], issues: int, seq: int,
) -> None:  # fmt: skip
    transaction.run(
        "insert into aos.event_batches (id, mapping_id, landing_id, entity, path, rows, seq_from, seq_to, landed, canonical,"
        " quarantined, held, unmapped, duplicate, deleted, cell_issues, seq) values (:id, :mapping, :landing, :entity, :path, :rows,"
        " :at, :at, :landed, :canonical, :quarantined, 0, :unmapped, :duplicate, :deleted, :issues, :seq)",
        id=batch_id, mapping=due.mapping_id, landing=due.landing_id, entity=entity.name, path=work.lake.relative(path), rows=rows,
        at=due.seq, landed=due.rows, issues=issues, seq=seq, **counts,
    )  # fmt: skip


def _list_reasons(
    transaction: Transaction, work: Work, due: _Due, batch_id: UUID, lists: dict[str, Path | None], rows: dict[str, int]
) -> None:
    transaction.each(
        "insert into aos.quarantine_lists (id, batch_id, mapping_id, kind, path, rows, seq)"
        " values (:id, :batch, :mapping, :kind, :path, :rows, :seq)",
        [
            {
                "id": uuid4(), "batch": batch_id, "mapping": due.mapping_id, "kind": kind, "path": work.lake.relative(path),
                "rows": rows[kind], "seq": due.seq,
            }
            for kind, path in lists.items()
            if path is not None
        ],
    )  # fmt: skip
