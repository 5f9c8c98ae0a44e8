"""Sweeping: files that nobody lists any more, or never will, go. What is listed in the control plane stays.

A file is listed under a lease, and the transaction that lists it proves the lease. So a folder is swept while its
lease is held: whoever wrote there before can list nothing any more, and nobody else writes.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from aos_assets.steps.leases import holding
from aos_core.errors import TryAgain
from aos_core.retention import Kept, versions_to_drop
from aos_resources.database import Transaction
from aos_resources.world import Work

# A worker that spills was started at most this long ago, or is dead: no lease of ours is involved.
_SPILL_SECONDS = 86_400


@dataclass(frozen=True)
class Swept:
    files: int
    bytes: int


def sweep(work: Work) -> Swept:
    """Everything of a tenant that can be swept now; a folder whose lease somebody holds is left for the next time."""
    gone = [*_drop(_old_spills(work))]
    with work.database.transaction() as transaction:
        connections = [row["id"] for row in transaction.all("select id from aos.connections")]
        transaction.run("delete from aos.idempotency where created_at < now() - interval '24 hours'")
    for connection in connections:
        gone += _under(work, f"sync:{connection}", partial(_of_connection, work, connection))
    for entity in work.ontology.entities:
        gone += _under(work, f"events:{entity.name}", partial(_of_events, work, entity.name))
    gone += _under(work, "publish", partial(_of_versions, work))
    gone += _under(work, "publish", partial(_of_ids, work))
    return Swept(len(gone), sum(gone))


def drop_versions(work: Work, transaction: Transaction) -> None:
    """Old versions' files, right after a publication and under its lease, so that they never fill a disk."""
    for _ in _drop(_of_versions(work, transaction)):
        pass


def _under(work: Work, lease: str, found: Callable[[Transaction], Iterator[Path]]) -> list[int]:
    try:
        with holding(work.database, lease, f"sweep {uuid4()}"), work.database.transaction() as transaction:
            return [*_drop(found(transaction))]
    except TryAgain:
        return []


def _of_connection(work: Work, connection: UUID, transaction: Transaction) -> Iterator[Path]:
    """Raw files that no landing lists, and states that no stream counts on."""
    streams = transaction.all("select id from aos.streams where connection_id = :id", id=connection)
    listed = transaction.all(
        "select path from aos.landings l join aos.streams s on s.id = l.stream_id where s.connection_id = :id"
        " union all select jsonb_array_elements_text(paths) from aos.latest_states l join aos.streams s on s.id = l.stream_id where s.connection_id = :id"
        " union all select jsonb_array_elements_text(c.position -> 'pass' -> 'seen') from aos.cursors c join aos.streams s on s.id = c.stream_id"
        " where s.connection_id = :id and c.position ? 'pass'",
        id=connection,
    )
    folders = [work.lake.folder / "raw" / str(connection), *(work.lake.states(row["id"]) for row in streams)]
    yield from _unlisted(work, folders, (row["path"] for row in listed))


def _of_events(work: Work, entity: str, transaction: Transaction) -> Iterator[Path]:
    listed = transaction.all(
        "select path from aos.event_batches where entity = :entity union all"
        " select q.path from aos.quarantine_lists q join aos.event_batches b on b.id = q.batch_id where b.entity = :entity",
        entity=entity,
    )
    yield from _unlisted(work, [work.lake.events(entity), work.lake.quarantine(entity)], (row["path"] for row in listed))


def _of_versions(work: Work, transaction: Transaction) -> Iterator[Path]:
    """Work files of the dead, versions that were never published, and published ones that are kept no longer."""
    rows = transaction.all("select id, path, published_at, bytes from aos.versions where published_at > now() - interval '30 days'")
    current = transaction.first("select current from aos.warehouses")
    there = [row for row in rows if work.lake.absolute(row["path"]).exists()]
    known = [Kept(row["id"], row["published_at"], row["bytes"]) for row in there]
    dropped = versions_to_drop(known, current["current"] if current else None, datetime.now(UTC), work.settings.versions_bytes)
    yield from _unlisted(work, [work.lake.warehouse], (row["path"] for row in there if row["id"] not in dropped))


def _of_ids(work: Work, transaction: Transaction) -> Iterator[Path]:
    """Files of ids that were issued for a version that never came, or became one with others."""
    listed = transaction.all("select jsonb_array_elements_text(paths) as path from aos.issued_ids")
    yield from _unlisted(work, [work.lake.ids(entity.name) for entity in work.ontology.entities], (row["path"] for row in listed))


def _old_spills(work: Work) -> Iterator[Path]:
    for folder in (work.lake.folder / "spill").glob("*"):
        newest = max((one.stat().st_mtime for one in (folder, *folder.rglob("*"))), default=0.0)
        if time.time() - newest > _SPILL_SECONDS:
            yield folder


def _unlisted(work: Work, folders: list[Path], listed: Iterable[str]) -> Iterator[Path]:
    kept = {work.lake.absolute(path) for path in listed}
    for folder in folders:
        yield from (one for one in sorted(folder.rglob("*")) if one.is_file() and one.resolve() not in kept)


def _drop(paths: Iterator[Path]) -> Iterator[int]:
    """Bytes of each file that went; a folder that is empty then goes with it."""
    for path in paths:
        size = path.stat().st_size
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
            if not any(path.parent.iterdir()) and path.parent.name != "warehouse":
                path.parent.rmdir()
        yield size
