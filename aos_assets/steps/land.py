"""Landing: one sync of a connection, each stream's rows written to the lake and listed in one transaction.

Killed before that transaction: files that nobody lists. After it: done. Nothing is lost or doubled in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import duckdb

from aos_assets.steps.leases import Lease, holding
from aos_assets.steps.listing import StreamSync, record_failure
from aos_assets.steps.reading import Place, read_stream
from aos_assets.steps.streams import Stored, read_stored, remember, remember_dictionaries
from aos_assets.steps.watching import Watch
from aos_core.errors import AosError, Cancelled, CredentialsRefused, Held, TryAgain
from aos_resources.connectors import connect
from aos_resources.connectors.source import Connector, Doors, SourceStream
from aos_resources.database import as_json
from aos_resources.quotas import check
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
                "update aos.sync_streams set state = 'failed', said = said - 'reading', ended_at = now() where state = 'reading' and sync_id in"
                " (select id from aos.syncs where connection_id = :connection)",
                connection=connection_id,
            )
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
        streams: list[StreamSync] = []
        try:
            connector = connect(Doors(work.settings, work.lake.uploads(connection_id)), row["source"], row["config"], secret)
            for one in _streams(work, connector, connection_id, sync_id, lease):
                streams.append(one)
            error = "; ".join(f"{one.stream}: {one.error}" for one in streams if one.error) or None
        except TryAgain as later:
            _end(work, sync_id, "failed", later.sentence)
            raise
        except Cancelled as stopped:
            _end(work, sync_id, "cancelled", stopped.sentence)
            return Sync(row["name"], tuple(streams))
        except AosError as failed:
            error = failed.sentence
            if isinstance(failed, CredentialsRefused):
                _await_credentials(work, connection_id)
        _end(work, sync_id, "failed" if error else "succeeded", error)
        return Sync(row["name"], tuple(streams), error)


def _await_credentials(work: Work, connection_id: UUID) -> None:
    """Asked again and again with what was refused, a source may lock its account: it is not, until a person authorises anew."""
    with work.database.transaction() as transaction:
        if transaction.run("update aos.connections set state = 'unauthorised' where id = :id and state = 'active'", id=connection_id):
            transaction.announce(transaction.next_seq(), "connection.unauthorised", str(connection_id), {})


def _end(work: Work, sync_id: UUID, state: str, error: str | None) -> None:
    with work.database.transaction() as transaction:
        transaction.run(
            "update aos.syncs set state = :state, ended_at = now(), error = cast(:error as jsonb) where id = :id",
            id=sync_id,
            state=state,
            error=as_json({"what": error}) if error else None,
        )


def _streams(work: Work, connector: Connector, connection_id: UUID, sync_id: UUID, lease: Lease) -> Iterator[StreamSync]:
    with work.database.transaction() as transaction:
        check(transaction, "rows")  # used up already: the source need not be read to know it
    found, watch = connector.discover(), Watch(work, sync_id)
    with work.database.transaction() as transaction:
        remember_dictionaries(transaction, connection_id, found.dictionaries)
        ids = {one.name: remember(transaction, connection_id, one) for one in found.streams}
    for name, reason in found.problems:
        yield StreamSync(name, error=reason)
    for stream in found.streams:
        watch.look()
        place = Place(work, connection_id, ids[stream.name], sync_id, lease, watch)
        stored = read_stored(work, place.stream, stream.name, connection_id)
        if stored.selected:
            yield _one(place, connector, stream, stored)


def _one(place: Place, connector: Connector, stream: SourceStream, stored: Stored) -> StreamSync:
    """One stream's error is recorded and stops nothing else, unless the source as a whole does not answer any more."""
    try:
        read = read_stream(place, connector, stream, stored)
    except (TryAgain, CredentialsRefused, Cancelled) as ended:
        record_failure(place.work, place.sync, place.stream, "cancelled" if isinstance(ended, Cancelled) else "failed", ended.sentence)
        raise
    except Held as held:
        record_failure(place.work, place.sync, place.stream, "held", held.sentence, {"vanished": held.rows, "of": held.of}, stored.may_vanish)
        return StreamSync(stream.name, error=held.sentence)
    except (AosError, duckdb.Error) as failed:
        reason = failed.sentence if isinstance(failed, AosError) else f"It could not be landed: {str(failed).splitlines()[0]}"
        record_failure(place.work, place.sync, place.stream, "failed", reason)
        return StreamSync(stream.name, error=reason)
    if not read.balanced:
        return replace(read, error="Rows are unaccounted for: what was read is not what landed, was unchanged or rejected.")
    return read
