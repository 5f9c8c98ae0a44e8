"""One stream read once: its parts compared and written, and listed slice by slice. Knows nothing of the other streams."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import pyarrow as pa

from aos_assets.steps.changes import (
    Change,
    all_new,
    compare,
    go,
    prove_key,
    take_in,
    write_landing,
    write_tombstones,
)
from aos_assets.steps.leases import Lease
from aos_assets.steps.listing import Landed, Listing, StreamSync, list_reading
from aos_assets.steps.states import open_state, write_seen
from aos_assets.steps.streams import Pass, Stored, read_stored
from aos_assets.steps.treating import OMIT, treat
from aos_assets.steps.watching import Watch
from aos_core.errors import AosError, FixTheSource
from aos_core.fingerprint import Fingerprint
from aos_resources.ahead import ahead
from aos_resources.connectors.source import Connector, Part, SourceColumn, SourceStream
from aos_resources.parquet import rows_in
from aos_resources.profiling import Sample, profile
from aos_resources.world import Work


@dataclass(frozen=True)
class Place:
    """Where in the control plane a reading stands."""

    work: Work
    connection: UUID
    stream: UUID
    sync: UUID
    lease: Lease
    watch: Watch

    @property
    def folder(self) -> Path:
        return self.work.lake.raw(self.connection, self.stream, self.sync)


def read_stream(place: Place, connector: Connector, stream: SourceStream, stored: Stored) -> StreamSync:
    """All parts that there are now, from where the last reading ended or was cut. What is listed stays, whatever comes after.

    Raises:
        Held: more vanished than may without a person's word. AosError: whatever the source raised.
    """
    began, total = time.monotonic(), StreamSync(stream.name)
    known = {} if stored.reset else {name: str(one["hash"]) for name, one in stored.parts.items()}
    parts, ended, listed = connector.read(stream, stored.cursor, known), False, 0
    while not ended:
        with _group(place, stream, stored) as group:
            ended = True
            for part in parts:
                group.take(part, total.read)
                if not part.last:
                    ended = False
                    break
            listing = group.listing(ended)
            listing = replace(listing, said={"why": _why(stored, listing)} | _columns_changed(stored, listing.fingerprint), first=listed)
            listed += len(listing.landed)
            total += list_reading(place.work, group.connection, stream, place.sync, place.lease, listing, time.monotonic() - began)
        if not ended:
            place.watch.look()
            stored, began = read_stored(place.work, place.stream, stream.name, place.connection), time.monotonic()
    return total


def _why(stored: Stored, listing: Listing) -> str:
    """In a word, why this reading reads what it reads, or in the connector's own; of a reading in slices the first one's stays."""
    if stored.going is not None:
        return "went on"
    if stored.reset is not None:
        return "from zero"
    if stored.fields is None:
        return "first"
    if told := next((one.part.why for one in listing.landed if one.part.why), ""):
        return told
    return "whole" if all(one.part.complete for one in listing.landed if one.part.holds == "rows") else "what grew"


def _columns_changed(stored: Stored, fingerprint: Fingerprint | None) -> dict[str, list[str]]:
    if fingerprint is None or stored.fields is None:
        return {}
    now = {one.name for one in fingerprint.columns}
    changed = {"came": sorted(now - stored.fields), "went": sorted(stored.fields - now)}
    return {word: names for word, names in changed.items() if names}


@contextmanager
def _group(place: Place, stream: SourceStream, stored: Stored) -> Iterator[_Group]:
    """What is listed together: all parts of a reading, or one slice. Where it cannot be listed, its files go."""
    with place.work.lake.duckdb() as (connection, spill):
        open_state(connection, stored.state)
        group = _Group(place, stream, stored, connection, spill / "incoming.parquet")
        try:
            yield group
        except AosError:
            for one in group.landed:
                if one.path is not None:
                    one.path.unlink(missing_ok=True)  # written by this reading alone: else every next one would leave another
            raise


class _Group:
    def __init__(self, place: Place, stream: SourceStream, stored: Stored, connection: duckdb.DuckDBPyConnection, spill: Path) -> None:
        self.connection = connection
        self.landed: list[Landed] = []
        self._place = place
        self._stream = stream
        self._stored = stored
        self._before = stored
        self._spill = spill
        self._fingerprint: Fingerprint | None = None
        self._going: Pass | None = None

    def take(self, part: Part, before: int) -> None:
        """`before`: rows of the stream that this sync has listed already."""
        stored = self._stored
        if part.batches is None:
            rows = int(stored.parts[part.name]["rows"])
            self.landed.append(Landed(part, Change(rows, 0, rows, 0), uuid4(), None, int(stored.parts[part.name]["rejected"])))
            return
        if part.holds == "rows" and (stored.reset is not None or not stored.deletes):
            part.complete = stored.reset is not None  # read from zero, what it does not show is gone, whatever else is said
        self._going = self._pass(part)
        with ahead(part.batches) as part.batches:
            self._land(part, before)

    def _land(self, part: Part, before: int) -> None:
        stored, sample = self._stored, Sample()
        treat(self.connection, part, stored.treated, self._place.work.secrets.salt(self._place.work.tenant) if stored.treated else "")
        assert part.batches is not None
        part.batches = self._place.watch.over(self._place.stream, sample.watch(part.batches), before + sum(one.change.read for one in self.landed))
        one = self._keys(part) if part.holds != "rows" else self._rows(part)
        self.landed.append(one)
        names = frozenset(part.schema.names)
        if part.holds == "rows" and one.change.read and one.change.rows and (self._first_whole(part) or names != self._before.fields):
            self._fingerprint = self._profile(one, sample)

    def listing(self, ended: bool) -> Listing:
        """`ended`: nothing of the reading is left."""
        vanished, met = sorted(set(self._stored.parts) - {one.part.name for one in self.landed}), len(self.landed)
        for name in vanished if ended and self.landed and all(one.part.complete for one in self.landed) else ():
            self.landed.append(self._rows(Part(name, complete=True, source_hash=None, schema=self._blank(), batches=iter(()))))
        going = None
        if not ended and self._going is not None:
            kept = self._going.fresh or not self.landed[-1].part.complete
            going = self._going if kept else replace(self._going, seen=(*self._going.seen, write_seen(self.connection, self._place.work, self._place.stream)))
        gone = tuple(vanished) if len(self.landed) > met else ()
        return Listing(self._stored, tuple(self.landed), gone, going, ended, self._fingerprint)

    def _pass(self, part: Part) -> Pass | None:
        """The pass that the part is a slice of: the one that goes on, one that begins with it, or none."""
        going = self._stored.going
        if going is not None and part.reading and going.reading == part.reading:
            return going
        if part.last:
            return None
        return Pass(part.reading, fresh=not self._stored.state.rows, reset=self._stored.reset)

    def _first_whole(self, part: Part) -> bool:
        return part.complete and (self._going is None or self._stored.going is None)

    def _keys(self, part: Part) -> Landed:
        """A part of keys alone: only tombstones can come of it."""
        if self._stored.key_origin in ("unknown", "occurrence") or not self._stored.deletes:
            return Landed(part, Change(0, 0, 0, 0), uuid4(), None, 0)
        assert part.batches is not None
        take_in(self.connection, part.schema, part.batches, self._spill, self._stored.key, self._told(part))
        change = go(self.connection, self._stored.state, part, part.schema.names, self._stored.key, self._going)
        landing, path = uuid4(), None
        if change.rows:
            path = self._place.folder / f"{landing}.parquet"
            with self._place.work.lake.writing(self._place.folder, path.name) as temporary:
                write_tombstones(self.connection, self._blank().names, temporary, self._told(part))
        return Landed(part, change, landing, path, 0)

    def _rows(self, part: Part) -> Landed:
        """One part compared and written. The first rows ever read prove the key, where the source declares none."""
        connection, stored, lake, folder = self.connection, self._stored, self._place.work.lake, self._place.folder
        columns, told = [str(name) for name in part.schema.names], self._told(part)
        assert part.batches is not None
        known = None if stored.key_origin == "unknown" else stored.key
        if lacking := [name for name in known or () if name not in columns]:
            culprit = f"{self._stream.name}: {', '.join(lacking)}"
            raise FixTheSource("The key of the stream is not among its columns", culprit=culprit, fix="Bring the column back.")
        unmet = part.complete and self._going is None and self._may_be_new(part)
        written, read = take_in(connection, part.schema, part.batches, self._spill, known, told, unmet=unmet)
        proven: list[str] = []
        if stored.key_origin == "unknown" and columns:
            proven = prove_key(connection, columns, guess=written)
            stored = self._stored = replace(stored, key=tuple(proven), key_origin="proven" if proven else "occurrence")
        landing, path = uuid4(), None
        if read and written and written == stored.key and self._may_adopt(part, proven=bool(proven)):
            with lake.writing(folder, f"{landing}.parquet") as temporary:
                self._spill.rename(temporary)
            path = folder / f"{landing}.parquet"
            return Landed(part, Change(read, rows_in(path), 0, 0), landing, path, part.rejected, adopted=True)
        change = compare(connection, stored.state, part, columns, stored.key, str(landing), going=self._going, again=stored.reset is not None)
        if change.rows:
            path = folder / f"{landing}.parquet"
            with lake.writing(folder, path.name) as temporary:
                write_landing(connection, columns, temporary, told)
        return Landed(part, change, landing, path, part.rejected)

    def _may_adopt(self, part: Part, *, proven: bool) -> bool:
        """Whether what was written is the landing: every row new, one for each key, and nothing that can be gone."""
        whole = part.complete and self._going is None
        return self._may_be_new(part) and all_new(self.connection, part.name, proven=proven, known=self._stored.state.rows > 0, whole=whole)

    def _may_be_new(self, part: Part) -> bool:
        """Whether its rows may all be new, as far as one knows before they are read."""
        going = self._going
        return not self._stored.reset and (part.name not in self._stored.parts or (going is not None and (going.fresh or not part.complete)))

    def _profile(self, one: Landed, sample: Sample) -> Fingerprint:
        typed = {column.name: column for column in self._stream.columns}
        columns = tuple(typed.get(name, SourceColumn(name)) for name in one.part.schema.names)  # a later file may have more
        return profile(self.connection, sample, columns, one.change.read, self._stored.described)

    def _blank(self) -> pa.Schema:
        """The stream's columns as texts, for rows that say only that they are gone."""
        return pa.schema([(one.name, pa.string()) for one in self._stream.columns if self._stored.treated.get(one.name) != OMIT])

    def _told(self, part: Part) -> dict[str, str]:
        return {"stream": self._stream.name, "part": part.name}
