"""A system of small children for the supervisor's tests: real processes and a real Postgres, quick to start."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from aos_cli import home
from aos_cli.processes import Child, environment
from aos_cli.supervise import running
from aos_resources.settings import Settings, read_settings

WEB = "import sys, http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"
# It starts another process that does not end when asked, as a run's worker may not.
QUIET = (
    "import pathlib, signal, subprocess, sys, time; "
    "before = signal.signal(15, signal.SIG_IGN) if pathlib.Path('let-one-linger').exists() else None; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "signal.signal(15, signal.SIG_DFL); print('ready now', flush=True); time.sleep(600)"
)
FAILING = "import sys; sys.exit('the disk is full')"


def children(settings: Settings) -> Sequence[Child]:
    def child(name: str, code: str, **ready: str) -> Child:
        port = settings.api_port if "path" in ready else None
        return Child(
            name=name,
            command=(sys.executable, "-c", code),
            environment=environment(settings),
            folder=settings.home,
            log=home.logs(settings) / f"{name}.log",
            port=port,
            path=ready.get("path", ""),
            says=ready.get("says", ""),
        )

    made = [child("api", WEB, path="/"), child("worker", QUIET, says="ready now")]
    if (settings.home / "let-one-fail").exists():
        made.append(child("failing", FAILING, says="never"))
    return made


def prepare(settings: Settings, owner_url: str) -> None:
    settings.keys.mkdir(exist_ok=True, mode=0o700)
    (settings.keys / "prepared").write_text("yes")


@click.command()
@click.argument("folder", type=Path)
def main(folder: Path) -> None:
    settings = read_settings().model_copy(update={"home": folder})
    try:
        with running(settings, prepare=prepare, children=children) as system:
            click.echo(f"up {system.api_url}")
            system.watch()
    except KeyboardInterrupt:
        click.echo("stopped")


if __name__ == "__main__":
    main()
