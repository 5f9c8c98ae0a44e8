"""The one transaction that makes a stream's reading true: landings, state, cursor, fingerprint, balance, outbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb

from aos_assets.steps.changes import Change
from aos_assets.steps.leases import Lease
from aos_assets.steps.states import write_state
from aos_assets.steps.streams import Pass, Stored
from aos_core.errors import Held
from aos_core.fingerprint import Fingerprint, write_columns
from aos_resources.connectors.source import Part, SourceStream
from aos_resources.database import Transaction, as_json
from aos_resources.lake import hash_file
from aos_resources.quotas import reserve
from aos_resources.world import Work

# More than this share of a stream's rows does not vanish without a person's word; a single row may.
MAY_VANISH = 0.2


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

    def __add__(self, more: StreamSync) -> StreamSync:
        return StreamSync(
            self.stream, self.read + more.read, self.landed + more.landed, self.unchanged + more.unchanged,
            self.rejected + more.rejected, self.deleted + more.deleted,
        )  # fmt: skip


@dataclass(frozen=True)
class Landed:
    """One part, written but not listed yet. `adopted`: its file tells the part's latest state too."""

    part: Part
    change: Change
    id: UUID
    path: Path | None
    rejected: int
    adopted: bool = False


@dataclass(frozen=True)
class Listing:
    """What one transaction makes true. `vanished`: parts that are gone; `going`: the pass that goes on after it; `ended`: none does.

    `first`: the number of its first landing among those that the sync lists of the stream.
    """

    stored: Stored
    landed: tuple[Landed, ...]
    vanished: tuple[str, ...]
    going: Pass | None
    ended: bool
    fingerprint: Fingerprint | None
    said: dict[str, Any] = field(default_factory=dict)
    first: int = 0


def list_reading(
    work: Work, connection: duckdb.DuckDBPyConnection, stream: SourceStream, sync_id: UUID, lease: Lease, listing: Listing, seconds: float
) -> StreamSync:
    """The one transaction that makes it true: landings, state, cursor, fingerprint, balance, outbox.

    Raises:
        TryAgain: another worker took over. QuotaReached: the tenant may not land so many rows this month. Held: too much
        vanished. In each case nothing is listed.
    """
    stored, landed = listing.stored, listing.landed
    total = StreamSync(
        stream.name,
        read=sum(one.change.read + one.rejected for one in landed),
        landed=sum(one.change.landed for one in landed),
        unchanged=sum(one.change.unchanged for one in landed),
        rejected=sum(one.rejected for one in landed),
        deleted=sum(one.change.deleted for one in landed),
    )
    _guard(stored, total.deleted)
    parts = _parts(stored, listing)
    changed = total.landed + total.deleted > 0 or parts != stored.parts
    adopted = tuple(one.path for one in landed if one.adopted and one.path is not None)
    state = write_state(connection, work, stored.id, stored.state, adopted) if changed else None
    with work.database.transaction() as transaction:
        seq = transaction.next_seq()
        lease.prove(transaction)
        reserve(transaction, "rows", total.landed)
        _insert_landings(transaction, work, sync_id, listing)
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
        _move_cursor(transaction, work, stream, listing, seq)
        if listing.ended:
            _keep_words(transaction, stored, total.deleted)
        if (fingerprint := listing.fingerprint) is not None:
            transaction.run(
                "insert into aos.fingerprints (id, stream_id, sync_id, shape, fields, rows, seq)"
                " values (:id, :stream, :sync, :shape, cast(:fields as jsonb), :rows, :seq)"
                " on conflict (tenant_id, stream_id, sync_id) do nothing",
                id=uuid4(), stream=stored.id, sync=sync_id, shape=fingerprint.shape, rows=fingerprint.rows, seq=seq,
                fields=as_json(write_columns(fingerprint.columns)),
            )  # fmt: skip
        _balance(transaction, sync_id, total, listing, seq, seconds)
    for path in set(stored.state.paths) - set(state.paths) if state is not None else ():
        if path.parent == work.lake.states(stored.id):  # a landing stays, whoever tells the state now
            path.unlink(missing_ok=True)
    return total


def _guard(stored: Stored, deleted: int) -> None:
    """A source that was emptied by mistake looks like one whose rows were all deleted."""
    rows = stored.state.rows
    if stored.reset is None and deleted > max(1, MAY_VANISH * rows, stored.may_vanish):
        raise Held(deleted, rows)


def _parts(stored: Stored, listing: Listing) -> dict[str, dict[str, Any]]:
    """By part what was read of it; of a part that is read bit by bit only that it is there."""
    parts = dict(stored.parts)
    for one in listing.landed:
        whole = one.part.last and (one.part.complete or one.part.source_hash is not None) and stored.going is None and one.part.holds == "rows"
        rows, rejected = (one.change.read, one.rejected) if whole else (0, 0)
        parts[one.part.name] = {"hash": one.part.source_hash if whole else None, "rows": rows, "rejected": rejected}
    there = {one.part.name for one in listing.landed} if listing.ended else set()  # of a reading that showed nothing at all, nothing is known
    return {name: said for name, said in parts.items() if name not in listing.vanished and (not there or name in there)}


def _keep_words(transaction: Transaction, stored: Stored, deleted: int) -> None:
    """A person's word for one reading is used up by it: from zero, or that so many rows may go."""
    if stored.reset is not None:
        transaction.run("update aos.streams set reset_at = null where id = :id and reset_at = cast(:at as timestamptz)", id=stored.id, at=stored.reset)
    if stored.may_vanish and deleted:
        transaction.run("update aos.streams set may_vanish = null where id = :id and may_vanish = :rows", id=stored.id, rows=stored.may_vanish)


def record_failure(work: Work, sync_id: UUID, stream_id: UUID, state: str, reason: str, said: dict[str, int] | None = None, word: int | None = None) -> None:
    """What was listed of the stream before stays counted. `state`: failed, held or cancelled.

    `word`: how many rows a person let vanish, where that was not enough: it was for one reading, and is asked for anew.
    """
    with work.database.transaction() as transaction:
        if word is not None:
            transaction.run("update aos.streams set may_vanish = null where id = :id and may_vanish = :word", id=stream_id, word=word)
        transaction.run(
            "insert into aos.sync_streams (sync_id, stream_id, state, error, said, seq)"
            " values (:sync, :stream, :state, cast(:error as jsonb), cast(:said as jsonb), :seq)"
            " on conflict (tenant_id, sync_id, stream_id) do update set state = excluded.state, error = excluded.error,"
            " said = (sync_streams.said - 'reading') || excluded.said, ended_at = now()",
            sync=sync_id, stream=stream_id, state=state, error=as_json({"what": reason}), said=as_json(said or {}), seq=transaction.next_seq(),
        )  # fmt: skip


def _insert_landings(transaction: Transaction, work: Work, sync_id: UUID, listing: Listing) -> None:
    """Each with a number of its own, so that number and row tell any two landed rows apart."""
    transaction.each(
        "insert into aos.landings (id, sync_id, stream_id, part, slice, path, rows, bytes, content_hash, source_hash, complete, cause, seq)"
        " values (:id, :sync, :stream, :part, :slice, :path, :rows, :bytes, :content, :source, :complete, :cause, :seq)",
        [
            {
                "id": one.id, "sync": sync_id, "stream": listing.stored.id, "part": one.part.name, "slice": number, "path": work.lake.relative(one.path),
                "rows": one.change.landed, "bytes": one.path.stat().st_size, "content": hash_file(one.path),
                "source": one.part.source_hash, "complete": one.part.complete, "cause": _cause(listing.stored, one), "seq": transaction.next_seq(),
            }
            for number, one in enumerate(listing.landed, listing.first)
            if one.path is not None
        ],
    )  # fmt: skip


def _cause(stored: Stored, one: Landed) -> str | None:
    """Why its tombstones are there: the source said so, it was not met any more, or what is read was chosen anew."""
    if not one.change.deleted:
        return None
    return "deleted" if one.part.holds == "gone" else "out of scope" if stored.reset else "absent"


def _move_cursor(transaction: Transaction, work: Work, stream: SourceStream, listing: Listing, seq: int) -> None:
    """To where the last listed part said that it stands; with the pass that goes on from there, if one does."""
    said = [one.part.position for one in listing.landed if one.part.position is not None]
    going = listing.going
    if not said and going is None:
        return
    told = None if going is None else {
        "reading": going.reading, "seen": [work.lake.relative(path) for path in going.seen], "fresh": going.fresh, "reset": going.reset,
    }  # fmt: skip
    transaction.run(
        "insert into aos.cursors (stream_id, position, seq) values (:stream, cast(:position as jsonb), :seq)"
        " on conflict (tenant_id, stream_id) do update set position = excluded.position, seq = excluded.seq",
        stream=listing.stored.id, seq=seq,
        position=as_json({"column": stream.cursor, "after": said[-1] if said else listing.stored.cursor} | ({"pass": told} if told else {})),
    )  # fmt: skip


def _balance(transaction: Transaction, sync_id: UUID, total: StreamSync, listing: Listing, seq: int, seconds: float) -> None:
    """Of a reading in slices, added to what the sync listed of the stream before."""
    rejects = [
        {"part": one.part.name, "line": reject.line, "reason": reject.reason, "text": reject.text}
        for one in listing.landed
        for reject in one.part.rejects
    ]
    transaction.run(
        "insert into aos.sync_streams (sync_id, stream_id, state, read, landed, unchanged, rejected, deleted, rejects, bytes, seconds, said, seq)"
        " values (:sync, :stream, :state, :read, :landed, :unchanged, :rejected, :deleted, cast(:rejects as jsonb), :bytes, :seconds,"
        " cast(:said as jsonb), :seq) on conflict (tenant_id, sync_id, stream_id) do update set state = excluded.state,"
        " read = sync_streams.read + excluded.read, landed = sync_streams.landed + excluded.landed,"
        " unchanged = sync_streams.unchanged + excluded.unchanged, rejected = sync_streams.rejected + excluded.rejected,"
        " deleted = sync_streams.deleted + excluded.deleted, rejects = sync_streams.rejects || excluded.rejects,"
        " bytes = sync_streams.bytes + excluded.bytes, seconds = sync_streams.seconds + excluded.seconds,"
        " said = excluded.said || (sync_streams.said - 'reading'), seq = excluded.seq, ended_at = now()",
        sync=sync_id, stream=listing.stored.id, state="done" if listing.ended else "reading", read=total.read, landed=total.landed,
        unchanged=total.unchanged, rejected=total.rejected, deleted=total.deleted, rejects=as_json(rejects), seconds=seconds, seq=seq,
        bytes=sum(one.path.stat().st_size for one in listing.landed if one.path is not None), said=as_json(listing.said),
    )  # fmt: skip
    if total.landed or total.deleted:
        data: dict[str, object] = {"stream": total.stream, "landed": total.landed, "deleted": total.deleted}
        transaction.announce(seq, "stream.landed", str(listing.stored.id), data)
