"""What new events change in a copy of the version before: its identities brought up to date, and the changed keys.

Table `changed.<entity>_things` lists the entity ids whose unified row is another one or gone, `changed.<entity>` the
(stream, entity_key) of all their records. The models stage these, delete and insert those and leave the rest, so that
the result equals a build from all events, row for row.
"""

from __future__ import annotations

import duckdb

from aos_assets.steps.identities import (
    can_join,
    doubts_sql,
    is_target,
    join_pulled,
    keys_of,
    moment,
    naming,
    references_sql,
    stands_in,
)
from aos_core.ontology import Entity
from aos_core.unify import origin_sql, record_id_sql
from aos_resources.world import Work


def follow(connection: duckdb.DuckDBPyConnection, work: Work, entities: list[Entity]) -> None:
    """Brings the identities of those entities up to `events.<entity>` and `events.<entity>_quarantined`, the new ones only."""
    # One transaction: row ids are good within it, since no checkpoint comes between.
    connection.execute("begin")
    connection.execute("create schema changed")
    for entity in work.ontology.entities:
        connection.execute(f"create table changed.{entity.name} (stream uuid, entity_key varchar)")
        connection.execute(f"create table changed.{entity.name}_things (entity_id uuid)")
    connection.execute("create table changed.ids (entity varchar, entity_id uuid)")
    connection.execute("create table changed.redirects (from_id uuid, to_id uuid)")
    for entity in entities:
        _rows(connection, work, entity)
        _records(connection, work, entity)
        _things(connection, entity)
        if is_target(entity, work.ontology):
            _references(connection, work, entity)
    for entity in work.ontology.entities:
        _complete(connection, entity)
    connection.execute("commit")


def _complete(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """A thing that changed is made of all its records anew."""
    connection.execute(
        f"insert into changed.{entity.name} select stream, entity_key from identities.{entity.name} r where entity_id in (from changed.{entity.name}_things)"
        f" and not {stands_in(f'changed.{entity.name}', 'r', 'stream', 'entity_key')}"
    )


def changed_entities(connection: duckdb.DuckDBPyConnection, work: Work) -> list[Entity]:
    """Entities of which a staged row or a thing changed."""
    return [
        one
        for one in work.ontology.entities
        if connection.execute(
            f"select exists (from changed.{one.name}) or exists (from changed.{one.name}_things)"
        ).fetchall()[0][0]
    ]


def needed_seqs(connection: duckdb.DuckDBPyConnection, entity: Entity) -> set[int]:
    """Landings whose events the changed keys are made of."""
    return {
        int(seq)
        for (seq,) in connection.execute(
            f"select distinct seq from identities.{entity.name}_living l where {stands_in(f'changed.{entity.name}', 'l', 'stream', 'entity_key')}"
        ).fetchall()
    }


def _rows(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> None:
    """The living rows after the news, and the keys that they touch. Found once by key, then written by row id."""
    living = f"identities.{entity.name}_living"
    connection.execute(
        f"create or replace temp table news as select m.connection, m.stream, e.source_key, e.entity_key, e.event_id, e.seq, e.row,"
        f" {moment('e')} as moment, e.op, {naming(entity, work.ontology)} from events.{entity.name} e join meta.mappings m on m.mapping = e.mapping"
    )
    connection.execute(f"create or replace temp table doubts as {doubts_sql(entity)}")
    connection.execute(
        "create or replace temp table touched as select stream, source_key, true as said from news"
        f" union select stream, source_key, false from doubts where not {stands_in('news', 'doubts', 'stream', 'source_key')}"
    )
    connection.execute(
        f"create or replace temp table standing as select l.rowid as place, l.stream, l.source_key, l.entity_key, t.said"
        f" from {living} l join touched t on t.stream = l.stream and t.source_key = l.source_key"
    )
    connection.execute(
        f"insert into changed.{entity.name} select stream, entity_key from standing union select stream, entity_key from news where op = 'u'"
    )
    connection.execute(
        f"update {living} l set stale = true from standing s, doubts d where s.place = l.rowid and not s.said"
        " and d.stream = s.stream and d.source_key = s.source_key and d.seq > l.seq"
    )
    connection.execute(f"delete from {living} where rowid in (select place from standing where said)")
    connection.execute(
        f"insert into {living} by name select n.* exclude (op, name{''.join(f', {one}' for one in keys_of(entity))}),"
        " coalesce(d.seq > n.seq, false) as stale, true as newest"
        " from (select * from news qualify row_number() over (partition by stream, source_key order by moment desc) = 1) n"
        " left join doubts d on d.stream = n.stream and d.source_key = n.source_key where n.op = 'u'"
    )
    # What stands of the changed keys by now: looked for once, since nothing else costs as much as looking through all rows.
    connection.execute(
        f"create or replace temp table stands as select rowid as place, stream, entity_key, moment, newest from {living} l"
        f" where {stands_in(f'changed.{entity.name}', 'l', 'stream', 'entity_key')}"
    )
    connection.execute(
        f"update {living} l set newest = not l.newest from (select place, newest is distinct from"
        " (moment = max(moment) over (partition by stream, entity_key)) as wrong from stands) w where w.wrong and w.place = l.rowid"
    )


def _records(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> None:
    """The records after the news, new ones ranked behind all others, and joined anew where a shared key came or went.

    Tables: `before` (the changed keys' records as they were), `after` (as they are), `moved` (who stands under
    another entity).
    """
    table, columns = f"identities.{entity.name}", ("name", *keys_of(entity))
    connection.execute(f"create or replace temp table ranks as select coalesce(max(rank), 0) as highest from {table}")
    connection.execute(
        f"create or replace temp table before as select rowid as place, * from {table} r"
        f" where {stands_in(f'changed.{entity.name}', 'r', 'stream', 'entity_key')}"
    )
    lasts = ", ".join(f"arg_max({column}, moment) as {column}" for column in columns)
    connection.execute(
        f"create or replace temp table met as select connection, stream, entity_key, min(moment) as first, {lasts} from news where op = 'u'"
        " group by connection, stream, entity_key"
    )
    connection.execute("create or replace temp table living as select distinct stream, entity_key from stands")
    news = ", ".join(f"coalesce(m.{column}, b.{column}) as {column}" for column in columns)
    sets = ", ".join(f"{column} = a.{column}" for column in (*columns, "live"))
    connection.execute(
        f"update {table} r set {sets} from (select b.place, {news}, l.stream is not null as live from before b"
        " left join met m on m.stream = b.stream and m.entity_key = b.entity_key"
        " left join living l on l.stream = b.stream and l.entity_key = b.entity_key) a where a.place = r.rowid"
    )
    connection.execute(
        f"insert into {table} by name with fresh as (select *, {origin_sql('met')} as origin from met"
        f" where not {stands_in('before', 'met', 'stream', 'entity_key')}),"
        f" ranked as (select *, (select highest from ranks) + row_number() over (order by first, stream, entity_key) as rank,"
        f" {record_id_sql(work.tenant.id, entity.name)} as record_id from fresh)"
        " select r.* exclude (first, origin, record_id), r.rank as label, record_id, record_id as entity_id, l.stream is not null as live from ranked r"
        " left join living l on l.stream = r.stream and l.entity_key = r.entity_key"
    )
    _after(connection, entity)
    connection.execute("create or replace temp table moved (stream uuid, entity_key varchar, record_id uuid, was uuid, entity_id uuid)")
    if can_join(connection, entity):
        _rejoin(connection, entity)


def _after(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Taken by row id, since looking for keys among all records costs more than all the rest."""
    connection.execute(
        f"create or replace temp table after as select * from identities.{entity.name} where rowid in (select place from before)"
        f" union all select * from identities.{entity.name} where rank > (select highest from ranks)"
    )


def _rejoin(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Pulls every record that a key which came or went could join or part, and joins these anew.

    What is pulled is closed: a link to a record outside would be of a key that did not change, and those who share
    such a key stood under one label before.
    """
    table, keys = f"identities.{entity.name}", keys_of(entity)
    other = "".join(f" or b.{one} is distinct from a.{one}" for one in keys)
    connection.execute(
        "create or replace temp table restless as select a.rank, a.connection, a.entity_key"
        + "".join(f", a.{one}, b.{one} as old_{one}" for one in keys)
        + f" from after a left join before b on b.rank = a.rank where b.rank is null{other}"
    )
    if not connection.execute("select count(*) from restless").fetchall()[0][0]:
        return
    shares = [f"{one} in (select {one} from restless union select old_{one} from restless)" for one in keys]
    shares += ["rank in (select rank from restless)", stands_in("restless", "r", "connection", "entity_key")]
    connection.execute(
        f"create or replace temp table pulled as select * from {table} where label in"
        f" ({' union '.join(f'select label from {table} r where {one}' for one in shares)})"
    )
    join_pulled(connection, entity)
    _after(connection, entity)


def _things(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Entity ids that the changed records stood or stand under; the ids to issue, and where merged ones lead."""
    name = entity.name
    connection.execute(
        f"insert into changed.{name}_things select entity_id from before union select entity_id from after"
        " union select was from moved union select entity_id from moved"
    )
    connection.execute(
        f"insert into changed.ids select '{name}', entity_id from after where entity_id = record_id and rank not in (select rank from before)"
        f" union select '{name}', entity_id from identities.{name} r where entity_id = record_id and {stands_in('moved', 'r', 'record_id')}"
    )
    # A record that has just come was never known by its own id: nothing leads from that.
    connection.execute(
        "insert into changed.redirects select record_id, entity_id from moved"
        " where record_id not in (select record_id from after where rank not in (select rank from before))"
    )
    if can_join(connection, entity):
        connection.execute(f"delete from identities.{name}_shared where entity_id in (select entity_id from changed.{name}_things)")
        connection.execute(
            f"insert into identities.{name}_shared select entity_id from identities.{name} where live"
            f" and entity_id in (select entity_id from changed.{name}_things) group by 1 having count(*) > 1"
        )


def _references(connection: duckdb.DuckDBPyConnection, work: Work, entity: Entity) -> None:
    """What values point to after the news, and every thing whose reference leads elsewhere now."""
    name = entity.name
    connection.execute(
        "create or replace temp table asked as with other as (select * from (select connection, entity_key, name, live, entity_id, rank from before"
        " except select connection, entity_key, name, live, entity_id, rank from after) union all"
        " (select connection, entity_key, name, live, entity_id, rank from after"
        " except select connection, entity_key, name, live, entity_id, rank from before) union all"
        f" select r.connection, r.entity_key, r.name, r.live, r.entity_id, r.rank from identities.{name} r join moved m on m.record_id = r.record_id)"
        " select connection, trim(entity_key) as value from other union select connection, name from other where name is not null"
    )
    if not connection.execute("select count(*) from asked").fetchall()[0][0]:
        return
    table = f"identities.{name}_references"
    connection.execute(f"create or replace temp table led as select * from {table} r where {stands_in('asked', 'r', 'connection', 'value')}")
    connection.execute(f"create or replace temp table leads as {references_sql(entity, 'asked')}")
    connection.execute(f"delete from {table} as r where {stands_in('asked', 'r', 'connection', 'value')}")
    connection.execute(f"insert into {table} by name select * from leads")
    connection.execute(
        "create or replace temp table elsewhere as select distinct value from ((from led except from leads) union all (from leads except from led))"
    )
    for pointing in work.ontology.entities:
        for field in pointing.values:
            if field.type == "ref" and field.target == name:
                connection.execute(
                    f"insert into changed.{pointing.name}_things select {pointing.key.name} from unified.{pointing.plural}"
                    f' where trim("{field.name}_source") in (from elsewhere) and {pointing.key.name} not in (from changed.{pointing.name}_things)'
                )
