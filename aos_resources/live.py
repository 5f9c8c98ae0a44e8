"""The door to Redis, and the only file that talks to it. All that is in it can be made again from Postgres.

A server that is away costs nobody anything: after one failure every call is refused at once, until a background
thread, which has time, finds it answering again.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
import redis.asyncio
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError, WatchError
from redis.retry import Retry

from aos_core.errors import TryAgain
from aos_core.tenancy import Tenant
from aos_resources.keyspace import all_of, key
from aos_resources.settings import Settings

CONNECTING = 0.3  # seconds until an address that does not answer counts as away
ANSWERING = 1.0
_PAUSE = 1.0  # seconds between two looks at a server that is away
_KEPT = 10_000  # entries of a tenant's stream, roughly
_MOST_RIVALS = 200  # who may change the same thing at once
_UNREAD = 86_400  # seconds after which the stream of a tenant in which nothing happens goes

Made = TypeVar("Made")


class Away(TryAgain):
    """Redis does not answer; whoever asks goes on without it."""

    code = "live_away"


@dataclass(frozen=True)
class Entry:
    """One of a tenant's stream: its number, the number of the entry before it, and the event as JSON."""

    seq: int
    before: int
    event: bytes


class Live:
    """Redis as one process sees it. `patient` callers are background threads, which may wait to see whether it is back."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._url: str | None = None
        self._clients: dict[bool, Any] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._refused_until = 0.0 if self._find() else float("inf")
        self._lock = threading.Lock()

    @property
    def away(self) -> bool:
        """Whether it was found away, and not found back since."""
        return self._refused_until > 0.0

    def ask(self, what: Callable[[redis.Redis], Made], *, patient: bool = False) -> Made:
        """What the server answers.

        Raises:
            Away: it does not, or it did not a moment ago.
        """
        self._enter(patient)
        try:
            answer = what(self._client(False))
        except (RedisError, OSError) as error:
            raise self._failed(error) from error
        self._refused_until = 0.0
        return answer

    def append(self, tenant: Tenant, entries: Sequence[Entry], *, patient: bool = False) -> int:
        """Put events on a tenant's stream under their own numbers; those that are there already stay as they are.

        Returns: how many were new.
        """
        name = key(tenant, "events")

        def add(client: redis.Redis) -> list[Any]:
            together = client.pipeline(transaction=False)
            for one in entries:
                said: dict[Any, Any] = {"before": one.before, "event": one.event}
                together.xadd(name, said, id=f"{one.seq}-0", maxlen=_KEPT, approximate=True)
            together.expire(name, _UNREAD)
            return together.execute(raise_on_error=False)[:-1]

        answers = self.ask(add, patient=patient)
        strange = [one for one in answers if isinstance(one, Exception) and not _is_there_already(one)]
        if strange:
            raise self._failed(strange[0]) from strange[0]
        return sum(not isinstance(one, Exception) for one in answers)

    async def follow(self, after: Mapping[Tenant, int], *, wait: float) -> dict[Tenant, list[Entry]]:
        """Events of these tenants after the numbers given; waits for the first at most `wait` seconds.

        Raises:
            Away: as `ask` does.
        """
        self._enter(patient=True)
        names = {key(tenant, "events").encode(): tenant for tenant in after}
        streams: dict[Any, Any] = {key(tenant, "events"): f"{seq}-0" for tenant, seq in after.items()}
        try:
            answer = await self._client(True).xread(streams, count=500, block=max(1, int(wait * 1000)))
        except (RedisError, OSError, TimeoutError) as error:
            raise self._failed(error) from error
        self._refused_until = 0.0
        found = answer.items() if isinstance(answer, dict) else answer
        return {names[name]: [_entry(one) for one in _flat(entries)] for name, entries in found}

    def change(self, name: str, how: Callable[[bytes | None], tuple[bytes | None, Made]], *, seconds: int) -> Made:
        """What is kept under a name, changed by one process at a time: `how` gives what to keep (None: nothing) and an answer."""

        def attempt(client: Any) -> Made:
            with client.pipeline() as together:
                for _ in range(_MOST_RIVALS):
                    together.watch(name)
                    kept, answer = how(together.get(name))
                    together.multi()
                    if kept is None:
                        together.delete(name)
                    else:
                        together.set(name, kept, ex=seconds)
                    with suppress(WatchError):
                        together.execute()
                        return answer
            raise WatchError("too many at once")

        return self.ask(attempt)

    def count(self, name: str, amount: int, *, seconds: int) -> int:
        """Add to a count that every process adds to, and that goes after so many seconds; gives what it is then. For patient callers."""
        first, _, rest = name.partition(":")

        def add(client: redis.Redis) -> int:
            counts = RedisStorage(str(self._url), connection_pool=client.connection_pool, key_prefix=first)
            return counts.incr(rest, seconds, amount)

        return self.ask(add, patient=True)

    def publish(self, channel: str, message: dict[str, object]) -> bool:
        """Tell every process that listens; False when there is no server to tell them by."""
        try:
            self.ask(lambda client: client.publish(channel, json.dumps(message)))
        except Away:
            return False
        return True

    def listen(self, channel: str, *, every: float, stop: threading.Event) -> Iterator[str | None]:
        """Messages of a channel until `stop`; None each time that `every` seconds brought none, and at the beginning.

        Raises:
            Away: there is no server, or it went.
        """

        def subscribed(client: Any) -> Any:
            heard = client.pubsub(ignore_subscribe_messages=True)
            heard.subscribe(channel)
            return heard

        heard = self.ask(subscribed, patient=True)
        try:
            yield None
            while not stop.is_set():
                said = heard.get_message(timeout=every)
                yield None if said is None else said["data"].decode()
        except (RedisError, OSError, ValueError) as error:  # the last: it was closed meanwhile by another thread
            raise self._failed(error) from error
        finally:
            with suppress(RedisError, OSError):
                heard.close()

    def forget(self, tenant: Tenant) -> int:
        """Remove every key of a tenant; returns how many there were."""

        def remove(client: redis.Redis) -> int:
            return sum(int(client.unlink(name)) for name in client.scan_iter(match=all_of(tenant), count=1000))

        return self.ask(remove, patient=True)

    def write_anew(self, *, most: float) -> None:
        """The server's own file without what was removed; waits for it so many seconds at most. One that keeps none, or lets nobody ask, is let be."""

        def ask(client: Any) -> bool:
            with suppress(ResponseError):
                if client.info("persistence").get("aof_enabled"):
                    client.bgrewriteaof()
                    return True
            return False

        def busy(client: Any) -> bool:
            said = client.info("persistence")
            return bool(said.get("aof_rewrite_in_progress") or said.get("aof_rewrite_scheduled"))

        deadline = time.monotonic() + most
        if self.ask(ask, patient=True):
            while self.ask(busy, patient=True) and time.monotonic() < deadline:
                time.sleep(0.05)

    def keys(self, tenant: Tenant) -> list[str]:
        """Every key of a tenant, for whoever must prove that nothing is left."""
        return sorted(one.decode() for one in self.ask(lambda client: list(client.scan_iter(match=all_of(tenant))), patient=True))

    def close(self) -> None:
        held = self._clients.pop(False, None)
        if held is not None:
            held.close()

    async def close_followed(self) -> None:
        held = self._clients.pop(True, None)
        if held is not None:
            with suppress(RedisError, OSError, RuntimeError):
                await held.aclose()

    def _enter(self, patient: bool) -> None:
        if not self.away:
            return
        if not patient:
            raise Away("Redis does not answer")
        with self._lock:
            if time.monotonic() < self._refused_until < float("inf"):
                raise Away("Redis does not answer")
            if not self._find():  # it may have been started meanwhile, or have moved to another port
                raise Away("There is no Redis here")
            self._refused_until = time.monotonic() + _PAUSE

    def _failed(self, error: BaseException) -> Away:
        self._refused_until = time.monotonic() + _PAUSE
        return Away("Redis does not answer", culprit=str(error)[:200])

    def _find(self) -> bool:
        url = self._settings.redis()
        if url != self._url:
            self._url = url
            self._clients.clear()
        return url is not None

    def _client(self, followed: bool) -> Any:
        """The client of this process's threads, or that of its event loop (which waits for long, and is one loop's own)."""
        loop = asyncio.get_running_loop() if followed else None
        if followed and loop is not self._loop:
            self._loop = loop
            self._clients.pop(True, None)
        held = self._clients.get(followed)
        if held is None:
            held = self._clients[followed] = connect(str(self._url), followed=followed)
        return held


def connect(url: str, *, followed: bool = False) -> Any:
    """A client that gives up soon and tries nothing twice: who asks knows what to do without."""
    kind: Any = redis.asyncio.Redis if followed else redis.Redis
    patience = ANSWERING + 4 if followed else ANSWERING
    retry: Any = redis.asyncio.retry.Retry(NoBackoff(), 0) if followed else Retry(NoBackoff(), 0)
    return kind.from_url(url, socket_connect_timeout=CONNECTING, socket_timeout=patience, retry=retry, max_connections=64)


def answers(url: str) -> bool:
    """Whether a server answers there now.

    Raises:
        PermissionError: it does, and refuses the password.
    """
    client = connect(url)
    try:
        return bool(client.ping())
    except AuthenticationError as refused:
        raise PermissionError(str(refused)) from refused
    except (RedisError, OSError):
        return False
    finally:
        client.close()


def _is_there_already(error: BaseException) -> bool:
    return isinstance(error, ResponseError) and "equal or smaller" in str(error)


def _flat(entries: Any) -> list[Any]:
    """Entries of one stream; by the newer protocol they come in a list of their own."""
    found: list[Any] = entries[0] if entries and isinstance(entries[0], list) else entries
    return found


def _entry(read: Any) -> Entry:
    name, said = read
    return Entry(int(name.split(b"-")[0]), int(said[b"before"]), said[b"event"])
