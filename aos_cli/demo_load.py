"""Loads the demo through Dagster's assets, in this process: run as a program by `aos demo`, told its instance by its environment."""

from __future__ import annotations

import json
import sys
import time

from dagster import AssetsDefinition, AssetSelection, DagsterInstance, materialize


def main() -> None:
    """Sources and mappings first, then the person's answers, then everything that follows from them."""
    from aos_assets.definitions import defs
    from aos_cli.demo_setup import WORKSPACES, import_decisions
    from aos_resources.settings import read_settings
    from aos_resources.world import open_world

    world = open_world(read_settings())
    assets = [one for one in defs.assets or () if isinstance(one, AssetsDefinition)]
    first = AssetSelection.groups("raw", "mapping")
    rest = AssetSelection.all() - AssetSelection.groups("raw") - AssetSelection.assets("fingerprints")
    seconds: dict[str, float] = {}
    with DagsterInstance.get() as instance:
        instance.add_dynamic_partitions("tenant", [one.slug for one in WORKSPACES])
        for workspace in WORKSPACES:
            for name, selection in (("sources", first), ("answers", None), ("versions", rest)):
                started = time.monotonic()
                if selection is None:
                    import_decisions(world, workspace)
                else:
                    materialize(
                        assets, selection=selection, partition_key=workspace.slug, instance=instance,
                        resources=dict(defs.resources or {}), tags={"aos/demo": "load"},
                    )  # fmt: skip
                seconds[f"{workspace.slug} {name}"] = round(time.monotonic() - started, 3)
                print(f"{workspace.slug}: {name}", file=sys.stderr, flush=True)
    world.close()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
