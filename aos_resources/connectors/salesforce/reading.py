"""One reading of one object: all of it in slices, or what changed, what was deleted and, now and then, which keys there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from aos_core.errors import FixTheSource
from aos_resources.connectors.salesforce import asking
from aos_resources.connectors.salesforce.api import Api
from aos_resources.connectors.salesforce.describing import Described, SourceField
from aos_resources.connectors.salesforce.pages import Job, Pages, job_again, job_of
from aos_resources.connectors.salesforce.positions import Pass, Position, new_reading
from aos_resources.connectors.salesforce.rows import Reader
from aos_resources.connectors.source import Part, batch_rows


@dataclass(frozen=True)
class Habits:
    """More than `bulk` rows are asked for in bulk; `slice`: rows of a slice at most; keys are compared again when that is `stale`."""

    bulk: int = 50_000
    slice: int = 50_000
    stale: timedelta = timedelta(hours=24)


class Reading:
    def __init__(self, api: Api, one: Described, position: Position, habits: Habits) -> None:
        self._api, self._one, self._at, self._habits = api, one, position, habits
        self._slice = min(habits.slice, 4 * batch_rows(len(one.fields)))
        self._reader = Reader(one.fields, one.name)

    def parts(self) -> Iterator[Part]:
        """Raises as Api does. What was given before an error was given wholly."""
        one, at = self._one, self._at
        if one.cursor is None or one.identity is None or at.since is None or at.whole is not None or at.shape != one.shape:
            yield from self._all()
            return
        yield from self._changed(one.cursor, one.identity, at.since)
        if one.bin:
            yield from self._gone(one.cursor, one.identity)
        if self._at.compared is None or _age(self._at.compared) >= self._habits.stale:
            yield from self._keys(one.identity)

    def _all(self) -> Iterator[Part]:
        """Every row. A pass that was cut goes on, unless the fields or the job that it was read with are no longer the same."""
        one = self._one
        going = self._at.whole if self._at.shape == one.shape else None
        job = self._again(going)
        if going is None or (going.job and job is None):
            going = Pass(new_reading(), self._latest())
            if not asking.fits_an_address(asking.rows(one)) or self._count() > self._habits.bulk:
                job = job_of(self._api, self._reader, asking.rows(one), one.name)
        begun, done = going, Position(going.until, gone=going.until, compared=datetime.now(UTC).isoformat(), shape=one.shape)

        def stands(now: Pass) -> Position:
            return Position(whole=now, shape=one.shape)

        if job is not None:
            yield from self._by_job(job, going, stands, lambda _: done, complete=True)
            return
        pages = self._pages(asking.rows(one, where=asking.after_id(going.after), order=["Id"] if one.identity else []))
        yield from self._by_pages(pages, going.reading, lambda last: stands(replace(begun, after=_last(last, one.identity))), lambda _: done, complete=True)

    def _changed(self, cursor: SourceField, identity: SourceField, since: str) -> Iterator[Part]:
        """What changed. Where this reading was cut, the next begins no later than Salesforce's time as this one began: some rows show late."""
        at, going = self._at, self._at.changes
        job = self._again(going)
        if job is None or going is None:
            going = Pass(new_reading(), since)
            where = asking.after_tie(cursor.name, since, at.tie) if at.tie else asking.since(cursor.name, since)
            text = asking.rows(self._one, where=where, order=[cursor.name, "Id"])
            pages = self._pages(text) if asking.fits_an_address(text) else None
            at = replace(at, changes=None, began=at.began or (pages.at if pages else None))
            if pages is None or pages.left > self._habits.bulk:
                job = job_of(self._api, self._reader, asking.rows(self._one, where=where), self._one.name)

        def done(latest: str | None) -> Position:
            latest = max(latest or since, since)
            self._at = replace(at, since=min(latest, at.began) if at.began else latest, tie=None, began=None, changes=None)
            return self._at

        if job is not None:
            yield from self._by_job(job, going, lambda now: replace(at, changes=now), done, complete=False, cursor=cursor)
            return
        pages = pages or self._pages(text)
        yield from self._by_pages(pages, going.reading, lambda last: replace(at, since=_last(last, cursor), tie=_last(last, identity)), done, complete=False, cursor=cursor)

    def _gone(self, cursor: SourceField, identity: SourceField) -> Iterator[Part]:
        """Those in the recycle bin, which keeps them for some days."""
        at = self._at
        names, since = dict.fromkeys(["Id", cursor.name]), at.gone or str(at.since)
        text = asking.rows(self._one, where=asking.deleted(cursor.name, since), names=names)
        total, batches = self._whole_answer(Reader([identity, cursor], self._one.name), text, deleted=True)

        def keys(part: Part) -> Iterator[pa.RecordBatch]:
            latest = since
            for batch in batches:
                latest = max(latest, _latest(batch, cursor) or since)
                yield batch.select([identity.lands_as])
            self._at = replace(at, gone=max(latest, str(at.since)))
            part.position = str(self._at)

        if total:
            yield self._keyed("gone", identity, keys)

    def _keys(self, identity: SourceField) -> Iterator[Part]:
        """Of every row: what was deleted for good, or merged, tells nobody."""
        _, batches = self._whole_answer(Reader([identity], self._one.name), asking.rows(self._one, names=["Id"]))

        def keys(part: Part) -> Iterator[pa.RecordBatch]:
            yield from batches
            self._at = replace(self._at, compared=datetime.now(UTC).isoformat())
            part.position = str(self._at)

        yield self._keyed("keys", identity, keys)

    def _keyed(self, holds: Literal["keys", "gone"], identity: SourceField, keys: Callable[[Part], Iterator[pa.RecordBatch]]) -> Part:
        part = Part("", complete=holds == "keys", source_hash=None, schema=pa.schema([(identity.lands_as, identity.arrow)]), holds=holds, reading=new_reading())
        part.batches = keys(part)
        return part

    def _whole_answer(self, reader: Reader, text: str, *, deleted: bool = False) -> tuple[int, Iterator[pa.RecordBatch]]:
        pages = Pages(self._api, reader, text, self._one.name, deleted=deleted)
        if pages.left > self._habits.bulk and (job := job_of(self._api, reader, text, self._one.name, deleted=deleted)) is not None:
            return job.total, job.all(250_000)
        return pages.left, pages.take(pages.left)

    def _by_pages(
        self, pages: Pages, reading: str, stands: Callable[[pa.RecordBatch], Position], done: Callable[[str | None], Position],
        *, complete: bool, cursor: SourceField | None = None,
    ) -> Iterator[Part]:  # fmt: skip
        latest: str | None = None

        def filled(part: Part) -> Iterator[pa.RecordBatch]:
            nonlocal latest
            batch = None
            for batch in pages.take(self._slice):
                latest = max(latest or "", _latest(batch, cursor) or "") or None
                yield batch
            part.position = str(stands(batch) if batch is not None and not part.last else done(latest))

        while True:
            part = self._slice_of(reading, complete=complete, last=pages.left <= self._slice)
            part.batches = filled(part)
            yield part
            if part.last:
                return

    def _by_job(
        self, job: Job, going: Pass, stands: Callable[[Pass], Position], done: Callable[[str | None], Position],
        *, complete: bool, cursor: SourceField | None = None,
    ) -> Iterator[Part]:  # fmt: skip
        def filled(part: Part) -> Iterator[pa.RecordBatch]:
            nonlocal going
            most = self._slice
            while part.last or most > 0:
                page = job.page(going.locator, self._slice if part.last else most)
                latest = max([going.until or "", *(_latest(batch, cursor) or "" for batch in page.batches)]) or None
                going, most = replace(going, job=job.id, locator=page.locator, seen=going.seen + page.rows, until=latest), most - page.rows
                if page.locator is None:
                    job.check(going.seen)
                yield from page.batches
                if page.locator is None:
                    break
            part.position = str(done(going.until) if part.last else stands(going))

        while True:
            part = self._slice_of(going.reading, complete=complete, last=job.total - going.seen <= self._slice)
            part.batches = filled(part)
            yield part
            if part.last:
                return

    def _slice_of(self, reading: str, *, complete: bool, last: bool) -> Part:
        return Part("", complete=complete, source_hash=None, schema=self._one.schema, last=last, reading=reading)

    def _pages(self, text: str) -> Pages:
        return Pages(self._api, self._reader, text, self._one.name)

    def _again(self, going: Pass | None) -> Job | None:
        return job_again(self._api, self._reader, going.job, self._one.name) if going is not None and going.job else None

    def _count(self) -> int:
        said = self._api.get("query", {"q": asking.counting(self._one)}, about=self._one.name).json()
        if not isinstance(said, dict) or not isinstance(said.get("totalSize"), int):
            raise FixTheSource("Salesforce's answer is no count", culprit=self._one.name)
        return int(said["totalSize"])

    def _latest(self) -> str | None:
        cursor = self._one.cursor
        if cursor is None:
            return None
        text = asking.rows(self._one, names=[cursor.name], order=[f"{cursor.name} DESC NULLS LAST"], limit=1)
        pages = Pages(self._api, Reader([cursor], self._one.name), text, self._one.name)
        return next((_latest(batch, cursor) for batch in pages.take(1)), None)


def _latest(batch: pa.RecordBatch, cursor: SourceField | None) -> str | None:
    """Times of one form, so that the greatest text is the latest."""
    return None if cursor is None else pc.max(batch.column(cursor.lands_as)).as_py()


def _last(batch: pa.RecordBatch, one: SourceField | None) -> str | None:
    return None if one is None else batch.column(one.lands_as)[-1].as_py()


def _age(said: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(said)
