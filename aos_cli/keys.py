"""`aos keys`: the keys that sign tokens. A running installation sees a new one at once."""

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
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def rotate_keys(as_json: bool) -> None:
    """Sign with a new key from now on. Nobody is signed out.

    Tokens of the key before are accepted until the last of them ends; to refuse them at once, remove its file.
    """
    from aos_resources.settings import read_settings
    from aos_resources.signing_keys import SigningKeys

    settings = read_settings()
    before = SigningKeys(settings).current.id
    made = SigningKeys(settings).rotate().id
    if as_json:
        click.echo(json.dumps({"signs": made, "before": before, "accepted_minutes": settings.token_minutes}))
    else:
        click.echo(f"{made} signs now. What {before} signed is accepted for {settings.token_minutes} more minutes at most.")
