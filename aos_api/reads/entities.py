"""Entities of the published version: what there is, pages of records, and one record by its id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from aos_api.masking import Mask
from aos_api.paging import read_cursor, write_cursor
from aos_api.reads.columns import entity_named, quoted, shape_of
from aos_api.reads.finding import Asked, slice_of
from aos_core.errors import Gone, NotFound
from aos_core.ontology import Entity, Ontology
from aos_resources.database import TenantDatabase
from aos_resources.warehouse import Published, TenantWarehouse, Version

# Ids are never reused: a merge leaves a redirect, and the newest one of an id counts.
_REDIRECTED = """
with recursive trail as (
  select cast(:id as uuid) as id, 0 as step
  union all
  select (select r.to_id from aos.redirects r where r.from_id = trail.id order by r.seq desc limit 1), trail.step + 1
  from trail where trail.id is not null and trail.step < 32
)
select id from trail where id is not null order by step desc limit 1
"""
_Found = TypeVar("_Found")


def all_entities(ontology: Ontology, warehouse: TenantWarehouse, mask: Mask) -> dict[str, Any]:
    """Every entity with its fields, and which of them are masked; `rows` is None where nothing has been published of it."""
    published = warehouse.published()
    counts: dict[str, int] = {}
    if published is not None:
        with warehouse.opened(published) as version:
            counts = _counts(version, ontology)
    entities = [
        {
            "name": one.name,
            "plural": one.plural,
            "about": one.about,
            "alias": list(one.alias),
            "rows": counts.get(one.name),
            "fields": [vars(field) | {"masked": field.name in mask.hidden(one.name).names} for field in one.fields],
        }
        for one in ontology.entities
    ]
    return {"version": as_version(published), "entities": entities}


def page(
    ontology: Ontology, warehouse: TenantWarehouse, name: str, asked: Asked, limit: int, cursor: str | None, mask: Mask
) -> str:
    """A page as JSON text, built by DuckDB; later pages are of the first page's version.

    Raises:
        NotFound: no such entity, or nothing published. Gone: the cursor's version is no longer kept.
        NotUnderstood: a filter, the search, the order or the cursor is not of the asked form.
        NotAllowed: a filter or the order is by a masked field.
    """
    entity = entity_named(ontology, name)
    listing = f"{entity.name} {asked.listing}"
    if cursor is None:
        with warehouse.current() as version:
            return _page(version, entity, asked, listing, None, limit, mask)
    version_id, after = read_cursor(listing, cursor)
    try:
        with warehouse.version(version_id) as version:
            return _page(version, entity, asked, listing, after, limit, mask)
    except NotFound as swept:
        raise Gone(
            "The version of this page is no longer kept", fix="Begin again without a cursor."
        ) from swept


def one_record(
    ontology: Ontology, database: TenantDatabase, warehouse: TenantWarehouse, name: str, entity_id: UUID, mask: Mask
) -> str:
    """A record as JSON text, found through merges.

    Raises:
        NotFound: the id was never issued for this entity. Gone: it was, but nothing stands under it now.
    """
    entity = entity_named(ontology, name)
    with warehouse.current() as version:
        shape = shape_of(version, entity, mask)
        statement = f"select {shape.record}::varchar from {shape.table} where {quoted(shape.key)} = ?"
        standing, row = found_standing(
            database, warehouse, entity, entity_id, lambda known: version.first(statement, known)
        )
    came = "null" if standing == entity_id else f'"{entity_id}"'
    return f'{{"version":{version_json(version.published)},"redirected_from":{came},"record":{row[0]},"masked":{shape.masked}}}'


def found_standing(
    database: TenantDatabase, warehouse: TenantWarehouse, entity: Entity, entity_id: UUID, find: Callable[[UUID], _Found | None]
) -> tuple[UUID, _Found]:
    """The id under which the thing stands, and what `find` gives for it in the version that is read.

    That version is asked first: what it holds was not merged away in it.

    Raises:
        NotFound: the id was never issued for this entity. Gone: it was, but nothing stands under it now.
    """
    found = find(entity_id)
    if found is not None:
        return entity_id, found
    standing = standing_id(database, entity_id)
    found = find(standing) if standing != entity_id else None
    if found is None:
        raise _missing(warehouse, entity, entity_id)
    return standing, found


def standing_id(database: TenantDatabase, entity_id: UUID) -> UUID:
    """The id under which the thing stands now."""
    with database.transaction() as transaction:
        found: UUID = transaction.one("record", _REDIRECTED, id=entity_id)["id"]
    return found


def _missing(warehouse: TenantWarehouse, entity: Entity, entity_id: UUID) -> NotFound:
    if not warehouse.was_issued(entity.name, entity_id):
        return NotFound(f"No such {entity.name}")
    return Gone(
        "This id was issued, but nothing stands under it in the current version",
        culprit=entity.name,
        fix="Its source rows were deleted, or are held or quarantined: look at the mapping's balance.",
    )


def as_version(published: Published | None) -> dict[str, Any] | None:
    if published is None:
        return None
    return {"id": published.id, "published_at": published.published_at, "applied_seq": published.applied_seq}


def version_json(published: Published) -> str:
    at = published.published_at.isoformat()
    return f'{{"id":"{published.id}","published_at":"{at}","applied_seq":{published.applied_seq}}}'


def _counts(version: Version, ontology: Ontology) -> dict[str, int]:
    built = {name for (name,) in version.all("select distinct entity from meta.fields")}
    present = [one for one in ontology.entities if one.name in built]
    if not present:
        return {}
    row = version.first(
        "select " + ", ".join(f"(select count(*) from unified.{quoted(one.plural)})" for one in present)
    )
    return dict(zip((one.name for one in present), row or (), strict=True))


def _page(version: Version, entity: Entity, asked: Asked, listing: str, after: int | None, limit: int, mask: Mask) -> str:
    shape = shape_of(version, entity, mask)
    found = slice_of(version, shape, asked, after, limit)
    following = f'"{write_cursor(listing, version.id, found.last)}"' if found.last is not None else "null"
    return f'{{"version":{version_json(version.published)},"rows":[{found.rows}],"total":{found.total},"next":{following},"masked":{shape.masked}}}'
