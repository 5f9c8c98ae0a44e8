"""How often every tenant is refreshed by itself, and when that is next."""

from __future__ import annotations

from datetime import datetime, timedelta

# A part of an hour, so that the clock's quarters are its ticks in every time zone.
REFRESH_MINUTES = 15


def next_refresh(now: datetime) -> datetime:
    """The schedule's next tick after `now`."""
    past = timedelta(minutes=now.minute % REFRESH_MINUTES, seconds=now.second, microseconds=now.microsecond)
    return now - past + timedelta(minutes=REFRESH_MINUTES)
