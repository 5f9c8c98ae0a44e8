"""Which published versions keep their files: a decision on values. Deletes nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
# Of the last day, beyond those of the last hour.
_MOST = 24


@dataclass(frozen=True)
class Kept:
    """A version whose file is there, with its size."""

    id: UUID
    published_at: datetime
    bytes: int


def versions_to_drop(versions: Sequence[Kept], current: UUID | None, now: datetime, budget: int) -> set[UUID]:
    """Versions whose files go.

    Kept are those of the last hour (pages that somebody turns stay on their version), the newest 24 of the last day
    and the last of each day for a week, as far as `budget` bytes reach, the newest first. The current one stays
    whatever it weighs, and so does the newest beside it: somebody is reading from it.
    """
    newest = sorted(versions, key=lambda one: (one.published_at, one.id), reverse=True)
    wanted, days = [], set[str]()
    for place, one in enumerate(newest):
        age, day = now - one.published_at, one.published_at.date().isoformat()
        if one.id == current or age <= _HOUR or (age <= _DAY and place < _MOST) or (age <= _WEEK and day not in days):
            wanted.append(one)
        days.add(day)
    stays = {one.id for one in wanted if one.id == current}
    weight = sum(one.bytes for one in wanted if one.id == current)
    for one in wanted:
        if one.id in stays:
            continue
        weight += one.bytes
        if weight > budget and len(stays) > 1:
            break
        stays.add(one.id)
    return {one.id for one in versions} - stays
