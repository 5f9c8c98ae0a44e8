"""`aos tenant erase`: everything of a tenant gone for ever, and the signed report of it, shown or checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.command("erase")
@click.argument("slug", required=False)
@click.option("--yes-erase", "again", metavar="SLUG", help="The same name once more: there is no way back.")
@click.option("--report", "shown", is_flag=True, help="Only print the signed report of a tenant that was erased.")
@click.option("--verify", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Only check a signed report in a file.")
@click.option("--json", "as_json", is_flag=True, help="The signed report, as JSON.")
def erase_tenant(slug: str | None, again: str | None, shown: bool, file: Path | None, as_json: bool) -> None:
    """Erase everything of a tenant, for ever: rows, files, keys, what the orchestrator and the logs say of it.

    Killed, it goes on where it stopped when it is called again. Exit code 1 where something is left, which the report names.
    """
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_core.tenancy import tenant_named
    from aos_resources.erasing import erase, report_of
    from aos_resources.erasure_report import read_report, verify

    if file is None and (slug is None or not (shown or again == slug)):
        raise click.UsageError(f"To erase {slug or 'a tenant'} for ever, name it twice: aos tenant erase SLUG --yes-erase SLUG")
    with opened() as world:
        if file is not None:
            _show(verify(world.settings, read_report(file.read_text())), as_json)
            return
        tenant = tenant_named(str(slug))
        if shown:
            click.echo(json.dumps(report_of(world.database, tenant), indent=2))
            return
        done = erase(world.settings, world.database, tenant, acting())
    report = done.signed["report"]
    if as_json:
        click.echo(json.dumps(done.signed | {"now": done.now}))
    elif done.now:
        _show(report, False)
    else:
        click.echo(f"It was erased before, on {report['finished_at'][:10]}: nothing was done.")
    click.get_current_context().exit(1 if any(report["left"].values()) else 0)


def _show(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report))
        return
    click.echo(f"{report['tenant']} was erased, asked by {report['asked_by']}, from {report['started_at'][:19]} to {report['finished_at'][:19]} UTC.")
    for store, number in report["removed"].items():
        click.echo(f"  {store:<22} {sum(number.values()) if isinstance(number, dict) else number:>10,} removed")
    left = {name: found for name, found in report["left"].items() if found}
    click.echo(f"  left: {json.dumps(left) if left else 'nothing'}")
    for name, said in report["may_still_hold"].items():
        if isinstance(said, str):
            click.echo(f"  {name}: {said}")
    for one in report["not_written_anew"]:
        click.echo(f"  not written anew: {one}")
