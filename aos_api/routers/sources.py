"""Kinds of sources, over HTTP: what there is to connect, and the forms that each is asked with."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.routers.models import example

router = APIRouter(prefix="/sources", tags=["connections"])
Here = Annotated[Workspace, Depends(who_may("read", "connections"))]
_SOURCE: dict[str, Any] = {
    "name": "postgres", "title": "Postgres", "about": "Tables and views of a Postgres database.", "allowed": True,
    "config": {"type": "object", "properties": {"host": {"type": "string"}}}, "secret": {"type": "object", "properties": {"password": {"type": "string"}}},
}  # fmt: skip


class SourceSeen(BaseModel):
    """A kind of source."""

    model_config = example(_SOURCE)

    name: str
    title: str
    about: str
    allowed: bool = Field(description="Whether the administrator lets any of this kind be connected.")
    config: dict[str, Any] = Field(description="The JSON schema of its settings.")
    secret: dict[str, Any] | None = Field(description="The JSON schema of its secret; None where it has none.")


class SourceList(BaseModel):
    items: list[SourceSeen]


@router.get("", summary="Kinds of sources", responses=problems(401, 403, 503))
def list_sources(here: Here, held: Held) -> SourceList:
    from aos_api import asking

    return SourceList.model_validate({"items": asking.kinds(held.settings)})
