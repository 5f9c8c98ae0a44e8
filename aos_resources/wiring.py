"""Resources as Dagster hands them out: plain objects, opened for an execution and closed after it."""

from collections.abc import Iterator

from dagster import InitResourceContext, resource

from aos_resources.settings import read_settings
from aos_resources.world import World, open_world


@resource(description="Settings, control plane, lake and secrets of this installation.")
def world_resource(context: InitResourceContext) -> Iterator[World]:
    world = open_world(read_settings())
    try:
        yield world
    finally:
        world.close()
