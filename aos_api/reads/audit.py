"""Entries of a tenant's audit log, and whether it is as it was written."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from aos_api.paging import read_cursor, write_cursor
from aos_resources.database import Transaction

_PLACE = UUID(int=0)  # a page of a log is placed by its number alone
_ENTRIES = """
select seq, id, at, actor_kind, actor_id, actor, verb, noun, subject, address, trace, encode(before, 'hex') as before,
       encode(after, 'hex') as after, detail, encode(hash, 'hex') as hash
from aos.audit
where seq < :before_seq and (cast(:actor as text) is null or actor = :actor or actor_id = :actor)
  and (cast(:noun as text) is null or noun = :noun) and (cast(:verb as text) is null or verb = :verb)
  and (cast(:since as timestamptz) is null or at >= :since) and (cast(:until as timestamptz) is null or at < :until)
order by seq desc limit :limit
"""


def entries(
    transaction: Transaction, limit: int, cursor: str | None, *, actor: str | None, noun: str | None, verb: str | None,
    since: datetime | None, until: datetime | None,
) -> dict[str, Any]:
    """A page of them, the newest first.

    Raises:
        NotUnderstood: the cursor is not of this listing.
    """
    listing = f"audit {actor} {noun} {verb} {since} {until}"
    start = 2**62 if cursor is None else read_cursor(listing, cursor)[1]
    rows = transaction.all(
        _ENTRIES, before_seq=start, actor=actor, noun=noun, verb=verb, since=since, until=until, limit=limit + 1
    )
    page = [dict(row) for row in rows[:limit]]
    return {"items": page, "next": write_cursor(listing, _PLACE, page[-1]["seq"]) if len(rows) > limit else None}
