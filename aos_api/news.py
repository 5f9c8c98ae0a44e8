"""Tells every client of this process what happens in its tenant: from Redis at once, from Postgres where that is away.

Each event names the one before it. A hole, of whatever cause, is therefore seen, and filled from Postgres.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from aos_api.errors import TooMany
from aos_api.listeners import BEAT, Listener, Said, gap, status, told
from aos_core.errors import AosError, Gone
from aos_core.tenancy import Tenant
from aos_resources import outbox
from aos_resources.database import Database
from aos_resources.live import Away, Entry, Live
from aos_resources.standing import Held, still_standing

_LOG = logging.getLogger(__name__)
WAIT = 0.25  # seconds that Redis is asked to wait for something new; who comes meanwhile is looked after next time
POLL = 1.0  # between two looks at Postgres where Redis is away
CHECK = 4.0  # between two questions who may still listen
BEATS = 15.0
MOST_REPLAYED = 1_000
MOST_STREAMS = 20  # of one person or key, in this process


@dataclass
class _Feed:
    """A tenant that somebody listens to: `last` is the number up to which everybody was told."""

    last: int
    listeners: set[Listener] = field(default_factory=set)


class News:
    """One per process; lives on its event loop."""

    def __init__(
        self, database: Database, live: Live, forget: Callable[[set[UUID]], None], may_be_told: Callable[[Tenant], bool] = lambda tenant: True
    ) -> None:
        """`forget` is told which sessions have ended, so that no request of theirs is let in by memory; `may_be_told`: the tenant's flag."""
        self._database = database
        self._live = live
        self._forget = forget
        self._may_be_told = may_be_told
        self._feeds: dict[Tenant, _Feed] = {}
        self._degraded = live.away
        self._tasks: list[asyncio.Task[None]] = []
        self._somebody = asyncio.Event()

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._for_ever(step)) for step in (self._tell, self._look_after)]
        for task in self._tasks:
            task.add_done_callback(self._fell)

    async def stop(self) -> None:
        for listener in self._listeners():
            listener.end()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._live.close_followed()

    async def join(self, held: Held, after: int | None) -> Listener:
        """A listener that is told everything after the number given; from now on where none is.

        Raises:
            TooMany: this person or key listens often enough already. TryAgain: the database is away.
        """
        feed, listener = await self._feed(held.tenant), Listener(held)
        if sum(one.held.user == held.user for one in self._listeners()) >= MOST_STREAMS:
            self._drop_if_unheard(held.tenant)
            raise TooMany("Too many open event streams of yours", seconds=60)
        feed.listeners.add(listener)  # before the past is read, so that nothing falls between the two
        self._somebody.set()
        try:
            listener.begin(*await run_in_threadpool(self._past, held.tenant, after))
        except BaseException:
            self.leave(listener)
            raise
        return listener

    def leave(self, listener: Listener) -> None:
        feed = self._feeds.get(listener.held.tenant)
        if feed is not None:
            feed.listeners.discard(listener)
            self._drop_if_unheard(listener.held.tenant)

    def _drop_if_unheard(self, tenant: Tenant) -> None:
        if not self._feeds[tenant].listeners:
            del self._feeds[tenant]

    async def frames(self, listener: Listener) -> AsyncIterator[bytes]:
        """What the listener is told, as server-sent events."""
        async for said in self.told(listener):
            yield b"".join(one.frame for one in said)

    async def told(self, listener: Listener) -> AsyncGenerator[list[Said]]:
        try:
            async for said in listener.said():
                yield said
        finally:
            self.leave(listener)

    def _past(self, tenant: Tenant, after: int | None) -> tuple[int, list[Said]]:
        """What a client that knows everything up to a number has missed, or that it missed too much; and where it stands before."""
        head = outbox.head(self._database, tenant)
        begin = status("degraded" if self._degraded else "live", head if after is None else None)
        if after is None:
            return head, [begin]
        if after > head:
            return 0, [begin, gap(after, head, "unknown")]
        missed = outbox.after(self._database, tenant, after, MOST_REPLAYED + 1)
        if len(missed) > MOST_REPLAYED:
            return after, [begin, gap(after, head, "too much")]
        return after, [begin, *(told(one) for one in missed)]

    async def _feed(self, tenant: Tenant) -> _Feed:
        if tenant not in self._feeds:
            last = await run_in_threadpool(outbox.head, self._database, tenant)
            self._feeds.setdefault(tenant, _Feed(last))
        return self._feeds[tenant]

    async def _tell(self) -> None:
        if not self._feeds:
            self._somebody.clear()
            await self._somebody.wait()
        try:
            found = await self._live.follow({tenant: feed.last for tenant, feed in self._feeds.items()}, wait=WAIT)
        except Away:
            self._say_whether_live(False)
            await self._catch_up()
            await asyncio.sleep(POLL)
            return
        if self._degraded:
            await self._catch_up()
            self._say_whether_live(True)
        for tenant, entries in found.items():
            feed = self._feeds.get(tenant)
            if feed is not None and not _spread(feed, entries):
                await self._fill(tenant, feed)

    async def _catch_up(self) -> None:
        """From Postgres, for every tenant that somebody listens to."""
        newest = await run_in_threadpool(outbox.heads, self._database, list(self._feeds))
        for tenant, seq in newest.items():
            feed = self._feeds.get(tenant)
            if feed is not None and seq > feed.last:
                await self._fill(tenant, feed)

    async def _fill(self, tenant: Tenant, feed: _Feed) -> None:
        try:
            while entries := await run_in_threadpool(outbox.after, self._database, tenant, feed.last):
                for one in entries:
                    _say(feed, one)
        except Gone:
            for listener in list(feed.listeners):
                listener.end(status("ended"))

    def _say_whether_live(self, live: bool) -> None:
        if self._degraded == live:
            self._degraded = not live
            for listener in self._listeners():
                listener.offer(status("live" if live else "degraded"))

    async def _look_after(self) -> None:
        """Ends what may not go on, looks for what Redis was never told, and shows the others that somebody is there."""
        beat = time.monotonic()
        while True:
            await asyncio.sleep(CHECK)
            await self._end_who_may_not()
            await self._catch_up()
            if time.monotonic() - beat >= BEATS - CHECK:
                beat = time.monotonic()
                for listener in self._listeners():
                    listener.offer(BEAT)

    async def _end_who_may_not(self) -> None:
        listeners = self._listeners()
        if not listeners:
            return
        standing = await run_in_threadpool(still_standing, self._database, [one.held for one in listeners])
        self._forget({one.held.id for one in listeners} - standing)
        for listener in listeners:
            if listener.held.id not in standing:
                listener.end(status("ended"))
            elif not self._may_be_told(listener.held.tenant):
                listener.end(status("off"))

    async def _for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except (AosError, SQLAlchemyError) as failed:
                _LOG.warning("live events wait: %s", failed)
                await asyncio.sleep(POLL)

    def _fell(self, task: asyncio.Task[None]) -> None:
        """Nobody stays with a stream that nothing comes of: clients ask again, and are told what they missed."""
        if not task.cancelled():
            _LOG.error("live events ended", exc_info=task.exception())
            for listener in self._listeners():
                listener.end()

    def _listeners(self) -> list[Listener]:
        return [one for feed in self._feeds.values() for one in feed.listeners]


def _spread(feed: _Feed, entries: list[Entry]) -> bool:
    """Tell everybody of a tenant; False where an event says that one before it was never told here."""
    for one in entries:
        if one.before > feed.last:
            return False
        _say(feed, one)
    return True


def _say(feed: _Feed, entry: Entry) -> None:
    if entry.seq > feed.last:
        feed.last = entry.seq
        said = told(entry)
        for listener in feed.listeners:
            listener.offer(said)
