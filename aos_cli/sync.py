"""`aos sync`: a tenant from its sources to its published version, here and now."""

from __future__ import annotations

import json
from uuid import uuid4

import click


@click.command()
@click.option("--tenant", required=True, help="The workspace, by its short name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a stage instead of a line.")
def sync(tenant: str, as_json: bool) -> None:
    """Read every source of a tenant now and publish what changed.

    The same stages as in the orchestrator, in this process. Exit code 0 if every check passed, else 1.
    """
    from aos_assets.steps.stages import refresh_tenant
    from aos_cli.supervise import databases
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    settings, failed = read_settings(), 0
    with databases(settings, say=lambda line: click.echo(line, err=True)):
        world = open_world(settings)
        for one in refresh_tenant(world.named(tenant), str(uuid4())):
            red = {check.name: check.said for check in one.checks if not check.passed}
            failed += len(red)
            if as_json:
                click.echo(json.dumps({"asset": "/".join(one.key), "new": one.new, "rows": one.rows, "failed": red} | one.said, default=str))
            elif one.new or red:
                said = f"{'/'.join(one.key):<36} {one.rows:>10,} rows"
                click.echo(said)
                for name, why in red.items():
                    click.echo(f"  check {name} failed: {json.dumps(why, default=str)}")
        world.database.close()
    click.echo(f"{failed} checks failed" if failed else "Everything balances.", err=True)
    click.get_current_context().exit(1 if failed else 0)
