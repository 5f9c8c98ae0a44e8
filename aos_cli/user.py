"""`aos user`: accounts of this installation. A password is asked for or read from standard input, never an argument."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aos_core.tenancy import Tenant
    from aos_resources.database import Database, Transaction


@click.group("user")
def user_group() -> None:
    """Add, list, disable and enable accounts, and set their passwords anew."""


@contextmanager
def database() -> Iterator[Database]:
    """Of this home; started for as long as it is asked, where nothing runs."""
    from aos_cli.supervise import databases
    from aos_resources.database import Database
    from aos_resources.settings import read_settings

    settings = read_settings()
    with databases(settings, say=lambda line: click.echo(line, err=True)):
        opened = Database(settings, size=1)
        try:
            yield opened
        finally:
            opened.close()


def told(people: Transaction, verb: str, noun: str, subject: str, tenant: Tenant | None = None, **detail: object) -> None:
    """The one entry in the audit log: of the tenant that it lets somebody into, else of the installation."""
    from aos_cli.acting import acting
    from aos_resources.audit import Entry, record

    record(people, Entry(acting(), verb, noun, subject, detail=dict(detail)), tenant)


@user_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_users(as_json: bool) -> None:
    """Say who has an account, and in which tenants they are what."""
    from aos_resources.accounts import all_accounts
    from aos_resources.people import reading_people

    with database() as opened, reading_people(opened) as people:
        accounts = all_accounts(people)
    if as_json:
        click.echo(json.dumps([vars(one) for one in accounts], default=str, indent=2))
        return
    for one in accounts:
        marks = [word for word, on in (("disabled", one.disabled_at), ("operator", one.operator), ("provider", one.provider)) if on]
        click.echo(f"{one.email:<40} {', '.join(one.tenants) or 'no tenant'}{' (' + ', '.join(marks) + ')' if marks else ''}")


@user_group.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What others call the person.")
@click.option("--tenant", help="Slug of a tenant that the person becomes a member of.")
@click.option("--role", type=click.Choice(["owner", "admin", "engineer", "analyst", "viewer"]), default="viewer", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
def add_user(email: str, name: str, tenant: str | None, role: str, password_stdin: bool) -> None:
    """Make an account, and a member of a tenant."""
    from uuid import uuid4

    from aos_resources.passwords import check_password, hash_password
    from aos_resources.people import User, email_address, enter, insert_user, reading_people

    user = User(uuid4(), email_address(email), name)
    password = read_password(password_stdin)
    check_password(password, (user.email, name, tenant or ""))
    hashed = hash_password(password)
    with database() as opened:
        joined = opened.tenant(tenant) if tenant else None
        with reading_people(opened) as people:
            insert_user(people, user, hashed, proven=True)
            if joined is not None:
                enter(people, joined)
                people.run(
                    "insert into aos.memberships (tenant_id, user_id, role) values (:tenant, :user, :role)",
                    tenant=joined.id, user=user.id, role=role,
                )  # fmt: skip
            told(people, "create", "users", user.email, joined, role=role if tenant else None)
    click.echo(f"{user.email} may sign in{f' to {tenant}, as {role}' if tenant else ', and belongs to no tenant yet'}.")


@user_group.command("disable")
@click.argument("email")
def disable_user(email: str) -> None:
    """Let a person sign in nowhere: their sessions end within seconds, their keys are out of force."""
    _disable(email, True)


@user_group.command("enable")
@click.argument("email")
def enable_user(email: str) -> None:
    """Let a person sign in again."""
    _disable(email, False)


@user_group.command("reset-password")
@click.argument("email")
@click.option("--link", is_flag=True, help="Set none, but print a token that lets the person set one within an hour.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
def reset_password(email: str, link: bool, password_stdin: bool) -> None:
    """Set a person's password anew. Every session of theirs ends."""
    from aos_resources.accounts import account_named
    from aos_resources.passwords import check_password, hash_password
    from aos_resources.people import reading_people
    from aos_resources.resets import make_reset, set_password
    from aos_resources.sessions import end_all

    with database() as opened:
        with reading_people(opened) as people:
            user = account_named(people, email)
            if link:
                token = make_reset(people, user.id, None, "the operator")
                told(people, "reset", "password", user.email, by="token")
                click.echo(token)
                return
        password = read_password(password_stdin)
        check_password(password, (user.email, user.name))
        fresh = hash_password(password)
        with reading_people(opened) as people:
            set_password(people, user.id, fresh)
            told(people, "reset", "password", user.email, sessions_ended=end_all(people, user.id))
    click.echo(f"{user.email} has a new password. Every session ended.")


def read_password(from_stdin: bool) -> str:
    """Asked for twice on a terminal; else one line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _disable(email: str, disabled: bool) -> None:
    from aos_resources.accounts import account_named, disable_account
    from aos_resources.people import reading_people

    with database() as opened, reading_people(opened) as people:
        user = account_named(people, email)
        ended = disable_account(people, user, disabled)
        told(people, "disable" if disabled else "enable", "users", user.email, sessions_ended=ended)
    click.echo(f"{user.email} is disabled; {ended} sessions ended." if disabled else f"{user.email} may sign in again.")
