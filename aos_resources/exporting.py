"""Everything of a tenant as one archive, all of it as of one moment. No password's hash, no secret, no key is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from aos_core.errors import NotUnderstood, TryAgain
from aos_resources.archives import Writing, writing
from aos_resources.database import TenantDatabase, Transaction
from aos_resources.lake import TenantLake, sync_file, sync_folder
from aos_resources.tenant_tables import COLUMNS_LEFT_OUT, LEFT_OUT, columns_of, tenant_tables

# As JSON lines: neither sign can stand in JSON, so no line is quoted and each is what Postgres made of the row.
COPYING = r"(format csv, quote E'\x01', delimiter E'\x02')"
_MEMBERS = """
select jsonb_build_object('user_id', m.user_id, 'email', u.email, 'name', u.name, 'role', m.role, 'persona', m.persona,
    'created_at', m.created_at, 'disabled_at', m.disabled_at)
from aos.memberships m join aos.users u on u.id = m.user_id
"""
# Files that the rows of that moment speak of. Of the warehouse the current version: it is all that anybody reads.
_FILES = """
select path from aos.landings union select jsonb_array_elements_text(paths) from aos.latest_states union select path from aos.event_batches
union select path from aos.quarantine_lists union select jsonb_array_elements_text(paths) from aos.issued_ids
union select v.path from aos.warehouses w join aos.versions v on v.id = w.current
"""
_HEAD = "select seq, encode(hash, 'hex') as hash from aos.audit_heads"
_TENANT = "select name, created_at from aos.tenants where id = current_setting('aos.tenant')::uuid"
_SECRETS = "select id, name from aos.connections where sealed is not null order by name"
_TRIES = 3
_PIECE = 1 << 20


def export(database: TenantDatabase, lake: TenantLake, target: Path) -> dict[str, Any]:
    """Writes the archive at that path, whole or not at all; gives its manifest.

    Raises:
        TryAgain: files were swept from under it, again and again; or the disk is full. Gone: the tenant was erased.
        NotUnderstood: there is no such folder.
    """
    if not target.parent.is_dir():
        raise NotUnderstood("There is no such folder", culprit=str(target.parent))
    unfinished = target.with_name(f".{uuid4().hex}.unfinished")
    try:
        for _ in range(_TRIES):
            try:
                manifest = _export(database, lake, unfinished)
            except FileNotFoundError:
                continue  # swept since that moment: of a later one it is not spoken any more
            sync_file(unfinished)
            unfinished.rename(target)
            sync_folder(target.parent)
            return manifest
        raise TryAgain("Files of the tenant went while it was exported", culprit=database.tenant.slug, fix="Export it again.")
    except OSError as full:
        raise TryAgain("The archive could not be written", culprit=str(full.strerror), fix="Free disk space.") from full
    finally:
        unfinished.unlink(missing_ok=True)


def _export(database: TenantDatabase, lake: TenantLake, target: Path) -> dict[str, Any]:
    held = lake.made(lake.folder / "spill" / uuid4().hex)
    manifest: dict[str, Any] = {}
    try:
        with writing(target, manifest) as archive, database.snapshot() as transaction:
            names = _hold(transaction, lake, held)
            manifest |= _said(transaction, database)
            for table in reversed(tenant_tables(transaction)):
                if table not in LEFT_OUT:
                    manifest["columns"][table], manifest["rows"][table] = _write_rows(transaction, archive, table)
            for name, path in names.items():
                _write_file(archive, f"lake/{name}", path)
        return manifest | {"files": archive.files}
    finally:
        for path in held.iterdir():
            path.unlink()
        held.rmdir()


def _hold(transaction: Transaction, lake: TenantLake, folder: Path) -> dict[str, Path]:
    """Every listed file under a second name, so that none can be swept while the archive is written: (path below the tenant's folder, name)."""
    found = {}
    listed = [lake.absolute(row["path"]) for row in transaction.all(_FILES)]
    evidence = sorted((lake.folder / "imported").glob("*.jsonl"))
    uploaded = [path for path in sorted((lake.folder / "uploads").glob("*/*")) if not path.name.startswith(".")]
    for number, path in enumerate([*listed, *evidence, *uploaded]):
        found[path.relative_to(lake.folder.resolve()).as_posix()] = folder / str(number)
        (folder / str(number)).hardlink_to(path)
    return found


def _said(transaction: Transaction, database: TenantDatabase) -> dict[str, Any]:
    tenant, head = transaction.one("tenant", _TENANT), transaction.first(_HEAD)
    left_out = {table: one.why for table, one in LEFT_OUT.items()} | {".".join(place): one.why for place, one in COLUMNS_LEFT_OUT.items()}
    again = [one.enter_again for one in (*LEFT_OUT.values(), *COLUMNS_LEFT_OUT.values()) if one.enter_again]
    return {
        "tenant": {"id": str(database.tenant.id), "slug": database.tenant.slug, "name": tenant["name"], "created_at": tenant["created_at"].isoformat()},
        "made_at": datetime.now(UTC).isoformat(), "columns": {}, "rows": {},
        "secrets": {str(row["id"]): row["name"] for row in transaction.all(_SECRETS)},
        "audit": {"entries": head["seq"], "last_hash": head["hash"]} if head else {"entries": 0, "last_hash": ""},
        "left_out": left_out | {"users": "hashes of passwords: who is not known where it is imported sets a new one"},
        "enter_again": [*again, "passwords of people who are new there"],
    }  # fmt: skip


def _write_rows(transaction: Transaction, archive: Writing, table: str) -> tuple[list[str], int]:
    """Its columns and how many rows there were; Postgres makes the lines."""
    columns = [name for name in columns_of(transaction, table) if (table, name) not in COLUMNS_LEFT_OUT]
    pairs = ", ".join(f"'{name}', t.{name}" for name in columns)
    rows = _MEMBERS if table == "memberships" else f"select jsonb_build_object({pairs}) from aos.{table} t"
    cursor: Any = transaction.connection.connection.cursor()
    with archive.file(f"tables/{table}.jsonl") as file, cursor.copy(f"copy ({rows}) to stdout {COPYING}") as lines:
        for piece in lines:
            file.write(bytes(piece))
    return columns, cursor.rowcount


def _write_file(archive: Writing, name: str, path: Path) -> None:
    with archive.file(name, packed=not name.endswith(".parquet")) as file, path.open("rb") as source:
        while piece := source.read(_PIECE):
            file.write(piece)
