"""Connections and their syncs, as the control plane knows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aos_api.reads.balances import balances_of_mappings, balances_of_reading, last_reading_by_stream
from aos_core.cadence import next_refresh
from aos_resources.database import Transaction

_CONNECTIONS = """
select c.id, c.name, c.source, c.state, c.note, c.config, c.sealed is not null as has_secret, c.created_at,
       (select count(*) from aos.streams s where s.connection_id = c.id) as streams,
       y.id as sync_id, y.state as sync_state, y.started_at, y.ended_at, y.error, t.read, t.landed, t.deleted, t.balanced,
       d.changed, d.changed_at
from aos.connections c
left join lateral (
  select * from aos.syncs y where y.connection_id = c.id order by y.started_at desc, y.id limit 1
) y on true
left join lateral (
  select coalesce(sum(read), 0)::bigint as read, coalesce(sum(landed), 0)::bigint as landed,
         coalesce(sum(deleted), 0)::bigint as deleted, coalesce(bool_and(read = landed + unchanged + rejected), true) as balanced
  from aos.sync_streams where sync_id = y.id
) t on true
left join lateral (
  select coalesce(array_agg(s.name order by s.name), '{}') as changed, max(f.taken_at) as changed_at
  from aos.streams s
  join lateral (
    select shape, taken_at, lead(shape) over (order by seq desc) as before
    from aos.fingerprints where stream_id = s.id order by seq desc limit 1
  ) f on f.shape <> f.before
  where s.connection_id = c.id
) d on true
"""
_SYNCS = """
select y.id, y.connection_id, c.name as connection, y.state, y.started_at, y.ended_at, y.error, y.run_id
from aos.syncs y join aos.connections c on c.id = y.connection_id
"""


def all_connections(transaction: Transaction) -> list[dict[str, Any]]:
    return [_connection(dict(row)) for row in transaction.all(f"{_CONNECTIONS} order by c.name")]


def one_connection(transaction: Transaction, connection_id: UUID) -> dict[str, Any]:
    """With its streams, what the last sync read of each, and what its mappings made of it.

    Raises:
        NotFound: no such connection.
    """
    row = transaction.one("connection", f"{_CONNECTIONS} where c.id = :id", id=connection_id)
    readings = last_reading_by_stream(transaction, connection_id)
    made = balances_of_mappings(transaction)
    streams = transaction.all(
        "select id, name, delete_mode, policy from aos.streams where connection_id = :id order by name",
        id=connection_id,
    )
    detail = [
        dict(stream)
        | {
            "reading": readings.get(stream["id"]),
            "mappings": [one for one in made if one["stream_id"] == stream["id"]],
        }
        for stream in streams
    ]
    return _connection(dict(row)) | {"detail": detail}


def syncs(transaction: Transaction, limit: int, connection_id: UUID | None = None) -> list[dict[str, Any]]:
    """The newest first, each with its balances.

    Raises:
        NotFound: no such connection.
    """
    if connection_id is not None:
        transaction.one("connection", "select 1 from aos.connections where id = :id", id=connection_id)
    rows = transaction.all(
        f"{_SYNCS} where (cast(:connection as uuid) is null or y.connection_id = :connection)"
        " order by y.started_at desc, y.id limit :limit",
        connection=connection_id,
        limit=limit,
    )
    return _with_balances(transaction, [dict(row) for row in rows])


def one_sync(transaction: Transaction, sync_id: UUID) -> dict[str, Any]:
    """Raises NotFound where there is no such sync."""
    row = transaction.one("sync", f"{_SYNCS} where y.id = :id", id=sync_id)
    return _with_balances(transaction, [dict(row)])[0]


def _with_balances(transaction: Transaction, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    balances = balances_of_reading(transaction, [one["id"] for one in found])
    return [
        one
        | {
            "streams": balances[one["id"]],
            "balanced": all(stream["balanced"] for stream in balances[one["id"]]),
        }
        for one in found
    ]


def _connection(row: dict[str, Any]) -> dict[str, Any]:
    last = {
        "id": row.pop("sync_id"),
        "state": row.pop("sync_state"),
        "started_at": row.pop("started_at"),
        "ended_at": row.pop("ended_at"),
        "error": row.pop("error"),
        "read": row.pop("read"),
        "landed": row.pop("landed"),
        "deleted": row.pop("deleted"),
        "balanced": row.pop("balanced"),
    }
    drift = {"streams": row.pop("changed"), "seen_at": row.pop("changed_at")}
    return row | {
        "last_sync": last if last["id"] is not None else None,
        "drift": drift if drift["streams"] else None,
        "next_sync_at": next_refresh(datetime.now(UTC)) if row["state"] == "active" else None,
    }
