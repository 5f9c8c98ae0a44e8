"""`aos sync`: a tenant from its sources to its published version, here and now."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

if TYPE_CHECKING:
    from aos_assets.steps.stages import Report


@click.command()
@click.option("--tenant", required=True, help="The workspace, by its short name.")
@click.option("--connection", help="Of its sources that connection alone, by its name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a stage instead of a line.")
def sync(tenant: str, connection: str | None, as_json: bool) -> None:
    """Read every source of a tenant now and publish what changed.

    The same stages as in the orchestrator, in this process; on a terminal with a bar that says how far they are. Exit
    code 0 if every check passed, else 1.
    """
    from aos_assets.steps.stages import refresh_tenant
    from aos_cli.progress import shown
    from aos_cli.supervise import databases
    from aos_resources.connections import connection_named
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    settings, failed = read_settings(), 0
    with databases(settings, say=lambda line: click.echo(line, err=True)):
        world = open_world(settings)
        work, only = world.named(tenant), None
        if connection is not None:
            with work.database.transaction() as transaction:
                only = connection_named(transaction, connection)
        with shown(work.database, on_a_terminal=not as_json and sys.stderr.isatty()):
            for one in refresh_tenant(work, str(uuid4()), only):
                red = {check.name: check.said for check in one.checks if not check.passed}
                failed += len(red)
                _say(one, red, as_json)
        world.close()
    click.echo(("1 check failed" if failed == 1 else f"{failed} checks failed") if failed else "Everything balances.", err=True)
    click.get_current_context().exit(1 if failed else 0)


def _say(one: Report, red: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"asset": "/".join(one.key), "new": one.new, "rows": one.rows, "failed": red} | one.said, default=str))
    elif one.new or red:
        clear = "\r\x1b[2K" if sys.stderr.isatty() else ""
        click.echo(clear, nl=False, err=True)
        click.echo(f"{'/'.join(one.key):<36} {one.rows:>10,} rows")
        for stream in one.said.get("streams", []) if one.key[0] == "raw" else []:
            click.echo(f"  {stream['connection']}/{stream['stream']:<32} {stream['read']:>10,} read, {stream['landed']:,} landed, {stream['deleted']:,} gone")
        for name, why in red.items():
            said = why.get("errors") if isinstance(why, dict) else None
            click.echo(f"  check {name} failed:" + ("".join(f"\n    {line}" for line in said) if said else f" {json.dumps(why, default=str)}"))
