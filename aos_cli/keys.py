"""`aos keys`: the keys that sign tokens, and those that seal secrets. A running installation sees a new one at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click


@click.group("keys")
def keys_group() -> None:
    """Change and list the keys that sign tokens."""


@keys_group.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_keys(as_json: bool) -> None:
    """Say which key signs, and which ones before it are still accepted."""
    from aos_resources.settings import read_settings
    from aos_resources.signing_keys import SigningKeys

    keys = SigningKeys(read_settings())
    retired = {name: datetime.fromtimestamp(one.ends, UTC).isoformat(timespec="seconds") for name, one in keys.retired.items()}
    if as_json:
        click.echo(json.dumps({"signs": keys.current.id, "accepted_until": retired}))
        return
    click.echo(f"{keys.current.id}  signs")
    for name, until in retired.items():
        click.echo(f"{name}  accepted until {until}")


@keys_group.command("rotate")
@click.option("--what", type=click.Choice(["tokens", "master", "data"]), default="tokens", help="Which keys; those that sign tokens unless told.")
@click.option("--tenant", help="With data: of this workspace alone, by its short name.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def rotate_keys(what: str, tenant: str | None, as_json: bool) -> None:
    """Use new keys from now on, while everything goes on. Stopped in between, the next rotation finishes.

    \b
    tokens  sign with a new key. Nobody is signed out: tokens of the key before are
            accepted until the last of them ends; to refuse them at once, remove its file.
    master  wrap the keys of every workspace under a new master key. One of the environment
            is renewed there: the key in AOS_MASTER_KEY_BEFORE, a new one in AOS_MASTER_KEY.
    data    seal what each workspace has under a new key of its own.

    After a key was seen by others, rotate master and then data: a copy of the database and the key of before open what was sealed then.
    """
    if tenant is not None and what != "data":
        raise click.UsageError("--tenant goes with --what data.")
    if what == "tokens":
        _rotate_tokens(as_json)
    else:
        _rotate_sealing(what, tenant, as_json)


def _rotate_tokens(as_json: bool) -> None:
    from aos_resources.settings import read_settings
    from aos_resources.signing_keys import SigningKeys

    settings = read_settings()
    before = SigningKeys(settings).current.id
    made = SigningKeys(settings).rotate().id
    if as_json:
        click.echo(json.dumps({"signs": made, "before": before, "accepted_minutes": settings.token_minutes}))
    else:
        click.echo(f"{made} signs now. What {before} signed is accepted for {settings.token_minutes} more minutes at most.")


def _rotate_sealing(what: str, slug: str | None, as_json: bool) -> None:
    from aos_cli.acting import acting
    from aos_core.errors import NotFound
    from aos_resources.database import Database
    from aos_resources.rotating import every_tenant, rotate_data_keys, rotate_master
    from aos_resources.settings import read_settings

    settings = read_settings()
    database = Database(settings)
    try:
        if what == "master":
            done = rotate_master(settings, database, acting())
        else:
            asked = [one for one in every_tenant(database) if slug in (None, one.slug)]
            if slug is not None and not asked:
                raise NotFound("No such tenant", culprit=slug)
            done = rotate_data_keys(settings, database, asked, acting())
    finally:
        database.close()
    if as_json:
        click.echo(json.dumps({"what": what, "tenants": done.tenants, "anew": done.anew}))
    else:
        click.echo(f"{done.anew} {'keys wrapped' if what == 'master' else 'values sealed'} anew, of {done.tenants} workspaces. Nothing is under the key before any more.")
