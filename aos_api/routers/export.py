"""A tenant's export, over HTTP: made when it is asked for, handed over, and gone."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_resources.erased_files import exports
from aos_resources.exporting import export
from aos_resources.lake import Lake

router = APIRouter(prefix="/export", tags=["tenant"])
Exporting = Annotated[Workspace, Depends(who_may("export", "tenant"))]
_ARCHIVE: dict[int | str, dict[str, Any]] = {200: {"description": "The archive.", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}}


class Noted(BaseModel):
    """That it was asked for stands in the audit log before anything leaves."""


@router.post("", summary="Everything of the tenant as one archive", response_class=FileResponse, responses=problems(401, 403, 409, 422, 503) | _ARCHIVE)
def export_tenant(here: Exporting, held: Held) -> FileResponse:
    """What `aos tenant import` takes: rows, files, members and the audit log, without any secret, password or key. Not kept here."""

    def note(change: Change) -> Noted:
        return Noted()

    here.change(Noted, note, here.caller.tenant.slug)
    folder = exports(held.settings, here.caller.tenant)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{uuid4().hex}.zip"
    export(here.database, Lake(held.settings).of(here.caller.tenant), path)
    name = f"{here.caller.tenant.slug}.zip"
    return FileResponse(path, media_type="application/zip", filename=name, background=BackgroundTask(path.unlink, missing_ok=True))
