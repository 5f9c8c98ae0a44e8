"""A sync under way: it tells once a second how far it is, and ends where somebody asked it to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

import pyarrow as pa

from aos_core.errors import Cancelled
from aos_resources.database import as_json
from aos_resources.world import Work

_EVERY = 1.0  # seconds


class Watch:
    """One sync's. `over` hands batches through and looks in passing, `look` looks at once."""

    def __init__(self, work: Work, sync_id: UUID) -> None:
        self._work = work
        self._sync = sync_id
        self._looked = time.monotonic()

    def over(self, stream_id: UUID, batches: Iterator[pa.RecordBatch], before: int) -> Iterator[pa.RecordBatch]:
        """`before`: rows of this stream that the sync has read already.

        Raises:
            Cancelled: a person asked the sync to end.
        """
        rows = before
        for batch in batches:
            rows += batch.num_rows
            if time.monotonic() - self._looked >= _EVERY:
                self._tell(stream_id, rows)
                self.look()
            yield batch

    def look(self) -> None:
        """Raises Cancelled where a person asked the sync to end."""
        self._looked = time.monotonic()
        with self._work.database.transaction() as transaction:
            asked = transaction.one("sync", "select cancel_asked_at from aos.syncs where id = :id", id=self._sync)["cancel_asked_at"]
        if asked is not None:
            raise Cancelled("The sync was cancelled", fix="What had landed stays; the next one goes on from there.")

    def _tell(self, stream_id: UUID, rows: int) -> None:
        """Only a row of its own or none: what a slice listed is never touched here but for what is being read."""
        with self._work.database.transaction() as transaction:
            transaction.run(
                "insert into aos.sync_streams (sync_id, stream_id, state, said, seq) values (:sync, :stream, 'reading', cast(:said as jsonb), :seq)"
                " on conflict (tenant_id, sync_id, stream_id) do update set said = sync_streams.said || excluded.said",
                sync=self._sync, stream=stream_id, said=as_json({"reading": rows}), seq=transaction.next_seq(),
            )  # fmt: skip
