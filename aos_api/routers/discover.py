"""Looking for what the sources hold, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.reads import discovered as read
from aos_api.routers.models import ID, example

router = APIRouter(prefix="/discover", tags=["streams"])
Here = Annotated[Workspace, Depends(who_may("read", "streams"))]
_FOUND = {
    "stream_id": ID, "connection": "crm", "stream": "accounts", "label": "crm/accounts", "field": "AnnualRevenue", "type": "decimal",
    "description": "Estimated annual revenue in millions", "nulls": 0.02, "distinct": 980, "top": ["1200000"], "masked": False,
    "mapped_to": ["account.revenue"],
}  # fmt: skip


class Found(BaseModel):
    """A column, or, where `field` is null, a stream as a whole."""

    model_config = example(_FOUND)

    stream_id: UUID
    connection: str
    stream: str
    label: str
    field: str | None
    type: str = Field(description="The source's own, else as its values look.")
    description: str
    nulls: float | None = Field(description="Share of rows without a value.")
    distinct: int | None
    top: list[str] = Field(description="Some of its commonest values.")
    masked: bool = Field(description="For your role: nothing is told of its values.")
    mapped_to: list[str] = Field(description="Entities and fields that it feeds.")


class FoundList(BaseModel):
    items: list[Found]
    total: int


@router.get("", summary="Look for streams and columns", responses=problems(401, 403, 422, 503))
def discover_columns(here: Here, q: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", description="Words that must all be said of it.")] = "", limit: Limit = 50) -> FoundList:
    """By what they are called, what is said of them, and what they feed."""
    with here.database.transaction() as transaction:
        return FoundList.model_validate(read.find(transaction, q, limit, here.mask))
