"""Streams as the control plane knows them: remembered at discovery, read back before each reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from aos_assets.steps.states import State
from aos_resources.connectors.source import Dictionary, SourceStream
from aos_resources.database import Transaction, as_json
from aos_resources.world import Work


@dataclass(frozen=True)
class Stored:
    """A stream as the control plane knows it before this reading."""

    id: UUID
    key: tuple[str, ...]
    key_origin: str
    state: State
    parts: dict[str, dict[str, Any]]
    cursor: str | None
    described: dict[str, str]
    profiled: bool


def remember(transaction: Transaction, connection_id: UUID, stream: SourceStream) -> UUID:
    """The stream's row: its key is set once, at discovery, and never changed by a later one."""
    row = transaction.one(
        "stream",
        "insert into aos.streams (id, connection_id, name, key, key_origin, cursor_column, columns, delete_mode)"
        " values (:id, :connection, :name, cast(:key as jsonb), :origin, :cursor, cast(:columns as jsonb), :mode)"
        " on conflict (tenant_id, connection_id, name) do update set columns = excluded.columns returning id",
        id=uuid4(), connection=connection_id, name=stream.name, key=as_json(list(stream.key)),
        origin="declared" if stream.key else "unknown", cursor=stream.cursor, mode=stream.delete_mode,
        columns=as_json([{"name": one.name, "type": one.type, "description": one.description} for one in stream.columns]),
    )  # fmt: skip
    found: UUID = row["id"]
    return found


def remember_dictionaries(transaction: Transaction, connection_id: UUID, found: tuple[Dictionary, ...]) -> None:
    for one in found:
        transaction.run(
            "insert into aos.dictionaries (connection_id, name, entries, content_hash, seq)"
            " values (:connection, :name, cast(:entries as jsonb), :hash, :seq)"
            " on conflict (tenant_id, connection_id, name) do update set entries = excluded.entries,"
            " content_hash = excluded.content_hash, seq = excluded.seq where dictionaries.content_hash <> excluded.content_hash",
            connection=connection_id, name=one.name, hash=one.content_hash, seq=transaction.next_seq(),
            entries=as_json([{"table": table, "field": field, "description": about} for table, field, about in one.entries]),
        )  # fmt: skip


def read_stored(work: Work, stream_id: UUID, name: str, connection_id: UUID) -> Stored:
    with work.database.transaction() as transaction:
        row = transaction.one(
            "stream",
            "select s.*, l.paths as state_paths, l.rows as state_rows, l.parts as parts, c.position as position,"
            " exists (select 1 from aos.fingerprints f where f.stream_id = s.id) as profiled"
            " from aos.streams s left join aos.latest_states l on l.stream_id = s.id left join aos.cursors c on c.stream_id = s.id"
            " where s.id = :id",
            id=stream_id,
        )
        told = transaction.all("select entries from aos.dictionaries where connection_id = :id", id=connection_id)
    entries = [entry for one in told for entry in one["entries"]]
    return Stored(
        id=stream_id,
        key=tuple(row["key"]),
        key_origin=row["key_origin"],
        state=State(tuple(work.lake.absolute(path) for path in row["state_paths"] or ()), row["state_rows"] or 0),
        parts=row["parts"] or {},
        cursor=row["position"]["after"] if row["position"] else None,
        described={entry["field"]: entry["description"] for entry in entries if entry["table"].lower() == name.lower()},
        profiled=row["profiled"],
    )
