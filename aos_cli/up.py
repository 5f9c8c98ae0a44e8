"""`aos up`: the whole installation in the foreground."""

from __future__ import annotations

import click


@click.command()
@click.option("--dagster/--no-dagster", "with_dagster", default=True, help="Whether the orchestrator runs too.")
@click.option("--api-port", type=int, help="Preferred port of the API; the next free one is taken.")
@click.option("--dagster-port", type=int, help="Preferred port of Dagster's own UI.")
def up(with_dagster: bool, api_port: int | None, dagster_port: int | None) -> None:
    """Start AutonomOS here and keep it running until Ctrl-C."""
    from aos_cli.supervise import running
    from aos_resources.settings import read_settings

    wished = {"api_port": api_port, "dagster_port": dagster_port}
    settings = read_settings().model_copy(update={name: port for name, port in wished.items() if port is not None})
    try:
        with running(settings, with_dagster) as system:
            click.echo(f"AutonomOS runs from {settings.home}")
            click.echo(f"  API           {system.api_url}")
            if system.dagster_url is not None:
                click.echo(f"  Orchestrator  {system.dagster_url}")
            click.echo(f"  Logs          {settings.home / 'logs'}")
            click.echo("Ctrl-C stops it.")
            system.watch()
    except KeyboardInterrupt:
        click.echo("Stopped.")
