"""Which active connections have data older than is asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from aos_core.cadence import freshness
from aos_resources.world import Work

_SYNCED = """
select c.name, c.fresh_minutes, c.created_at, (select max(ended_at) from aos.syncs y where y.connection_id = c.id and y.state = 'succeeded') as synced_at
from aos.connections c where c.source = :source and c.state = 'active' order by c.name
"""


def stale(work: Work, source: str) -> dict[str, int]:
    """Their names, and for how many seconds nothing of them was read to its end; of one that never was, since it was made."""
    now = datetime.now(UTC)
    with work.database.transaction() as transaction:
        rows = transaction.all(_SYNCED, source=source)
    found: dict[str, int] = {}
    for row in rows:
        lag, fresh = freshness(row["synced_at"] or row["created_at"], row["fresh_minutes"], now)
        if not fresh and lag is not None:
            found[row["name"]] = lag
    return found
