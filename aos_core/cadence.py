"""How often every tenant is refreshed by itself, and when that is next."""

from __future__ import annotations

from datetime import datetime, timedelta

# A part of an hour, so that the clock's quarters are its ticks in every time zone.
REFRESH_MINUTES = 15


def next_refresh(now: datetime) -> datetime:
    """The schedule's next tick after `now`."""
    past = timedelta(minutes=now.minute % REFRESH_MINUTES, seconds=now.second, microseconds=now.microsecond)
    return now - past + timedelta(minutes=REFRESH_MINUTES)


def freshness(synced_at: datetime | None, minutes: int | None, now: datetime) -> tuple[int | None, bool]:
    """Seconds since the last sync that succeeded (None where none did), and whether that is as fresh as is asked for.

    `minutes`: what is asked for; unless somebody did, so long that two refreshes may be missed.
    """
    if synced_at is None:
        return None, False
    lag = max(0, int((now - synced_at).total_seconds()))
    return lag, lag <= 60 * (minutes if minutes is not None else 3 * REFRESH_MINUTES)
