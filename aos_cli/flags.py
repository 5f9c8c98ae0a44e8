"""`aos flags`: how the switches of tenants and of the installation stand, and turning them. A running installation follows within seconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aos_core.errors import NotUnderstood

if TYPE_CHECKING:
    from aos_core.flags import Flag
    from aos_resources.world import World

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _whose(command: Decorated) -> Decorated:
    told = click.option("--tenant", help="The workspace, by its short name.")(command)
    return click.option("--everywhere", is_flag=True, help="For every workspace that has no word of its own.")(told)


@click.group("flags")
def flags_group() -> None:
    """List and turn the switches of a tenant, or of all of them."""


@flags_group.command("list")
@_whose
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_flags(tenant: str | None, everywhere: bool, as_json: bool) -> None:
    """Say how each stands, and whose word that is."""
    from aos_core.flags import FLAGS, known

    with _world(tenant, everywhere) as world:
        whose = world.database.tenant(tenant) if tenant else None
        standing = world.flags.standing()
        names = known(of_a_tenant=whose is not None)
        found = [{"name": name, "enabled": standing.on(FLAGS[name].name, whose), "said_by": standing.said_by(FLAGS[name].name, whose)} for name in names]
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        click.echo(f"{one['name']:<26} {'on' if one['enabled'] else 'off':<4} by {one['said_by']:<13} {FLAGS[str(one['name'])].meaning}")


@flags_group.command("set")
@click.argument("name")
@click.argument("value", type=click.Choice(["on", "off"]))
@_whose
def set_flag(name: str, value: str, tenant: str | None, everywhere: bool) -> None:
    """Turn NAME on or off."""
    _turn(name, value == "on", tenant, everywhere)
    click.echo(f"{name} is {value} {f'for {tenant}' if tenant else 'wherever a workspace says nothing else'}.")


@flags_group.command("reset")
@click.argument("name")
@_whose
def reset_flag(name: str, tenant: str | None, everywhere: bool) -> None:
    """Take back what was said of NAME."""
    _turn(name, None, tenant, everywhere)
    click.echo(f"{name} stands by default again {f'for {tenant}' if tenant else 'everywhere'}.")


def _turn(name: str, enabled: bool | None, tenant: str | None, everywhere: bool) -> None:
    from aos_core.flags import flag_named

    with _world(tenant, everywhere) as world:
        flag = flag_named(name, of_a_tenant=tenant is not None)
        if tenant:
            _turn_of(world, tenant, flag, enabled)
        else:
            _turn_everywhere(world, flag, enabled)
        world.flags.changed()


def _turn_of(world: World, slug: str, flag: Flag, enabled: bool | None) -> None:
    from aos_cli.acting import acting
    from aos_resources.audit import Entry, record
    from aos_resources.flags import put_flag, reset_flag

    tenant = world.database.tenant(slug)
    before = world.flags.standing().tenants.get((tenant.id, flag.name))
    with world.database.of(tenant).transaction() as transaction:
        if enabled is None:
            reset_flag(transaction, flag)
        else:
            put_flag(transaction, flag, enabled, acting().name)
        told = {"enabled": enabled}
        record(transaction, Entry(acting(), "change", "flags", flag.name, {"enabled": before}, told, told))


def _turn_everywhere(world: World, flag: Flag, enabled: bool | None) -> None:
    from aos_cli.acting import acting
    from aos_resources.audit import Entry, record
    from aos_resources.flags import put_default
    from aos_resources.people import reading_people

    before = world.flags.standing().everywhere.get(flag.name)
    with reading_people(world.database) as transaction:
        put_default(transaction, flag, enabled, acting().name)
        told = {"enabled": enabled}
        record(transaction, Entry(acting(), "change", "flags", flag.name, {"enabled": before}, told, told))


@contextmanager
def _world(tenant: str | None, everywhere: bool) -> Iterator[World]:
    from aos_cli.supervise import databases
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    if (tenant is None) == (not everywhere):
        raise NotUnderstood("Either one workspace or all of them", fix="Say --tenant NAME or --everywhere.")
    settings = read_settings()
    with databases(settings, say=lambda line: click.echo(line, err=True)):
        world = open_world(settings)
        try:
            yield world
        finally:
            world.close()
