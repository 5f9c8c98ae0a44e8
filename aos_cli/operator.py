"""`aos operator`: who runs this installation. They see its tenants by name and the orchestrator, never a tenant's rows."""

from __future__ import annotations

import json

import click


@click.group("operator")
def operator_group() -> None:
    """Say who operates this installation."""


@operator_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_operators(as_json: bool) -> None:
    """Say who they are."""
    from aos_cli.user import database
    from aos_resources.operating import all_operators
    from aos_resources.people import reading_people

    with database() as opened, reading_people(opened) as people:
        operators = all_operators(people)
    if as_json:
        click.echo(json.dumps([{"email": email, "name": name, "since": since.isoformat()} for email, name, since in operators], indent=2))
        return
    for email, name, since in operators:
        click.echo(f"{email:<40} {name}, since {since:%Y-%m-%d}")


@operator_group.command("add")
@click.argument("email")
def add_operator(email: str) -> None:
    """Make somebody who has an account an operator."""
    _change(email, True)


@operator_group.command("remove")
@click.argument("email")
def remove_operator(email: str) -> None:
    """Let somebody operate no more. They stay in their tenants."""
    _change(email, False)


def _change(email: str, add: bool) -> None:
    from aos_cli.user import database, told
    from aos_resources import accounts
    from aos_resources.people import reading_people

    with database() as opened, reading_people(opened) as people:
        user = accounts.account_named(people, email)
        (accounts.make_operator if add else accounts.remove_operator)(people, user)
        told(people, "create" if add else "delete", "operators", user.email)
    click.echo(f"{user.email} {'operates this installation' if add else 'operates this installation no more'}.")
