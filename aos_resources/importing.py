"""A tenant made of an archive: all of it or nothing, where no tenant of that name is or ever was erased.

The tenant stands under a name that nobody can ask for until its rows and files are in; what a killed import left goes
with the next one.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError

from aos_core.errors import Gone, NotUnderstood
from aos_core.tenancy import Tenant, tenant_named
from aos_resources import erased_rows
from aos_resources.archives import Archive, reading
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, Transaction
from aos_resources.exporting import COPYING
from aos_resources.lake import Lake, sync_file
from aos_resources.people import reading_people
from aos_resources.settings import Settings
from aos_resources.tenant_tables import LEFT_OUT, columns_of, tenant_tables

# Written by somebody else than the tenant: people by the login role, quotas by the operator, the old log as evidence.
_APART = {"memberships", "quotas", "audit"}
_PLACE = "insert into aos.tenants (id, slug, name, suspended_at) values (:id, 'importing ' || :id, 'Importing', now()) on conflict (id) do nothing"
_STANDING = "select erased_at, slug from aos.tenants where id = :id"
_MEMBERS = "jsonb_to_recordset(cast(:members as jsonb)) m(user_id uuid, email text, name text, role text, persona text, created_at timestamptz, disabled_at timestamptz)"
_PEOPLE = f"""
insert into aos.users (id, email, name)
select case when exists (select from aos.users u where u.id = m.user_id) then gen_random_uuid() else m.user_id end, m.email, m.name
from {_MEMBERS} on conflict (lower(email)) do nothing
"""
_JOIN = f"""
insert into aos.memberships (tenant_id, user_id, role, persona, created_at, disabled_at)
select :tenant, u.id, m.role, m.persona, m.created_at, m.disabled_at from {_MEMBERS} join aos.users u on lower(u.email) = lower(m.email)
"""
_QUOTAS = """
insert into aos.quotas (tenant_id, name, most, changed_by)
select :tenant, q.name, q.most, q.changed_by from jsonb_to_recordset(cast(:quotas as jsonb)) q(name text, most bigint, changed_by text)
"""
_OPEN = "update aos.tenants set slug = :slug, name = :name, created_at = cast(:created as timestamptz), suspended_at = null where id = :id"
# Without its secret a connection cannot be read, and where a folder is elsewhere it should not be.
_PAUSE = "update aos.connections set state = 'paused', note = 'imported: enter its secret, or see that its source is the same, then resume it'"


@dataclass(frozen=True)
class Imported:
    tenant: Tenant
    rows: int
    files: int
    paused: int
    new_people: int


def import_tenant(settings: Settings, database: Database, path: Path, actor: Actor, *, as_is: bool = False, most: int | None = None) -> Imported:
    """Makes the archive's tenant.

    Args:
        as_is: connections that need no secret go on, and quotas are taken too; else every connection waits for somebody.
        most: bytes that it may be unpacked; nine tenths of what the disk has free unless told.

    Raises:
        NotUnderstood: the archive is not as it was written, or there is such a tenant. Gone: it was erased here.
    """
    settings.lake.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.lake).free * 9 // 10
    with _one_at_a_time(settings), reading(path, free if most is None else most) as archive:
        tenant = tenant_named(archive.manifest["tenant"]["slug"])
        if str(tenant.id) != archive.manifest["tenant"]["id"]:
            raise NotUnderstood("The archive's tenant has another id than its name gives", culprit=tenant.slug)
        folder = Lake(settings).of(tenant).folder
        _take_place(database, tenant)
        try:
            _clear(database, tenant, folder)
            _unpack(archive, _unfinished(folder))
            with _fitting():
                with database.of(tenant).transaction() as transaction:
                    rows, paused = _load(transaction, archive, as_is)
                    _unfinished(folder).rename(folder)
                people = _open(database, tenant, archive, actor, as_is)
        except BaseException:
            _abandon(database, tenant, folder)
            raise
        return Imported(tenant, rows, len(archive.names("lake/")), paused, people)


@contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    with (settings.lake / ".importing.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _fitting() -> Iterator[None]:
    """Raises NotUnderstood where a row of the archive is none of its table's."""
    try:
        yield
    except (DBAPIError, psycopg.Error, ValueError) as wrong:
        said = str(getattr(wrong, "orig", None) or wrong).splitlines()[0][:300]
        raise NotUnderstood("Rows of the archive do not fit", culprit=said, fix="Nothing of it was taken.") from wrong


def _take_place(database: Database, tenant: Tenant) -> None:
    with reading_people(database) as transaction:
        transaction.run(_PLACE, id=tenant.id)
        row = transaction.one("tenant", _STANDING, id=tenant.id)
    if row["erased_at"] is not None:
        raise Gone("A tenant of that name was erased here, and does not come back", culprit=tenant.slug)
    if not row["slug"].startswith("importing "):
        raise NotUnderstood("There is a tenant of that name already", culprit=tenant.slug, fix="Import it elsewhere.")


def _abandon(database: Database, tenant: Tenant, folder: Path) -> None:
    """Nothing stays of it; unless its last transaction went through, for then it is there."""
    with reading_people(database) as transaction:
        row = transaction.one("tenant", _STANDING, id=tenant.id)
    if row["slug"].startswith("importing "):
        _clear(database, tenant, folder)
        with database.erasing() as transaction:
            transaction.run("delete from aos.tenants where id = :id", id=tenant.id)


def _clear(database: Database, tenant: Tenant, folder: Path) -> None:
    """What an import that was killed has left, or this one leaves."""
    erased_rows.delete_rows(database, tenant, [])
    for left in (folder, _unfinished(folder)):
        shutil.rmtree(left, ignore_errors=True)


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.importing")


def _unpack(archive: Archive, folder: Path) -> None:
    """Files of the lake, and the old audit log: its seals are under a key that stays where it was made, so it is kept as evidence."""
    for name in [*archive.names("lake/"), "tables/audit.jsonl"]:
        place = f"imported/audit-{archive.digest[:16]}.jsonl" if name.startswith("tables/") else name.removeprefix("lake/")
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in archive.read(name):
                file.write(piece)
        sync_file(target)


def _load(transaction: Transaction, archive: Archive, as_is: bool) -> tuple[int, int]:
    """Every table's rows, those first that others refer to; gives how many, and how many connections wait for somebody."""
    rows = 0
    for table in reversed(tenant_tables(transaction)):
        if table not in _APART and table not in LEFT_OUT and f"tables/{table}.jsonl" in archive.manifest["files"]:
            rows += _load_table(transaction, archive, table)
    unknown = {Path(one).stem for one in archive.names("tables/")} - set(tenant_tables(transaction))
    if unknown:
        raise NotUnderstood("The archive has tables that are not known here", culprit=", ".join(sorted(unknown)), fix="Import it with the version that wrote it.")
    which = "id = any(cast(:secret as uuid[]))" if as_is else "true"
    return rows, transaction.run(f"{_PAUSE} where {which}", **({"secret": list(archive.manifest["secrets"])} if as_is else {}))


def _load_table(transaction: Transaction, archive: Archive, table: str) -> int:
    columns = archive.manifest["columns"][table]
    if unknown := set(columns) - set(columns_of(transaction, table)):
        raise NotUnderstood("The archive has columns that are not known here", culprit=f"{table}: {', '.join(sorted(unknown))}", fix="Import it with the version that wrote it.")
    transaction.run("create temp table if not exists imported (line text) on commit drop")
    transaction.run("truncate pg_temp.imported")
    cursor: Any = transaction.connection.connection.cursor()
    with cursor.copy(f"copy pg_temp.imported from stdin {COPYING}") as lines:
        for piece in archive.read(f"tables/{table}.jsonl"):
            lines.write(piece)
    names = ", ".join(columns)
    return transaction.run(
        f"insert into aos.{table} ({names}) select {names} from (select (jsonb_populate_record(null::aos.{table}, line::jsonb)).* from pg_temp.imported) r"
    )


def _open(database: Database, tenant: Tenant, archive: Archive, actor: Actor, as_is: bool) -> int:
    """People, limits, its own name and the first entry of its log here, in one transaction: from its end on the tenant is there."""
    said = archive.manifest["tenant"]
    with reading_people(database) as transaction:
        transaction.first("select aos.enter(cast(:tenant as uuid))", tenant=str(tenant.id))
        members = _lines(archive, "memberships")
        people = transaction.run(_PEOPLE, members=members)
        transaction.run(_JOIN, members=members, tenant=tenant.id)
        if as_is:
            transaction.run(_QUOTAS, quotas=_lines(archive, "quotas"), tenant=tenant.id)
        transaction.run(_OPEN, id=tenant.id, slug=tenant.slug, name=said["name"], created=said["created_at"])
        log = archive.manifest["files"]["tables/audit.jsonl"]["sha256"]
        detail = {"archive": archive.digest, "made_at": archive.manifest["made_at"], "audit": archive.manifest["audit"] | {"sha256": log}}
        record(transaction, Entry(actor, "import", "tenant", tenant.slug, after=archive.manifest, detail=detail), tenant)
    return people


def _lines(archive: Archive, table: str) -> str:
    """A small table as one JSON list."""
    name = f"tables/{table}.jsonl"
    text = b"".join(archive.read(name)).decode() if name in archive.manifest["files"] else ""
    return json.dumps([json.loads(line) for line in text.split("\n") if line])
