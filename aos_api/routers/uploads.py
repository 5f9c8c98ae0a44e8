"""Files that people send for a connection, over HTTP: streamed to the disk as they come, never held."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.reads.connections import of_files
from aos_api.routers.models import AT, example
from aos_core.errors import NotUnderstood
from aos_resources import uploads as act
from aos_resources.lake import Lake, TenantLake

router = APIRouter(prefix="/connections/{connection_id}/files", tags=["connections"])
Reading = Annotated[Workspace, Depends(who_may("read", "connections"))]
Changing = Annotated[Workspace, Depends(who_may("change", "connections"))]
FileName = Annotated[str, Path(min_length=1, max_length=200, description="The file's own name, with its ending.")]

_FILE: dict[str, Any] = {"name": "orders-2026-03.csv", "bytes": 20_480, "uploaded_at": AT}
_BODY = {"requestBody": {"required": True, "description": "The file's bytes.", "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "maxLength": act.MOST_BYTES}}}}}


class FileSeen(BaseModel):
    model_config = example(_FILE)

    name: str
    bytes: int
    uploaded_at: datetime


class FileList(BaseModel):
    model_config = example(items=[_FILE])

    items: list[FileSeen] = Field(description="By name.")


@router.post("/{name}", summary="Send a file", status_code=201, responses=problems(401, 403, 404, 409, 413, 422, 503), openapi_extra=_BODY)
async def upload_file(here: Changing, held: Held, request: Request, connection_id: UUID, name: FileName) -> FileSeen:
    """As the raw body, with its size told. A file of the same name is replaced; the next sync reads it."""
    await run_in_threadpool(_refuse, here, connection_id)
    with ExitStack() as open_until_kept:
        receiving = await run_in_threadpool(open_until_kept.enter_context, act.receiving(_lake(here, held), connection_id, name))
        async for piece in request.stream():
            await run_in_threadpool(receiving.write, piece)

        def keep(change: Change) -> FileSeen:
            kept = receiving.keep()
            change.after, change.detail = receiving.hash, {"file": kept.name, "bytes": kept.bytes}
            return FileSeen(**vars(kept))

        return await run_in_threadpool(here.change, FileSeen, keep, connection_id)


@router.get("", summary="Files that were sent", responses=problems(401, 403, 404, 422, 503))
def list_files(here: Reading, held: Held, connection_id: UUID) -> FileList:
    with here.database.transaction() as transaction:
        of_files(transaction, connection_id)
    return FileList(items=[FileSeen(**vars(one)) for one in act.files_of(_lake(here, held), connection_id)])


@router.delete("/{name}", summary="Remove a file", status_code=204, responses=problems(401, 403, 404, 409, 422, 503))
def remove_file(here: Changing, held: Held, connection_id: UUID, name: FileName) -> None:
    """Its rows count as deleted at the next sync, unless the connection keeps rows that disappear."""
    _refuse(here, connection_id)

    def remove(change: Change) -> None:
        gone = act.remove(_lake(here, held), connection_id, name)
        change.detail = {"file": gone.name, "bytes": gone.bytes}

    here.change(None, remove, connection_id)


def _refuse(here: Workspace, connection_id: UUID) -> None:
    """Raises NotFound where there is no such connection, NotUnderstood where it takes no files."""
    with here.database.transaction() as transaction:
        if not of_files(transaction, connection_id):
            raise NotUnderstood("This connection takes no files", culprit=str(connection_id), fix="Make a files connection whose setting `uploads` is on.")


def _lake(here: Workspace, held: Held) -> TenantLake:
    return Lake(held.settings).of(here.caller.tenant)
