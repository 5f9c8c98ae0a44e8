"""Connections and their syncs, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.reads import connections as read
from aos_api.routers.models import AT, ID, MADE, READ, MappingSeen, ReadingBalance, Trouble, example

router = APIRouter()
Connections = Annotated[Workspace, Depends(who_may("read", "connections"))]
Syncs = Annotated[Workspace, Depends(who_may("read", "syncs"))]

_LAST: dict[str, Any] = {
    "id": ID, "state": "succeeded", "started_at": AT, "ended_at": AT, "error": None, "read": 1200, "landed": 40, "deleted": 0,
    "balanced": True,
}  # fmt: skip
_CONNECTION: dict[str, Any] = {
    "id": ID, "name": "crm", "source": "files", "state": "active", "note": None, "config": {"folder": "/data/crm"},
    "has_secret": False, "created_at": AT, "streams": 3, "last_sync": _LAST, "drift": None, "next_sync_at": AT,
}  # fmt: skip
_SYNC: dict[str, Any] = {
    "id": ID, "connection_id": ID, "connection": "crm", "state": "succeeded", "started_at": AT, "ended_at": AT,
    "error": None, "run_id": None, "streams": [READ], "balanced": True,
}  # fmt: skip
State = Literal["running", "succeeded", "failed"]


class LastSync(BaseModel):
    id: UUID
    state: State
    started_at: datetime
    ended_at: datetime | None
    error: Trouble | None
    read: int = Field(description="Rows of all its streams; landed are those that were new or changed.")
    landed: int
    deleted: int
    balanced: bool = Field(description="Whether read = landed + unchanged + rejected in each stream.")


class Drift(BaseModel):
    streams: list[str] = Field(description="Streams whose last fingerprint has another shape than the one before.")
    seen_at: datetime


class ConnectionSeen(BaseModel):
    """One access to one source. Its secret is never shown."""

    model_config = example(_CONNECTION)

    id: UUID
    name: str
    source: str = Field(description="The kind of system.")
    state: Literal["active", "paused"]
    note: str | None
    config: dict[str, Any]
    has_secret: bool
    created_at: datetime
    streams: int
    last_sync: LastSync | None
    drift: Drift | None
    next_sync_at: datetime | None = Field(description="By the schedule; None while the connection is paused.")


class ConnectionList(BaseModel):
    items: list[ConnectionSeen]


class StreamBalances(BaseModel):
    """Both balances of one stream: of its last reading, and of each mapping that it feeds."""

    model_config = example(
        {
            "id": ID,
            "name": "accounts",
            "delete_mode": "exact",
            "policy": {},
            "reading": READ,
            "mappings": [MADE],
        }
    )

    id: UUID
    name: str
    delete_mode: Literal["exact", "periodic", "unknown"]
    policy: dict[str, Any]
    reading: ReadingBalance | None
    mappings: list[MappingSeen]


class ConnectionDetail(ConnectionSeen):
    model_config = example(_CONNECTION | {"detail": []})

    detail: list[StreamBalances] = Field(description="Its streams.")


class SyncSeen(BaseModel):
    """One reading of a connection, with its balance per stream."""

    model_config = example(_SYNC)

    id: UUID
    connection_id: UUID
    connection: str
    state: State
    started_at: datetime
    ended_at: datetime | None
    error: Trouble | None
    run_id: UUID | None
    streams: list[ReadingBalance]
    balanced: bool


class SyncList(BaseModel):
    items: list[SyncSeen]


@router.get("/connections", tags=["connections"], summary="Connections", responses=problems(401, 403, 503))
def list_connections(here: Connections) -> ConnectionList:
    with here.database.transaction() as transaction:
        return ConnectionList.model_validate({"items": read.all_connections(transaction)})


@router.get(
    "/connections/{connection_id}",
    tags=["connections"],
    summary="One connection",
    responses=problems(401, 403, 404, 422, 503),
)
def read_connection(here: Connections, connection_id: UUID) -> ConnectionDetail:
    """With its streams and both balances of each."""
    with here.database.transaction() as transaction:
        return ConnectionDetail.model_validate(read.one_connection(transaction, connection_id))


@router.get(
    "/connections/{connection_id}/syncs",
    tags=["connections"],
    summary="Syncs of one connection, newest first",
    responses=problems(401, 403, 404, 422, 503),
)
def list_connection_syncs(here: Connections, connection_id: UUID, limit: Limit = 50) -> SyncList:
    with here.database.transaction() as transaction:
        return SyncList.model_validate({"items": read.syncs(transaction, limit, connection_id)})


@router.get("/syncs", tags=["syncs"], summary="Syncs, newest first", responses=problems(401, 403, 422, 503))
def list_syncs(here: Syncs, limit: Limit = 50) -> SyncList:
    with here.database.transaction() as transaction:
        return SyncList.model_validate({"items": read.syncs(transaction, limit)})


@router.get(
    "/syncs/{sync_id}", tags=["syncs"], summary="One sync", responses=problems(401, 403, 404, 422, 503)
)
def read_sync(here: Syncs, sync_id: UUID) -> SyncSeen:
    with here.database.transaction() as transaction:
        return SyncSeen.model_validate(read.one_sync(transaction, sync_id))
