"""An installation of its own, two tenants full of canaries in every store, and looks through all of it for what is left of one."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from aos_core.tenancy import Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import as_json
from aos_resources.embedded import Cluster
from aos_resources.keyspace import key
from aos_resources.live import Entry as LiveEntry
from aos_resources.live import Live
from aos_resources.people import add_member, create_tenant, create_user
from aos_resources.settings import Settings
from aos_resources.world import World
from tests.assets.conftest import DEALS, Company
from tests.resources.tenant_rows import tenant_tables
from tests.scenario import made_id

PASSWORD = "correct horse battery"
OPERATOR = Actor("operator", "account root", "root at this machine")
# Tables that the real pipeline fills, or whose rows have a form of their own: nothing is invented for them.
REAL = {"memberships", "audit", "audit_heads", "sequences", "warehouses", "tenant_keys", "versions"}


@dataclass
class Canaries:
    """Words that occur nowhere else; `kind` is the first letters of them all."""

    kind: str
    made: list[str] = field(default_factory=list)

    def new(self) -> str:
        self.made.append(f"{self.kind}-{len(self.made):04}-{secrets.token_hex(4)}")
        return self.made[-1]

    @property
    def pattern(self) -> str:
        return f"{self.kind}-[0-9]{{4}}-[0-9a-f]{{8}}"


def make(world: World, folder: Path, slug: str, canaries: Canaries) -> Company:
    """A tenant through the real pipeline."""
    tenant = create_tenant(world.database, slug, f"Company {canaries.new()}")
    folder.mkdir()
    company = Company(world.of(tenant), folder)
    company.connect()
    rows = [{"deal_id": canaries.new(), "state": "Won", "worth": str(n) if n % 9 else canaries.new(), "company": canaries.new(), "closed": "2024-01-31", "note": canaries.new()} for n in range(130)]
    company.write("deals.csv", rows)
    company.write(f"{canaries.new()}.csv", [{"id": canaries.new()} for _ in range(5)])
    assert company.sync().error is None
    company.suggest()
    company.decide(DEALS)
    company.publish()
    return company


def stuff(world: World, owner: psycopg.Connection, company: Company, canaries: Canaries) -> None:
    """People, then a row more in every table whatever it is, then files and logs."""
    tenant = company.work.tenant
    for number in range(3):
        user = create_user(world.database, f"{canaries.new()}@example.com", canaries.new(), PASSWORD)
        add_member(world.database, tenant, user, "owner" if number == 0 else "viewer")
        _session(owner, tenant.id, user, canaries)
    with company.work.database.transaction() as transaction:
        company.work.secrets.seal(transaction, tenant, tenant.id, "x")
        record(transaction, Entry(Actor("person", "u", canaries.new(), canaries.new()), "change", "settings", canaries.new(), detail={"said": canaries.new()}))
        transaction.run("update aos.connections set note = :note", note=canaries.new())
    _a_row_in_every_table(owner, company, canaries)
    _files(world.settings, company, canaries)


def _session(owner: psycopg.Connection, tenant: object, user: object, canaries: Canaries) -> None:
    owner.execute(
        "insert into aos.sessions (id, user_id, workspace, expires_at, address, agent) values (gen_random_uuid(), %s, %s, now() + interval '1 day', %s, %s)",
        (user, tenant, canaries.new(), canaries.new()),
    )
    owner.execute("insert into aos.tickets (hash, session_id, purpose, expires_at) select %s, id, %s, now() from aos.sessions where user_id = %s limit 1", (secrets.token_bytes(8), canaries.new(), user))
    owner.execute("insert into aos.password_resets (hash, user_id, made_by, expires_at) values (%s, %s, %s, now())", (secrets.token_bytes(8), user, canaries.new()))


def _a_row_in_every_table(owner: psycopg.Connection, company: Company, canaries: Canaries) -> None:
    prefix = canaries.kind
    (user,) = owner.execute("select user_id from aos.memberships where tenant_id = %s limit 1", (company.work.tenant.id,)).fetchone() or (None,)
    owner.execute("set session_replication_role = replica")  # rows that refer to each other by invented ids are no matter here
    for table in tenant_tables(owner, "aos"):
        if table.name not in REAL:
            row = table.row(company.work.tenant.id, prefix)
            for name, kind in table.types.items():
                if kind == "text" and name not in table.allowed:
                    row[name] = canaries.new()
                if kind == "jsonb":
                    row[name] = as_json({"said": canaries.new()})
                if kind == "uuid" and row[name] == made_id("somebody of every tenant"):
                    row[name] = user
            owner.execute(sql.SQL("{} on conflict do nothing").format(table.insert(row)))
    owner.execute("set session_replication_role = origin")


def _files(settings: Settings, company: Company, canaries: Canaries) -> None:
    """In the tenant's own folder, what is told of it in logs, and what the last build left."""
    for part in ("raw", "events", "spill", "uploads", "odd folder"):
        (company.work.lake.folder / part / canaries.new()).mkdir(parents=True)
        (company.work.lake.folder / part / f"{canaries.new()}.json").write_text(canaries.new())
    exports = settings.home / "exports" / str(company.work.tenant.id)
    exports.mkdir(parents=True)
    (exports / f"{canaries.new()}.zip").write_text(canaries.new())
    logs = settings.home / "logs"
    logs.mkdir(exist_ok=True)
    for name in ("api", f"daemon {company.work.tenant.slug}"):
        with (logs / f"{name}.log").open("a") as log:
            log.write(f"{company.work.tenant.slug}: could not read {canaries.new()}\nTraceback\n  {canaries.new()}\n")


def tell_live(settings: Settings, tenant: Tenant, canaries: Canaries) -> None:
    """An event on the tenant's stream, and an answer that was cached."""
    live = Live(settings)
    live.append(tenant, [LiveEntry(1, 0, canaries.new().encode())])
    live.change(key(tenant, "cache", canaries.new(), policy="p"), lambda _: (canaries.new().encode(), None), seconds=600)
    live.close()


def orchestrate(world: World, home: Path, *companies: Company) -> None:
    """Each tenant's own run, then one of all of them, kept in the orchestrator's real storage."""
    from dagster import DagsterInstance

    from aos_assets.definitions import defs

    slugs = [one.work.tenant.slug for one in companies]
    with DagsterInstance.from_config(str(home)) as instance:
        instance.add_dynamic_partitions("tenant", slugs)
        for slug in slugs:
            job = defs.resolve_job_def("refresh_tenant")
            assert job.execute_in_process(partition_key=slug, instance=instance, resources={"world": world}, raise_on_error=False).success
        config = {"ops": {"refresh_tenants": {"config": {"tenants": slugs}}}}
        job = defs.resolve_job_def("refresh_batch")
        assert job.execute_in_process(instance=instance, resources={"world": world}, run_config=config, raise_on_error=False).success


def watched(owner: psycopg.Connection, *companies: Company) -> None:
    """What a sensor and its ticks remember of several tenants at once."""
    seen = ", ".join(f'\\"{one.work.tenant.slug}\\": {number + 12}' for number, one in enumerate(companies))
    body = '{"__class__": "InstigatorState", "data": {"cursor": "{' + seen + '}", "last_run_key": "' + f'{companies[-1].work.tenant.slug}:13"' + "}}"
    owner.execute("insert into dagster.instigators (selector_id, status, instigator_type, instigator_body) values (%s, 'RUNNING', 'SENSOR', %s)", (f"s{len(companies)}", body))
    for one in companies:
        owner.execute("insert into dagster.job_ticks (job_origin_id, tick_body, timestamp, type, status) values ('s', %s, now(), 'SENSOR', 'SUCCESS')", (f'{{"run_keys": ["{one.work.tenant.slug}:12"]}}',))


def remembered(owner: psycopg.Connection) -> list[tuple[Any, Any]]:
    """Of each sensor, the cursor and the last run key."""
    bodies = [json.loads(str(row[0]))["data"] for row in owner.execute("select instigator_body from dagster.instigators order by selector_id")]
    return [(json.loads(one["cursor"]), one["last_run_key"]) for one in bodies]


def in_the_database(owner: psycopg.Connection, pattern: str) -> dict[str, int]:
    """Rows of any table of any schema, the catalogues too, that hold it in any column, read as text."""
    found = {}
    tables = owner.execute("select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'm')").fetchall()
    assert len(tables) > 90
    for place in tables:
        counted = owner.execute(sql.SQL("select count(*) from {} t where (t.*)::text ~ %s").format(sql.Identifier(*place)), (pattern,)).fetchone()
        if counted and counted[0]:
            found[".".join(place)] = counted[0]
    return found


def in_files(home: Path, pattern: str) -> list[str]:
    """Files of the home, the database's own apart, that hold it: in their names, their bytes, or their rows once unpacked."""
    said = re.compile(pattern.encode())
    found = []
    for path in sorted(home.rglob("*")):
        if "postgres" in path.parts and path.suffix != ".log":
            continue
        texts = [path.name.encode()]
        if path.is_file():
            texts += [path.read_bytes(), *(one.encode() for one in _unpacked(path))]
        if any(said.search(one) for one in texts):
            found.append(path.relative_to(home).as_posix())
    return found


def _unpacked(path: Path) -> Iterator[str]:
    if path.suffix == ".parquet":
        yield str(duckdb.execute("select * from read_parquet(?)", [str(path)]).fetchall())
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            for schema, name in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
                yield str(connection.execute(f'select * from "{schema}"."{name}"').fetchall())


def in_raw_bytes(data: Path, pattern: str) -> dict[str, int]:
    """Occurrences in the database's own files: in the write-ahead log, and in each other file that has any."""
    said, found = re.compile(pattern.encode()), {"write-ahead log": 0}
    for path in data.rglob("*"):
        if path.is_file() and (number := len(said.findall(path.read_bytes()))):
            name = "write-ahead log" if "pg_wal" in path.parts else path.relative_to(data).as_posix()
            found[name] = found.get(name, 0) + number
    return found


def everything_of(owner: psycopg.Connection, company: Company) -> dict[str, Any]:
    """A sorted content hash of each table's rows of the tenant, of its views, and of its files."""
    tenant, found = company.work.tenant, dict[str, Any]()
    for table in tenant_tables(owner, "aos"):
        rows = owner.execute(sql.SQL("select (t.*)::text from {} t where tenant_id = %s").format(table.sql), (tenant.id,)).fetchall()
        found[table.name] = _hashed(str(one) for (one,) in rows)
    people = "select (u.*)::text from aos.users u join aos.memberships m on m.user_id = u.id where m.tenant_id = %s"
    found["users"] = _hashed(str(one) for (one,) in owner.execute(people, (tenant.id,)))
    found["sessions"] = _hashed(str(one) for (one,) in owner.execute("select (s.*)::text from aos.sessions s where workspace = %s", (tenant.id,)))
    found["events of the orchestrator"] = _hashed(str(one) for (one,) in owner.execute("select (e.*)::text from dagster.event_logs e where partition = %s", (tenant.slug,)))
    found["checks of the orchestrator"] = _hashed(str(one) for (one,) in owner.execute("select (e.*)::text from dagster.asset_check_executions e where partition = %s", (tenant.slug,)))
    found["files"] = _hashed(f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in company.work.lake.folder.rglob("*") if path.is_file())
    return found | {"views": company.content()}


def _hashed(rows: Any) -> tuple[int, str]:
    ordered = sorted(rows)
    return len(ordered), hashlib.sha256("\n".join(ordered).encode()).hexdigest()


def erasing_elsewhere(settings: Settings, slug: str) -> subprocess.Popen[str]:
    """The erasure in a process of its own, which may be killed."""
    return subprocess.Popen([sys.executable, "-m", "tests.assets.erase_once", str(settings.home), slug], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def start(folder: Path) -> tuple[Cluster, Settings]:
    """As `aos up` would: the database in the home."""
    from aos_resources.migrate import prepare

    settings = Settings(home=folder / "home", file_roots=str(folder), memory="400MB")
    settings.home.mkdir()
    cluster = Cluster(settings.home / "postgres")
    prepare(settings, cluster.start())
    return cluster, settings
