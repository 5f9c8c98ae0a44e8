"""What the operator's commands share: the installation they work on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from aos_resources.world import World


@contextmanager
def opened() -> Iterator[World]:
    """This installation, its database started if it does not run."""
    from aos_cli.supervise import databases
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    settings = read_settings()
    with databases(settings, say=lambda line: click.echo(line, err=True)):
        world = open_world(settings)
        try:
            yield world
        finally:
            world.database.close()
