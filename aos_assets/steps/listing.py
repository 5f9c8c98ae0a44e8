"""The one transaction that makes a stream's reading true: landings, state, cursor, fingerprint, balance, outbox."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import duckdb

from aos_assets.steps.changes import Change
from aos_assets.steps.leases import Lease
from aos_assets.steps.states import write_state
from aos_assets.steps.streams import Stored
from aos_core.fingerprint import Fingerprint, write_columns
from aos_resources.connectors.source import Part, SourceStream
from aos_resources.database import Transaction, as_json
from aos_resources.lake import hash_file
from aos_resources.world import Work


@dataclass(frozen=True)
class StreamSync:
    """The first balance of one stream: read = landed + unchanged + rejected; deletions are counted apart."""

    stream: str
    read: int = 0
    landed: int = 0
    unchanged: int = 0
    rejected: int = 0
    deleted: int = 0
    error: str | None = None

    @property
    def balanced(self) -> bool:
        return self.read == self.landed + self.unchanged + self.rejected


@dataclass(frozen=True)
class Landed:
    """One part, written but not listed yet. `adopted`: its file tells the part's latest state too."""

    part: Part
    change: Change
    id: UUID
    path: Path | None
    rejected: int
    adopted: bool = False


def list_reading(
    work: Work,
    connection: duckdb.DuckDBPyConnection,
    stored: Stored,
    stream: SourceStream,
    sync_id: UUID,
    lease: Lease,
    landed: list[Landed],
    vanished: list[str],
    fingerprint: Fingerprint | None,
) -> StreamSync:
    """The one transaction that makes it true: landings, state, cursor, fingerprint, balance, outbox."""
    total = StreamSync(
        stream.name,
        read=sum(one.change.read + one.rejected for one in landed),
        landed=sum(one.change.landed for one in landed),
        unchanged=sum(one.change.unchanged for one in landed),
        rejected=sum(one.rejected for one in landed),
        deleted=sum(one.change.deleted for one in landed),
    )
    parts = {
        one.part.name: {"hash": one.part.source_hash, "rows": one.change.read, "rejected": one.rejected}
        for one in landed
        if one.part.name not in vanished
    }
    changed = total.landed + total.deleted > 0 or parts != stored.parts
    adopted = tuple(one.path for one in landed if one.adopted and one.path is not None)
    state = write_state(connection, work, stored.id, stored.state, adopted) if changed else None
    with work.database.transaction() as transaction:
        seq = transaction.next_seq()
        lease.prove(transaction)
        _insert_landings(transaction, work, sync_id, stored.id, landed)
        if state is not None:
            transaction.run(
                "insert into aos.latest_states (stream_id, paths, rows, parts, seq)"
                " values (:stream, cast(:paths as jsonb), :rows, cast(:parts as jsonb), :seq) on conflict (tenant_id, stream_id)"
                " do update set paths = excluded.paths, rows = excluded.rows, parts = excluded.parts, seq = excluded.seq",
                stream=stored.id, paths=as_json([work.lake.relative(path) for path in state.paths]), rows=state.rows,
                parts=as_json(parts), seq=seq,
            )  # fmt: skip
        transaction.run(
            "update aos.streams set key = cast(:key as jsonb), key_origin = :origin where id = :id and key_origin = 'unknown'",
            key=as_json(list(stored.key)), origin=stored.key_origin, id=stored.id,
        )  # fmt: skip
        _move_cursor(transaction, stored.id, stream, landed, seq)
        if fingerprint is not None:
            transaction.run(
                "insert into aos.fingerprints (id, stream_id, sync_id, shape, fields, rows, seq)"
                " values (:id, :stream, :sync, :shape, cast(:fields as jsonb), :rows, :seq)",
                id=uuid4(), stream=stored.id, sync=sync_id, shape=fingerprint.shape, rows=fingerprint.rows, seq=seq,
                fields=as_json(write_columns(fingerprint.columns)),
            )  # fmt: skip
        _balance(transaction, sync_id, stored.id, total, landed, seq)
    for path in set(stored.state.paths) - set(state.paths) if state is not None else ():
        if path.parent == work.lake.states(stored.id):  # a landing stays, whoever tells the state now
            path.unlink(missing_ok=True)
    return total


def record_failure(work: Work, sync_id: UUID, stream_id: UUID, reason: str) -> None:
    with work.database.transaction() as transaction:
        transaction.run(
            "insert into aos.sync_streams (sync_id, stream_id, error, seq) values (:sync, :stream, cast(:error as jsonb), :seq)",
            sync=sync_id, stream=stream_id, error=as_json({"what": reason}), seq=transaction.next_seq(),
        )  # fmt: skip


def _insert_landings(transaction: Transaction, work: Work, sync_id: UUID, stream_id: UUID, landed: list[Landed]) -> None:
    """Each with a number of its own, so that number and row tell any two landed rows apart."""
    transaction.each(
        "insert into aos.landings (id, sync_id, stream_id, part, path, rows, bytes, content_hash, source_hash, complete, seq)"
        " values (:id, :sync, :stream, :part, :path, :rows, :bytes, :content, :source, :complete, :seq)",
        [
            {
                "id": one.id, "sync": sync_id, "stream": stream_id, "part": one.part.name, "path": work.lake.relative(one.path),
                "rows": one.change.landed, "bytes": one.path.stat().st_size, "content": hash_file(one.path),
                "source": one.part.source_hash, "complete": one.part.complete, "seq": transaction.next_seq(),
            }
            for one in landed
            if one.path is not None
        ],
    )  # fmt: skip


def _move_cursor(transaction: Transaction, stream_id: UUID, stream: SourceStream, landed: list[Landed], seq: int) -> None:
    after = next((one.part.position for one in landed if one.part.position is not None), None)
    if stream.cursor is not None and after is not None:
        transaction.run(
            "insert into aos.cursors (stream_id, position, seq) values (:stream, cast(:position as jsonb), :seq)"
            " on conflict (tenant_id, stream_id) do update set position = excluded.position, seq = excluded.seq",
            stream=stream_id, position=as_json({"column": stream.cursor, "after": after}), seq=seq,
        )  # fmt: skip


def _balance(transaction: Transaction, sync_id: UUID, stream_id: UUID, total: StreamSync, landed: list[Landed], seq: int) -> None:
    rejects = [
        {"part": one.part.name, "line": reject.line, "reason": reject.reason, "text": reject.text}
        for one in landed
        for reject in one.part.rejects
    ]
    transaction.run(
        "insert into aos.sync_streams (sync_id, stream_id, read, landed, unchanged, rejected, deleted, rejects, seq)"
        " values (:sync, :stream, :read, :landed, :unchanged, :rejected, :deleted, cast(:rejects as jsonb), :seq)",
        sync=sync_id, stream=stream_id, read=total.read, landed=total.landed, unchanged=total.unchanged,
        rejected=total.rejected, deleted=total.deleted, rejects=as_json(rejects), seq=seq,
    )  # fmt: skip
    if total.landed or total.deleted:
        data: dict[str, object] = {"stream": total.stream, "landed": total.landed, "deleted": total.deleted}
        transaction.announce(seq, "stream.landed", str(stream_id), data)

