"""`aos down`: end what `aos up` started, also after it was killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

import click


@click.command()
@click.option("--wait", default=60, show_default=True, help="Seconds it has for ending by itself.")
def down(wait: int) -> None:
    """Stop what `aos up` started."""
    from aos_cli import home
    from aos_cli.processes import stop_left_over
    from aos_cli.supervise import control_plane, live_server
    from aos_core.errors import TryAgain
    from aos_resources.embedded_valkey import tell
    from aos_resources.settings import read_settings

    settings = read_settings()
    if not settings.home.exists():
        click.echo(f"Nothing runs from {settings.home}.")
        return
    pid = home.runner(settings)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + wait
        while home.runner(settings) == pid or _lives(pid):
            if time.monotonic() > deadline:
                raise TryAgain(
                    "AutonomOS has not stopped yet", culprit=f"process {pid}", fix="Wait, or end that process."
                )
            time.sleep(0.1)
    # From here on only what a killed one left behind.
    left = stop_left_over(settings)
    live_server(settings).stop()
    tell(settings, None)
    use = home.DatabaseUse(settings)
    cluster = control_plane(settings)
    ran = cluster.process() is not None
    try:
        if use.last_one_out():
            cluster.stop()
        elif ran:
            click.echo("The database goes on: another `aos` command uses it.")
    finally:
        use.close()
    settings.status_file.unlink(missing_ok=True)
    click.echo(
        f"Stopped what ran from {settings.home}." if pid or left or ran else f"Nothing runs from {settings.home}."
    )


def _lives(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
