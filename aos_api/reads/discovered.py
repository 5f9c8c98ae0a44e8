"""Columns of every source, found by what they are called, what is said of them, or what they feed."""

from __future__ import annotations

from typing import Any

from aos_api.masking import Mask
from aos_core.errors import NotUnderstood
from aos_resources.database import Transaction

_MOST_WORDS = 8
# A stream's columns as last seen; of one that was never read, as its source declares them. With what the dictionary says.
_COLUMNS = """
with known as (
  select s.id, s.name, c.name as connection, c.name || '/' || s.name as label, coalesce(f.fields, s.columns) as fields, s.connection_id
  from aos.streams s join aos.connections c on c.id = s.connection_id
  left join lateral (select fields from aos.fingerprints f where f.stream_id = s.id order by f.seq desc limit 1) f on true
), told as (
  select d.connection_id, lower(e ->> 'table') as stream, e ->> 'field' as field, max(e ->> 'description') as description
  from aos.dictionaries d cross join lateral jsonb_array_elements(d.entries) e group by 1, 2, 3
), feeding as (
  select m.stream_id, m.entity || '.' || e.key as feeds, e.value ->> 'from' as field
  from aos.mappings m cross join lateral jsonb_each(m.document -> 'fields') e where m.state <> 'superseded' and jsonb_typeof(e.value) = 'object'
  union all
  select m.stream_id, m.entity || '.' || e.key, e.value #>> '{}'
  from aos.mappings m cross join lateral jsonb_each(m.document -> 'fields') e where m.state <> 'superseded' and jsonb_typeof(e.value) = 'string'
  union all
  select stream_id, entity, document ->> 'key' from aos.mappings where state <> 'superseded'
), columns as (
  select k.id as stream_id, k.connection, k.name as stream, k.label, o.value as seen, o.value ->> 'name' as field,
         coalesce(t.description, o.value ->> 'description', '') as description,
         (select coalesce(array_agg(distinct g.feeds order by g.feeds), '{}') from feeding g where g.stream_id = k.id and g.field = o.value ->> 'name') as mapped_to
  from known k cross join lateral jsonb_array_elements(k.fields) o
  left join told t on t.connection_id = k.connection_id and t.stream = lower(k.name) and t.field = o.value ->> 'name'
), streams as (
  select k.id as stream_id, k.connection, k.name as stream, k.label, null::jsonb as seen, null::text as field, ''::text as description,
         (select coalesce(array_agg(distinct m.entity order by m.entity), '{}') from aos.mappings m where m.stream_id = k.id and m.state <> 'superseded') as mapped_to
  from known k
), found as (select * from columns union all select * from streams)
"""
# What is hidden of a column is not looked through either: a word that is found would tell it.
_FITS = """
lower(concat_ws(' ', label, field, case when field is null or not cast(:masked as boolean) or (stream_id::text || ' ' || field) = any(:free) then description end,
                array_to_string(mapped_to, ' '))) like all(:words)
"""


def find(transaction: Transaction, asked: str, limit: int, mask: Mask) -> dict[str, Any]:
    """Streams and columns that every word is said of, streams first; without a word all of them.

    Raises:
        NotUnderstood: too many words.
    """
    words = asked.split()
    if len(words) > _MOST_WORDS:
        raise NotUnderstood(f"A search is of at most {_MOST_WORDS} words", fix="Leave out some words.")
    free = [f"{stream} {name}" for stream, names in mask.sight.free.items() for name in names] if mask.kinds else []
    given = {"words": [f"%{_literally(one.lower())}%" for one in words], "masked": bool(mask.kinds), "free": free}
    rows = transaction.all(
        f"{_COLUMNS} select *, count(*) over () as total from found where {_FITS} order by field is not null, label, field limit :limit", limit=limit, **given
    )
    total = rows[0]["total"] if rows else 0
    return {"items": [_item(dict(row), mask) for row in rows], "total": total}


def _literally(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _item(row: dict[str, Any], mask: Mask) -> dict[str, Any]:
    seen = row.pop("seen") or {}
    base = {name: row[name] for name in ("stream_id", "connection", "stream", "label", "field", "mapped_to")}
    if row["field"] is None:
        return base | {"type": "", "description": "", "nulls": None, "distinct": None, "top": [], "masked": False}
    column = {
        "name": row["field"], "description": row["description"], "nulls": seen.get("nulls"), "distinct": seen.get("distinct"),
        "top": (seen.get("top") or [])[:5],
    }  # fmt: skip
    told = mask.column(row["stream_id"], column)
    told.pop("name")
    return base | {"type": seen.get("declared") or seen.get("inferred") or seen.get("type") or ""} | told
