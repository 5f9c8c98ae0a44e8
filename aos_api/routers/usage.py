"""What a tenant uses of what it may, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.routers.models import example
from aos_resources.quotas import usage

router = APIRouter(prefix="/usage", tags=["usage"])
Reading = Annotated[Workspace, Depends(who_may("read", "usage"))]


class UseSeen(BaseModel):
    """One thing that is counted; a month is the tenant's own, in its time zone."""

    model_config = example(name="rows", used=120000, most=1000000, resets_at="2026-03-31T22:00:00Z")

    name: Literal["connections", "rows", "language_model_spend"] = Field(description="Spend is in millionths of a dollar.")
    used: int
    most: int | None = Field(description="Set by the operator; None where there is no limit.")
    resets_at: datetime | None = Field(description="When counting begins anew; None where time changes nothing.")


class UsageSeen(BaseModel):
    items: list[UseSeen]


@router.get("", summary="Use and quotas", responses=problems(401, 403, 503))
def read_usage(here: Reading) -> UsageSeen:
    with here.database.transaction() as transaction:
        return UsageSeen(items=[UseSeen(name=one.name, used=one.used, most=one.most, resets_at=one.resets_at) for one in usage(transaction)])
