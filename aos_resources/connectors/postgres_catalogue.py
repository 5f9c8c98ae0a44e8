"""What a Postgres tells about itself: its tables as these credentials may read them, and what they may change."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from aos_resources.connectors.postgres_passes import Column, Table, stream_name
from aos_resources.connectors.source import landed_names

_SYSTEM = "(n.nspname ~ '^pg_' or n.nspname = 'information_schema')"
# Partitions are read with their table. A type's name without a length, and the one with which a text becomes it to the letter:
# `character` alone would be one letter.
_COLUMNS = f"""
select n.nspname, c.relname, c.relkind::text, a.attname, format_type(a.atttypid, null), format_type(a.atttypid, -1), not a.attnotnull,
  coalesce(col_description(c.oid, a.attnum), ''), coalesce(k.place, 0),
  row_security_active(c.oid) and not exists (
    select from pg_policy p where p.polrelid = c.oid and p.polcmd in ('r', '*')
      and (0 = any(p.polroles) or exists (select from unnest(p.polroles) as r(oid) where pg_has_role(r.oid, 'usage')))
  )
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
left join lateral (
  select k.place from pg_index i, unnest(i.indkey) with ordinality as k(attnum, place)
  where i.indrelid = c.oid and i.indisprimary and k.place <= i.indnkeyatts and k.attnum = a.attnum
) as k on true
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and a.attnum > 0 and not a.attisdropped and not {_SYSTEM}
  and has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select')
order by 1, 2, a.attnum
"""
_KEYS = """
select n.nspname, c.relname, i.indnkeyatts
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace where i.indisprimary
"""
# Rights that come with a role that one may only switch to count too: who has it is one statement away from them.
_RIGHTS = f"""
with mine as (select oid, rolname from pg_roles where pg_has_role(oid, 'member')),
tables as (select c.oid, c.relkind, c.relowner, n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not {_SYSTEM})
select current_user::text, array_remove(array[
  (select 'is a superuser' from pg_roles where rolname = current_user and rolsuper),
  (select 'may become ' || r.rolname || ', a superuser' from mine m join pg_roles r using (oid) where r.rolsuper and r.rolname <> current_user limit 1),
  (select 'may make roles' from pg_roles r join mine m using (oid) where r.rolcreaterole limit 1),
  (select 'may make databases' from pg_roles r join mine m using (oid) where r.rolcreatedb limit 1),
  (select 'belongs to ' || rolname from mine where rolname in ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program') limit 1),
  (select 'owns the database' from pg_database d join mine m on m.oid = d.datdba where d.datname = current_database() limit 1),
  (select 'may make schemas' from mine m where has_database_privilege(m.oid, current_database(), 'create') limit 1),
  (select 'may make tables in ' || n.nspname from pg_namespace n, mine m where not {_SYSTEM} and has_schema_privilege(m.oid, n.oid, 'create') limit 1),
  (select 'owns ' || t.name from tables t join mine m on m.oid = t.relowner limit 1),
  (select 'may write to ' || t.name from tables t, mine m where t.relkind <> 'S'
    and (has_table_privilege(m.oid, t.oid, 'insert, update, delete, truncate') or has_any_column_privilege(m.oid, t.oid, 'insert, update')) limit 1),
  (select 'may set ' || t.name from tables t, mine m where case t.relkind when 'S' then has_sequence_privilege(m.oid, t.oid, 'update') end limit 1)
], null),
(select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prosecdef and not {_SYSTEM} and has_function_privilege(p.oid, 'execute') and has_schema_privilege(n.oid, 'usage'))
"""


@dataclass(frozen=True)
class Rights:
    """`changes`: what of the source these credentials may change, each in words. `unjudged`: functions that run with another's rights."""

    user: str
    changes: tuple[str, ...]
    unjudged: int


@dataclass(frozen=True)
class Found:
    """A table with what people wrote about its columns. `hidden`: row-level security shows none of its rows."""

    table: Table
    descriptions: dict[str, str]
    hidden: bool


def read_tables(connection: psycopg.Connection) -> dict[str, Found]:
    """Stream → table, with the columns that may be read. A key of which a column may not be read is none."""
    columns = connection.execute(_COLUMNS).fetchall()
    widths = {(schema, name): width for schema, name, width in connection.execute(_KEYS).fetchall()}
    by_table: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for row in columns:
        by_table.setdefault((row[0], row[1]), []).append(row)
    found = {}
    for (schema, name), rows in by_table.items():
        landed = landed_names([str(row[3]) for row in rows])
        key = [lands_as for _, lands_as in sorted((int(str(row[8])), lands_as) for row, lands_as in zip(rows, landed, strict=True) if row[8])]
        told = {lands_as: Column(str(row[3]), str(row[4]), str(row[5]), bool(row[6])) for row, lands_as in zip(rows, landed, strict=True)}
        table = Table(schema, name, str(rows[0][2]), told, tuple(key) if len(key) == widths.get((schema, name)) else ())
        found[stream_name(schema, name)] = Found(table, {lands_as: str(row[7]) for row, lands_as in zip(rows, landed, strict=True)}, bool(rows[0][9]))
    return found


def read_rights(connection: psycopg.Connection) -> Rights:
    row = connection.execute(_RIGHTS).fetchone()
    assert row is not None
    return Rights(row[0], tuple(row[1]), row[2])
