"""The stages of a tenant's refresh, each giving plain reports: what it made, what it found, whether it balances.

An asset reports one stage to Dagster, the batch reports all of them; both say the same. A stage in which there was
nothing to do leaves no row of a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aos_assets.steps.events import Batch, build_events, due_entities
from aos_assets.steps.freshness import stale
from aos_assets.steps.land import connections, sync_connection
from aos_assets.steps.map import suggest_mappings
from aos_assets.steps.onboard import discover_sources, onboard
from aos_assets.steps.publish import Version, refresh, standing
from aos_assets.steps.runs import noted, recorded
from aos_core.errors import AosError, Busy, TryAgain
from aos_resources.connectors import CONNECTORS
from aos_resources.world import Work

# The order in which a version's tables come from each other.
_SCHEMAS = ("identities", "staging", "unified", "metrics")

# Ends of names of the tables that identities keep for themselves.
_INNER = ("_references", "_living", "_shared")

_ACCOUNTED = ("canonical", "quarantined", "held", "unmapped", "duplicate")
_SHARES = ("landed", *_ACCOUNTED, "deleted", "cell_issues")
# What the columns say that every view has beside its entity's fields.
_OURS = {
    "_ordinal": "Place in the view, kept for ever: the rank of the record that founded the row; pages go by it.",
    "_seq": "Number of the last landing that changed the row.",
    "_stale": "A newer row of its source was quarantined; this is the last good one.",
    "_events": "The events that the row was made of: event, landing, row, mapping.",
    "_from": "Of each field in order, which of _events it came from; null where all came from the first.",
    "extras": "What the source says beyond the entity's fields, as JSON.",
}


@dataclass(frozen=True)
class Check:
    name: str
    passed: bool
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """`key` is the asset's path; `new` is false where nothing changed; `columns` are (name, type, about) of a table."""

    key: tuple[str, ...]
    new: bool
    rows: int
    said: dict[str, Any] = field(default_factory=dict)
    columns: tuple[tuple[str, str, str], ...] = ()
    checks: tuple[Check, ...] = ()


def land(work: Work, source: str, run: str, only: UUID | None = None) -> Report:
    """Every active connection of one kind, read once, or that one alone. A source's error fails a check and stops nothing else.

    Before it those that are on their way to become active go on.

    Raises:
        Busy: one of them is being read by somebody else; the others were read.
    """
    if only is None:
        onboard(work, source, run)
    asked = [one for one in connections(work, source) if only in (None, one[0])]
    if not asked:
        return _landed(work, source, [], [])
    busy: Busy | None = None
    with recorded(work, "raw", source, run) as (run_id, summary):
        streams: list[dict[str, Any]] = []
        errors: list[str] = []
        for connection_id, name in asked:
            try:
                sync = sync_connection(work, connection_id, run_id)
            except Busy as later:
                busy = later
                continue
            except AosError as failed:
                errors.append(f"{name}: {failed.sentence}")
                continue
            errors += [f"{name}: {sync.error}"] if sync.error else []
            streams += [
                {"connection": name, "stream": one.stream, "read": one.read, "landed": one.landed, "unchanged": one.unchanged,
                 "rejected": one.rejected, "deleted": one.deleted, "balanced": one.balanced}
                for one in sync.streams if one.error is None or not one.balanced
            ]  # fmt: skip
        summary |= {"streams": streams, "errors": errors}
        if busy is not None:
            raise busy
    return _landed(work, source, streams, errors)


def _landed(work: Work, source: str, streams: list[dict[str, Any]], errors: list[str]) -> Report:
    landed = sum(one["landed"] + one["deleted"] for one in streams)
    red = [f"{one['connection']}/{one['stream']}" for one in streams if not one["balanced"]]
    old = stale(work, source)
    checks = (
        Check("balance", not red, {"unbalanced": red}), Check("readable", not errors, {"errors": errors}),
        Check("freshness", not old, {"seconds": old}),
    )  # fmt: skip
    return Report(("raw", source), landed > 0, landed, {"streams": streams}, checks=checks)


def take_fingerprints(work: Work, run: str) -> Report:
    """The newest fingerprint of every stream beside the one before: a different shape is named, and new until it was told."""
    with noted(work, "fingerprints", run) as summary:
        with work.database.transaction() as transaction:
            rows = transaction.all(
                "select c.name || '/' || s.name as stream, f.shape, f.rows, f.seq, jsonb_array_length(f.fields) as fields, f.before"
                " from aos.streams s join aos.connections c on c.id = s.connection_id join lateral (select shape, rows, fields, seq,"
                " lead(shape) over (order by seq desc) as before from aos.fingerprints where stream_id = s.id order by seq desc limit 1) f"
                " on true order by 1"
            )
            told = transaction.one("seq", "select max((summary ->> 'seq')::bigint) as seq from aos.runs where stage = 'fingerprints'")["seq"]
        changed = {row["stream"]: row["seq"] for row in rows if row["before"] not in (None, row["shape"])}
        new = max(changed.values(), default=0) > (told or 0)
        if new:
            summary |= {"streams": len(rows), "changed": list(changed), "seq": max(changed.values())}
    streams = [{"stream": row["stream"], "fields": row["fields"], "rows": row["rows"], "shape": row["shape"]} for row in rows]
    return Report(("fingerprints",), new, len(rows), {"streams": streams, "changed": list(changed)})


def map_streams(work: Work, run: str) -> Report:
    with noted(work, "mappings", run) as summary:
        found = suggest_mappings(work)
        said = {"active": found.active, "held": found.held, "open_proposals": found.open}
        summary |= said if found.changed else {}
    return Report(("mappings",), found.changed > 0, found.active + found.held, said)


def canonise(work: Work, entity: str, run: str) -> Report:
    """Events of one entity from every landing that its active mappings have not seen, and the balance of all there are."""
    (report,) = _canonised(work, [entity], run)
    return report


def _canonised(work: Work, entities: Sequence[str], run: str) -> Iterator[Report]:
    due, balances = due_entities(work), _balances(work)
    for entity in entities:
        built: tuple[Batch, ...] = ()
        if entity in due:
            with recorded(work, "events", entity, run) as (_, summary):
                built = build_events(work, entity)
                balances = _balances(work)
                summary |= {"built": len(built), "balances": balances[entity]}
        shares = balances[entity]
        red = [one["stream"] for one in shares if one["landed"] != sum(one[name] for name in _ACCOUNTED)]
        columns = tuple((one.name, one.physical, one.about) for one in work.ontology.entity(entity).fields)
        canonical = sum(one["canonical"] for one in shares)
        said = {"balances": shares, "batches_built": len(built)}
        yield Report(("events", entity), bool(built), canonical, said, columns, (Check("balance", not red, {"unbalanced": red}),))


def _balances(work: Work) -> dict[str, list[dict[str, Any]]]:
    """By entity, what its active mappings made of the rows that landed; of an entity without any, nothing."""
    with work.database.transaction() as transaction:
        rows = transaction.all(
            f"select m.entity, m.document ->> 'stream' as stream, m.version, {', '.join(f'sum({name})::bigint as {name}' for name in _SHARES)}"
            " from aos.event_batches b join aos.mappings m on m.id = b.mapping_id where m.state = 'active' group by 1, 2, 3 order by 2"
        )
    found: dict[str, list[dict[str, Any]]] = {entity.name: [] for entity in work.ontology.entities}
    for row in rows:
        told = dict(row)
        found[told.pop("entity")].append(told)
    return found


def publish(work: Work, run: str) -> Iterator[Report]:
    """The next version, or the standing one where nothing is new; one report a table that is an asset."""
    version = None
    with suppress(TryAgain):  # whoever refreshes says why
        version = standing(work)
    if version is None:
        with recorded(work, "warehouse", "", run) as (run_id, summary):
            version = refresh(work, run_id)
            summary |= {"version": str(version.id), "new": version.fresh, "tables": {key: one["rows"] for key, one in version.tables.items()}}
    fresh = _fresh(work, version)
    for key in sorted(version.tables, key=lambda one: (_SCHEMAS.index(one.partition("/")[0]), one)):
        schema, name = key.split("/")
        table = version.tables[key]
        if not (schema == "identities" and name.endswith(_INNER)):
            columns = tuple((one["name"], one["type"], _about(work, schema, name, one["name"])) for one in table["columns"])
            said = {"version": str(version.id), "applied_seq": version.applied_seq}
            yield Report((schema, name), key in fresh, table["rows"], said, columns, _checks(work, version, schema, name, table["rows"]))


def _fresh(work: Work, version: Version) -> set[str]:
    """Tables that this version may have changed: of a new one all but those that stand empty as they did before it."""
    if not version.fresh:
        return set()
    with work.database.transaction() as transaction:
        row = transaction.first("select p.tables from aos.versions v join aos.versions p on p.id = v.parent where v.id = :id", id=version.id)
    before = row["tables"] if row is not None else {}
    return {key for key, one in version.tables.items() if one["rows"] > 0 or before.get(key) != one}


def _about(work: Work, schema: str, table: str, column: str) -> str:
    if schema != "unified" or column in _OURS:
        return _OURS.get(column, "")
    fields = {one.name: one for one in work.ontology.entity(table).fields}
    if column in fields:
        one = fields[column]
        kind = f"{one.type} of {one.target}" if one.target else one.type
        return ", ".join(filter(None, (one.about, "the entity's own id" if one.key else kind, one.unit)))
    return f"What the source itself says for {column.removesuffix('_source')}."


def _checks(work: Work, version: Version, schema: str, name: str, rows: int) -> tuple[Check, ...]:
    """Reconciliation: as many rows as living things; and no reference leads to nothing."""
    if schema != "unified":
        return ()
    entity = work.ontology.entity(name)
    reconciled = Check("reconciliation", rows == version.things[entity.name], {"things": version.things[entity.name], "rows": rows})
    dangling = version.dangling.get(entity.name, 0)
    return (reconciled, Check("references", dangling == 0, {"dangling": dangling}))


def refresh_tenant(work: Work, run: str, only: UUID | None = None) -> Iterator[Report]:
    """Every stage in the order in which data flows; `only`: of the connections that one alone is read."""
    if only is None:
        discover_sources(work, run)
    for source in CONNECTORS:
        yield land(work, source, run, only)
    yield take_fingerprints(work, run)
    yield map_streams(work, run)
    yield from _canonised(work, [entity.name for entity in work.ontology.entities], run)
    yield from publish(work, run)
