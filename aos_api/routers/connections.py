"""Connections and their syncs, read over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import Limit
from aos_api.reads import connections as read
from aos_api.reads import selection, syncs
from aos_api.reads.external_syncs import with_external
from aos_api.routers.connection_forms import ConnectionDetail, ConnectionList, Selection, SyncList, SyncSeen

router = APIRouter()
Connections = Annotated[Workspace, Depends(who_may("read", "connections"))]
Syncs = Annotated[Workspace, Depends(who_may("read", "syncs"))]


@router.get("/connections", tags=["connections"], summary="Connections", responses=problems(401, 403, 503))
def list_connections(here: Connections, held: Held) -> ConnectionList:
    with here.database.transaction() as transaction:
        return ConnectionList.model_validate({"items": read.all_connections(transaction, here.mask, scheduled(here, held))})


@router.get("/connections/{connection_id}", tags=["connections"], summary="One connection", responses=problems(401, 403, 404, 422, 503))
def read_connection(here: Connections, connection_id: UUID, held: Held) -> ConnectionDetail:
    """With its streams, how each is read, and both balances of each."""
    with here.database.transaction() as transaction:
        return ConnectionDetail.model_validate(read.one_connection(transaction, connection_id, here.mask, scheduled(here, held)))


@router.get("/connections/{connection_id}/syncs", tags=["connections"], summary="Syncs of one connection, newest first", responses=problems(401, 403, 404, 422, 503))
def list_connection_syncs(here: Connections, connection_id: UUID, limit: Limit = 50) -> SyncList:
    with here.database.transaction() as transaction:
        return SyncList.model_validate({"items": syncs.syncs(transaction, limit, here.mask, connection_id)})


@router.get("/connections/{connection_id}/selection", tags=["connections"], summary="What of a connection is worth looking at", responses=problems(401, 403, 404, 422, 503))
def read_selection(here: Connections, connection_id: UUID) -> Selection:
    """Of its last syncs those that say how it stands, and the fewest of its streams that fill the ontology."""
    with here.database.transaction() as transaction:
        return Selection.model_validate(selection.of_connection(transaction, connection_id, here.ontology, here.mask))


@router.get("/syncs", tags=["syncs"], summary="Syncs, newest first", responses=problems(401, 403, 422, 503))
def list_syncs(here: Syncs, held: Held, limit: Limit = 50) -> SyncList:
    """Jobs of an external Airbyte among them, where the tenant has a workspace there. One that is away hides none of ours."""
    with here.database.transaction() as transaction:
        ours = syncs.syncs(transaction, limit, here.mask)
    return SyncList.model_validate(with_external(here.database, held.airbyte, ours, limit, here.mask))


@router.get("/syncs/{sync_id}", tags=["syncs"], summary="One sync", responses=problems(401, 403, 404, 422, 503))
def read_sync(here: Syncs, sync_id: UUID) -> SyncSeen:
    with here.database.transaction() as transaction:
        return SyncSeen.model_validate(syncs.one_sync(transaction, sync_id, here.mask))


def scheduled(here: Workspace, held: Held) -> bool:
    """Whether the schedule refreshes this tenant at all."""
    return held.flags.on("SCHEDULED_REFRESH", here.caller.tenant)
