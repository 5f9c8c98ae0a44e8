"""`aos status`: what runs from this home, and whether it answers now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from aos_resources.settings import Settings

NOT_RUNNING = 4
NOT_ANSWERING = 75


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say what runs, and where to look. Exit code 4: nothing runs; 75: something does not answer (yet)."""
    from aos_resources.settings import read_settings

    seen = look(read_settings())
    if as_json:
        click.echo(json.dumps(seen, indent=2))
    else:
        click.echo("\n".join(lines(seen)))
    if not seen["running"]:
        ctx.exit(NOT_RUNNING)
    if not all(part["answers"] for part in seen["parts"]) or not seen["parts"]:
        ctx.exit(NOT_ANSWERING)


def look(settings: Settings) -> dict[str, Any]:
    from aos_cli import home
    from aos_cli.supervise import control_plane, live_server

    pid = home.runner(settings)
    written = home.read_status(settings) if pid is not None else None
    parts = [
        {"name": name, **part, "answers": _answers(part)}
        for name, part in (written or {}).items()
        if isinstance(part, dict)
    ]
    if not settings.database_url:
        cluster = control_plane(settings)
        server = cluster.process()
        if pid is not None or server is not None:
            place = {"pid": server.pid if server else None, "port": cluster.port(), "log": str(cluster.log)}
            parts.append({"name": "postgres", "url": None, **place, "answers": server is not None})
    if not settings.redis_url:
        valkey = live_server(settings)
        found = valkey.process()
        if pid is not None or found is not None:
            where = {"pid": found.pid if found else None, "port": valkey.port(), "log": str(valkey.log)}
            parts.append({"name": "valkey", "url": None, **where, "answers": found is not None})
    return {
        "running": pid is not None,
        "home": str(settings.home),
        "pid": pid,
        "started_at": written["started_at"] if written else None,
        "parts": parts,
    }


def lines(seen: dict[str, Any]) -> list[str]:
    if not seen["running"]:
        first = f"Nothing runs from {seen['home']}. `aos up` starts it."
    elif seen["started_at"] is None:
        first = f"AutonomOS is starting or stopping in {seen['home']} (process {seen['pid']})."
    else:
        first = f"AutonomOS runs from {seen['home']} since {seen['started_at']} (process {seen['pid']})."
    return [first, *(_line(part) for part in seen["parts"])]


def _line(part: dict[str, Any]) -> str:
    place = part["url"] or (f"port {part['port']}" if part["port"] else "")
    state = "answers" if part["answers"] else f"does not answer, see {part['log']}"
    return f"  {part['name']:<18} {place:<28} {state}"


def _answers(part: dict[str, Any]) -> bool:
    import httpx
    import psutil

    if not psutil.pid_exists(part["pid"]):
        return False
    if part["url"] is None:
        return True
    try:
        with httpx.Client(trust_env=False, timeout=3) as client:
            return client.get(part["url"] + part["path"]).is_success
    except httpx.HTTPError:
        return False
