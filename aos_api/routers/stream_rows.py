"""A stream's rows as a file, over HTTP."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from aos_api.changing import Change
from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.reads import streams as read

router = APIRouter(prefix="/streams", tags=["streams"])
Exporting = Annotated[Workspace, Depends(who_may("export", "streams"))]
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The rows.", "content": {"text/csv": {"schema": {"type": "string"}}}}}


class Noted(BaseModel):
    """That it was asked for stands in the audit log before anything leaves."""


@router.get("/{stream_id}/rows.csv", summary="Rows as they landed, as a file", response_class=StreamingResponse, responses=problems(401, 403, 404, 409, 422, 503) | _FILE)
def download_stream_rows(here: Exporting, stream_id: UUID) -> StreamingResponse:
    """For spreadsheets: nothing in it is a formula. What is masked for your role is empty in it."""

    def note(change: Change) -> Noted:
        change.detail = {"stream": change.transaction.one("stream", "select name from aos.streams where id = :id", id=stream_id)["name"]}
        return Noted()

    here.change(Noted, note, stream_id)
    found = read.landings_of(here.database, stream_id)
    masked = here.mask.columns(stream_id, here.landed.columns(found.paths))
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", found.label).strip("-.") or "rows"
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(here.landed.csv(found.paths, masked), media_type="text/csv; charset=utf-8", headers=headers)
