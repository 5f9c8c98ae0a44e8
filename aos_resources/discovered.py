"""What a source was found to hold, as rows: its streams and its dictionaries, remembered at each discovery."""

from __future__ import annotations

from uuid import UUID, uuid4

from aos_resources.connectors.source import Dictionary, SourceStream
from aos_resources.database import Transaction, as_json


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
