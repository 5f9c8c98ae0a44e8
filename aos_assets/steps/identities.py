"""Identities by deterministic keys: which source records are one thing, computed over a work file's events.

The founding record, the earliest ever seen, gives the entity its id, so that a rebuild issues the same ids.
"""

from __future__ import annotations

import duckdb

from aos_core.ontology import Entity
from aos_core.unify import global_keys, record_id_sql
from aos_resources.world import Work


def identify(connection: duckdb.DuckDBPyConnection, work: Work) -> None:
    """Fills `identities.<entity>` and what the models ask of it (`_living`, `_places`, `_references`), for every entity."""
    connection.execute("create schema if not exists identities")
    for entity in work.ontology.entities:
        _records(connection, work, entity)
        _living(connection, entity)
        _join(connection, entity)
        _references(connection, entity)


def _records(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> None:
    """Table `records`: every (stream, key) ever seen, ranked by when, with its last known name and global keys."""
    keys = "".join(f", arg_max(nullif({key}, ''), (e.seq, e.row)) as key_{n}" for n, key in enumerate(global_keys(entity)))
    name = '"name"' if any(one.name == "name" for one in entity.fields) else "null::varchar"
    connection.execute(
        f"create or replace temp table records as with seen as (select m.connection, m.stream, m.partial, e.entity_key,"
        f" min((e.seq, e.row)) as first, arg_max(trim({name}), (e.seq, e.row)) as name{keys}"
        f" from events.{entity.name} e join meta.mappings m on m.mapping = e.mapping where e.op = 'u' group by all)"
        f" select *, {record_id_sql(work.tenant.id, entity.name)} as record_id,"
        f" row_number() over (order by first, stream, entity_key) as rank from seen"
    )


def _living(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Table `<entity>_living`: the latest event of each source row that still stands; `newest` its key's latest.

    Narrow on purpose: the models take the wide rows by their event ids, and sort none of them.
    """
    connection.execute(
        f"create or replace table identities.{entity.name}_living as with latest as (select m.stream, e.source_key,"
        f" max((e.seq, e.row)) as moment, arg_max({{'id': e.event_id, 'op': e.op, 'key': e.entity_key}}, (e.seq, e.row)) as last"
        f" from events.{entity.name} e join meta.mappings m on m.mapping = e.mapping group by all),"
        " living as (select stream, source_key, last.key as entity_key, last.id as event_id, moment from latest where last.op = 'u')"
        " select l.* exclude (moment), l.moment = k.moment as newest from living l join"
        " (select stream, entity_key, max(moment) as moment from living group by all) k on k.stream = l.stream and k.entity_key = l.entity_key"
    )


def _join(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Records that share a key become one: the lowest rank spreads along shared keys until nothing changes.

    A global key joins only where each stream knows it of one record: two people of one source who share a mailbox
    are two. A shared source key joins within a connection where one of the streams carries partial records.
    """
    shared = [
        f"select rank, 'global {n}:' || key_{n} as link from records where key_{n} in (select key_{n} from records"
        f" where key_{n} is not null group by key_{n} having count(*) > 1 and count(*) = count(distinct stream))"
        for n in range(len(global_keys(entity)))
    ]
    shared.append(
        "select rank, 'key:' || connection || ':' || entity_key as link from records where (connection, entity_key) in"
        " (select (connection, entity_key) from records group by connection, entity_key having count(*) > 1 and bool_or(partial))"
    )
    connection.execute(f"create or replace temp table links as {' union all '.join(shared)}")
    connection.execute("create or replace temp table labels as select rank, rank as label from records")
    while connection.execute(
        "update labels set label = lowest.label from (select l.rank, min(least_of.label) as label from links l join"
        " (select link, min(label) as label from links join labels using (rank) group by link) least_of using (link) group by l.rank)"
        " lowest where lowest.rank = labels.rank and lowest.label < labels.label"
    ).fetchall()[0][0]:
        pass
    connection.execute(
        f"create or replace table identities.{entity.name} as select r.connection, r.stream, r.entity_key, r.record_id,"
        " f.record_id as entity_id, f.rank, r.name, l.stream is not null as live from records r join labels using (rank)"
        f" join records f on f.rank = labels.label left join (select distinct stream, entity_key from identities.{entity.name}_living) l"
        " on l.stream = r.stream and l.entity_key = r.entity_key"
    )
    connection.execute(
        f"create or replace table identities.{entity.name}_places as select entity_id, row_number() over (order by min(rank)) as ordinal,"
        f" count(*) as told_by from identities.{entity.name} where live group by entity_id"
    )


def _references(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """What a value within a connection points to: a living thing's key, else its name; nothing where several fit."""
    connection.execute(
        f"create or replace table identities.{entity.name}_references as with keys as (select connection, trim(entity_key) as value,"
        f" any_value(entity_id) as entity_id, count(distinct entity_id) as things from identities.{entity.name} where live group by all),"
        f" names as (select connection, name as value, any_value(entity_id) as entity_id, count(distinct entity_id) as things"
        f" from identities.{entity.name} where live and name is not null group by all)"
        " select connection, value, entity_id from keys where things = 1 union all"
        " select connection, value, entity_id from names where things = 1 and (connection, value) not in (select (connection, value) from keys)"
    )
