"""Streams: what they look like, and their rows as they landed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_api.paging import read_cursor, write_cursor
from aos_api.reads.balances import balances_of_mappings
from aos_api.reads.connections import vanishing
from aos_resources.database import TenantDatabase, Transaction
from aos_resources.landed import TenantLanded

_STREAMS = """
select s.id, s.connection_id, c.name as connection, s.name, s.key, s.key_origin, s.cursor_column, s.delete_mode, s.policy,
       s.columns, s.created_at, s.selected, s.treated, s.reset_at, s.may_vanish, l.rows, (select max(landed_at) from aos.landings x where x.stream_id = s.id) as landed_at,
       (select count(*) from aos.mappings m where m.stream_id = s.id and m.state <> 'superseded') as mapped
from aos.streams s join aos.connections c on c.id = s.connection_id
left join aos.latest_states l on l.stream_id = s.id
"""
_DESCRIBED = """
select e ->> 'field' as field, e ->> 'description' as description
from aos.dictionaries d cross join lateral jsonb_array_elements(d.entries) e
where d.connection_id = :connection and lower(e ->> 'table') = lower(:stream)
order by d.name
"""
# Landings in the order they came; a place in them is (landing, row).
_LANDINGS = """
select l.id, l.path, l.part, l.rows, l.seq, l.sync_id
from aos.landings l
where l.stream_id = :stream and l.rows > 0
  and (cast(:after as uuid) is null
       or (l.seq, l.part, l.id) >= (select a.seq, a.part, a.id from aos.landings a where a.id = :after and a.stream_id = :stream))
order by l.seq, l.part, l.id
limit :most
"""


def all_streams(transaction: Transaction) -> list[dict[str, Any]]:
    return [_stream(dict(row)) for row in transaction.all(f"{_STREAMS} order by c.name, s.name")]


def one_stream(transaction: Transaction, stream_id: UUID, mask: Mask) -> dict[str, Any]:
    """With its columns as last seen, what the dictionary says of them, and its mappings.

    Raises:
        NotFound: no such stream.
    """
    row = dict(transaction.one("stream", f"{_STREAMS} where s.id = :id", id=stream_id))
    held = transaction.first("select state, said from aos.sync_streams where stream_id = :id order by seq desc limit 1", id=stream_id)
    newest = transaction.first(
        "select shape, fields, taken_at from aos.fingerprints where stream_id = :id order by seq desc, taken_at desc limit 1",
        id=stream_id,
    )
    described = transaction.all(_DESCRIBED, connection=row["connection_id"], stream=row["name"])
    told = {one["field"]: one["description"] for one in described}
    return _stream(row) | {
        "shape": newest["shape"] if newest else None,
        "taken_at": newest["taken_at"] if newest else None,
        "columns": [
            mask.column(stream_id, one) for one in _columns(row["columns"], newest["fields"] if newest else [], told)
        ],
        "mappings": balances_of_mappings(transaction, stream_id=stream_id),
        "vanishing": vanishing(held["said"], row["may_vanish"]) if held is not None and held["state"] == "held" else None,
    }


def fingerprints(transaction: Transaction, stream_id: UUID, limit: int, mask: Mask) -> list[dict[str, Any]]:
    """The newest first.

    Raises:
        NotFound: no such stream.
    """
    transaction.one("stream", "select 1 from aos.streams where id = :id", id=stream_id)
    rows = transaction.all(
        "select id, sync_id, shape, fields, rows, seq, taken_at from aos.fingerprints where stream_id = :id"
        " order by seq desc, taken_at desc limit :limit",
        id=stream_id,
        limit=limit,
    )
    return [dict(row) | {"fields": [mask.column(stream_id, one) for one in _columns([], row["fields"], {})]} for row in rows]


def landed_rows(
    database: TenantDatabase, landed: TenantLanded, stream_id: UUID, limit: int, cursor: str | None, mask: Mask
) -> dict[str, Any]:
    """A page of rows over landings in order. Landings are never changed, so a page's end stays where it was.

    Raises:
        NotFound: no such stream. NotUnderstood: the cursor is not of this stream.
    """
    listing = f"rows of {stream_id}"
    after, start = read_cursor(listing, cursor) if cursor is not None else (None, 0)
    with database.transaction() as transaction:
        stream = transaction.one("stream", "select key from aos.streams where id = :id", id=stream_id)
        landings = transaction.all(_LANDINGS, stream=stream_id, after=after, most=limit + 1)
    sees_keys = mask.sees_keys(stream_id, stream["key"])
    rows: list[dict[str, Any]] = []
    for landing in landings:
        begin = start if landing["id"] == after else 0
        if len(rows) == limit and begin < landing["rows"]:
            return _landed_page(rows, write_cursor(listing, landing["id"], begin), sees_keys, stream_id, mask)
        found = landed.rows(landing["path"], start=begin, limit=limit - len(rows))
        rows += [
            {
                "landing": landing["id"],
                "part": landing["part"],
                "sync": landing["sync_id"],
                "seq": landing["seq"],
            }
            | vars(one)
            for one in found
        ]
        if begin + len(found) < landing["rows"] and len(rows) == limit:
            return _landed_page(rows, write_cursor(listing, landing["id"], begin + len(found)), sees_keys, stream_id, mask)
    return _landed_page(rows, None, sees_keys, stream_id, mask)


@dataclass(frozen=True)
class Landings:
    """`paths`: of the files, in the order in which they came."""

    label: str
    paths: list[str]


def landings_of(database: TenantDatabase, stream_id: UUID) -> Landings:
    """Raises NotFound where there is no such stream."""
    with database.transaction() as transaction:
        row = transaction.one(
            "stream", "select c.name || '-' || s.name as label from aos.streams s join aos.connections c on c.id = s.connection_id where s.id = :id", id=stream_id
        )
        paths = transaction.all("select path from aos.landings where stream_id = :id and rows > 0 order by seq, part, id", id=stream_id)
    return Landings(row["label"], [one["path"] for one in paths])


def _landed_page(rows: list[dict[str, Any]], following: str | None, sees_keys: bool, stream_id: UUID, mask: Mask) -> dict[str, Any]:
    """The rows without their masked values, and the names of what is masked in any of them."""
    masked = mask.columns(stream_id, {name for row in rows for name in row["values"]})
    shown = [
        row | {"values": mask.raw(stream_id, row["values"]), "key": row["key"] if sees_keys else None} for row in rows
    ]
    return {"rows": shown, "next": following, "masked": masked, "key_masked": not sees_keys}


def _stream(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"columns": len(row["columns"]), "label": f"{row['connection']}/{row['name']}"}


def _columns(declared: list[Any], seen: list[Any], told: dict[str, str]) -> list[dict[str, Any]]:
    """Columns as last seen, in the stream's order; those declared but never read stand without figures."""
    known = {one["name"]: one for one in seen}
    order = [one["name"] for one in declared] + [
        name for name in known if name not in {one["name"] for one in declared}
    ]
    said = {one["name"]: one for one in declared}
    return [
        {
            "name": name,
            "declared": known.get(name, {}).get("declared") or said.get(name, {}).get("type") or "",
            "inferred": known.get(name, {}).get("inferred"),
            "nulls": known.get(name, {}).get("nulls"),
            "distinct": known.get(name, {}).get("distinct"),
            "top": known.get(name, {}).get("top") or [],
            "description": told.get(name)
            or known.get(name, {}).get("description")
            or said.get(name, {}).get("description")
            or "",
        }
        for name in order
    ]
