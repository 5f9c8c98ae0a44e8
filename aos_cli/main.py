"""The `aos` command: which commands there are, and what an error means to whoever called. A command imports what it runs."""

from __future__ import annotations

import importlib
from typing import Any

import click

from aos_core import errors

# name → where it is, and its line in the help: read without importing anything.
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("aos_cli.up:up", "Start AutonomOS here and keep it running until Ctrl-C."),
    "down": ("aos_cli.down:down", "Stop what `aos up` started."),
    "status": ("aos_cli.status:status", "Say what runs, and where to look."),
    "doctor": ("aos_cli.doctor:doctor", "Say what is missing on this machine, and how to get it."),
    "demo": ("aos_cli.demo:demo", "Fill an installation with a company's data and show it."),
    "api": ("aos_cli.api:api", "Run the API alone, in the foreground."),
    "tenant": ("aos_cli.tenant:tenant_group", "Make, list, suspend, move and erase tenants, and say what they may use."),
    "audit": ("aos_cli.audit:audit_group", "Check that nobody changed the audit log."),
    "keys": ("aos_cli.keys:keys_group", "Change and list the keys that sign tokens."),
    "user": ("aos_cli.user:user_group", "Add, list, disable and enable accounts, and set their passwords anew."),
    "operator": ("aos_cli.operator:operator_group", "Say who operates this installation."),
    "flags": ("aos_cli.flags:flags_group", "List and turn the switches of a tenant, or of all of them."),
    "map": ("aos_cli.map:map_group", "Read and write mappings."),
    "connect": ("aos_cli.connect:connect", "Connect a source, and take its first steps."),
    "connection": ("aos_cli.connection:connection_group", "List connections, and pause, resume, reset or cancel one."),
    "sync": ("aos_cli.sync:sync", "Read every source of a tenant now and publish what changed."),
}

# What a shell script can act on; 75 is EX_TEMPFAIL: the same call may go through later.
EXIT_CODES: dict[type[errors.AosError], int] = {
    errors.NotUnderstood: 2,
    errors.FixTheSource: 3,
    errors.NotFound: 4,
    errors.NotAllowed: 4,
    errors.NotSignedIn: 4,
    errors.NeedsADecision: 5,
    errors.TryAgain: 75,
}


class LazyGroup(click.Group):
    """Commands by name; one is imported when it is run or asked for its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, attribute = COMMANDS[cmd_name][0].split(":")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as missing:
            if missing.name != module_name:
                raise
            raise click.UsageError(f"`aos {cmd_name}` is not part of this installation.") from missing
        command: click.Command = getattr(module, attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except errors.AosError as error:
            click.echo(f"Error: {error.sentence}", err=True)
            ctx.exit(next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 1))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="autonomos", prog_name="aos")
def main() -> None:
    """AutonomOS connects a company's data sources and keeps them connected."""


if __name__ == "__main__":
    main()
