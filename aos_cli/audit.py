"""`aos audit`: whether the audit logs are as they were written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aos_core.tenancy import Tenant
    from aos_resources.world import World


@click.group("audit")
def audit_group() -> None:
    """Check that nobody changed the audit log."""


@audit_group.command("verify")
@click.option("--tenant", help="The log of this workspace alone, by its short name.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a log.")
def verify_audit(tenant: str | None, as_json: bool) -> None:
    """Follow every audit log from its first entry and name the first bad one. Exit code 1 if there is any.

    It tells changes by whoever can write the database but has neither the home's keys nor its folder `audit`.
    """
    from aos_cli.operating import opened
    from aos_resources.audit_check import verify

    bad = 0
    with opened() as world:
        for one in _logs(world, tenant):
            found = verify(world.database, one)
            bad += not found.sound
            if as_json:
                click.echo(json.dumps({"log": one.slug, "sound": found.sound, "entries": found.entries, "noted": found.noted, "first_bad": found.first_bad, "why": found.why}))
            elif found.sound:
                noted = f", the newest noted outside the database is {found.noted}" if found.noted else ", nothing is noted outside the database"
                click.echo(f"{one.slug:<40} {found.entries:>9,} entries, sound{noted if found.entries else ''}")
            else:
                click.echo(f"{one.slug:<40} entry {found.first_bad}: {found.why}")
    click.get_current_context().exit(1 if bad else 0)


def _logs(world: World, slug: str | None) -> list[Tenant]:
    """The tenant's, or all of them with the installation's own first."""
    from aos_core.tenancy import INSTALLATION, Tenant
    from aos_resources.tenants import known, listed

    if slug is not None:
        return [known(world.database, slug)]
    return [INSTALLATION, *(Tenant(one.id, one.slug) for one in listed(world.database))]
