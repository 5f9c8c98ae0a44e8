"""Where one cell comes from, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.reads.provenance import cell
from aos_api.routers.models import AT, ID, VersionSeen, example

router = APIRouter(prefix="/entities", tags=["entities"])
Here = Annotated[Workspace, Depends(who_may("read", "entities"))]

_VERSION: dict[str, Any] = {"id": ID, "published_at": AT, "applied_seq": 412}
_SOURCE: dict[str, Any] = {
    "connection": {"id": ID, "name": "crm", "source": "files"}, "stream": {"id": ID, "name": "accounts"},
    "sync": {"id": ID, "state": "succeeded", "started_at": AT, "ended_at": AT}, "landing": ID, "landed_at": AT,
    "part": "accounts.csv", "row": 0, "key": "A-1", "spelled": {"AnnualRevenue": "1.2000005"},
    "values": {"Id": "A-1", "AnnualRevenue": "1.2000005"}, "masked": [],
}  # fmt: skip
_MADE_BY: dict[str, Any] = {
    "id": ID, "version": 3, "made_by": "auto", "created_at": AT, "by": "ada@acme.example",
    "entry": {"expr": "AnnualRevenue * 1000000", "by": "ada@acme.example"},
    "decision": {
        "id": ID, "verdict": "approved", "reason": None, "decided_by": "ada@acme.example", "decided_at": AT, "seq": 13,
    },
}  # fmt: skip


class ConnectionNamed(BaseModel):
    id: UUID
    name: str
    source: str


class StreamNamed(BaseModel):
    id: UUID
    name: str


class SyncNamed(BaseModel):
    id: UUID
    state: str
    started_at: datetime
    ended_at: datetime | None


class CellSource(BaseModel):
    """The source row that a cell comes from."""

    model_config = example(_SOURCE)

    connection: ConnectionNamed
    stream: StreamNamed
    sync: SyncNamed
    landing: UUID
    landed_at: datetime
    part: str = Field(description="File, or part of the reading.")
    row: int = Field(description="Its number in the landing, from 0.")
    key: str | None
    masked: list[str] = Field(description="Columns that are masked for your role: null here, whatever they hold.")
    spelled: dict[str, Any] = Field(
        description="The columns that the cell is made of, as the source spells them."
    )
    values: dict[str, Any] = Field(description="The whole source row.")


class DecisionNamed(BaseModel):
    id: UUID
    verdict: str
    reason: str | None
    decided_by: str
    decided_at: datetime
    seq: int


class CellMapping(BaseModel):
    """The version of the mapping that made the cell, and who decided it."""

    model_config = example(_MADE_BY)

    id: UUID
    version: int
    made_by: str
    created_at: datetime
    entry: dict[str, Any] | None = Field(description="What the mapping says of this field.")
    by: str
    decision: DecisionNamed | None


class CellSeen(BaseModel):
    model_config = example(
        {
            "version": _VERSION,
            "entity": "account",
            "id": ID,
            "field": "revenue",
            "value": "1200000.5",
            "masked": [],
            "source": _SOURCE,
            "mapping": _MADE_BY,
        }
    )

    version: VersionSeen
    entity: str
    id: UUID
    field: str
    value: Any
    masked: list[str] = Field(description="The field, where it is masked for your role: then nothing of it is told.")
    source: CellSource | None = Field(description="None where the cell is empty or masked.")
    mapping: CellMapping | None


@router.get(
    "/{name}/{entity_id}/provenance/{field}",
    summary="Where a cell comes from",
    responses=problems(401, 403, 404, 410, 422, 503),
)
def read_provenance(here: Here, name: str, entity_id: UUID, field: str) -> CellSeen:
    """The source row, the mapping's version, and who decided it, when."""
    found = cell(here.ontology, here.database, here.warehouse, here.landed, name, entity_id, field, here.mask)
    return CellSeen.model_validate(found)
