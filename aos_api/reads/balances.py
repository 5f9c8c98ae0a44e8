"""The two balances: what a sync read, and what a mapping made of what landed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from aos_api.masking import Mask
from aos_resources.database import Transaction

_READ = """
select s.sync_id, s.stream_id, t.name as stream, s.read, s.landed, s.unchanged, s.rejected, s.deleted, s.rejects, s.error,
       s.state, s.bytes, s.seconds, s.said
from aos.sync_streams s join aos.streams t on t.id = s.stream_id
"""
# A stream's landed rows over all its syncs; a mapping's batches; streams that feed nothing have no mapping here.
_MADE = """
with arrived as (
  select t.id as stream_id, c.name || '/' || t.name as stream, coalesce(sum(s.landed), 0)::bigint as landed,
         coalesce(sum(s.deleted), 0)::bigint as deleted
  from aos.streams t join aos.connections c on c.id = t.connection_id
  left join aos.sync_streams s on s.stream_id = t.id
  where (cast(:stream as uuid) is null or t.id = :stream)
  group by t.id, c.name, t.name
), told as (
  select mapping_id, sum(landed)::bigint as landed, sum(canonical)::bigint as canonical,
         sum(quarantined)::bigint as quarantined, sum(held)::bigint as held, sum(unmapped)::bigint as unmapped,
         sum(duplicate)::bigint as duplicate, sum(deleted)::bigint as deleted, sum(cell_issues)::bigint as cell_issues
  from aos.event_batches group by mapping_id
)
select a.stream_id, a.stream, a.landed as arrived, a.deleted as arrived_deleted, m.id as mapping_id, m.entity, m.version,
       m.state, m.made_by, m.created_at, b.landed, b.canonical, b.quarantined, b.held, b.unmapped, b.duplicate, b.deleted,
       b.cell_issues
from arrived a
left join aos.mappings m on m.stream_id = a.stream_id and (m.state <> 'superseded' or m.id = cast(:mapping as uuid))
left join told b on b.mapping_id = m.id
order by a.stream, m.entity, m.version
"""
_SHARES = ("canonical", "quarantined", "held", "unmapped", "duplicate")


def balances_of_reading(transaction: Transaction, sync_ids: list[UUID], mask: Mask) -> dict[UUID, list[dict[str, Any]]]:
    """Per sync, its streams' balances: read = landed + unchanged + rejected."""
    rows = transaction.all(f"{_READ} where s.sync_id = any(:syncs) order by t.name", syncs=sync_ids)
    found: dict[UUID, list[dict[str, Any]]] = {one: [] for one in sync_ids}
    for row in rows:
        found[row["sync_id"]].append(_reading(row, mask))
    return found


def last_reading_by_stream(transaction: Transaction, connection_id: UUID, mask: Mask) -> dict[UUID, dict[str, Any]]:
    """Of each stream of a connection, the balance of the last sync that read it."""
    rows = transaction.all(
        f"select distinct on (l.stream_id) l.* from ({_READ} where t.connection_id = :connection) l"
        " join aos.syncs y on y.id = l.sync_id order by l.stream_id, y.started_at desc, y.id",
        connection=connection_id,
    )
    return {row["stream_id"]: _reading(row, mask) for row in rows}


def balances_of_mappings(
    transaction: Transaction, *, stream_id: UUID | None = None, mapping_id: UUID | None = None
) -> list[dict[str, Any]]:
    """Per stream and mapping: landed = canonical + quarantined + held + unmapped + duplicate.

    A stream without a mapping is one entry whose mapping is None: all its rows are unmapped.
    """
    return [_made(row) for row in transaction.all(_MADE, stream=stream_id, mapping=mapping_id)]


def _reading(row: RowMapping, mask: Mask) -> dict[str, Any]:
    """Lines that could not be parsed, and what a source says of its failure, may hold anything."""
    accounted = row["landed"] + row["unchanged"] + row["rejected"]
    hidden = {"rejects": mask.rejects(row["rejects"]), "error": mask.trouble(row["error"]), "said": mask.counted(row["said"])}
    return dict(row) | hidden | {"balanced": row["read"] == accounted, "changed": []}


def _made(row: RowMapping) -> dict[str, Any]:
    said = {name: row[name] or 0 for name in ("landed", *_SHARES, "deleted", "cell_issues")}
    waiting = max(0, row["arrived"] - said["landed"])
    if row["mapping_id"] is None:
        said |= {"landed": row["arrived"], "unmapped": row["arrived"], "deleted": row["arrived_deleted"]}
        waiting = 0
    elif row["state"] == "held":  # it makes no events: what no batch speaks of is held as well
        said |= {"landed": said["landed"] + waiting, "held": said["held"] + waiting}
        waiting = 0
    elif row["state"] == "superseded":
        waiting = 0
    return {
        "stream_id": row["stream_id"],
        "stream": row["stream"],
        "mapping_id": row["mapping_id"],
        "entity": row["entity"],
        "version": row["version"],
        "state": row["state"],
        "made_by": row["made_by"],
        "created_at": row["created_at"],
        "balance": said
        | {"waiting": waiting, "balanced": said["landed"] == sum(said[name] for name in _SHARES)},
    }
