"""Syncs as the control plane knows them: each with its balances, and with what it saw change in the streams' columns."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_api.reads.balances import balances_of_reading
from aos_core.fingerprint import changes_between, read_columns
from aos_core.selecting import Moved, worth_showing
from aos_resources.database import Transaction

_SYNCS = """
select y.id, y.connection_id, c.name as connection, y.state, y.started_at, y.ended_at, y.error, y.run_id, y.cancel_asked_at
from aos.syncs y join aos.connections c on c.id = y.connection_id
"""
# Of each stream that a sync looked at anew, its columns then and before.
_LOOKED = """
select f.sync_id, f.stream_id, f.fields, b.fields as before
from aos.fingerprints f
join lateral (select fields, shape from aos.fingerprints b where b.stream_id = f.stream_id and b.seq < f.seq order by b.seq desc limit 1) b
  on b.shape <> f.shape
where f.sync_id = any(:syncs)
"""
_LOOKED_BACK = 50  # syncs among which those worth showing are chosen


def syncs(transaction: Transaction, limit: int, mask: Mask, connection_id: UUID | None = None) -> list[dict[str, Any]]:
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
    return _with_balances(transaction, [dict(row) for row in rows], mask)


def one_sync(transaction: Transaction, sync_id: UUID, mask: Mask) -> dict[str, Any]:
    """Raises NotFound where there is no such sync."""
    row = transaction.one("sync", f"{_SYNCS} where y.id = :id", id=sync_id)
    return _with_balances(transaction, [dict(row)], mask)[0]


def syncs_of_stream(transaction: Transaction, stream_id: UUID, limit: int, mask: Mask) -> list[dict[str, Any]]:
    """What each sync read of one stream, the newest first.

    Raises:
        NotFound: no such stream.
    """
    transaction.one("stream", "select 1 from aos.streams where id = :id", id=stream_id)
    rows = transaction.all(
        f"{_SYNCS} where exists (select from aos.sync_streams t where t.sync_id = y.id and t.stream_id = :stream)"
        " order by y.started_at desc, y.id limit :limit",
        stream=stream_id, limit=limit,
    )  # fmt: skip
    found = _with_balances(transaction, [dict(row) for row in rows], mask)
    return [one | {"streams": (own := [read for read in one["streams"] if read["stream_id"] == stream_id]), "balanced": all(read["balanced"] for read in own)} for one in found]


def selected(transaction: Transaction, connection_id: UUID, mask: Mask) -> list[dict[str, Any]]:
    """Of the last syncs the newest that moved data, and any newer that failed or was empty; each with why it is shown."""
    found = syncs(transaction, _LOOKED_BACK, mask, connection_id)
    moved = [(Moved(one["state"], sum(stream["landed"] + stream["deleted"] for stream in one["streams"])), one) for one in found]
    return [sync | {"why": why} for sync, why in worth_showing(moved)]


def _with_balances(transaction: Transaction, found: list[dict[str, Any]], mask: Mask) -> list[dict[str, Any]]:
    ids = [one["id"] for one in found]
    balances = balances_of_reading(transaction, ids, mask)
    changed = {
        (row["sync_id"], row["stream_id"]): changes_between(read_columns(row["before"]), read_columns(row["fields"]))
        for row in transaction.all(_LOOKED, syncs=ids)
    }
    return [
        one
        | {
            "error": mask.trouble(one["error"]),
            "streams": [stream | {"changed": changed.get((one["id"], stream["stream_id"]), [])} for stream in balances[one["id"]]],
            "balanced": all(stream["balanced"] for stream in balances[one["id"]]),
            "external": None,
        }
        for one in found
    ]
