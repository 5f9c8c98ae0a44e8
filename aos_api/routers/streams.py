"""Streams, their columns, fingerprints and landed rows, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import After, Limit
from aos_api.reads import streams as read
from aos_api.reads import syncs
from aos_api.routers.connection_forms import SyncList, Vanishing
from aos_api.routers.models import AT, ID, MADE, MappingSeen, example

router = APIRouter(prefix="/streams", tags=["streams"])
Here = Annotated[Workspace, Depends(who_may("read", "streams"))]

_COLUMN: dict[str, Any] = {
    "name": "AnnualRevenue", "declared": "", "inferred": "decimal", "nulls": 0.02, "distinct": 980, "top": ["1200000"],
    "description": "Estimated annual revenue in millions", "masked": False,
}  # fmt: skip
_STREAM: dict[str, Any] = {
    "id": ID, "connection_id": ID, "connection": "crm", "name": "accounts", "label": "crm/accounts", "key": ["Id"],
    "key_origin": "proven", "cursor_column": None, "delete_mode": "exact", "policy": {}, "columns": 12, "created_at": AT,
    "rows": 1200, "landed_at": AT, "mapped": 1, "selected": True, "treated": {"Phone": "hash"}, "reset_at": None, "may_vanish": None,
}  # fmt: skip


class StreamSeen(BaseModel):
    """A table, object or file pattern of a connection."""

    model_config = example(_STREAM)

    id: UUID
    connection_id: UUID
    connection: str
    name: str
    label: str
    key: list[str]
    key_origin: Literal["unknown", "declared", "proven", "occurrence"]
    cursor_column: str | None
    delete_mode: Literal["exact", "periodic", "unknown"]
    policy: dict[str, Any]
    columns: int
    created_at: datetime
    rows: int | None = Field(description="Rows of its latest landed state.")
    landed_at: datetime | None
    mapped: int = Field(description="Mappings that it feeds.")
    selected: bool = Field(description="Whether it is read.")


class StreamList(BaseModel):
    items: list[StreamSeen]


class ColumnSeen(BaseModel):
    """A column as last seen; figures are None where it was never read."""

    model_config = example(_COLUMN)

    name: str
    declared: str = Field(description="The source's own type.")
    inferred: str | None
    nulls: float | None = Field(description="Share of rows without a value.")
    distinct: int | None
    top: list[str]
    description: str = Field(description="What the source's data dictionary says of it.")
    masked: bool = Field(description="For your role: nothing is told of its values.")


class StreamDetail(BaseModel):
    model_config = example(
        _STREAM | {"shape": "9f2c", "taken_at": AT, "columns": [_COLUMN], "mappings": [MADE], "vanishing": None}
    )

    id: UUID
    connection_id: UUID
    connection: str
    name: str
    label: str
    key: list[str]
    key_origin: str
    cursor_column: str | None
    delete_mode: str
    policy: dict[str, Any]
    created_at: datetime
    rows: int | None
    landed_at: datetime | None
    shape: str | None = Field(description="Equal shapes have equal columns and types.")
    taken_at: datetime | None = Field(description="When its columns were last looked at.")
    selected: bool = Field(description="Whether it is read.")
    treated: dict[str, Literal["omit", "hash"]] = Field(description="Columns that do not land as they are.")
    reset_at: datetime | None = Field(description="Since when it waits for being read anew from its beginning.")
    may_vanish: int | None = Field(description="So many rows may vanish at the next sync: somebody said so.")
    vanishing: Vanishing | None
    columns: list[ColumnSeen]
    mappings: list[MappingSeen]


class LandedRow(BaseModel):
    """A row as the source sent it; decimals and times are text."""

    model_config = example(
        {
            "landing": ID,
            "part": "accounts.csv",
            "sync": ID,
            "seq": 7,
            "row": 0,
            "key": "A-1",
            "op": "upsert",
            "at": AT,
            "values": {"Id": "A-1", "Name": "Initech"},
        }
    )

    landing: UUID
    part: str
    sync: UUID
    seq: int
    row: int = Field(description="Its number in the landing, from 0.")
    key: str | None
    op: str | None
    at: str | None
    values: dict[str, Any]


class LandedPage(BaseModel):
    rows: list[LandedRow]
    next: str | None = Field(description="Cursor of the next page; None at the end.")
    masked: list[str] = Field(description="Columns that are masked for your role: null in every row, whatever they hold.")
    key_masked: bool = Field(description="The rows' keys are masked too: they are made of masked columns, or of whole rows.")


class FingerprintSeen(BaseModel):
    """What a stream looked like in one sync."""

    model_config = example(
        {
            "id": ID,
            "sync_id": ID,
            "shape": "9f2c",
            "rows": 1200,
            "seq": 7,
            "taken_at": AT,
            "fields": [_COLUMN],
        }
    )

    id: UUID
    sync_id: UUID
    shape: str
    rows: int
    seq: int
    taken_at: datetime
    fields: list[ColumnSeen]


class FingerprintList(BaseModel):
    items: list[FingerprintSeen]


@router.get("", summary="Streams", responses=problems(401, 403, 503))
def list_streams(here: Here) -> StreamList:
    with here.database.transaction() as transaction:
        return StreamList.model_validate({"items": read.all_streams(transaction)})


@router.get("/{stream_id}", summary="One stream", responses=problems(401, 403, 404, 422, 503))
def read_stream(here: Here, stream_id: UUID) -> StreamDetail:
    """With its columns, what the dictionary says of them, and its mappings."""
    with here.database.transaction() as transaction:
        return StreamDetail.model_validate(read.one_stream(transaction, stream_id, here.mask))


@router.get("/{stream_id}/rows", summary="Rows as they landed", responses=problems(401, 403, 404, 422, 503))
def list_stream_rows(here: Here, stream_id: UUID, limit: Limit = 100, cursor: After = None) -> LandedPage:
    """In the order in which they came. Landings never change, so every row is met once."""
    return LandedPage.model_validate(read.landed_rows(here.database, here.landed, stream_id, limit, cursor, here.mask))


@router.get(
    "/{stream_id}/fingerprints",
    summary="Fingerprints, newest first",
    responses=problems(401, 403, 404, 422, 503),
)
def list_stream_fingerprints(here: Here, stream_id: UUID, limit: Limit = 20) -> FingerprintList:
    with here.database.transaction() as transaction:
        return FingerprintList.model_validate({"items": read.fingerprints(transaction, stream_id, limit, here.mask)})


@router.get("/{stream_id}/syncs", summary="What syncs read of a stream, newest first", responses=problems(401, 403, 404, 422, 503))
def list_stream_syncs(here: Here, stream_id: UUID, limit: Limit = 50) -> SyncList:
    with here.database.transaction() as transaction:
        return SyncList.model_validate({"items": syncs.syncs_of_stream(transaction, stream_id, limit, here.mask)})
