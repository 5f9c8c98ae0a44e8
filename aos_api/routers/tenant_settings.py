"""A tenant's settings, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.routers.models import example
from aos_core.periods import UNITS, Calendar, WeekStart, period
from aos_resources.tenant_settings import TenantSettings, read_settings_of, write_settings_of

router = APIRouter(prefix="/settings", tags=["settings"])
Reading = Annotated[Workspace, Depends(who_may("read", "settings"))]
Changing = Annotated[Workspace, Depends(who_may("change", "settings"))]

_SETTINGS: dict[str, Any] = {"currency": "EUR", "time_zone": "Europe/Berlin", "week_start": "monday", "fiscal_year_start": 4}
_PERIOD = {"starts": "2026-02-28T23:00:00Z", "ends": "2026-03-31T22:00:00Z"}


class SettingsAsked(BaseModel):
    model_config = example(_SETTINGS)

    currency: str = Field(description="A code of ISO 4217.", max_length=3)
    time_zone: str = Field(description="A name of IANA's.", max_length=64)
    week_start: WeekStart
    fiscal_year_start: int = Field(description="The first month of the fiscal year.", ge=1, le=12)


class PeriodSeen(BaseModel):
    model_config = example(_PERIOD)

    starts: datetime
    ends: datetime = Field(description="The next one begins here.")


class SettingsSeen(SettingsAsked):
    """The settings, and what they make of this moment."""

    model_config = example(_SETTINGS | {"now": {"month": _PERIOD}})

    now: dict[str, PeriodSeen] = Field(description="This week, month, quarter and fiscal year, as the tenant counts them.")


@router.get("", summary="The tenant's settings", responses=problems(401, 403, 503))
def read_tenant_settings(here: Reading) -> SettingsSeen:
    with here.database.transaction() as transaction:
        return _seen(read_settings_of(transaction))


@router.put("", summary="Change the tenant's settings", responses=problems(401, 403, 409, 422, 503))
def change_tenant_settings(here: Changing, body: SettingsAsked) -> SettingsSeen:
    asked = TenantSettings(body.currency, Calendar(body.time_zone, body.week_start, body.fiscal_year_start))

    def put(change: Change) -> SettingsSeen:
        change.before, change.after = read_settings_of(change.transaction).said, asked.said
        change.detail = asked.said
        write_settings_of(change.transaction, asked, here.caller.name)
        return _seen(asked)

    return here.change(SettingsSeen, put)


def _seen(settings: TenantSettings) -> SettingsSeen:
    now = datetime.now(UTC)
    periods = {unit: period(settings.calendar, unit, now) for unit in UNITS}
    return SettingsSeen.model_validate(settings.said | {"now": {unit: {"starts": one.starts, "ends": one.ends} for unit, one in periods.items()}})
