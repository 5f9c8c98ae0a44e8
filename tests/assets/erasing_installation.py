"""An installation of its own in which tenants are erased: its Postgres, valkey, orchestrator and a neighbour that stays."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from dagster import AssetKey, DagsterInstance

from aos_resources.embedded import Cluster
from aos_resources.embedded_valkey import Valkey, tell
from aos_resources.people import create_tenant
from aos_resources.settings import Settings
from aos_resources.world import World, open_world
from tests.assets.conftest import DEALS, FIRST, Company
from tests.assets.erasing_world import (
    Canaries,
    make,
    start,
)

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    cluster: Cluster
    settings: Settings
    world: World
    owner: psycopg.Connection
    folder: Path
    neighbour: Company
    valkey: Valkey

    def small(self, word: str) -> Company:
        """A tenant with a landing and a version."""
        tenant = create_tenant(self.world.database, f"{word}-{uuid4().hex[:8]}", word)
        folder = self.folder / tenant.slug
        folder.mkdir()
        company = Company(self.world.of(tenant), folder)
        company.connect()
        company.write("deals.csv", FIRST)
        assert company.sync().error is None
        company.suggest()
        company.decide(DEALS)
        company.publish()
        return company

    def latest(self, *key: str) -> str | None:
        """The tenant that an asset was last materialized for, as the orchestrator itself reads it."""
        with DagsterInstance.from_config(str(self.settings.home / "dagster")) as instance:
            event = instance.get_latest_materialization_event(AssetKey(list(key)))
            return event.dagster_event.partition if event is not None and event.dagster_event is not None else None

    def rows_of(self, company: Company) -> int:
        """Of every table, and of the orchestrator."""
        tables = self.owner.execute("select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where c.relnamespace = 'aos'::regnamespace and c.relkind = 'r'").fetchall()
        return sum(int(self.owner.execute(f"select count(*) from aos.{name} where tenant_id = %s".encode(), (company.work.tenant.id,)).fetchall()[0][0]) for (name,) in tables)


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    cluster, settings = start(folder)
    world = open_world(settings)
    home = settings.home / "dagster"
    home.mkdir()
    shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
    with pytest.MonkeyPatch.context() as told, psycopg.connect(cluster.url(), autocommit=True) as owner:
        told.setenv("DAGSTER_PG_URL", settings.url("dagster").replace("postgresql://", "postgresql+psycopg2://", 1))
        told.setenv("DAGSTER_HOME", str(home))
        told.setenv("AOS_HOME", str(settings.home))
        with DagsterInstance.from_config(str(home)) as instance:
            instance.get_runs(limit=1)  # makes the orchestrator's tables
        valkey = Valkey(settings.home / "valkey")
        tell(settings, valkey.start())
        neighbour = make(world, folder / "neighbour", "globex-next-door", Canaries("kanarie"))
        yield Installation(cluster, settings, world, owner, folder, neighbour, valkey)
    valkey.stop()
    world.close()
    cluster.stop()
