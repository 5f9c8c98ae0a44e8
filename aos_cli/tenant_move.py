"""`aos tenant export` and `import`: a whole tenant as one file, and a tenant made of such a file."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="What is in it, as JSON.")
def export_tenant(slug: str, file: Path, as_json: bool) -> None:
    """Write everything of a tenant into one file: rows, files, audit log, members. No secret is in it, and the file is not sealed."""
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources.audit import Entry, record
    from aos_resources.exporting import export
    from aos_resources.tenants import known

    with opened() as world:
        tenant = known(world.database, slug)
        with world.database.of(tenant).transaction() as transaction:
            record(transaction, Entry(acting(), "export", "tenant", slug))
        manifest = export(world.database.of(tenant), world.lake.of(tenant), file)
    if as_json:
        click.echo(json.dumps(manifest))
        return
    click.echo(f"{file}: {sum(manifest['rows'].values()):,} rows, {len(manifest['files']):,} files")
    click.echo(f"Where it is imported, these are entered again: {'; '.join(manifest['enter_again'])}.")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as-is", is_flag=True, help="Connections that need no secret go on, and quotas are taken too; else every connection is paused.")
@click.option("--most-bytes", type=int, help="Refuse what unpacks to more; nine tenths of the free disk unless said.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def import_tenant(file: Path, as_is: bool, most_bytes: int | None, as_json: bool) -> None:
    """Make a tenant of a file that `aos tenant export` wrote: all of it or nothing.

    Refused where a tenant of its name is, or was erased. Members who are not known here come without a password.
    """
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources import importing

    with opened() as world:
        made = importing.import_tenant(world.settings, world.database, file, acting(), as_is=as_is, most=most_bytes)
    if as_json:
        click.echo(json.dumps({"slug": made.tenant.slug, "rows": made.rows, "files": made.files, "paused": made.paused, "new_people": made.new_people}))
        return
    click.echo(f"{made.tenant.slug} is here: {made.rows:,} rows, {made.files:,} files.")
    click.echo(f"{made.paused} connections wait for their secrets; {made.new_people} people are new and need a password.")
