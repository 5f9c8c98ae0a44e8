"""Identities by deterministic keys: which source records are one thing, computed from all events of a tenant.

The founding record, the earliest ever seen, gives the entity its id and its place, so that a rebuild gives the same.
"""

from __future__ import annotations

import duckdb

from aos_core.ontology import Entity, Ontology
from aos_core.unify import global_keys, origin_sql, record_id_sql
from aos_resources.world import Work


def moment(table: str) -> str:
    """SQL of when an event was: landings are numbered, and a landing's rows are; 2^32 rows of one are more than a file holds."""
    return f"({table}.seq * 4294967296 + {table}.row)"


def stands_in(other: str, table: str, *columns: str) -> str:
    """SQL of whether a row of `table` has one alike in `other`. Pairs compared as one value cost ten times as much: no filter reaches the scan."""
    return f"exists (select 1 from {other} as alike where {' and '.join(f'alike.{one} = {table}.{one}' for one in columns)})"


def keys_of(entity: Entity) -> list[str]:
    """Columns of a record's global keys."""
    return [f"key_{n}" for n in range(len(global_keys(entity)))]


def is_target(entity: Entity, ontology: Ontology) -> bool:
    """Whether any field leads to things of this entity: only then is it asked what a key or a name within a connection points to."""
    return any(one.target == entity.name for other in ontology.entities for one in other.values)


def naming(entity: Entity, ontology: Ontology) -> str:
    """SQL over an event: its record's name, where references go by it, and global keys; null where it does not say."""
    named = is_target(entity, ontology) and any(one.name == "name" for one in entity.fields)
    name = 'trim("name")' if named else "null::varchar"
    keys = "".join(f", nullif({sql}, '') as {column}" for column, sql in zip(keys_of(entity), global_keys(entity), strict=True))
    return f"{name} as name{keys}"


def can_join(connection: duckdb.DuckDBPyConnection, entity: Entity) -> bool:
    """Whether two records of an entity can be one thing at all: by a global key, or by partial records of one key."""
    partial = connection.execute("select count(*) from meta.mappings where partial and entity = ?", [entity.name]).fetchall()[0][0]
    return bool(global_keys(entity)) or partial > 0


def identify(connection: duckdb.DuckDBPyConnection, work: Work) -> None:
    """Fills `identities.<entity>` and what the models ask of it (`_living`, `_shared`, `_references`), for every entity."""
    connection.execute("create schema identities")
    for entity in work.ontology.entities:
        _tell(connection, work, entity)
        _living(connection, entity)
        _records(connection, work, entity)
        if can_join(connection, entity):
            connection.execute(f"create or replace temp table pulled as select * from identities.{entity.name}")
            join_pulled(connection, entity)
        shared = " having count(*) > 1" if can_join(connection, entity) else " limit 0"
        connection.execute(f"create table identities.{entity.name}_shared as select entity_id from identities.{entity.name} where live group by 1{shared}")
        led = "" if is_target(entity, work.ontology) else " limit 0"
        connection.execute(f"create table identities.{entity.name}_references as {references_sql(entity)}{led}")


def _tell(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> None:
    """View `told`: every event, narrow, and whether it `stands`: it is the last that its source row said, and no deletion.

    What is looked for twice is looked for by a number first, and by its text only among the few that share one.
    """
    connection.execute(
        "create or replace temp table said as select m.connection, m.stream, e.source_key, e.entity_key, e.event_id, e.seq, e.row,"
        f" {moment('e')} as moment, e.op, {naming(entity, work.ontology)}, hash(m.stream, e.source_key) as by_row, hash(m.stream, e.entity_key) as by_key"
        f" from events.{entity.name} e join meta.mappings m on m.mapping = e.mapping"
    )
    connection.execute(
        "create or replace temp table again as select by_row, stream, source_key, max(moment) as moment from said"
        " where by_row in (select by_row from said group by 1 having count(*) > 1) group by all having count(*) > 1"
    )
    connection.execute(
        "create or replace temp view told as select s.*, s.op = 'u' and (a.moment is null or a.moment = s.moment) as stands from said s"
        " left join again a on a.by_row = s.by_row and a.stream = s.stream and a.source_key = s.source_key"
    )


def _living(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Table `<entity>_living`: the latest event of each source row that still stands; `newest` its key's latest.

    `stale` where a newer row of the source was quarantined. Narrow on purpose: the models take the wide rows by
    their event ids, and sort none of them.
    """
    connection.execute(
        "create or replace temp table several as select by_key, stream, entity_key, max(moment) as moment from told where stands"
        " and by_key in (select by_key from told where stands group by 1 having count(*) > 1) group by all having count(*) > 1"
    )
    connection.execute(
        f"create table identities.{entity.name}_living as with doubts as ({doubts_sql(entity)})"
        " select t.connection, t.stream, t.source_key, t.entity_key, t.event_id, t.seq, t.row, t.moment, coalesce(d.seq > t.seq, false) as stale,"
        " coalesce(s.moment = t.moment, true) as newest from told t"
        " left join doubts d on d.stream = t.stream and d.source_key = t.source_key"
        " left join several s on s.by_key = t.by_key and s.stream = t.stream and s.entity_key = t.entity_key where t.stands"
    )


def doubts_sql(entity: Entity) -> str:
    """The last landing in which a source row was quarantined."""
    return (
        f"select m.stream, q.source_key, max(q.seq) as seq from events.{entity.name}_quarantined q"
        " join meta.mappings m on m.mapping = q.mapping group by all"
    )


def _records(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> None:
    """Table `identities.<entity>`: every (stream, key) ever seen, ranked by when; each its own thing until it is joined.

    `label` is the rank of the founding record; name and global keys are the last that the source said. No two
    records begin at the same moment: a landed row makes one event.
    """
    names = ("name", *keys_of(entity))
    lasts = ", ".join(f"arg_max({column}, moment) as {column}" for column in names)
    connection.execute(
        "create or replace temp table twice as select by_key from said where op = 'u' group by 1 having count(*) > 1"
    )
    # Ranked apart: a window carries all that its rows hold through its sort.
    connection.execute(
        "create or replace temp table ranks as select first, row_number() over (order by first) as rank from"
        " (select moment as first from said where op = 'u' and by_key not in (from twice) union all"
        " select min(moment) from said where op = 'u' and by_key in (from twice) group by stream, entity_key)"
    )
    connection.execute(
        f"create table identities.{entity.name} as with seen as ("
        f" select connection, stream, entity_key, moment as first, {', '.join(names)}, stands as live from told where op = 'u' and by_key not in (from twice)"
        f" union all select connection, stream, entity_key, min(moment), {lasts}, bool_or(stands) from told where op = 'u' and by_key in (from twice)"
        " group by connection, stream, entity_key),"
        f" ranked as (select seen.*, rank, {record_id_sql(work.tenant.id, entity.name)} as record_id"
        f" from seen join ranks on ranks.first = seen.first join (select distinct m.stream, {origin_sql('m')} as origin from meta.mappings m) o on o.stream = seen.stream)"
        " select * exclude (first, record_id, live), rank as label, record_id, record_id as entity_id, live from ranked"
    )


def join_pulled(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Joins the records in table `pulled`, which share keys with no record outside it, and writes what changed back.

    The lowest rank spreads along shared keys until nothing changes. A global key joins only where each stream knows
    it of one record: two people of one source who share a mailbox are two. A shared source key joins within a
    connection where one of the streams carries partial records. Whether a key joins is asked of all records.
    Leaves table `moved` (stream, entity_key, record_id, was, entity_id): whose entity is another one than before.
    """
    table = f"identities.{entity.name}"
    shared = [
        f"select rank, '{column}:' || {column} as link from pulled where {column} in (select {column} from {table}"
        f" where {column} in (select {column} from pulled) group by 1 having count(*) > 1 and count(*) = count(distinct stream))"
        for column in keys_of(entity)
    ]
    shared.append(
        "select rank, 'key:' || connection || ':' || entity_key as link from pulled where (connection, entity_key) in"
        f" (select (r.connection, r.entity_key) from {table} r join meta.mappings m on m.stream = r.stream and m.entity = '{entity.name}'"
        f" where {stands_in('pulled', 'r', 'connection', 'entity_key')}"
        " group by r.connection, r.entity_key having count(*) > 1 and bool_or(m.partial))"
    )
    connection.execute(f"create or replace temp table links as {' union all '.join(shared)}")
    connection.execute("create or replace temp table labels as select rank, rank as label from pulled")
    while connection.execute(
        "update labels set label = lowest.label from (select l.rank, min(least_of.label) as label from links l join"
        " (select link, min(label) as label from links join labels using (rank) group by link) least_of using (link) group by l.rank)"
        " lowest where lowest.rank = labels.rank and lowest.label < labels.label"
    ).fetchall()[0][0]:
        pass
    connection.execute(
        "create or replace temp table moved as select p.rank, l.label, p.stream, p.entity_key, p.record_id, p.entity_id as was,"
        " f.record_id as entity_id from pulled p join labels l using (rank) join pulled f on f.rank = l.label where l.label <> p.label"
    )
    connection.execute(f"update {table} r set label = m.label, entity_id = m.entity_id from moved m where m.rank = r.rank")


def references_sql(entity: Entity, among: str | None = None) -> str:
    """What a value within a connection points to: a living thing's key, else its name; nothing where several fit.

    `among` names a table (connection, value) of the values that are asked for; all where it is None.
    """
    keyed, called = (f" where {stands_in(among, one, 'connection', 'value')}" if among else "" for one in ("keyed", "called"))
    return (
        f"with keyed as (select connection, trim(entity_key) as value, entity_id from identities.{entity.name} where live),"
        f" called as (select connection, name as value, entity_id from identities.{entity.name} where live and name is not null),"
        f" keys as (select connection, value, any_value(entity_id) as entity_id, count(distinct entity_id) as things from keyed{keyed} group by connection, value),"
        f" names as (select connection, value, any_value(entity_id) as entity_id, count(distinct entity_id) as things from called{called} group by connection, value)"
        " select connection, value, entity_id from keys where things = 1 union all"
        " select connection, value, entity_id from names where things = 1 and not " + stands_in("keys", "names", "connection", "value")
    )
