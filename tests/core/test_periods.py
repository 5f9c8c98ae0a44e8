"""Periods of a tenant: they follow each other without a gap in every time zone, and begin where its calendar says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aos_core.errors import NotUnderstood
from aos_core.periods import UNITS, Calendar, Unit, WeekStart, period

CALENDARS = st.builds(
    Calendar, st.sampled_from(sorted(available_timezones())), st.sampled_from(["monday", "sunday", "saturday"]), st.integers(1, 12)
)
MOMENTS = st.datetimes(datetime(1975, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))
BERLIN = Calendar("Europe/Berlin", "monday", 4)


@settings(deadline=None)
@given(CALENDARS, st.sampled_from(UNITS), MOMENTS)
def test_a_moment_is_in_its_period_which_ends_where_the_next_begins(calendar: Calendar, unit: Unit, now: datetime) -> None:
    this, last = period(calendar, unit, now), period(calendar, unit, now, back=1)
    assert now in this and now not in last
    assert last.ends == this.starts < this.ends
    assert period(calendar, unit, this.ends).starts == this.ends
    assert period(calendar, unit, this.starts - timedelta(microseconds=1)) == last


@settings(deadline=None)
@given(CALENDARS, st.sampled_from(UNITS), MOMENTS, st.integers(0, 40))
def test_going_back_is_the_same_in_one_step_as_in_many(calendar: Calendar, unit: Unit, now: datetime, back: int) -> None:
    moment = now
    for _ in range(back):
        moment = period(calendar, unit, moment).starts - timedelta(microseconds=1)
    assert period(calendar, unit, now, back) == period(calendar, unit, moment)


@settings(deadline=None)
@given(CALENDARS, MOMENTS)
def test_a_period_begins_on_its_first_day_where_the_tenant_is(calendar: Calendar, now: datetime) -> None:
    zone = ZoneInfo(calendar.time_zone)
    local = {unit: (period(calendar, unit, now).ends - timedelta(seconds=1)).astimezone(zone) + timedelta(days=1) for unit in UNITS}
    assert local["week"].strftime("%A").lower() == calendar.week_start or zone.key in ("Pacific/Apia", "Pacific/Kwajalein", "Kwajalein")
    assert (local["quarter"].month - calendar.fiscal_year_start) % 3 == 0
    assert local["fiscal_year"].month == calendar.fiscal_year_start


@pytest.mark.parametrize(
    ("unit", "back", "starts", "ends"),
    [
        ("week", 0, "2026-03-22T23:00", "2026-03-29T22:00"),  # summer time begins within it
        ("week", 1, "2026-03-15T23:00", "2026-03-22T23:00"),
        ("month", 0, "2026-02-28T23:00", "2026-03-31T22:00"),
        ("month", 3, "2025-11-30T23:00", "2025-12-31T23:00"),
        ("quarter", 0, "2025-12-31T23:00", "2026-03-31T22:00"),
        ("fiscal_year", 0, "2025-03-31T22:00", "2026-03-31T22:00"),
        ("fiscal_year", 1, "2024-03-31T22:00", "2025-03-31T22:00"),
    ],
)  # fmt: skip
def test_a_year_that_begins_in_april_in_berlin(unit: Unit, back: int, starts: str, ends: str) -> None:
    found = period(BERLIN, unit, datetime(2026, 3, 28, 12, tzinfo=UTC), back)
    assert (found.starts.isoformat()[:16], found.ends.isoformat()[:16]) == (starts, ends)


def test_where_clocks_jump_over_midnight_the_day_begins_with_the_jump() -> None:
    found = period(Calendar("Asia/Beirut", "sunday"), "week", datetime(2022, 3, 29, tzinfo=UTC))
    assert found.starts == datetime(2022, 3, 26, 22, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "week", "month"), [("Mars/Olympus", "monday", 1), ("", "monday", 1), ("UTC", "friday", 1), ("UTC", "monday", 0), ("UTC", "monday", 13)])
def test_what_is_no_calendar_is_refused_in_words(zone: str, week: WeekStart, month: int) -> None:
    with pytest.raises(NotUnderstood):
        Calendar(zone, week, month)
