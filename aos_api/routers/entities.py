"""Entities: what there is, pages of records, and one record, over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import After, Limit
from aos_api.reads import entities as read
from aos_api.reads.facets import facets
from aos_api.reads.finding import RESERVED, Asked
from aos_api.routers.models import ID, VersionSeen, example
from aos_core.ontology import Kind

router = APIRouter(prefix="/entities", tags=["entities"])
Here = Annotated[Workspace, Depends(who_may("read", "entities"))]

_FIELD: dict[str, Any] = {
    "name": "revenue", "type": "money", "key": False, "required": False, "metric": False, "target": None, "members": [],
    "unit": None, "alias": [], "about": "annual revenue, in units of the currency", "holds": "money", "masked": False,
}  # fmt: skip
_ENTITY: dict[str, Any] = {
    "name": "account", "plural": "accounts", "about": "A company that is sold to.", "alias": ["customer"], "rows": 1200,
    "fields": [_FIELD],
}  # fmt: skip
_RECORD: dict[str, Any] = {
    "id": ID, "source_key": "A-1", "values": {"name": "Initech", "revenue": "1200000.5", "parent_account": None},
    "references": {"parent_account": None}, "extras": {"Fax": "555"}, "stale": False, "seq": 9,
}  # fmt: skip
_FACET: dict[str, Any] = {
    "field": "risk_level", "values": [{"value": "low", "count": 810}, {"value": "high", "count": 340}], "others": 0, "empty": 50,
}  # fmt: skip
_MASKED = (
    "Fields that are masked for your role: null, whatever they hold. The key's name stands for `source_key`, a reference's for"
    " what the source says in it, `extras` for all of them."
)
# Filters are free-form by nature: each names a field of the entity.
_FILTERS: dict[str, Any] = {
    "parameters": [
        {
            "in": "query",
            "name": "filters",
            "style": "form",
            "explode": True,
            "description": "`field=value`; several values of one field mean any of them, several fields all of them."
            " A reference is named by its id or as the source spells it.",
            "schema": {
                "type": "object",
                "additionalProperties": {
                    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
                },
            },
        }
    ]
}


class FieldSeen(BaseModel):
    model_config = example(_FIELD)

    name: str
    type: str
    key: bool
    required: bool
    metric: bool
    target: str | None = Field(description="The entity that a reference is to.")
    members: list[str] = Field(description="The words of an enum.")
    unit: str | None
    alias: list[str]
    about: str
    holds: Kind | None = Field(description="What is masked by role: personal data or money.")
    masked: bool = Field(
        description="For your role: null in every record, and nothing can be asked by it. Of the key and of references only"
        " what the source itself says is masked."
    )


class EntitySeen(BaseModel):
    model_config = example(_ENTITY)

    name: str
    plural: str
    about: str
    alias: list[str]
    rows: int | None = Field(description="None where nothing has been published of it.")
    fields: list[FieldSeen]


class EntityList(BaseModel):
    version: VersionSeen | None
    entities: list[EntitySeen]


class Record(BaseModel):
    """One thing. Money and decimals are exact text; times are UTC."""

    model_config = example(_RECORD)

    id: UUID
    source_key: str | None = Field(description="The founding source's own key.")
    values: dict[str, Any]
    references: dict[str, str | None] = Field(description="What the source itself says in each reference.")
    extras: dict[str, Any] | None = Field(
        description="The source's fields that the ontology has no place for."
    )
    stale: bool = Field(description="A newer row of it stands in quarantine.")
    seq: int


class RecordPage(BaseModel):
    version: VersionSeen
    rows: list[Record]
    total: int = Field(description="Rows that match in this version, on all pages together.")
    next: str | None = Field(description="Cursor of the next page, of the same version; None at the end.")
    masked: list[str] = Field(description=_MASKED)


class RecordSeen(BaseModel):
    version: VersionSeen
    redirected_from: UUID | None = Field(
        description="The id that was asked for, where it was merged into this one."
    )
    record: Record
    masked: list[str] = Field(description=_MASKED)


class FacetValue(BaseModel):
    value: str
    count: int


class Facet(BaseModel):
    """A field of few values: how many of the rows asked for hold each. Its own filter is left out of its counts."""

    model_config = example(_FACET)

    field: str
    values: list[FacetValue] = Field(description="The most frequent first, and any that is filtered by.")
    others: int = Field(description="Rows that hold a value which is not listed.")
    empty: int = Field(description="Rows without a value.")


class FacetList(BaseModel):
    version: VersionSeen
    total: int = Field(description="Rows that match every filter and the search.")
    facets: list[Facet] = Field(
        description="Enums, booleans, and text and references of 2 to about 50 values."
    )
    masked: list[str] = Field(description="Fields that are masked for your role, which have no facets.")


def _none() -> list[str]:
    """`list` itself as a factory costs .2 ms a request: how it may be called is looked up each time."""
    return []


Empty = Annotated[
    list[str],
    Query(
        default_factory=_none,
        description="A field that has no value; beside values of the same field it is one more of them.",
    ),
]
Search = Annotated[
    str | None,
    Query(
        description="Words that must each stand in some text of the row, whatever their case and accents; at most 8, 200 characters."
    ),
]
Sort = Annotated[
    str | None,
    Query(
        description="A field, with `-` in front for the largest first. Rows without a value stand last either way,"
        " equal ones in the order in which they were founded; text goes by its characters' codes."
    ),
]


async def found_by(request: Request, empty: Empty, search: Search = None) -> Asked:
    """Which rows are asked for. Every parameter that is not one of the listing's own names a field."""
    values: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in RESERVED:
            values.setdefault(name, []).append(value)
    return Asked(values, tuple(empty), search)


Found = Annotated[Asked, Depends(found_by)]


@router.get("", summary="Entities, their fields and how many rows", responses=problems(401, 403, 503))
def list_entities(here: Here) -> EntityList:
    return EntityList.model_validate(read.all_entities(here.ontology, here.warehouse, here.mask))


@router.get(
    "/{name}",
    summary="A page of records",
    response_model=RecordPage,
    openapi_extra=_FILTERS,
    responses=problems(401, 403, 404, 410, 422, 503),
)
def list_records(
    here: Here, name: str, asked: Found, sort: Sort = None, limit: Limit = 100, cursor: After = None
) -> Response:
    """By name, plural or alias. Later pages stay on the first page's version, so every row is met once."""
    page = read.page(here.ontology, here.warehouse, name, replace(asked, sort=sort), limit, cursor, here.mask)
    return Response(page, media_type="application/json")


# Before the route of one record, which would read the word as an id.
@router.get(
    "/{name}/facets",
    summary="The values of its fields, counted",
    openapi_extra=_FILTERS,
    responses=problems(401, 403, 404, 422, 503),
)
def list_facets(here: Here, name: str, asked: Found) -> FacetList:
    """For fields of few values, under the same filters and search as the records."""
    return FacetList.model_validate(facets(here.ontology, here.warehouse, name, asked, here.mask))


@router.get(
    "/{name}/{entity_id}",
    summary="One record",
    response_model=RecordSeen,
    responses=problems(401, 403, 404, 410, 422, 503),
)
def read_record(here: Here, name: str, entity_id: UUID) -> Response:
    """An id stays good for ever: one that was merged away leads to what it became."""
    found = read.one_record(here.ontology, here.database, here.warehouse, name, entity_id, here.mask)
    return Response(found, media_type="application/json")
