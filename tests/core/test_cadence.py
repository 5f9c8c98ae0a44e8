"""When the next refresh is due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aos_core.cadence import next_refresh


@pytest.mark.parametrize(("now", "due"), [("09:00:00", "09:15"), ("09:14:59", "09:15"), ("09:15:00", "09:30"), ("23:59:00", "00:00")])
def test_it_is_at_the_next_quarter_of_an_hour(now: str, due: str) -> None:
    found = next_refresh(datetime.fromisoformat(f"2026-03-02T{now}").replace(tzinfo=UTC))
    assert f"{found:%H:%M}" == due
