"""Weeks, months, quarters and fiscal years as a tenant counts them: in its time zone, from its week's first day and its year's first month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from aos_core.errors import NotUnderstood

WeekStart = Literal["monday", "sunday", "saturday"]
Unit = Literal["week", "month", "quarter", "fiscal_year"]
UNITS: tuple[Unit, ...] = get_args(Unit)
_FIRST_DAY: dict[WeekStart, int] = {"monday": 0, "sunday": 6, "saturday": 5}


@dataclass(frozen=True)
class Calendar:
    """How a tenant counts time. A quarter is one of its fiscal year."""

    time_zone: str = "UTC"
    week_start: WeekStart = "monday"
    fiscal_year_start: int = 1

    def __post_init__(self) -> None:
        if self.time_zone not in _zones():
            raise NotUnderstood("That is no time zone", culprit=self.time_zone[:60], fix="Name one as IANA does: Europe/Berlin, America/New_York, UTC.")
        if self.week_start not in _FIRST_DAY:
            raise NotUnderstood("A week begins on Monday, Sunday or Saturday", culprit=str(self.week_start)[:60])
        if self.fiscal_year_start not in range(1, 13):
            raise NotUnderstood("A fiscal year begins in one of twelve months", culprit=str(self.fiscal_year_start)[:60], fix="Say 1 for January.")


@dataclass(frozen=True)
class Period:
    """From `starts` on and before `ends`, both in UTC; what ends one begins the next."""

    starts: datetime
    ends: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends


@cache
def _zones() -> frozenset[str]:
    """Looked up once: it walks through folders."""
    return frozenset(available_timezones())


def period(calendar: Calendar, unit: Unit, now: datetime, back: int = 0) -> Period:
    """The one that `now` is in, or that many before it: `back` of 1 is the last one."""
    zone = ZoneInfo(calendar.time_zone)
    first, following = _days(calendar, unit, now.astimezone(zone).date(), back)
    return Period(_begin(first, zone), _begin(following, zone))


def _days(calendar: Calendar, unit: Unit, today: date, back: int) -> tuple[date, date]:
    """Its first day, and the first of the next."""
    if unit == "week":
        first = today - timedelta(days=(today.weekday() - _FIRST_DAY[calendar.week_start]) % 7 + 7 * back)
        return first, first + timedelta(days=7)
    length = {"month": 1, "quarter": 3, "fiscal_year": 12}[unit]
    month = today.year * 12 + today.month - 1
    month -= (month - (calendar.fiscal_year_start - 1)) % length + length * back
    return _month(month), _month(month + length)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    """A day's first moment. Where clocks jump over midnight it is the jump itself, where midnight comes twice the first."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
