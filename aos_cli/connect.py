"""`aos connect`: a source tried out, connected and read for the first time. Secrets come from a file or from standard input, never from the command line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

if TYPE_CHECKING:
    from aos_resources.world import Work


@click.command()
@click.argument("source", required=False)
@click.option("--tenant", help="The workspace, by its short name.")
@click.option("--name", help="What the connection is called.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting, as `aos connect --sources` lists them; lists and objects as JSON.")
@click.option("--secret-file", type=click.Path(dir_okay=False), help="Its secret: JSON, or the bare value where there is one; `-` reads it from standard input.")
@click.option("--test", "only_test", is_flag=True, help="Ask the source, say what it says, and store nothing.")
@click.option("--activate", is_flag=True, help="Approve the first reading, whatever of it is understood.")
@click.option("--sources", "list_sources", is_flag=True, help="List the kinds of sources and their settings.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def connect(
    source: str | None, tenant: str | None, name: str | None, settings: tuple[str, ...], secret_file: str | None, only_test: bool, activate: bool,
    list_sources: bool, as_json: bool,
) -> None:  # fmt: skip
    """Connect a source, and take its first steps. SOURCE: a kind that `aos connect --sources` lists.

    Exit code 0 if it is active, 5 if it waits for your approval; 3, 4 or 75 where something stands in its way.
    """
    if list_sources:
        click.echo(_sources(as_json))
        return
    if source is None or tenant is None or (name is None and not only_test):
        raise click.UsageError("Say SOURCE, --tenant and --name, or --sources.")
    from aos_cli.operating import opened

    config, secret = _config(settings), _secret(source, secret_file)
    with opened() as world:
        work = world.named(tenant)
        if only_test:
            code = _test(work, source, config, secret, as_json)
        else:
            code = _connect(work, str(name), source, config, secret, activate, as_json)
        world.flags.close()
    click.get_current_context().exit(code)


def _test(work: Work, source: str, config: dict[str, Any], secret: dict[str, Any] | None, as_json: bool) -> int:
    from aos_resources.probing import tried

    said = tried(work, source, config, secret)
    if as_json:
        click.echo(json.dumps(said))
    elif said["refused"] is not None:
        click.echo(f"{said['refused']['what']}. {said['refused']['fix']}")
    else:
        writes = {True: "may write", False: "may only read", None: "does not say whether it may write"}[said["writable"]]
        click.echo(f"{said['account']}: {writes}")
        for one in said["streams"]:
            click.echo(f"  {one['name']:<40} {one['columns']:>5} columns, key {', '.join(one['key']) or 'unknown'}")
        for one in said["problems"]:
            click.echo(f"  {one['name']:<40} {one['reason']}")
    return _code(said["refused"])


def _connect(work: Work, name: str, source: str, config: dict[str, Any], secret: dict[str, Any] | None, activate: bool, as_json: bool) -> int:
    from aos_cli.acting import acting
    from aos_resources.audit import Entry, record
    from aos_resources.connections import create
    from aos_resources.intents import intent_of
    from aos_resources.onboarding import advance, approve

    with work.database.transaction() as transaction:
        made = create(transaction, work, name, source, config, secret, None)
        intent = intent_of(transaction, work, made)
        record(transaction, Entry(acting(), "create", "connections", str(made), after={"config": config}, detail={"name": name, "source": source}))
    advance(work, intent)
    if activate:
        with work.database.transaction() as transaction:
            approve(transaction, work, made)
            record(transaction, Entry(acting(), "change", "connections", str(made), after="active", detail={"approved": name}))
    seen = _intent(work, intent)
    click.echo(json.dumps(seen, default=str) if as_json else _said(seen))
    return 0 if seen["state"] == "active" else _code(seen["stuck"])


def _intent(work: Work, intent: UUID) -> dict[str, Any]:
    with work.database.transaction() as transaction:
        return dict(transaction.one("intent", "select id, connection_id, name, source, state, stuck, found from aos.intents where id = :id", id=intent))


def _said(seen: dict[str, Any]) -> str:
    found = seen["found"]
    lines = [f"{seen['name']} is {seen['state']}"]
    if found.get("account"):
        lines.append(f"  {found['account']}, {found.get('streams', 0)} streams, {found.get('rows', 0)} rows looked at")
    lines += [f"  {one['stream']} tells of {one['entity']}{'' if one['complete'] else ', in part'}" for one in found.get("suggested") or []]
    if seen["stuck"]:
        lines.append(f"  {seen['stuck']['what']}. {seen['stuck']['fix']}")
    return "\n".join(lines)


def _code(stuck: dict[str, str] | None) -> int:
    """The exit code of what stands in the way, as the errors of every command have it."""
    from aos_cli.main import EXIT_CODES

    codes: dict[str, int] = {kind.code: code for kind, code in EXIT_CODES.items()} | {"credentials_refused": 3, "quota_reached": 4}
    return 0 if stuck is None else codes.get(stuck["code"], 1)


def _config(settings: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in settings:
        name, equals, value = one.partition("=")
        if not equals:
            raise click.BadParameter(f"{name} has no value", param_hint="--set")
        try:
            found[name] = json.loads(value) if value[:1] in ("[", "{") else value
        except ValueError:
            raise click.BadParameter(f"{name} is not JSON", param_hint="--set") from None
    return found


def _secret(source: str, file: str | None) -> dict[str, Any] | None:
    """From a file: an object as JSON, or the bare value of a secret that has one part. Nothing of it is repeated in an error."""
    if file is None:
        return None
    from aos_core.errors import FixTheSource
    from aos_resources.connectors import kind_named

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeError) as unread:
        raise FixTheSource("The file of the secret cannot be read", culprit=file) from unread
    form = kind_named(source).secret
    names = list(form.model_fields) if form is not None else []
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if isinstance(said, dict):
        return said
    if len(names) != 1:
        raise FixTheSource("The secret is not a JSON object", culprit=file, fix=f"It says {', '.join(names)}." if names else "This kind has none.")
    return {names[0]: text.rstrip("\r\n")}


def _sources(as_json: bool) -> str:
    from aos_resources.connectors import CONNECTORS

    kinds = [(one, one.config.model_json_schema(), one.secret.model_json_schema() if one.secret is not None else None) for one in CONNECTORS.values()]
    if as_json:
        return json.dumps([{"name": one.name, "title": one.title, "about": one.about, "config": config, "secret": secret} for one, config, secret in kinds])
    lines: list[str] = []
    for one, config, secret in kinds:
        lines.append(f"{one.name:<16} {one.about}")
        lines += [_line(f"--set {name}=", name, said, config) for name, said in config.get("properties", {}).items()]
        lines += [_line(f"in the secret: {name}", name, said, secret or {}) for name, said in (secret or {}).get("properties", {}).items()]
    return "\n".join(lines)


def _line(how: str, name: str, said: dict[str, Any], form: dict[str, Any]) -> str:
    must = "" if name in form.get("required", []) else " (may be left out)"
    return f"  {how:<32} {said.get('description') or said.get('title', name)}{must}"
