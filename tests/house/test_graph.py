"""The asset graph as plain lines: a change of it shows in the diff of `asset_graph.txt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dagster import AssetKey, AssetSpec

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")


@pytest.fixture(scope="module")
def specs() -> dict[AssetKey, AssetSpec]:
    from aos_assets.definitions import defs

    return {one.key: one for one in defs.resolve_all_asset_specs()}


def lines(specs: dict[AssetKey, AssetSpec]) -> list[str]:
    """`asset <- what it is made from`, in the order of their names."""
    told = []
    for key, spec in specs.items():
        deps = ", ".join(sorted(one.asset_key.to_user_string() for one in spec.deps))
        told.append(f"{key.to_user_string()} <- {deps}" if deps else key.to_user_string())
    return sorted(told)


def test_the_asset_graph_is_the_committed_one(specs: dict[AssetKey, AssetSpec]) -> None:
    """Where the change is meant: write `"\\n".join(lines(specs))` into the snapshot."""
    assert "\n".join(lines(specs)) + "\n" == SNAPSHOT.read_text()


def test_every_asset_depends_on_assets_that_there_are(specs: dict[AssetKey, AssetSpec]) -> None:
    assert {dep.asset_key for one in specs.values() for dep in one.deps} - set(specs) == set()


def test_every_asset_is_partitioned_by_tenant_and_says_whose_and_what_it_is(specs: dict[AssetKey, AssetSpec]) -> None:
    from dagster import DynamicPartitionsDefinition

    lacking = {}
    for key, one in specs.items():
        partitions = one.partitions_def
        told = {
            "partition": isinstance(partitions, DynamicPartitionsDefinition) and partitions.name == "tenant",
            "owner": list(one.owners) != [],
            "group": one.group_name not in (None, "default"),
            "kinds": len(one.kinds) > 0,
            "description": bool(one.description) and str(one.description).endswith("."),
        }
        if missing := [word for word, there in told.items() if not there]:
            lacking[key.to_user_string()] = missing
    assert lacking == {}


def test_every_check_carries_the_tenant(specs: dict[AssetKey, AssetSpec]) -> None:
    from aos_assets.definitions import defs

    graph = defs.resolve_asset_graph()
    checks = [graph.get(key) for key in graph.asset_check_keys]
    assert len(checks) > 0
    assert [one.key for one in checks if getattr(one.partitions_def, "name", None) != "tenant"] == []
