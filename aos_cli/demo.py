"""`aos demo`: a company's data in a fresh installation, once with its figures as JSON, or up to be looked at."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import click

from aos_core.errors import FixTheSource

if TYPE_CHECKING:
    from aos_resources.embedded import Cluster
    from aos_resources.settings import Settings


@click.command()
@click.option("--once", is_flag=True, help="Load, print what came of it, and stop.")
@click.option("--json", "as_json", is_flag=True, help="With --once: one JSON object instead of a table.")
@click.option("--api-port", type=int, help="Preferred port of the API; the next free one is taken.")
@click.option("--dagster-port", type=int, help="Preferred port of the orchestrator's UI.")
def demo(once: bool, as_json: bool, api_port: int | None, dagster_port: int | None) -> None:
    """Fill an installation with a company's data and show it.

    The data is in this package, no account and no network is needed. One workspace reads four sources: a CRM as files, a
    cloud bill in a Postgres, and stand-ins for Salesforce and MongoDB on real ports. Another reads nine legacy systems.
    Kept under AOS_HOME, or under .aos of the checkout; starting it again keeps everything.
    """
    from aos_cli.demo_sources import DATA
    from aos_resources.settings import demo_settings

    if as_json and not once:
        raise click.UsageError("--json goes with --once.")
    wished = {"api_port": api_port, "dagster_port": dagster_port}
    settings = demo_settings(DATA).model_copy(update={name: port for name, port in wished.items() if port is not None})
    try:
        _once(settings, as_json) if once else _up(settings)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)


def _once(settings: Settings, as_json: bool) -> None:
    from aos_cli import home
    from aos_cli.demo_report import report
    from aos_cli.demo_setup import DEMO, LEGACY, Servers, prepare_demo
    from aos_cli.demo_sources import StandIns
    from aos_cli.processes import stop_left_over
    from aos_cli.supervise import databases
    from aos_resources.world import open_world

    begun, stand_ins = time.monotonic(), StandIns()
    with databases(settings, say=_aside):
        if home.runner(settings) is None:
            stop_left_over(settings)  # of one that was killed
        source = _source(settings)
        try:
            with stand_ins.serving(settings) as ports:
                started = round(time.monotonic() - begun, 3)
                world = open_world(settings)
                prepare_demo(world, Servers(source.start(), ports, stand_ins.password))
                seconds = {"databases": started, "preparation": round(time.monotonic() - begun - started, 3)} | _load(settings)
                legacy = report(world, LEGACY.slug)
                found = report(world, DEMO.slug) | {"legacy": legacy}
            found["seconds"] |= seconds | {"total": round(time.monotonic() - begun, 3)}
            world.close()
        finally:
            source.stop()
    if stand_ins.missing:
        _aside(stand_ins.missing)
    if as_json:
        click.echo(json.dumps(found))
        return
    for name, value in found["figures"].items():
        click.echo(f"{name.replace('_', ' '):<45} {value:>20}")


def _up(settings: Settings) -> None:
    from aos_cli import servers
    from aos_cli.demo_setup import DEMO, LEGACY, PASSWORD, Servers, prepare_demo
    from aos_cli.demo_sources import StandIns
    from aos_cli.greeting import greeting
    from aos_cli.supervise import running
    from aos_resources.world import open_world

    source, stand_ins = _source(settings), StandIns()
    if stand_ins.missing:
        click.echo(stand_ins.missing)
    try:
        with running(settings, children=lambda told: (*stand_ins.children(told), servers.api(told), *servers.dagster(told))) as system:
            world = open_world(system.settings)
            ports = stand_ins.ports([one.child for one in system.processes])
            prepare_demo(world, Servers(source.start(), ports, stand_ins.password))
            world.close()
            click.echo("Reading the demo's sources, mapping and publishing them (a minute the first time) ...")
            _load(system.settings)
            people = (DEMO.people[0][0], LEGACY.people[0][0])
            click.echo(greeting(settings.home, str(system.api_url), str(system.dagster_url), people, PASSWORD))
            system.watch()
    finally:
        source.stop()


def _source(settings: Settings) -> Cluster:
    from aos_resources.embedded import Cluster

    return Cluster(settings.home / "source", "demo source")


def _load(settings: Settings) -> dict[str, float]:
    """Runs the load in a process of its own, which is told its Dagster instance as the daemon is.

    Raises:
        FixTheSource: it failed, with its last words; starting again finishes it.
    """
    from aos_cli.servers import dagster

    told = dagster(settings)[1]
    done = subprocess.run(
        (sys.executable, "-m", "aos_cli.demo_load"), env=told.environment, cwd=told.folder, capture_output=True, text=True, check=False
    )
    (settings.home / "logs" / "demo-load.log").write_text(done.stderr)
    if done.returncode != 0:
        raise FixTheSource(
            "The demo could not be loaded",
            culprit=str(settings.home / "logs" / "demo-load.log"),
            fix="It ended with:\n" + "\n".join(done.stderr.splitlines()[-8:]),
        )
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def _aside(line: str) -> None:
    click.echo(line, err=True)
