"""How a stream is read, changed over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.reads import streams as read
from aos_api.routers.models import example
from aos_api.routers.streams import StreamDetail
from aos_resources import policies as act

router = APIRouter(prefix="/streams", tags=["streams"])
Changing = Annotated[Workspace, Depends(who_may("change", "streams"))]
Column = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00]+$")]


class StreamChange(BaseModel):
    """What is not named stays as it is."""

    model_config = example(key=["Id"], treated={"Phone": "hash", "Notes": "omit"})

    selected: bool | None = Field(default=None, description="Whether it is read at all; what has landed stays.")
    key: list[Column] | None = Field(default=None, max_length=50, description="Columns that a row is known by; none: they are to be found out.")
    cursor_column: Column | None = Field(default=None, description="The column that grows with every change; null: read it whole.")
    delete_mode: Literal["exact", "periodic", "unknown"] | None = Field(
        default=None, description="When what is gone shows: in each reading, when keys are compared, never."
    )
    treated: dict[Column, Literal["keep", "omit", "hash"]] | None = Field(
        default=None, max_length=1_000, description="What becomes of columns before they land. A hash is the same for the same value."
    )


class VanishingAllowed(BaseModel):
    model_config = example(allow=1200)

    allow: int = Field(ge=0, le=2**53, description="Rows that may vanish at the next sync.")


@router.patch("/{stream_id}", summary="Change how a stream is read", responses=problems(401, 403, 404, 409, 422, 503))
def change_stream(here: Changing, stream_id: UUID, body: StreamChange) -> StreamDetail:
    """With another key, other treated columns or another cursor it is read anew from its beginning at the next sync."""

    def put(change: Change) -> None:
        asked = act.Asked(frozenset(body.model_fields_set), **body.model_dump())
        change.before, change.after = act.change(change.transaction, stream_id, asked)
        change.detail = {"changed": sorted(body.model_fields_set)}

    return _changed(here, stream_id, put)


@router.post("/{stream_id}/reset", summary="Read a stream anew from its beginning", responses=problems(401, 403, 404, 409, 422, 503))
def reset_stream(here: Changing, stream_id: UUID) -> StreamDetail:
    """At the next sync. Nothing of what has landed is lost meanwhile; what is gone from the source goes with it."""
    return _changed(here, stream_id, lambda change: act.reset(change.transaction, stream_id))


@router.post("/{stream_id}/vanishing", summary="Let rows of a stream vanish", responses=problems(401, 403, 404, 409, 422, 503))
def allow_vanishing(here: Changing, stream_id: UUID, body: VanishingAllowed) -> StreamDetail:
    """A sync that would delete suspiciously much holds it back until somebody says so. Up to so many, at the next sync alone."""

    def put(change: Change) -> None:
        change.detail = {"allow": body.allow}
        act.allow_vanishing(change.transaction, stream_id, body.allow)

    return _changed(here, stream_id, put)


def _changed(here: Workspace, stream_id: UUID, put: Callable[[Change], None]) -> StreamDetail:
    def effect(change: Change) -> StreamDetail:
        put(change)
        return StreamDetail.model_validate(read.one_stream(change.transaction, stream_id, here.mask))

    return here.change(StreamDetail, effect, stream_id)
