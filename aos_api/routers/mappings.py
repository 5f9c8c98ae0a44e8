"""Mappings, their balance and their quarantine, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import After, Limit
from aos_api.reads import mappings as read
from aos_api.routers.models import ID, MADE, MappingSeen, example

router = APIRouter(prefix="/mappings", tags=["mappings"])
Here = Annotated[Workspace, Depends(who_may("read", "mappings"))]

_DOCUMENT: dict[str, Any] = {
    "entity": "account", "stream": "crm/accounts", "key": "Id",
    "fields": {"name": {"from": "Name", "by": "auto", "confidence": 1.0}},
}  # fmt: skip


class MappingList(BaseModel):
    items: list[MappingSeen]


class MappingDetail(MappingSeen):
    model_config = example(MADE | {"document": _DOCUMENT, "seq": 9})

    document: dict[str, Any] = Field(description="How the stream becomes the entity, field by field.")
    seq: int


class Refusal(BaseModel):
    """One value that was refused, and why."""

    model_config = example({"field": "revenue", "value": "n/k", "reason": "not a number"})

    field: str
    value: str | None
    reason: str


class Quarantined(BaseModel):
    model_config = example(
        {
            "landing": ID,
            "row": 17,
            "source_key": "A-18",
            "reasons": [{"field": "revenue", "value": "n/k", "reason": "not a number"}],
        }
    )

    landing: UUID
    row: int
    source_key: str | None
    reasons: list[Refusal]


class QuarantinePage(BaseModel):
    rows: list[Quarantined]
    next: str | None = Field(description="Cursor of the next page; None at the end.")
    masked: list[str] = Field(description="What is masked for your role: fields without their values, and `source_key`.")


@router.get("", summary="Mappings with their balance", responses=problems(401, 403, 503))
def list_mappings(here: Here) -> MappingList:
    """A stream that feeds nothing is listed too, with all its rows unmapped."""
    with here.database.transaction() as transaction:
        return MappingList.model_validate({"items": read.all_mappings(transaction)})


@router.get("/{mapping_id}", summary="One mapping", responses=problems(401, 403, 404, 422, 503))
def read_mapping(here: Here, mapping_id: UUID) -> MappingDetail:
    with here.database.transaction() as transaction:
        return MappingDetail.model_validate(read.one_mapping(transaction, mapping_id, here.mask))


@router.get(
    "/{mapping_id}/quarantine",
    summary="What a mapping could not accept",
    responses=problems(401, 403, 404, 422, 503),
)
def list_quarantine(
    here: Here, mapping_id: UUID, kind: read.Kind = "row", limit: Limit = 100, cursor: After = None
) -> QuarantinePage:
    """Whole rows (`row`), or values of rows that went on without them (`cell`)."""
    return QuarantinePage.model_validate(
        read.quarantine(here.database, here.landed, mapping_id, kind, limit, cursor, here.mask)
    )
