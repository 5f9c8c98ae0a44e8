"""Landing: one sync of a connection, each stream's rows written to the lake and listed in one transaction.

Killed before that transaction: files that nobody lists. After it: done. Nothing is lost or doubled in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa

from aos_assets.steps.changes import Change, compare, open_state, prove_key, take_in, write_landing
from aos_assets.steps.leases import Lease, holding
from aos_assets.steps.profile import profile
from aos_core.compiling import literal
from aos_core.errors import AosError
from aos_core.fingerprint import Fingerprint, write_columns
from aos_resources.connectors import connect
from aos_resources.connectors.source import Connector, Dictionary, Part, SourceStream
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
class Sync:
    connection: str
    streams: tuple[StreamSync, ...]
    error: str | None = None


@dataclass(frozen=True)
class _Stored:
    """A stream as the control plane knows it before this reading."""

    id: UUID
    key: tuple[str, ...]
    key_origin: str
    state: Path | None
    parts: dict[str, dict[str, Any]]
    cursor: str | None
    described: dict[str, str]
    profiled: bool


@dataclass(frozen=True)
class _Landed:
    """One part, written but not listed yet."""

    part: Part
    change: Change
    id: UUID
    path: Path | None
    rejected: int


def connections(work: Work, source: str) -> list[tuple[UUID, str]]:
    """The tenant's active connections to one kind of source: (id, name)."""
    with work.database.transaction() as transaction:
        rows = transaction.all(
            "select id, name from aos.connections where source = :source and state = 'active' order by name", source=source
        )
    return [(row["id"], row["name"]) for row in rows]


def sync_connection(work: Work, connection_id: UUID, run_id: UUID | None = None) -> Sync:
    """Reads one connection once. A stream's error is recorded and stops nothing else.

    Raises:
        TryAgain: another worker reads this connection.
    """
    sync_id = uuid4()
    with holding(work.database, f"sync:{connection_id}", str(run_id or sync_id)) as lease:
        with work.database.transaction() as transaction:
            lease.prove(transaction)
            row = transaction.one("connection", "select * from aos.connections where id = :id", id=connection_id)
            # Whatever ran before under an older epoch has ended: only one may hold the lease.
            transaction.run(
                "update aos.syncs set state = 'failed', ended_at = now(), error = cast(:error as jsonb)"
                " where connection_id = :connection and state = 'running'",
                connection=connection_id,
                error=as_json({"what": "The worker was stopped before it had ended; nothing was lost."}),
            )
            transaction.run(
                "insert into aos.syncs (id, connection_id, epoch, run_id, state) values (:id, :connection, :epoch, :run, 'running')",
                id=sync_id, connection=connection_id, epoch=lease.epoch, run=run_id,
            )  # fmt: skip
            secret = work.secrets.open(transaction, work.tenant, connection_id, bytes(row["sealed"])) if row["sealed"] else None
        try:
            connector = connect(work.settings, row["source"], row["config"], secret)
            streams = tuple(_streams(work, connector, connection_id, sync_id, lease))
            error = "; ".join(f"{one.stream}: {one.error}" for one in streams if one.error) or None
        except AosError as failed:
            streams, error = (), failed.sentence
        _end(work, sync_id, error)
        return Sync(row["name"], streams, error)


def _end(work: Work, sync_id: UUID, error: str | None) -> None:
    with work.database.transaction() as transaction:
        transaction.run(
            "update aos.syncs set state = :state, ended_at = now(), error = cast(:error as jsonb) where id = :id",
            id=sync_id,
            state="failed" if error else "succeeded",
            error=as_json({"what": error}) if error else None,
        )


def _streams(work: Work, connector: Connector, connection_id: UUID, sync_id: UUID, lease: Lease) -> Iterator[StreamSync]:
    found = connector.discover()
    with work.database.transaction() as transaction:
        _remember_dictionaries(transaction, connection_id, found.dictionaries)
        ids = {one.name: _remember(transaction, connection_id, one) for one in found.streams}
    for name, reason in found.problems:
        yield StreamSync(name, error=reason)
    for stream in found.streams:
        try:
            yield _stream(work, connector, connection_id, ids[stream.name], stream, sync_id, lease)
        except (AosError, duckdb.Error) as failed:
            reason = failed.sentence if isinstance(failed, AosError) else f"It could not be landed: {str(failed).splitlines()[0]}"
            _record_failure(work, sync_id, ids[stream.name], reason)
            yield StreamSync(stream.name, error=reason)


def _record_failure(work: Work, sync_id: UUID, stream_id: UUID, reason: str) -> None:
    with work.database.transaction() as transaction:
        transaction.run(
            "insert into aos.sync_streams (sync_id, stream_id, error, seq) values (:sync, :stream, cast(:error as jsonb), :seq)",
            sync=sync_id, stream=stream_id, error=as_json({"what": reason}), seq=transaction.next_seq(),
        )  # fmt: skip


def _remember(transaction: Transaction, connection_id: UUID, stream: SourceStream) -> UUID:
    """The stream's row: its key is set once, at discovery, and never changed by a later one."""
    row = transaction.one(
        "stream",
        "insert into aos.streams (id, connection_id, name, key, key_origin, cursor_column, columns, delete_mode)"
        " values (:id, :connection, :name, cast(:key as jsonb), :origin, :cursor, cast(:columns as jsonb), :mode)"
        " on conflict (tenant_id, connection_id, name) do update set columns = excluded.columns returning id",
        id=uuid4(), connection=connection_id, name=stream.name, key=as_json(list(stream.key)),
        origin="declared" if stream.key else "unknown", cursor=stream.cursor, mode=stream.delete_mode,
        columns=as_json([{"name": one.name, "type": one.type, "description": one.description} for one in stream.columns]),
    )  # fmt: skip
    found: UUID = row["id"]
    return found


def _remember_dictionaries(transaction: Transaction, connection_id: UUID, found: tuple[Dictionary, ...]) -> None:
    for one in found:
        transaction.run(
            "insert into aos.dictionaries (connection_id, name, entries, content_hash, seq)"
            " values (:connection, :name, cast(:entries as jsonb), :hash, :seq)"
            " on conflict (tenant_id, connection_id, name) do update set entries = excluded.entries,"
            " content_hash = excluded.content_hash, seq = excluded.seq where dictionaries.content_hash <> excluded.content_hash",
            connection=connection_id, name=one.name, hash=one.content_hash, seq=transaction.next_seq(),
            entries=as_json([{"table": table, "field": field, "description": about} for table, field, about in one.entries]),
        )  # fmt: skip


def _stored(work: Work, stream_id: UUID, name: str, connection_id: UUID) -> _Stored:
    with work.database.transaction() as transaction:
        row = transaction.one(
            "stream",
            "select s.*, l.path as state_path, l.parts as parts, c.position as position,"
            " exists (select 1 from aos.fingerprints f where f.stream_id = s.id) as profiled"
            " from aos.streams s left join aos.latest_states l on l.stream_id = s.id left join aos.cursors c on c.stream_id = s.id"
            " where s.id = :id",
            id=stream_id,
        )
        told = transaction.all("select entries from aos.dictionaries where connection_id = :id", id=connection_id)
    entries = [entry for one in told for entry in one["entries"]]
    return _Stored(
        id=stream_id,
        key=tuple(row["key"]),
        key_origin=row["key_origin"],
        state=work.lake.absolute(row["state_path"]) if row["state_path"] else None,
        parts=row["parts"] or {},
        cursor=row["position"]["after"] if row["position"] else None,
        described={entry["field"]: entry["description"] for entry in entries if entry["table"].lower() == name.lower()},
        profiled=row["profiled"],
    )


def _stream(
    work: Work, connector: Connector, connection_id: UUID, stream_id: UUID, stream: SourceStream, sync_id: UUID, lease: Lease
) -> StreamSync:
    stored = _stored(work, stream_id, stream.name, connection_id)
    folder = work.lake.raw(connection_id, stream_id, sync_id)
    known = {name: str(one["hash"]) for name, one in stored.parts.items()}
    landed: list[_Landed] = []
    fingerprint: Fingerprint | None = None
    with work.lake.duckdb() as (connection, spill):
        open_state(connection, stored.state)
        for part in connector.read(stream, stored.cursor, known):
            if part.batches is None:
                rows = int(stored.parts[part.name]["rows"])
                landed.append(_Landed(part, Change(rows, 0, rows, 0), uuid4(), None, int(stored.parts[part.name]["rejected"])))
                continue
            one, stored = _part(connection, work, stream, stored, part, folder, spill / "incoming.parquet")
            landed.append(one)
            if one.change.rows and (part.complete or not stored.profiled):
                fingerprint = _profile(connection, stream, stored, one)
        vanished = sorted(set(stored.parts) - {one.part.name for one in landed})
        for name in vanished if all(one.part.complete for one in landed) else ():
            schema = pa.schema([(column.name, pa.string()) for column in stream.columns])
            gone = Part(name, complete=True, source_hash=None, schema=schema, batches=iter(()))
            one, stored = _part(connection, work, stream, stored, gone, folder, spill / "incoming.parquet")
            landed.append(one)
        return _list(work, connection, stored, stream, sync_id, lease, landed, vanished, fingerprint)


def _part(
    connection: duckdb.DuckDBPyConnection, work: Work, stream: SourceStream, stored: _Stored, part: Part, folder: Path, spill: Path
) -> tuple[_Landed, _Stored]:
    """One part compared and written. The first rows ever read prove the key, where the source declares none."""
    columns = [str(name) for name in part.schema.names]
    assert part.batches is not None
    take_in(connection, part.schema, part.batches, spill)
    if stored.key_origin == "unknown" and columns:
        proven = prove_key(connection, columns)
        stored = replace(stored, key=tuple(proven), key_origin="proven" if proven else "occurrence")
    landing = uuid4()
    change = compare(connection, part, columns, stored.key, str(landing))
    path = None
    if change.rows:
        name = f"{landing}.parquet"
        with work.lake.writing(folder, name) as temporary:
            write_landing(connection, columns, change, temporary, {"stream": stream.name, "part": part.name})
        path = folder / name
    return _Landed(part, change, landing, path, part.rejected), stored


def _profile(connection: duckdb.DuckDBPyConnection, stream: SourceStream, stored: _Stored, one: _Landed) -> Fingerprint:
    typed = {column.name: column for column in stream.columns}
    columns = tuple(typed[name] for name in one.part.schema.names if name in typed)
    return profile(connection, "incoming", columns, one.change.read, stored.described)


def _list(
    work: Work,
    connection: duckdb.DuckDBPyConnection,
    stored: _Stored,
    stream: SourceStream,
    sync_id: UUID,
    lease: Lease,
    landed: list[_Landed],
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
    state = _write_state(work, connection, stored.id) if changed else None
    with work.database.transaction() as transaction:
        seq = transaction.next_seq()
        lease.prove(transaction)
        _insert_landings(transaction, work, sync_id, stored.id, seq, landed)
        if state is not None:
            rows = connection.execute("select count(*) from state").fetchall()[0][0]
            transaction.run(
                "insert into aos.latest_states (stream_id, path, rows, parts, seq) values (:stream, :path, :rows, cast(:parts as jsonb), :seq)"
                " on conflict (tenant_id, stream_id) do update set path = excluded.path, rows = excluded.rows, parts = excluded.parts, seq = excluded.seq",
                stream=stored.id, path=work.lake.relative(state), rows=rows, parts=as_json(parts), seq=seq,
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
    return total


def _write_state(work: Work, connection: duckdb.DuckDBPyConnection, stream_id: UUID) -> Path:
    folder, name = work.lake.states(stream_id), f"{uuid4()}.parquet"
    with work.lake.writing(folder, name) as temporary:
        connection.execute(f"copy (select * from state) to {literal(str(temporary))} (format parquet, compression zstd, compression_level 1)")
    return folder / name


def _insert_landings(transaction: Transaction, work: Work, sync_id: UUID, stream_id: UUID, seq: int, landed: list[_Landed]) -> None:
    transaction.each(
        "insert into aos.landings (id, sync_id, stream_id, part, path, rows, bytes, content_hash, source_hash, complete, seq)"
        " values (:id, :sync, :stream, :part, :path, :rows, :bytes, :content, :source, :complete, :seq)",
        [
            {
                "id": one.id, "sync": sync_id, "stream": stream_id, "part": one.part.name, "path": work.lake.relative(one.path),
                "rows": one.change.landed, "bytes": one.path.stat().st_size, "content": hash_file(one.path),
                "source": one.part.source_hash, "complete": one.part.complete, "seq": seq,
            }
            for one in landed
            if one.path is not None
        ],
    )  # fmt: skip


def _move_cursor(transaction: Transaction, stream_id: UUID, stream: SourceStream, landed: list[_Landed], seq: int) -> None:
    after = next((one.part.position for one in landed if one.part.position is not None), None)
    if stream.cursor is not None and after is not None:
        transaction.run(
            "insert into aos.cursors (stream_id, position, seq) values (:stream, cast(:position as jsonb), :seq)"
            " on conflict (tenant_id, stream_id) do update set position = excluded.position, seq = excluded.seq",
            stream=stream_id, position=as_json({"column": stream.cursor, "after": after}), seq=seq,
        )  # fmt: skip


def _balance(transaction: Transaction, sync_id: UUID, stream_id: UUID, total: StreamSync, landed: list[_Landed], seq: int) -> None:
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
