"""The tests' world: Acme and Globex, two tenants that share every id on purpose, so that a leak shows.

Globex also has things of its own, whose ids must look to Acme like ids that were never given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

import duckdb
import httpx

from aos_core.suggesting import hash_change
from aos_core.tenancy import Tenant
from aos_resources.database import Database, Transaction, as_json
from aos_resources.people import Role, add_member, create_tenant, create_user
from aos_resources.settings import Settings

PASSWORD = "correct horse battery"
_SPACE = UUID("11111111-2222-3333-4444-555555555555")
ROLES: tuple[Role, ...] = ("owner", "admin", "engineer", "analyst", "viewer")
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def made_id(name: str) -> UUID:
    """The same id for the same name, in every tenant."""
    return uuid5(_SPACE, name)


@dataclass(frozen=True)
class Ids:
    """One of each thing that has an id."""

    prefix: str

    def __getattr__(self, noun: str) -> UUID:
        if noun.startswith("_"):
            raise AttributeError(noun)
        return made_id(f"{self.prefix} {noun}")


SHARED = Ids("shared")
THEIRS = Ids("of globex alone")


@dataclass
class World:
    settings: Settings
    database: Database
    owner_url: str
    acme: Tenant
    globex: Tenant
    users: dict[str, UUID] = field(default_factory=dict)

    def version_path(self, tenant: Tenant, version_id: UUID) -> Path:
        return self.settings.lake / str(tenant.id) / "warehouse" / f"{version_id}.duckdb"

    def publish(self, tenant: Tenant, version_id: UUID, applied_seq: int, *, current: bool = True) -> None:
        """List a version whose file is there, and make it the current one."""
        path = self.version_path(tenant, version_id)
        with self.database.of(tenant).transaction() as transaction:
            transaction.run(
                "insert into aos.versions (id, path, applied_seq, fingerprint, tables, bytes, seq, published_at)"
                " values (:id, :path, :applied, 'f', '{}', :bytes, :seq, :at)",
                id=version_id, path=path.relative_to(self.settings.lake).as_posix(), applied=applied_seq,
                bytes=path.stat().st_size, seq=transaction.next_seq(), at=AT,
            )  # fmt: skip
            if current:
                transaction.run("update aos.warehouses set current = :id", id=version_id)


def make_world(settings: Settings, owner_url: str) -> World:
    database = Database(settings)
    acme, globex = create_tenant(database, "acme", "Acme"), create_tenant(database, "globex", "Globex")
    world = World(settings, database, owner_url, acme, globex)
    for tenant in (acme, globex):
        for role in ROLES:
            email = f"{role}@{tenant.slug}.example"
            world.users[email] = create_user(database, email, f"{role} of {tenant.slug}", PASSWORD)
            add_member(database, tenant, world.users[email], role, "CFO" if role == "viewer" else None)
    world.users["both@example"] = create_user(database, "both@example", "Both", PASSWORD)
    add_member(database, acme, world.users["both@example"], "viewer", None)
    add_member(database, globex, world.users["both@example"], "engineer", None)
    for tenant in (acme, globex):
        _fill(world, tenant, SHARED, tenant.slug.title())
    _fill(world, globex, THEIRS, "Globex secret")
    return world


def secret_words(tenant: Tenant) -> str:
    """A word that stands in every value of the tenant, and in none of another's."""
    return f"{tenant.slug.title()}-only"


def open_proposal(world: World, tenant: Tenant, name: str, *, proposal_id: UUID | None = None, stream: UUID | None = None) -> str:
    """A question that waits: does the column `Sector` feed `industry`? Gives the change's hash."""
    change = {"from": "Sector"}
    hashed = hash_change("account", name, change)
    with world.database.of(tenant).transaction() as transaction:
        transaction.run(
            "insert into aos.proposals (id, kind, stream_id, entity, field, title, change, change_hash, evidence, confidence, seq)"
            " values (:id, 'mapping', :stream, 'account', :field, :title, cast(:change as jsonb), :hash, '[\"alias\"]', 0.9, :seq)",
            id=proposal_id or made_id(f"proposal {tenant.slug} {name}"), stream=stream or SHARED.stream, field=name,
            title=f"{secret_words(tenant)}: does Sector feed {name}?", change=as_json(change), hash=hashed,
            seq=transaction.next_seq(),
        )  # fmt: skip
    return hashed


def _fill(world: World, tenant: Tenant, ids: Ids, label: str) -> None:
    """A connection with two streams (one mapped, one not), a sync, landings, a mapping with its balance and quarantine."""
    raw = _raw_file(world, tenant, ids)
    bad = _quarantine_file(world, tenant, ids)
    with world.database.of(tenant).transaction() as transaction:
        seq = transaction.next_seq()
        _connection(transaction, ids, label, seq, secret_words(tenant))
        for number, stream in enumerate((ids.stream, ids.loose_stream)):
            landing = ids.landing if number == 0 else ids.loose_landing
            transaction.run(
                "insert into aos.landings (id, sync_id, stream_id, part, path, rows, bytes, content_hash, complete, seq)"
                " values (:id, :sync, :stream, :part, :path, 3, 1, 'h', true, :seq)",
                id=landing, sync=ids.sync, stream=stream, part=f"{label}.csv", path=raw, seq=seq,
            )  # fmt: skip
        _mapping(transaction, ids, label, seq, bad)
        transaction.run(
            "insert into aos.runs (id, stage, subject, state, ended_at) values (:id, 'warehouse', :subject, 'succeeded', now())",
            id=ids.run, subject=secret_words(tenant),
        )  # fmt: skip
    open_proposal(world, tenant, "country", proposal_id=ids.proposal, stream=ids.stream)


def _connection(transaction: Transaction, ids: Ids, label: str, seq: int, secret: str) -> None:
    transaction.run(
        "insert into aos.connections (id, name, source, config, note) values (:id, :name, 'files', cast(:config as jsonb), :note)",
        id=ids.connection, name=label, config=as_json({"folder": f"/data/{secret}"}), note=secret,
    )  # fmt: skip
    transaction.run(
        "insert into aos.syncs (id, connection_id, epoch, state, started_at, ended_at) values (:id, :connection, 1, 'succeeded', :at, :at)",
        id=ids.sync, connection=ids.connection, at=AT,
    )  # fmt: skip
    columns = [{"name": "Id", "type": "", "description": ""}, {"name": "AnnualRevenue", "type": "", "description": ""}]
    for stream, name in ((ids.stream, "accounts"), (ids.loose_stream, "loose")):
        transaction.run(
            "insert into aos.streams (id, connection_id, name, key, key_origin, columns, delete_mode)"
            " values (:id, :connection, :name, '[\"Id\"]', 'declared', cast(:columns as jsonb), 'exact')",
            id=stream, connection=ids.connection, name=name, columns=as_json(columns),
        )  # fmt: skip
        transaction.run(
            "insert into aos.sync_streams (sync_id, stream_id, read, landed, unchanged, rejected, deleted, seq)"
            " values (:sync, :stream, 6, 3, 2, 1, 1, :seq)",
            sync=ids.sync, stream=stream, seq=seq,
        )  # fmt: skip
        transaction.run(
            "insert into aos.fingerprints (id, stream_id, sync_id, shape, fields, rows, seq)"
            " values (:id, :stream, :sync, 's', cast(:fields as jsonb), 3, :seq)",
            id=made_id(f"{ids.prefix} fingerprint {name}"), stream=stream, sync=ids.sync, seq=seq,
            fields=as_json([_column("Id"), _column("AnnualRevenue"), _column("Sector")]),
        )  # fmt: skip
    transaction.run(
        "insert into aos.dictionaries (connection_id, name, entries, content_hash, seq) values (:id, 'd', cast(:entries as jsonb), 'h', :seq)",
        id=ids.connection, seq=seq,
        entries=as_json([{"table": "Accounts", "field": "AnnualRevenue", "description": f"In millions, {secret}"}]),
    )  # fmt: skip


def _column(name: str) -> dict[str, object]:
    return {"name": name, "declared": "", "inferred": "text", "nulls": 0.0, "distinct": 3, "present": 3, "literal_nulls": False,
            "share": {}, "top": ["a"], "description": ""}  # fmt: skip


def _mapping(transaction: Transaction, ids: Ids, label: str, seq: int, bad: str) -> None:
    document = {
        "entity": "account", "stream": f"{label}/accounts", "key": "Id",
        "fields": {
            "name": {"from": "Name", "by": "auto", "confidence": 1.0},
            "revenue": {"expr": "AnnualRevenue * 1000000", "by": "ada@example"},
            "parent_account": {"from": "Parent", "by": "auto"},
        },
    }  # fmt: skip
    transaction.run(
        "insert into aos.decisions (id, stream_id, entity, field, verdict, change, decided_by, seq, decided_at)"
        " values (:id, :stream, 'account', 'revenue', 'stated', cast(:change as jsonb), :by, :seq, :at)",
        id=ids.decision, stream=ids.stream, change=as_json(document["fields"]["revenue"]), by=f"ada of {label}", seq=seq, at=AT,  # type: ignore[index]
    )  # fmt: skip
    transaction.run(
        "insert into aos.mappings (id, stream_id, entity, version, document, state, made_by, seq)"
        " values (:id, :stream, 'account', 2, cast(:document as jsonb), 'active', :by, :seq)",
        id=ids.mapping, stream=ids.stream, document=as_json(document), by=f"auto for {label}", seq=seq,
    )  # fmt: skip
    transaction.run(
        "insert into aos.event_batches (id, mapping_id, landing_id, entity, path, rows, seq_from, seq_to, landed, canonical,"
        " quarantined, held, unmapped, duplicate, deleted, cell_issues, seq)"
        " values (:id, :mapping, :landing, 'account', 'none', 1, :seq, :seq, 3, 1, 2, 0, 0, 0, 1, 4, :seq)",
        id=ids.batch, mapping=ids.mapping, landing=ids.landing, seq=seq,
    )  # fmt: skip
    transaction.run(
        "insert into aos.quarantine_lists (id, batch_id, mapping_id, kind, path, rows, seq)"
        " values (:id, :batch, :mapping, 'row', :path, 2, :seq)",
        id=ids.quarantine, batch=ids.batch, mapping=ids.mapping, path=bad, seq=seq,
    )  # fmt: skip


def _raw_file(world: World, tenant: Tenant, ids: Ids) -> str:
    """Three rows as a file of text lands; the words of the tenant stand in each."""
    stored = f"{tenant.id}/raw/{ids.connection}/{ids.stream}/{ids.sync}/0.parquet"
    path = world.settings.lake / stored
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ", ".join(
        f"('A-{number}', '{secret_words(tenant)} {number}', '0.00000{number}5', null, 'A-{number}', 'upsert', timestamptz '2026-03-02 09:30:00+00')"
        for number in range(3)
    )
    names = "Id, Name, AnnualRevenue, Parent, _key, _op, _at"
    duckdb.sql(f"copy (select * from (values {rows}) v({names})) to '{path}' (format parquet, compression zstd)")
    return stored


def _quarantine_file(world: World, tenant: Tenant, ids: Ids) -> str:
    stored = f"{tenant.id}/quarantine/account/{ids.batch}.parquet"
    path = world.settings.lake / stored
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = f"[{{'field': 'revenue', 'value': '{secret_words(tenant)}', 'reason': 'not a number'}}]"
    duckdb.sql(
        f"copy (select '{ids.landing}'::uuid as landing, i as row, 'A-' || i as source_key, {reasons} as reasons"
        f" from range(1, 3) t(i)) to '{path}' (format parquet)"
    )
    return stored


def sign_in(client: httpx.Client, email: str, tenant: str | None = None) -> str:
    """A bearer token of that person."""
    answer = client.post("/auth/login", json={"email": email, "password": PASSWORD, "tenant": tenant})
    assert answer.status_code == 200, answer.text
    client.cookies.clear()
    return str(answer.json()["access_token"])


def announce(database: Database, tenant: Tenant, times: int, kind: str = "thing.happened") -> list[int]:
    """So many things happen to the tenant, each in a transaction of its own; gives their numbers."""
    seqs = []
    for number in range(1, times + 1):
        with database.of(tenant).transaction() as transaction:
            seqs.append(transaction.next_seq())
            transaction.announce(seqs[-1], kind, "a thing", {"n": number})
    return seqs
