"""Metrics, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.reads.metrics import all_metrics
from aos_api.routers.models import VersionSeen, example

router = APIRouter(prefix="/metrics", tags=["metrics"])
Here = Annotated[Workspace, Depends(who_may("read", "metrics"))]


class MetricSeen(BaseModel):
    """One figure; where money is in several currencies there is one figure for each."""

    model_config = example(
        {
            "name": "open_pipeline",
            "label": "Open pipeline",
            "entity": "opportunity",
            "unit": None,
            "currency": "USD",
            "definition": "Sum of amount of opportunities that are open",
            "value": "1250000.5",
            "rows": 42,
            "masked": None,
        }
    )

    name: str
    label: str
    entity: str
    definition: str
    unit: str | None
    currency: str | None
    value: str | None = Field(description="Exact decimal text; None where there is nothing to count, or it is masked.")
    rows: int | None = Field(description="Records that it is made of; None where it is masked.")
    masked: str | None = Field(description="Why it is not shown to your role, and who can let it be; None where it is.")


class MetricList(BaseModel):
    version: VersionSeen | None = Field(
        description="How fresh the figures are; None before the first publication."
    )
    metrics: list[MetricSeen]


@router.get("", summary="Figures with their definitions", responses=problems(401, 403, 503))
def list_metrics(here: Here) -> MetricList:
    return MetricList.model_validate(all_metrics(here.warehouse, here.mask))
