"""`aos doctor`: what this machine lacks for running AutonomOS, in words, and how to get it."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

MISSING = 3


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say what is missing on this machine, and how to get it. Exit code 0: nothing that is required."""
    from aos_cli.checkup import findings
    from aos_resources.settings import read_settings

    found = findings(read_settings())
    healthy = all(finding.fine or not finding.required for finding in found)
    if as_json:
        click.echo(json.dumps({"healthy": healthy, "findings": [asdict(finding) for finding in found]}, indent=2))
    else:
        for finding in found:
            word = "ok" if finding.fine else "MISSING" if finding.required else "optional"
            click.echo(f"{word:<9} {finding.what}: {finding.seen}" + ("" if finding.fine else f". {finding.fix}"))
    if not healthy:
        ctx.exit(MISSING)
