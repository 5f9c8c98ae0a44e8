"""What the orchestrator keeps of an erased tenant: its partition, runs, events, ticks and cursors. What a run did for others stays.

Plain SQL by the orchestrator's own role: importing it to delete rows would cost seconds, and it has no such call.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from aos_core.tenancy import Tenant
from aos_resources.settings import Settings

_MINE = "select run_id from dagster.run_tags where key in ('dagster/partition', 'dagster/asset_partition_range_start') and value = %(slug)s union select run_id from dagster.runs where partition = %(slug)s"
_SAYS = '"partition": "{}"'
# In order. Where a run was one of several tenants', only what names this one goes; `said` is the slug as a word of its own.
_DELETE = {
    "asset_event_tags": "event_id in (select id from dagster.event_logs where partition = %(slug)s or run_id = any(%(runs)s))",
    "event_logs": "partition = %(slug)s or run_id = any(%(runs)s) or strpos(event, %(says)s) > 0"
    " or (event ~ %(said)s and asset_key is null and partition is null)",
    "asset_check_executions": "partition = %(slug)s or run_id = any(%(runs)s) or strpos(evaluation_event, %(says)s) > 0",
    "dynamic_partitions": "partition = %(slug)s",
    "run_tags": "run_id = any(%(runs)s) or (value = %(slug)s and key like 'dagster/%%')",
    "runs": "run_id = any(%(runs)s)",
    "pending_steps": "run_id = any(%(runs)s)",
    "concurrency_slots": "run_id = any(%(runs)s)",
    "job_ticks": "tick_body ~ %(said)s",
    "bulk_actions": "body ~ %(said)s",
    "backfill_tags": "value = %(slug)s",
    "asset_daemon_asset_evaluations": "asset_evaluation_body ~ %(said)s",
    "daemon_heartbeats": "body ~ %(said)s",
    "kvs": "key ~ %(said)s or value ~ %(said)s",
}
# An asset shows the newest that is left; a sensor forgets where it was with this tenant; an asked batch no longer names it.
_MEND = [
    """update dagster.asset_keys a set (last_materialization, last_run_id, last_materialization_timestamp) = (
        select '{"__class__": "EventLogRecord", "event_log_entry": ' || e.event || ', "storage_id": ' || e.id || '}', e.run_id, e.timestamp
        from dagster.event_logs e where e.asset_key = a.asset_key and e.dagster_event_type = 'ASSET_MATERIALIZATION' order by e.id desc limit 1)
    where strpos(a.last_materialization, %(says)s) > 0 or a.last_run_id = any(%(runs)s) or a.last_materialization ~ %(said)s""",
    "update dagster.asset_keys set cached_status_data = null where cached_status_data ~ %(said)s",
    r"""update dagster.instigators set instigator_body = regexp_replace(regexp_replace(regexp_replace(instigator_body,
        %(seen)s, '', 'g'), '([0-9]), \}', '\1}', 'g'), %(key)s, '\1null', 'g') where instigator_body ~ %(said)s""",
    r"""update dagster.jobs set job_body = regexp_replace(regexp_replace(regexp_replace(job_body,
        %(seen)s, '', 'g'), '([0-9]), \}', '\1}', 'g'), %(key)s, '\1null', 'g') where job_body ~ %(said)s""",
    r"""update dagster.runs set run_body = regexp_replace(run_body, %(named)s, '\1"erased"') where run_body ~ %(named)s""",
]


# Orphans: what a run that was still at work wrote after it had been removed. What was reported without a run has an empty id.
_ORPHANS = {
    "asset_event_tags": "event_id in (select id from dagster.event_logs e where not exists (select from dagster.runs r where r.run_id = e.run_id) and e.run_id <> '')",
    "event_logs": "not exists (select from dagster.runs r where r.run_id = event_logs.run_id) and run_id <> ''",
    "asset_check_executions": "not exists (select from dagster.runs r where r.run_id = asset_check_executions.run_id) and run_id <> ''",
}
_AT_WORK = f"select count(*) from dagster.runs where run_id in ({_MINE}) and status in ('STARTING', 'STARTED', 'CANCELING')"


@dataclass(frozen=True)
class Removed:
    """`runs` are those of this tenant alone: what they printed stands in folders of their name."""

    rows: dict[str, int]
    runs: tuple[str, ...]


def remove(settings: Settings, tenant: Tenant) -> Removed:
    """Where nothing was ever orchestrated there is nothing to remove."""
    with psycopg.connect(settings.url("dagster")) as connection:
        if "runs" not in _tables(connection):
            return Removed({}, ())
        told = _told(tenant) | {"runs": []}
        runs = tuple(sorted(str(row[0]) for row in connection.execute(_MINE.encode(), told)))
        told["runs"] = list(runs)
        there = _tables(connection)
        rows = {name: connection.execute(f"delete from dagster.{name} where {which}".encode(), told).rowcount for name, which in _DELETE.items() if name in there}
        rows["mended"] = sum(connection.execute(one.encode(), told).rowcount for one in _MEND)
    return Removed({name: number for name, number in rows.items() if number}, runs)


def wait_for_runs(settings: Settings, tenant: Tenant, seconds: float = 20) -> int:
    """Its own runs meet the tombstone and end by themselves; gives how many have not by then. What those write later goes at night."""
    deadline = time.monotonic() + seconds
    with psycopg.connect(settings.url("dagster"), autocommit=True) as connection:
        while "runs" in _tables(connection):
            row = connection.execute(_AT_WORK.encode(), _told(tenant)).fetchone()
            if row is None or not row[0] or time.monotonic() > deadline:
                return int(row[0]) if row else 0
            time.sleep(0.2)
    return 0


def remove_orphans(settings: Settings) -> int:
    """Events of runs that are no more, whosever they were."""
    with psycopg.connect(settings.url("dagster")) as connection:
        there = _tables(connection)
        return sum(connection.execute(f"delete from dagster.{name} where {which}".encode()).rowcount for name, which in _ORPHANS.items() if name in there)


def left(settings: Settings, tenant: Tenant) -> dict[str, int]:
    """Rows that are still its own or still name it, where there are any."""
    asked = _DELETE | {"asset_keys": "strpos(last_materialization, %(says)s) > 0", "instigators": "instigator_body ~ %(seen)s", "jobs": "job_body ~ %(seen)s"}
    found = {}
    with psycopg.connect(settings.url("dagster")) as connection:
        there, told = _tables(connection), _told(tenant) | {"runs": []}
        for name, which in asked.items():
            counted = connection.execute(f"select count(*) from dagster.{name} where {which}".encode(), told).fetchone() if name in there else None
            if counted and counted[0]:
                found[name] = int(counted[0])
    return found


def _told(tenant: Tenant) -> dict[str, object]:
    """A slug is letters, digits and hyphens: it means itself in a pattern."""
    slug = tenant.slug
    return {
        "slug": slug, "says": _SAYS.format(slug), "said": f"(^|[^a-z0-9_-]){slug}($|[^a-z0-9_-])", "seen": rf'\\*"{slug}\\*": [0-9]+(, )?',
        "key": rf'("last_run_key": )"{slug}:[0-9]+"', "named": rf'("tenants": \[[^\]]*)"{slug}"',
    }  # fmt: skip


def _tables(connection: psycopg.Connection) -> set[str]:
    return {str(row[0]) for row in connection.execute("select relname from pg_class where relnamespace = 'dagster'::regnamespace and relkind in ('r', 'p')")}
