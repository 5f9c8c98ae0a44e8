"""The world of the steps: Acme and Globex with sources of their own that share every id, on real servers.

Globex is filled once and must be exactly as it was after every test: what a test does to Acme never shows there.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import duckdb
import pytest
import yaml

from aos_assets.steps.events import Batch, build_events
from aos_assets.steps.issuing import Issued, read_issued
from aos_assets.steps.land import Sync, sync_connection
from aos_assets.steps.listing import StreamSync
from aos_assets.steps.map import Mapped, suggest_mappings
from aos_assets.steps.publish import Version, refresh
from aos_resources.database import as_json
from aos_resources.decisions import state_decision
from aos_resources.people import create_tenant
from aos_resources.settings import Settings
from aos_resources.world import Work, World, open_world

if TYPE_CHECKING:
    from tests.assets.erasing_installation import Installation

DEALS = """
    stream: crm/deals
    entity: opportunity
    fields:
      status: {from: state, values: {Won: won, Lost: lost, Open: open}}
      amount: worth
      account_id: company
      currency: {expr: "'EUR'"}
"""
FIRST = [
    {"deal_id": "1", "state": "Won", "worth": "10.50", "company": "Umbrella", "closed": "2024-01-31"},
    {"deal_id": "2", "state": "Open", "worth": "", "company": "", "closed": ""},
    {"deal_id": "3", "state": "Lost", "worth": "7", "company": "Hooli", "closed": "2024-02-29"},
]


@dataclass
class Company:
    """A tenant with one folder of files as its connection `crm`."""

    work: Work
    folder: Path
    connection: UUID = field(default_factory=uuid4)

    def connect(self, name: str = "crm", source: str = "files", config: dict[str, Any] | None = None) -> UUID:
        made = self.connection if name == "crm" else uuid4()
        with self.work.database.transaction() as transaction:
            transaction.run(
                "insert into aos.connections (id, name, source, config) values (:id, :name, :source, cast(:config as jsonb))",
                id=made, name=name, source=source, config=as_json(config or {"folder": str(self.folder)}),
            )  # fmt: skip
        return made

    def write(self, name: str, rows: list[dict[str, str]], folder: Path | None = None) -> None:
        with ((folder or self.folder) / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def sync(self) -> Sync:
        """Whatever vanished may: of tables of three rows, two are more than a fifth. What is held is tested where tables are longer."""
        self.allow()
        return sync_connection(self.work, self.connection)

    def allow(self, rows: int = 1_000_000) -> None:
        """A person's word that so many rows of each stream may vanish at the next sync."""
        with self.work.database.transaction() as transaction:
            transaction.run("update aos.streams set may_vanish = :rows", rows=rows)

    def stream(self, name: str) -> StreamSync:
        """One more sync, and what it says of one stream."""
        return next(one for one in self.sync().streams if one.stream == name)

    def suggest(self) -> Mapped:
        return suggest_mappings(self.work)

    def decide(self, document: str) -> None:
        with self.work.database.transaction() as transaction:
            state_decision(transaction, self.work.ontology, yaml.safe_load(document), "ada@example.com")
        self.suggest()

    def events(self, entity: str = "opportunity") -> tuple[Batch, ...]:
        return build_events(self.work, entity)

    def publish(self) -> Version:
        for entity in self.work.ontology.entities:
            self.events(entity.name)
        return refresh(self.work)

    def refresh(self) -> Version:
        """Everything, from the sources to the published version."""
        assert self.sync().error is None
        self.suggest()
        return self.publish()

    def file(self, version: UUID | None = None) -> Path:
        with self.work.database.transaction() as transaction:
            row = transaction.one(
                "version",
                "select v.path from aos.versions v where v.id = coalesce(:version, (select current from aos.warehouses))",
                version=version,
            )
        return self.work.lake.absolute(row["path"])

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file()), read_only=True) as connection:
            return connection.execute(statement).fetchall()

    def view(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        return self.query(f"select {', '.join(columns)} from unified.{name} order by _ordinal")

    def content(self) -> dict[str, str]:
        """A sorted content hash of every view, without what names a run: sequence numbers, events and landings."""
        found = {}
        for entity in self.work.ontology.entities:
            rows = self.query(f"select * exclude (_ordinal, _seq, _events, _from) from unified.{entity.plural}")
            found[entity.name] = hashlib.sha256(repr(sorted(map(repr, rows))).encode()).hexdigest()
        return found

    def count(self, table: str) -> int:
        with self.work.database.transaction() as transaction:
            return int(transaction.one("count", f"select count(*) as n from aos.{table}")["n"])

    def issued(self, entity: str) -> list[UUID]:
        """Every id that was ever issued; one that was issued twice stands twice."""
        with self.work.database.transaction() as transaction:
            found = read_issued(transaction, self.work).get(entity, Issued())
        ids = [row[0] for path in found.paths for row in duckdb.execute("select entity_id from read_parquet(?)", [str(path)]).fetchall()]
        assert len(ids) == found.rows
        return sorted(ids)

    def everything(self) -> tuple[object, ...]:
        tables = ("landings", "syncs", "mappings", "proposals", "decisions", "event_batches", "issued_ids", "versions", "outbox", "runs")
        files = sorted(str(path) for path in self.work.lake.folder.rglob("*") if path.is_file())
        return (*(self.count(table) for table in tables), files, self.content())


@dataclass
class Pair:
    acme: Company
    globex: Company


@pytest.fixture(scope="session")
def opened(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    roots = tmp_path_factory.getbasetemp()
    world = open_world(settings.model_copy(update={"file_roots": str(roots), "memory": "400MB"}))
    yield world
    world.close()


@pytest.fixture(scope="session")
def neighbour(opened: World, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Globex: filled once, and compared after every test."""
    globex = Company(opened.of(create_tenant(opened.database, "globex-next-door", "Globex")), tmp_path_factory.mktemp("globex"))
    globex.connect()
    globex.write("deals.csv", [row | {"worth": "999", "state": "Won", "company": "Globex only"} for row in FIRST])
    globex.sync()
    globex.suggest()
    globex.decide(DEALS)
    globex.publish()
    return globex


@pytest.fixture
def pair(opened: World, neighbour: Company, tmp_path: Path) -> Iterator[Pair]:
    folder = tmp_path / "acme"
    folder.mkdir()
    tenant = create_tenant(opened.database, f"acme-{uuid4().hex[:10]}", "Acme")
    acme = Company(opened.of(tenant), folder, neighbour.connection)
    acme.connect()
    before = neighbour.everything()
    yield Pair(acme, neighbour)
    assert neighbour.everything() == before


@pytest.fixture
def acme(pair: Pair) -> Company:
    return pair.acme


@pytest.fixture
def mapped(acme: Company) -> Company:
    """Acme with its first three deals landed and its mapping decided, nothing published yet."""
    acme.write("deals.csv", FIRST)
    assert acme.sync().error is None
    acme.suggest()
    acme.decide(DEALS)
    return acme


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One of its own, in which tenants are erased."""
    from tests.assets.erasing_installation import installed  # stands on the companies of this file

    with installed(tmp_path_factory.mktemp("erasing")) as made:
        yield made
