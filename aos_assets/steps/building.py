"""A version's file: what the models read is put in, the models run, and what came of it is described."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from aos_assets.steps import dbt
from aos_assets.steps.changed import changed_entities, follow, needed_seqs
from aos_assets.steps.identities import identify
from aos_assets.steps.inputs import File, Inputs, scratch
from aos_assets.steps.issuing import Issued, issue
from aos_core.compiling import literal, quoted
from aos_core.metrics import standard_metrics
from aos_core.ontology import Entity
from aos_resources.world import Work

_FIELDS = {"entity": "varchar", "plural": "varchar", "field": "varchar", "position": "integer", "type": "varchar",
           "physical": "varchar", "unit": "varchar", "target": "varchar", "about": "varchar"}  # fmt: skip
_MAPPINGS = {"mapping": "uuid", "stream": "uuid", "connection": "uuid", "entity": "varchar", "partial": "boolean", "priority": "integer"}
_METRICS = {"position": "integer", "metric": "varchar", "label": "varchar", "entity": "varchar", "plural": "varchar", "measure": "varchar",
            "condition": "varchar", "by_currency": "boolean", "unit": "varchar", "definition": "varchar"}  # fmt: skip


@dataclass(frozen=True)
class Built:
    """What came of a version's file: tables with their counts, what was issued for it, and ids of records that now stand under another entity's.

    `issued` holds the entities of which ids came, to be listed before the version is.
    """

    tables: dict[str, dict[str, Any]]
    issued: dict[str, Issued]
    redirected: list[tuple[str, str]]


def build_fresh(work: Work, inputs: Inputs, file: Path) -> Built:
    """A version made of all events."""
    with work.lake.duckdb(file) as (connection, _):
        _meta(connection, work, inputs)
        connection.execute("create schema events")
        for entity in work.ontology.entities:
            _show(connection, entity, inputs.events, inputs.quarantined)
        identify(connection, work)
    dbt.build(file, scratch(work), work.settings.memory, [])
    with work.lake.duckdb(file) as (connection, _):
        _drop_views(connection)
        for entity in work.ontology.entities:
            connection.execute(f"create index {entity.plural}_ordinal on unified.{entity.plural} (_ordinal)")
            connection.execute(f"create index {entity.plural}_id on unified.{entity.plural} ({entity.key.name})")
        redirected = _compared(connection, work, inputs)
        founding = {entity.name: f"(select * from identities.{entity.name} where entity_id = record_id)" for entity in work.ontology.entities}
        return _finished(connection, work, _issue(connection, work, inputs, founding), redirected)


def build_next(work: Work, inputs: Inputs, file: Path) -> Built:
    """A version made of its parent and the events that came since; equal to one made of all events, row for row."""
    assert inputs.parent_path is not None
    shutil.copyfile(inputs.parent_path, file)
    told = {one.entity for one in (*inputs.events, *inputs.quarantined) if one.new}
    with work.lake.duckdb(file) as (connection, _):
        connection.execute("create schema events")
        telling = [entity for entity in work.ontology.entities if entity.name in told]
        for entity in telling:
            _show(connection, entity, *([one for one in files if one.new] for files in (inputs.events, inputs.quarantined)))
        follow(connection, work, telling)
        changed = changed_entities(connection, work)
        for entity in changed:
            needed = needed_seqs(connection, entity)
            _show(connection, entity, [one for one in inputs.events if one.seq in needed], [])
    if changed:
        models = [name for one in changed for name in (f"stg_{one.name}", one.plural)]
        dbt.build(file, scratch(work), work.settings.memory, [*models, "metric_values"])
    with work.lake.duckdb(file) as (connection, _):
        new = {name: f"(from changed.ids where entity = {literal(name)})" for (name,) in connection.execute("select distinct entity from changed.ids").fetchall()}
        issued = _issue(connection, work, inputs, new)
        redirected = connection.execute("select from_id::varchar, to_id::varchar from changed.redirects").fetchall()
        connection.execute("drop schema changed cascade")
        _drop_views(connection)
        return _finished(connection, work, issued, redirected)


def _drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    """What reads the lake's files does not go with the version."""
    connection.execute("drop schema if exists staging cascade")
    connection.execute("drop schema events cascade")


def _issue(connection: duckdb.DuckDBPyConnection, work: Work, inputs: Inputs, tables: dict[str, str]) -> dict[str, Issued]:
    after = {name: issue(connection, work, name, inputs.issued.get(name, Issued()), table) for name, table in tables.items()}
    return {name: one for name, one in after.items() if one != inputs.issued.get(name, Issued())}


def _finished(connection: duckdb.DuckDBPyConnection, work: Work, issued: dict[str, Issued], redirected: list[tuple[str, str]]) -> Built:
    tables = _describe(connection)
    for entity in work.ontology.entities:
        tables[f"identities/{entity.name}"] |= _audit(connection, work, entity)
        tables[f"staging/stg_{entity.name}"] = _staged(connection, entity)
    connection.execute("checkpoint")
    return Built(tables, issued, redirected)


def _meta(connection: duckdb.DuckDBPyConnection, work: Work, inputs: Inputs) -> None:
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


def _show(connection: duckdb.DuckDBPyConnection, entity: Entity, events: list[File], quarantined: list[File]) -> None:
    """The views that identities and models read: the entity's rows of those files."""
    for name, files, columns in (
        (entity.name, events, _event_columns(entity)),
        (f"{entity.name}_quarantined", quarantined, {"source_key": "varchar", "seq": "bigint", "mapping": "uuid"}),
    ):
        rows = _all_of([one.path for one in files if one.entity == entity.name], columns)
        connection.execute(f"create or replace view events.{name} as {rows}")


def _event_columns(entity: Entity) -> dict[str, str]:
    header = {"event_id": "uuid", "seq": "bigint", "op": "varchar", "observed_at": "timestamptz", "landing": "uuid", "row": "bigint",
              "mapping": "uuid", "source_key": "varchar", "entity_key": "varchar"}  # fmt: skip
    return header | {one.name: one.physical for one in entity.values} | {"extras": "varchar"}


def _all_of(files: list[str], columns: dict[str, str]) -> str:
    """Every file's rows in the same shape, or none; files of other days may lack a column, or all of them one that is new."""
    nothing = "select " + ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in columns.items()) + " where false"
    if not files:
        return nothing
    cells = ", ".join(f"{quoted(name)}::{kind} as {quoted(name)}" for name, kind in columns.items())
    return f"select {cells} from (select * from read_parquet([{', '.join(map(literal, files))}], union_by_name = true) union all by name {nothing})"


def _describe(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Every table of the version with its rows and columns, as run metadata and the API show them."""
    found = connection.execute(
        "select schema_name, table_name, list({'name': column_name, 'type': data_type} order by column_index)"
        " from duckdb_columns() where schema_name in ('identities', 'unified', 'metrics') group by all order by 1, 2"
    ).fetchall()
    tables = {}
    for schema, name, columns in found:
        rows = connection.execute(f"select count(*) from {schema}.{name}").fetchall()[0][0]
        tables[f"{schema}/{name}"] = {"rows": rows, "columns": columns}
    return tables


def _staged(connection: duckdb.DuckDBPyConnection, entity: Entity) -> dict[str, Any]:
    """What the staging model said: a row for each source and key that stands."""
    rows = connection.execute(f"select count(*) from identities.{entity.name}_living where newest").fetchall()[0][0]
    header = {"connection": "UUID", "stream": "UUID", "entity_key": "VARCHAR"}
    fields = {one.name: "UUID" if one.type == "ref" else one.physical for one in entity.values}
    return {"rows": rows, "columns": [{"name": name, "type": kind} for name, kind in (header | fields | {"extras": "VARCHAR"}).items()]}


def _audit(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> dict[str, int]:
    """Counts that the checks compare: living things of an entity, and its references that lead to nothing."""
    shared = f"identities.{entity.name}_shared"
    things = connection.execute(
        f"select count(*) + (select count(*) from {shared}) from identities.{entity.name} where live and entity_id not in (select entity_id from {shared})"
    ).fetchall()[0][0]
    dangling = 0
    for one in entity.values:
        if one.type == "ref":
            target = work.ontology.entity(str(one.target))
            dangling += connection.execute(
                f"select count(*) from unified.{entity.plural} where {quoted(one.name)} is not null"
                f" and {quoted(one.name)} not in (select {target.key.name} from unified.{target.plural})"
            ).fetchall()[0][0]
    return {"things": things, "dangling": dangling}


def _compared(connection: duckdb.DuckDBPyConnection, work: Work, inputs: Inputs) -> list[tuple[str, str]]:
    """The parent's records that now stand under another id."""
    if inputs.parent_path is None or not inputs.parent_path.exists():
        return []
    connection.execute(f"attach {literal(str(inputs.parent_path))} as parent (read_only)")
    redirected: list[tuple[str, str]] = []
    for entity in work.ontology.entities:
        redirected += connection.execute(
            f"select n.record_id::varchar, n.entity_id::varchar from parent.identities.{entity.name} p"
            f" join identities.{entity.name} n on n.record_id = p.record_id where n.entity_id <> p.entity_id"
        ).fetchall()
    connection.execute("detach parent")
    return redirected
