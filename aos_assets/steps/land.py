"""Landing: one sync of a connection, each stream's rows written to the lake and listed in one transaction.

Killed before that transaction: files that nobody lists. After it: done. Nothing is lost or doubled in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa

from aos_assets.steps.changes import Change, compare, every_key_once, prove_key, show, take_in, write_landing
from aos_assets.steps.leases import Lease, holding
from aos_assets.steps.listing import Landed, StreamSync, list_reading, record_failure
from aos_assets.steps.profile import Sample, profile
from aos_assets.steps.states import open_state
from aos_assets.steps.streams import Stored, read_stored, remember, remember_dictionaries
from aos_core.errors import AosError, FixTheSource, TryAgain
from aos_core.fingerprint import Fingerprint
from aos_resources.connectors import connect
from aos_resources.connectors.source import Connector, Part, SourceColumn, SourceStream
from aos_resources.database import as_json
from aos_resources.parquet import rows_in
from aos_resources.world import Work


@dataclass(frozen=True)
class Sync:
    connection: str
    streams: tuple[StreamSync, ...]
    error: str | None = None


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
        except TryAgain as later:
            _end(work, sync_id, later.sentence)
            raise
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
        remember_dictionaries(transaction, connection_id, found.dictionaries)
        ids = {one.name: remember(transaction, connection_id, one) for one in found.streams}
    for name, reason in found.problems:
        yield StreamSync(name, error=reason)
    for stream in found.streams:
        try:
            yield _stream(work, connector, connection_id, ids[stream.name], stream, sync_id, lease)
        except TryAgain:
            raise
        except (AosError, duckdb.Error) as failed:
            reason = failed.sentence if isinstance(failed, AosError) else f"It could not be landed: {str(failed).splitlines()[0]}"
            record_failure(work, sync_id, ids[stream.name], reason)
            yield StreamSync(stream.name, error=reason)


def _stream(
    work: Work, connector: Connector, connection_id: UUID, stream_id: UUID, stream: SourceStream, sync_id: UUID, lease: Lease
) -> StreamSync:
    stored = read_stored(work, stream_id, stream.name, connection_id)
    folder = work.lake.raw(connection_id, stream_id, sync_id)
    known = {name: str(one["hash"]) for name, one in stored.parts.items()}
    landed: list[Landed] = []
    fingerprint: Fingerprint | None = None
    with work.lake.duckdb() as (connection, spill):
        open_state(connection, stored.state)
        for part in connector.read(stream, stored.cursor, known):
            if part.batches is None:
                rows = int(stored.parts[part.name]["rows"])
                landed.append(Landed(part, Change(rows, 0, rows, 0), uuid4(), None, int(stored.parts[part.name]["rejected"])))
                continue
            sample = Sample()
            part.batches = sample.watch(part.batches)
            one, stored = _part(connection, work, stream, stored, part, folder, spill / "incoming.parquet")
            landed.append(one)
            if one.change.read and one.change.rows and (part.complete or not stored.profiled):
                fingerprint = _profile(connection, stream, stored, one, sample)
        vanished = sorted(set(stored.parts) - {one.part.name for one in landed})
        for name in vanished if all(one.part.complete for one in landed) else ():
            schema = pa.schema([(column.name, pa.string()) for column in stream.columns])
            gone = Part(name, complete=True, source_hash=None, schema=schema, batches=iter(()))
            one, stored = _part(connection, work, stream, stored, gone, folder, spill / "incoming.parquet")
            landed.append(one)
        return list_reading(work, connection, stored, stream, sync_id, lease, landed, vanished, fingerprint)


def _part(
    connection: duckdb.DuckDBPyConnection, work: Work, stream: SourceStream, stored: Stored, part: Part, folder: Path, spill: Path
) -> tuple[Landed, Stored]:
    """One part compared and written. The first rows ever read prove the key, where the source declares none."""
    columns = [str(name) for name in part.schema.names]
    assert part.batches is not None
    told = {"stream": stream.name, "part": part.name}
    known = None if stored.key_origin == "unknown" else stored.key
    if lacking := [name for name in known or () if name not in columns]:
        raise FixTheSource("The key of the stream is not among its columns", culprit=f"{stream.name}: {', '.join(lacking)}", fix="Bring the column back.")
    written, read = take_in(connection, part.schema, part.batches, spill, known, told)
    proven: list[str] = []
    if stored.key_origin == "unknown" and columns:
        proven = prove_key(connection, columns)
        stored = replace(stored, key=tuple(proven), key_origin="proven" if proven else "occurrence")
    landing, path = uuid4(), None
    # A part that was never read before, one row for each key, every key there: what was written is the landing.
    if read and part.name not in stored.parts and written == stored.key and len(written) == 1 and (proven or every_key_once(connection)):
        with work.lake.writing(folder, f"{landing}.parquet") as temporary:
            spill.rename(temporary)
        path = folder / f"{landing}.parquet"
        show(connection, path)
        return Landed(part, Change(read, rows_in(path), 0, 0), landing, path, part.rejected, adopted=True), stored
    change = compare(connection, stored.state, part, columns, stored.key, str(landing))
    if change.rows:
        path = folder / f"{landing}.parquet"
        with work.lake.writing(folder, path.name) as temporary:
            write_landing(connection, columns, temporary, told)
    return Landed(part, change, landing, path, part.rejected), stored


def _profile(connection: duckdb.DuckDBPyConnection, stream: SourceStream, stored: Stored, one: Landed, sample: Sample) -> Fingerprint:
    typed = {column.name: column for column in stream.columns}
    columns = tuple(typed.get(name, SourceColumn(name)) for name in one.part.schema.names)  # a later file may have more
    return profile(connection, sample, columns, one.change.read, stored.described)
