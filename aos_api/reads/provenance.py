"""Where one cell comes from: source row, mapping version, who decided it, which sync brought it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_api.reads.columns import Shape, entity_named, json_of, quoted, shape_of
from aos_api.reads.entities import as_version, found_standing
from aos_core.errors import NotFound, NotUnderstood
from aos_core.ontology import Field, Ontology
from aos_core.sight import columns_of
from aos_resources.database import TenantDatabase, Transaction
from aos_resources.landed import RawRow, TenantLanded
from aos_resources.warehouse import TenantWarehouse, Version

_LANDING = """
select l.id, l.path, l.part, l.seq, l.landed_at, s.id as stream_id, s.name as stream, s.key, c.id as connection_id,
       c.name as connection, c.source, y.id as sync_id, y.started_at, y.ended_at, y.state as sync_state
from aos.landings l
join aos.streams s on s.id = l.stream_id
join aos.connections c on c.id = s.connection_id
join aos.syncs y on y.id = l.sync_id
where l.id = :landing
"""
# The last decision that this version of the mapping could know of.
_DECISION = """
select id, verdict, reason, decided_by, decided_at, seq from aos.decisions
where stream_id = :stream and entity = :entity and field is not distinct from :field and verdict <> 'rejected' and seq <= :seq
order by seq desc, decided_at desc limit 1
"""


def cell(
    ontology: Ontology,
    database: TenantDatabase,
    warehouse: TenantWarehouse,
    landed: TenantLanded,
    name: str,
    entity_id: UUID,
    field_name: str,
    mask: Mask,
) -> dict[str, Any]:
    """The cell's value and all that led to it; `source` is None where the cell is empty, or masked: neither tells which.

    Raises:
        NotFound: no such entity, record or field. Gone: the id was issued but nothing stands under it now.
    """
    entity = entity_named(ontology, name)
    try:
        field = entity.field(field_name)
    except NotUnderstood as unknown:
        raise NotFound(unknown.what, fix=unknown.fix) from unknown
    with warehouse.current() as version:
        shape = shape_of(version, entity, mask)
        standing, (value, event) = found_standing(
            database, warehouse, entity, entity_id, lambda known: _cell(version, shape, field, known)
        )
    said = {
        "version": as_version(version.published),
        "entity": entity.name,
        "id": standing,
        "field": field.name,
        "value": value if shape.said(field) else value if field.type == "ref" and shape.sees(field) else None,
        "masked": [] if shape.said(field) else [field.name],
    }
    if event is None or not shape.said(field):
        return said | {"source": None, "mapping": None}
    with database.transaction() as transaction:
        landing = dict(transaction.one("landing", _LANDING, landing=event["landing"]))
        mapping = _mapping(transaction, landing["stream_id"], entity.name, field, event["mapping"])
    raw = landed.row(landing.pop("path"), event["row"])
    source = _source(landing, raw, mapping["entry"], mask)
    return said | {"source": source, "mapping": _without_masked(mapping, landing["stream_id"], entity.name, field, mask)}


def _cell(
    version: Version, shape: Shape, field: Field, entity_id: UUID
) -> tuple[Any, dict[str, Any] | None] | None:
    """The value as JSON and the event it came from; None where there is no such record."""
    if not field.key and field not in shape.values:
        raise NotFound("The current version does not have this field yet", fix="Ask for a run.")
    # The key is what the record's first event is about; every other field says itself which event it came from.
    place = "1" if field.key else f"case when {quoted(field.name + '_source' if field.type == 'ref' else field.name)} is not null then coalesce(_from[{shape.places[field.name]}], 1) end"
    shown = quoted(field.name + "_source") if field.key else json_of(field)
    row = version.first(
        f"select to_json({shown})::varchar, _events[{place}] from {shape.table} where {quoted(shape.key)} = ?",
        entity_id,
    )
    if row is None:
        return None
    value, event = row
    return (None if value is None else json.loads(value)), event


def _mapping(
    transaction: Transaction, stream_id: UUID, entity: str, field: Field, mapping_id: UUID
) -> dict[str, Any]:
    row = transaction.one(
        "mapping",
        "select id, version, document, made_by, seq, created_at from aos.mappings where id = :id",
        id=mapping_id,
    )
    document = row["document"]
    entry = {"from": document["key"]} if field.key else document.get("fields", {}).get(field.name)
    entry = {"from": entry} if isinstance(entry, str) else entry
    decision = transaction.first(
        _DECISION, stream=stream_id, entity=entity, field=None if field.key else field.name, seq=row["seq"]
    )
    return {
        "id": row["id"],
        "version": row["version"],
        "made_by": row["made_by"],
        "created_at": row["created_at"],
        "entry": entry,
        "by": (entry or {}).get("by", "auto"),
        "decision": dict(decision) if decision is not None else None,
    }


def _without_masked(mapping: dict[str, Any], stream: UUID, entity: str, field: Field, mask: Mask) -> dict[str, Any]:
    """A mapping's words and a person's reason may repeat values of the columns that the field is made of."""
    if mask.sees_entry(stream, entity, field.name, mapping["entry"]):
        return mapping
    decision = mapping["decision"] and mapping["decision"] | {"reason": None}
    return mapping | {"entry": mask.entry(stream, entity, field.name, mapping["entry"]), "decision": decision}


def _source(landing: dict[str, Any], raw: RawRow, entry: dict[str, Any] | None, mask: Mask) -> dict[str, Any]:
    columns, stream = sorted(columns_of(entry)), landing["stream_id"]
    values = mask.raw(stream, raw.values)
    return {
        "connection": {
            "id": landing["connection_id"],
            "name": landing["connection"],
            "source": landing["source"],
        },
        "stream": {"id": landing["stream_id"], "name": landing["stream"]},
        "sync": {
            "id": landing["sync_id"],
            "state": landing["sync_state"],
            "started_at": landing["started_at"],
            "ended_at": landing["ended_at"],
        },
        "landing": landing["id"],
        "landed_at": landing["landed_at"],
        "part": landing["part"],
        "row": raw.row,
        "key": raw.key if mask.sees_keys(stream, landing["key"]) else None,
        "spelled": {name: values[name] for name in columns if name in values},
        "values": values,
        "masked": mask.columns(stream, raw.values),
    }
