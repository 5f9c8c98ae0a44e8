"""Connections as the control plane knows them: how each stands, how fresh it is, what its streams are read by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_api.reads.balances import balances_of_mappings, last_reading_by_stream
from aos_core.cadence import freshness, next_refresh
from aos_resources.database import Transaction

_CONNECTIONS = """
select c.id, c.name, c.source, c.state, c.note, c.config, c.sealed is not null as has_secret, c.created_at, c.fresh_minutes, c.probed,
       (select count(*) from aos.streams s where s.connection_id = c.id) as streams,
       (select max(ended_at) from aos.syncs g where g.connection_id = c.id and g.state = 'succeeded') as synced_at,
       y.id as sync_id, y.state as sync_state, y.started_at, y.ended_at, y.error, t.read, t.so_far, t.landed, t.deleted, t.balanced, t.done, t.all_streams,
       d.changed, d.changed_at
from aos.connections c
left join lateral (
  select * from aos.syncs y where y.connection_id = c.id order by y.started_at desc, y.id limit 1
) y on true
left join lateral (
  select coalesce(sum(read), 0)::bigint as read, coalesce(sum(greatest(read, (said ->> 'reading')::bigint)), 0)::bigint as so_far, coalesce(sum(landed), 0)::bigint as landed,
         coalesce(sum(deleted), 0)::bigint as deleted, coalesce(bool_and(read = landed + unchanged + rejected), true) as balanced,
         count(*) filter (where state <> 'reading') as done, count(*) as all_streams
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
_STREAMS = """
select s.id, s.name, s.delete_mode, s.policy, s.selected, s.treated, s.key, s.cursor_column, s.reset_at, s.may_vanish, h.held
from aos.streams s
left join lateral (
  select case when y.state = 'held' then y.said end as held from aos.sync_streams y where y.stream_id = s.id order by y.seq desc limit 1
) h on true
where s.connection_id = :id order by s.name
"""


def all_connections(transaction: Transaction, mask: Mask, scheduled: bool) -> list[dict[str, Any]]:
    return [_connection(dict(row), mask, scheduled) for row in transaction.all(f"{_CONNECTIONS} order by c.name")]


def one_connection(transaction: Transaction, connection_id: UUID, mask: Mask, scheduled: bool) -> dict[str, Any]:
    """With its streams, what the last sync read of each, and what its mappings made of it.

    Raises:
        NotFound: no such connection.
    """
    row = transaction.one("connection", f"{_CONNECTIONS} where c.id = :id", id=connection_id)
    readings = last_reading_by_stream(transaction, connection_id, mask)
    made = balances_of_mappings(transaction)
    detail = [
        dict(stream)
        | {
            "vanishing": vanishing(stream["held"], stream["may_vanish"]),
            "reading": readings.get(stream["id"]),
            "mappings": [one for one in made if one["stream_id"] == stream["id"]],
        }
        for stream in transaction.all(_STREAMS, id=connection_id)
    ]
    return _connection(dict(row), mask, scheduled) | {"detail": detail}


def of_files(transaction: Transaction, connection_id: UUID) -> bool:
    """Whether it takes files that people send. Raises NotFound where there is no such connection."""
    row = transaction.one("connection", "select source, config from aos.connections where id = :id", id=connection_id)
    return row["source"] == "files" and row["config"].get("uploads") is True


def vanishing(held: dict[str, Any] | None, said: int | None) -> dict[str, int] | None:
    """Rows that would go if somebody said so: the last sync held them back, since they are suspiciously many. None once that was `said`."""
    return {"rows": int(held["vanished"]), "of": int(held["of"])} if held and "vanished" in held and said is None else None


def _connection(row: dict[str, Any], mask: Mask, scheduled: bool) -> dict[str, Any]:
    """`scheduled`: whether the schedule refreshes this tenant at all."""
    now = datetime.now(UTC)
    done, every, so_far = row.pop("done"), row.pop("all_streams"), row.pop("so_far")
    last = {
        "id": row.pop("sync_id"),
        "state": row.pop("sync_state"),
        "started_at": row.pop("started_at"),
        "ended_at": row.pop("ended_at"),
        "error": mask.trouble(row.pop("error")),
        "read": row.pop("read"),
        "landed": row.pop("landed"),
        "deleted": row.pop("deleted"),
        "balanced": row.pop("balanced"),
    }
    drift = {"streams": row.pop("changed"), "seen_at": row.pop("changed_at")}
    running = last["id"] is not None and last["state"] == "running"
    lag, fresh = freshness(row.pop("synced_at"), row["fresh_minutes"], now)
    return row | {
        "lag_seconds": lag,
        "fresh": fresh,
        "syncing": {"sync_id": last["id"], "started_at": last["started_at"], "read": so_far, "streams_done": done, "streams": max(every, row["streams"])}
        if running
        else None,
        "last_sync": last if last["id"] is not None else None,
        "drift": drift if drift["streams"] else None,
        "next_sync_at": next_refresh(now) if row["state"] == "active" and scheduled else None,
    }
