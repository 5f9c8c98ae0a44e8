"""A tenant's next version: built in a work file from its events, published by compare-and-swap, or thrown away.

Readers see whole versions only. Whoever publishes second finds that the parent has moved and begins again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa

from aos_assets.steps import dbt
from aos_assets.steps.identities import identify
from aos_assets.steps.leases import Lease, holding
from aos_core.compiling import literal, quoted
from aos_core.errors import TryAgain
from aos_core.metrics import standard_metrics
from aos_core.ontology import Entity
from aos_resources.database import Transaction, as_json
from aos_resources.lake import sync_file, sync_folder
from aos_resources.world import Work

_FIELDS = {"entity": "varchar", "plural": "varchar", "field": "varchar", "position": "integer", "type": "varchar",
           "physical": "varchar", "unit": "varchar", "target": "varchar", "about": "varchar"}  # fmt: skip
_MAPPINGS = {"mapping": "uuid", "stream": "uuid", "connection": "uuid", "entity": "varchar", "partial": "boolean", "priority": "integer"}
_METRICS = {"position": "integer", "metric": "varchar", "label": "varchar", "entity": "varchar", "plural": "varchar", "measure": "varchar",
            "condition": "varchar", "by_currency": "boolean", "unit": "varchar", "definition": "varchar"}  # fmt: skip
# Raised by hand where the code that shapes views changes without its SQL changing.
_SHAPE = 1


@dataclass(frozen=True)
class Version:
    """A published version: its tables with row counts and columns. `fresh` is false where nothing was new."""

    id: UUID
    fresh: bool
    applied_seq: int
    tables: dict[str, dict[str, Any]]

    @property
    def things(self) -> dict[str, int]:
        """Living things by entity, counted apart from the views."""
        return {key.partition("/")[2]: int(one["things"]) for key, one in self.tables.items() if "things" in one}

    @property
    def dangling(self) -> dict[str, int]:
        """References that lead to nothing, by entity."""
        return {key.partition("/")[2]: int(one["dangling"]) for key, one in self.tables.items() if "dangling" in one}


@dataclass(frozen=True)
class _Inputs:
    """Everything a version is made of, as of one moment."""

    parent: UUID | None
    parent_path: Path | None
    applied_seq: int
    mappings: list[dict[str, Any]]
    events: dict[str, list[str]]
    quarantined: dict[str, list[str]]
    fingerprint: str


def refresh(work: Work, run_id: UUID | None = None) -> Version:
    """The current version, built anew where anything changed since.

    Raises:
        TryAgain: another worker publishes this tenant, or rows landed that are not events yet.
    """
    with holding(work.database, "publish", str(run_id or uuid4())) as lease:
        with work.database.transaction() as transaction:
            inputs = _inputs(transaction, work)
            standing = _standing(transaction, inputs)
        if standing is not None:
            return standing
        version_id = uuid4()
        file = work.lake.warehouse / f"{version_id}.work"
        work.lake.warehouse.mkdir(parents=True, exist_ok=True)
        try:
            tables, issued, redirected = _build(work, inputs, file)
            target = file.with_suffix(".duckdb")
            sync_file(file)
            file.rename(target)
            sync_folder(work.lake.warehouse)
            try:
                _publish(work, lease, inputs, version_id, target, tables, issued, redirected)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
        finally:
            for left in (file, file.with_name(file.name + ".wal")):
                left.unlink(missing_ok=True)
    return Version(version_id, True, inputs.applied_seq, tables)


def _inputs(transaction: Transaction, work: Work) -> _Inputs:
    waiting = transaction.one(
        "count",
        "select count(*) as n from aos.mappings m join aos.landings l on l.stream_id = m.stream_id where m.state = 'active'"
        " and not exists (select 1 from aos.event_batches b where b.mapping_id = m.id and b.landing_id = l.id)",
    )["n"]
    if waiting:
        raise TryAgain("Rows landed that are not events yet", culprit=f"{waiting} landings", fix="Materialize the events first.")
    parent = transaction.first(
        "select v.id, v.path from aos.warehouses w join aos.versions v on v.id = w.current"
    )
    last = transaction.first("select last from aos.sequences")
    mappings = transaction.all(
        "select m.id, m.entity, m.document, m.stream_id, s.connection_id from aos.mappings m join aos.streams s on s.id = m.stream_id"
        " where m.state = 'active' order by m.seq, m.id"
    )
    batches = transaction.all(
        "select b.id, b.entity, b.path from aos.event_batches b join aos.mappings m on m.id = b.mapping_id where m.state = 'active' order by b.seq_from, b.id"
    )
    lists = transaction.all(
        "select q.path, m.entity from aos.quarantine_lists q join aos.mappings m on m.id = q.mapping_id"
        " where m.state = 'active' and q.kind = 'row' order by q.seq, q.id"
    )
    entities = [entity.name for entity in work.ontology.entities]
    made_of = [_SHAPE, duckdb.__version__, dbt.nodes_fingerprint(_scratch(work)), repr(work.ontology), repr(standard_metrics())]
    made_of += [str(row["id"]) for row in mappings] + [str(row["id"]) for row in batches]
    return _Inputs(
        parent=parent["id"] if parent else None,
        parent_path=work.lake.absolute(parent["path"]) if parent else None,
        applied_seq=last["last"] if last else 0,
        mappings=[dict(row) for row in mappings],
        events={name: [str(work.lake.absolute(row["path"])) for row in batches if row["entity"] == name] for name in entities},
        quarantined={name: [str(work.lake.absolute(row["path"])) for row in lists if row["entity"] == name] for name in entities},
        fingerprint=hashlib.sha256(json.dumps(made_of).encode()).hexdigest(),
    )


def _standing(transaction: Transaction, inputs: _Inputs) -> Version | None:
    """The parent, where it was made of the same things and its file is there."""
    row = transaction.first("select * from aos.versions where id = :id", id=inputs.parent)
    if row is None or row["fingerprint"] != inputs.fingerprint or not (inputs.parent_path and inputs.parent_path.exists()):
        return None
    return Version(row["id"], False, row["applied_seq"], row["tables"])


def _scratch(work: Work) -> Path:
    return work.settings.home / "dbt"


def _build(work: Work, inputs: _Inputs, file: Path) -> tuple[dict[str, dict[str, Any]], list[tuple[str, ...]], list[tuple[str, str]]]:
    """Tables with their counts, the entity ids to issue and the redirects that merges leave."""
    with work.lake.duckdb(file) as (connection, _):
        _meta(connection, work, inputs)
        _events(connection, work, inputs)
        identify(connection, work)
    dbt.build(file, _scratch(work), work.settings.memory)
    with work.lake.duckdb(file) as (connection, _):
        connection.execute("drop schema events cascade")
        for entity in work.ontology.entities:
            connection.execute(f"drop table identities.{entity.name}_living")
            connection.execute(f"drop table identities.{entity.name}_places")
            connection.execute(f"create unique index {entity.plural}_ordinal on unified.{entity.plural} (_ordinal)")
            connection.execute(f"create unique index {entity.plural}_id on unified.{entity.plural} ({entity.key.name})")
        tables = _describe(connection)
        for entity in work.ontology.entities:
            tables[f"identities/{entity.name}"] |= _audit(connection, work, entity)
        issued, redirected = _ids(connection, work, inputs)
        connection.execute("checkpoint")
    return tables, issued, redirected


def _meta(connection: duckdb.DuckDBPyConnection, work: Work, inputs: _Inputs) -> None:
    """What the models read at run time: fields, mappings, metrics."""
    plurals = {entity.name: entity.plural for entity in work.ontology.entities}
    fields = [
        {"entity": entity.name, "plural": entity.plural, "field": one.name, "position": place, "type": one.type,
         "physical": one.physical, "unit": one.unit, "target": one.target, "about": one.about}
        for entity in work.ontology.entities
        for place, one in enumerate((entity.key, *entity.values))
    ]  # fmt: skip
    mappings = [
        {"mapping": str(row["id"]), "stream": str(row["stream_id"]), "connection": str(row["connection_id"]), "entity": row["entity"],
         "partial": row["document"]["partial"], "priority": 0}
        for row in inputs.mappings
    ]  # fmt: skip
    metrics = [
        {"position": place, "metric": one.name, "label": one.label, "entity": one.entity, "plural": plurals[one.entity],
         "measure": one.measure, "condition": one.where, "by_currency": one.by_currency, "unit": one.unit, "definition": one.definition}
        for place, one in enumerate(standard_metrics())
    ]  # fmt: skip
    connection.execute("create schema meta")
    for name, rows, shape in (("fields", fields, _FIELDS), ("mappings", mappings, _MAPPINGS), ("metrics", metrics, _METRICS)):
        told = pa.schema([(key, pa.string()) for key in shape])
        texts = [{key: None if value is None else str(value) for key, value in row.items()} for row in rows]
        connection.register("told", pa.Table.from_pylist(texts, schema=told))
        columns = ", ".join(f'"{key}"::{kind} as "{key}"' for key, kind in shape.items())
        connection.execute(f"create table meta.{name} as select {columns} from told")
    connection.unregister("told")


def _events(connection: duckdb.DuckDBPyConnection, work: Work, inputs: _Inputs) -> None:
    connection.execute("create schema events")
    for entity in work.ontology.entities:
        connection.execute(f"create view events.{entity.name} as {_all_of(inputs.events[entity.name], _event_columns(entity))}")
        lists = _all_of(inputs.quarantined[entity.name], {"source_key": "varchar", "seq": "bigint", "mapping": "uuid"})
        connection.execute(f"create view events.{entity.name}_quarantined as {lists}")


def _event_columns(entity: Entity) -> dict[str, str]:
    header = {"event_id": "uuid", "seq": "bigint", "op": "varchar", "observed_at": "timestamptz", "landing": "uuid", "row": "bigint",
              "mapping": "uuid", "source_key": "varchar", "entity_key": "varchar"}  # fmt: skip
    return header | {one.name: one.physical for one in entity.values} | {"extras": "varchar"}


def _all_of(files: list[str], columns: dict[str, str]) -> str:
    """Every file's rows, or none in the same shape."""
    if not files:
        return "select " + ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in columns.items()) + " where false"
    return f"select {', '.join(map(quoted, columns))} from read_parquet([{', '.join(map(literal, files))}])"


def _describe(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Every table of the version with its rows and columns, as run metadata and the API show them."""
    found = connection.execute(
        "select table_schema, table_name, list({'name': column_name, 'type': data_type} order by ordinal_position)"
        " from information_schema.columns where table_schema in ('identities', 'staging', 'unified', 'metrics') group by all order by 1, 2"
    ).fetchall()
    tables = {}
    for schema, name, columns in found:
        rows = connection.execute(f"select count(*) from {schema}.{name}").fetchall()[0][0]
        tables[f"{schema}/{name}"] = {"rows": rows, "columns": columns}
    return tables


def _audit(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> dict[str, int]:
    """Counts that the checks compare: living things of an entity, and its references that lead to nothing."""
    things = connection.execute(f"select count(distinct entity_id) from identities.{entity.name} where live").fetchall()[0][0]
    dangling = 0
    for one in entity.values:
        if one.type == "ref":
            target = work.ontology.entity(str(one.target))
            dangling += connection.execute(
                f"select count(*) from unified.{entity.plural} where {quoted(one.name)} is not null"
                f" and {quoted(one.name)} not in (select {target.key.name} from unified.{target.plural})"
            ).fetchall()[0][0]
    return {"things": things, "dangling": dangling}


def _ids(connection: duckdb.DuckDBPyConnection, work: Work, inputs: _Inputs) -> tuple[list[tuple[str, ...]], list[tuple[str, str]]]:
    """Founding records whose ids the parent had not, and ids of the parent that now stand under another."""
    known = inputs.parent_path is not None and inputs.parent_path.exists()
    if known:
        connection.execute(f"attach {literal(str(inputs.parent_path))} as parent (read_only)")
    issued: list[tuple[str, ...]] = []
    redirected: list[tuple[str, str]] = []
    for entity in work.ontology.entities:
        new = f" and entity_id not in (select entity_id from parent.identities.{entity.name})" if known else ""
        issued += connection.execute(
            f"select '{entity.name}', entity_id::varchar, stream::varchar, entity_key from identities.{entity.name}"
            f" where entity_id = record_id{new}"
        ).fetchall()
        if known:
            redirected += connection.execute(
                f"select distinct p.entity_id::varchar, n.entity_id::varchar from parent.identities.{entity.name} p"
                f" join identities.{entity.name} n on n.record_id = p.entity_id where n.entity_id <> p.entity_id"
            ).fetchall()
    if known:
        connection.execute("detach parent")
    return issued, redirected


def _publish(
    work: Work, lease: Lease, inputs: _Inputs, version_id: UUID, file: Path, tables: dict[str, dict[str, Any]],
    issued: list[tuple[str, ...]], redirected: list[tuple[str, str]],
) -> None:  # fmt: skip
    """The one transaction that readers see. Raises TryAgain where somebody else published since."""
    with work.database.transaction() as transaction:
        seq = transaction.next_seq()
        lease.prove(transaction)
        _issue(transaction, seq, issued, redirected)
        transaction.run(
            "insert into aos.versions (id, parent, path, applied_seq, fingerprint, tables, bytes, seq)"
            " values (:id, :parent, :path, :applied, :fingerprint, cast(:tables as jsonb), :bytes, :seq)",
            id=version_id, parent=inputs.parent, path=work.lake.relative(file), applied=inputs.applied_seq,
            fingerprint=inputs.fingerprint, tables=as_json(tables), bytes=file.stat().st_size, seq=seq,
        )  # fmt: skip
        moved = transaction.run(
            "update aos.warehouses set current = :new where current is not distinct from cast(:parent as uuid)",
            new=version_id, parent=inputs.parent,
        )  # fmt: skip
        if moved != 1:
            raise TryAgain("Somebody else published first", culprit=work.tenant.slug, fix="Refresh again.")
        transaction.announce(seq, "version.published", str(version_id), {"applied_seq": inputs.applied_seq})


def _issue(transaction: Transaction, seq: int, issued: list[tuple[str, ...]], redirected: list[tuple[str, str]]) -> None:
    """Ids are issued once and for ever; issuing one again changes nothing."""
    if issued:
        transaction.run(
            "create temp table issued (entity text, entity_id uuid, stream_id uuid, founding_key text) on commit drop"
        )
        transaction.copy_in("issued", ["entity", "entity_id", "stream_id", "founding_key"], iter(issued))
        transaction.run(
            "insert into aos.entity_ids (entity, entity_id, stream_id, founding_key, seq)"
            " select entity, entity_id, stream_id, founding_key, :seq from issued on conflict do nothing",
            seq=seq,
        )
    transaction.each(
        "insert into aos.redirects (from_id, to_id, cause, seq) values (:old, :new, 'merged', :seq)",
        [{"old": old, "new": new, "seq": seq} for old, new in redirected],
    )
