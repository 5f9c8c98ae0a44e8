"""`aos tenant`: tenants made, listed, suspended and resumed, their settings and quotas. Moving and erasing stand in files of their own."""

from __future__ import annotations

import json
from uuid import UUID

import click

from aos_cli.tenant_erase import erase_tenant
from aos_cli.tenant_move import export_tenant, import_tenant


@click.group("tenant")
def tenant_group() -> None:
    """Make, list, suspend, move and erase tenants, and say what they may use."""


tenant_group.add_command(export_tenant)
tenant_group.add_command(import_tenant)
tenant_group.add_command(erase_tenant)
_as_json = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@tenant_group.command("create")
@click.argument("slug")
@click.option("--name", help="What people call it; its short name unless said.")
@_as_json
def create_tenant(slug: str, name: str | None, as_json: bool) -> None:
    """Make a tenant. SLUG: 2 to 40 lower-case letters, digits and hyphens; it stays its name for ever."""
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources.tenants import create

    with opened() as world:
        made = create(world.database, slug, name or slug, acting())
    click.echo(json.dumps({"id": str(made.id), "slug": made.slug}) if as_json else f"{made.slug} is there, with nobody in it yet.")


@tenant_group.command("list")
@_as_json
def list_tenants(as_json: bool) -> None:
    """Say which tenants there are."""
    from aos_cli.operating import opened
    from aos_resources.tenants import listed

    with opened() as world:
        found = listed(world.database)
    if as_json:
        told = [{"slug": one.slug, "name": one.name, "members": one.members, "created_at": one.created_at, "suspended_at": one.suspended_at} for one in found]
        click.echo(json.dumps(told, default=str))
        return
    for one in found:
        state = f"suspended since {one.suspended_at:%Y-%m-%d %H:%M}" if one.suspended_at else f"{one.members} members"
        click.echo(f"{one.slug:<40} {one.name}, {state}")


@tenant_group.command("suspend")
@click.argument("slug")
@click.option("--reason", default="", help="Stands in its audit log.")
@_as_json
def suspend_tenant(slug: str, reason: str, as_json: bool) -> None:
    """Let nobody in and start nothing of a tenant until it is resumed. Its data stays; within 5 seconds its tokens end."""
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources.tenants import known, suspend

    with opened() as world:
        changed = suspend(world.database, known(world.database, slug), acting(), reason)
    click.echo(json.dumps({"slug": slug, "changed": changed}) if as_json else f"{slug} {'is' if changed else 'was'} suspended{'' if changed else ' already'}.")


@tenant_group.command("resume")
@click.argument("slug")
@_as_json
def resume_tenant(slug: str, as_json: bool) -> None:
    """Undo a suspension."""
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources.tenants import known, resume

    with opened() as world:
        changed = resume(world.database, known(world.database, slug), acting())
    click.echo(json.dumps({"slug": slug, "changed": changed}) if as_json else f"{slug} {'works again' if changed else 'was not suspended'}.")


@tenant_group.command("settings")
@click.argument("slug")
@click.option("--currency", help="A code of ISO 4217.")
@click.option("--time-zone", help="A name of IANA's, such as Europe/Berlin.")
@click.option("--week-start", type=click.Choice(["monday", "sunday", "saturday"]), help="The first day of a week.")
@click.option("--fiscal-year-start", type=int, help="The first month of the fiscal year, 1 to 12.")
@click.option("--airbyte-workspace", metavar="ID", help="Its own workspace of the external Airbyte, whose jobs it may see; `none` takes it away.")
@_as_json
def settings_of_tenant(
    slug: str, currency: str | None, time_zone: str | None, week_start: str | None, fiscal_year_start: int | None, airbyte_workspace: str | None, as_json: bool
) -> None:
    """Show a tenant's settings, after changing those that are given."""
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources.tenant_settings import change_settings_of, set_airbyte_workspace
    from aos_resources.tenants import known

    given = {"currency": currency, "time_zone": time_zone, "week_start": week_start, "fiscal_year_start": fiscal_year_start}
    workspace = None if airbyte_workspace is None or airbyte_workspace == "none" else _uuid(airbyte_workspace)
    with opened() as world:
        tenant = known(world.database, slug)
        now = change_settings_of(world.database.of(tenant), {name: one for name, one in given.items() if one is not None}, acting())
        if airbyte_workspace is not None:
            set_airbyte_workspace(world.database, tenant, workspace, acting())
    click.echo(json.dumps(now.said) if as_json else "\n".join(f"{name:<20} {one}" for name, one in now.said.items()))


@tenant_group.command("quota")
@click.argument("slug")
@click.option("--set", "limits", multiple=True, metavar="NAME=MOST", help="A limit for connections, rows or language_model_spend (in microdollars); `none` takes it away.")
@_as_json
def quota_of_tenant(slug: str, limits: tuple[str, ...], as_json: bool) -> None:
    """Show what a tenant uses and may use, after setting the limits that are given. Rows and spend are counted by the tenant's month."""
    from aos_cli.acting import acting
    from aos_cli.operating import opened
    from aos_resources.quotas import set_quota, usage
    from aos_resources.tenants import known

    asked = [_limit(one) for one in limits]
    with opened() as world:
        tenant = known(world.database, slug)
        for name, most in asked:
            set_quota(world.database, tenant, name, most, acting())
        with world.database.of(tenant).transaction() as transaction:
            found = usage(transaction)
    if as_json:
        click.echo(json.dumps([{"name": one.name, "used": one.used, "most": one.most, "resets_at": one.resets_at} for one in found], default=str))
        return
    for use in found:
        limit = "no limit" if use.most is None else f"of {use.most:,}"
        click.echo(f"{use.name:<22} {use.used:>15,} {limit}{f', anew at {use.resets_at:%Y-%m-%d %H:%M} UTC' if use.resets_at else ''}")


def _limit(said: str) -> tuple[str, int | None]:
    name, _, most = said.partition("=")
    if most != "none" and not most.isdigit():
        raise click.BadParameter(f"{said} is not NAME=MOST", param_hint="--set")
    return name, None if most == "none" else int(most)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise click.BadParameter("a workspace's id is a UUID", param_hint="--airbyte-workspace") from None
