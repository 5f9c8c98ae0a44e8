"""`aos connection`: connections listed, paused, resumed, read anew and cancelled. A running installation follows at its next sync."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

if TYPE_CHECKING:
    from aos_resources.database import Transaction
    from aos_resources.world import Work

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
_LISTED = """
select c.name, c.source, c.state, y.state as last_sync, y.ended_at,
       extract(epoch from now() - (select max(ended_at) from aos.syncs g where g.connection_id = c.id and g.state = 'succeeded'))::bigint as lag_seconds,
       (select count(*) from aos.streams s where s.connection_id = c.id) as streams
from aos.connections c
left join lateral (select state, ended_at from aos.syncs y where y.connection_id = c.id order by y.started_at desc limit 1) y on true
order by c.name
"""


@click.group("connection")
def connection_group() -> None:
    """List connections, and pause, resume, reset or cancel one."""


def _of_a_tenant(command: Decorated) -> Decorated:
    told = click.option("--json", "as_json", is_flag=True, help="As JSON.")(command)
    return click.option("--tenant", required=True, help="The workspace, by its short name.")(told)


@connection_group.command("list")
@_of_a_tenant
def list_connections(tenant: str, as_json: bool) -> None:
    """Say which connections there are, and how each stands."""
    with _work(tenant) as work, work.database.transaction() as transaction:
        found = [dict(row) for row in transaction.all(_LISTED)]
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for one in found:
        lag = "never read" if one["lag_seconds"] is None else f"read {one['lag_seconds'] // 60} minutes ago"
        click.echo(f"{one['name']:<30} {one['source']:<12} {one['state']:<13} {one['streams']:>4} streams, {lag}")


@connection_group.command("pause")
@click.argument("name")
@_of_a_tenant
def pause_connection(name: str, tenant: str, as_json: bool) -> None:
    """Read NAME no more until it is resumed. What has landed stays."""
    _turn(name, tenant, as_json, pause=True)


@connection_group.command("resume")
@click.argument("name")
@_of_a_tenant
def resume_connection(name: str, tenant: str, as_json: bool) -> None:
    """Let NAME be read again."""
    _turn(name, tenant, as_json, pause=False)


@connection_group.command("reset")
@click.argument("name")
@click.option("--stream", help="That stream alone.")
@_of_a_tenant
def reset_connection(name: str, stream: str | None, tenant: str, as_json: bool) -> None:
    """Read NAME anew from its beginning at the next sync. Nothing of what has landed is lost meanwhile."""
    from aos_core.errors import NotFound
    from aos_resources.policies import reset

    with _changing(tenant, name, {"reset": stream or "every stream"}) as (_, transaction, connection):
        rows = transaction.all(
            "select id, name from aos.streams where connection_id = :id and (cast(:name as text) is null or name = :name) order by name", id=connection, name=stream
        )
        if not rows:
            raise NotFound("No such stream", culprit=stream or name)
        for row in rows:
            reset(transaction, row["id"])
    _say({"name": name, "reset": [row["name"] for row in rows]}, as_json, f"{len(rows)} streams of {name} are read anew at the next sync.")


@connection_group.command("cancel")
@click.argument("name")
@_of_a_tenant
def cancel_sync(name: str, tenant: str, as_json: bool) -> None:
    """End the sync of NAME that is under way, at its next slice. What it has landed stays."""
    from aos_resources.policies import ask_to_cancel

    with _changing(tenant, name, {"cancel": name}) as (_, transaction, connection):
        sync = ask_to_cancel(transaction, connection)
    _say({"name": name, "sync": str(sync)}, as_json, f"The sync of {name} ends at its next slice.")


def _turn(name: str, tenant: str, as_json: bool, *, pause: bool) -> None:
    from aos_resources import connections

    with _changing(tenant, name, {"paused": pause}) as (_, transaction, connection):
        before, after = connections.pause(transaction, connection, pause=pause)
    _say({"name": name, "state": after, "changed": before != after}, as_json, f"{name} is {after}{' already' if before == after else ''}.")


def _say(told: dict[str, Any], as_json: bool, line: str) -> None:
    click.echo(json.dumps(told) if as_json else line)


@contextmanager
def _work(tenant: str) -> Iterator[Work]:
    from aos_cli.operating import opened

    with opened() as world:
        yield world.named(tenant)


@contextmanager
def _changing(tenant: str, name: str, detail: dict[str, Any]) -> Iterator[tuple[Work, Transaction, UUID]]:
    """A transaction with its entry of the audit log."""
    from aos_cli.acting import acting
    from aos_resources.audit import Entry, record
    from aos_resources.connections import connection_named

    with _work(tenant) as work, work.database.transaction() as transaction:
        connection = connection_named(transaction, name)
        yield work, transaction, connection
        record(transaction, Entry(acting(), "change", "connections", str(connection), detail=detail))
