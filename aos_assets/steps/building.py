"""A version's file: what the models read is put in, the models run, and what came of it is described."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from aos_assets.steps import dbt
from aos_assets.steps.identities import identify
from aos_assets.steps.inputs import Inputs, scratch
from aos_core.compiling import literal, quoted
from aos_core.metrics import standard_metrics
from aos_core.ontology import Entity
from aos_resources.world import Work

_FIELDS = {"entity": "varchar", "plural": "varchar", "field": "varchar", "position": "integer", "type": "varchar",
           "physical": "varchar", "unit": "varchar", "target": "varchar", "about": "varchar"}  # fmt: skip
_MAPPINGS = {"mapping": "uuid", "stream": "uuid", "connection": "uuid", "entity": "varchar", "partial": "boolean", "priority": "integer"}
_METRICS = {"position": "integer", "metric": "varchar", "label": "varchar", "entity": "varchar", "plural": "varchar", "measure": "varchar",
            "condition": "varchar", "by_currency": "boolean", "unit": "varchar", "definition": "varchar"}  # fmt: skip


def build_version(work: Work, inputs: Inputs, file: Path) -> tuple[dict[str, dict[str, Any]], list[tuple[str, ...]], list[tuple[str, str]]]:
    """Tables with their counts, the entity ids to issue and the redirects that merges leave."""
    with work.lake.duckdb(file) as (connection, _):
        _meta(connection, work, inputs)
        _events(connection, work, inputs)
        identify(connection, work)
    dbt.build(file, scratch(work), work.settings.memory)
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


def _events(connection: duckdb.DuckDBPyConnection, work: Work, inputs: Inputs) -> None:
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


def _ids(connection: duckdb.DuckDBPyConnection, work: Work, inputs: Inputs) -> tuple[list[tuple[str, ...]], list[tuple[str, str]]]:
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
