"""How much may be asked: requests of a tenant and of one caller in a minute, counted after they are known.

A request is counted in this process and asks nobody. Whoever comes near a limit is counted by all processes together,
once a second, over Redis; where that is away each process counts for itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from limits import RateLimitItem, parse

from aos_core.errors import FixTheSource
from aos_resources.keyspace import key
from aos_resources.live import Away, Live

Whose = Literal["tenant", "caller"]
_SHARING = 1.0  # seconds between two additions to what all processes count
_WORTH = 0.05  # of a limit: who has used less in a process is not worth a word to the others


@dataclass
class _Count:
    """What was asked in a window: here, what of that was told to the others, and what those told."""

    here: int = 0
    told: int = 0
    elsewhere: int = 0


@dataclass(frozen=True)
class Charged:
    """What a request comes to: the headers to answer with, and the seconds to wait where it was one too many."""

    policy: str
    left: str
    wait: int = 0


class Rates:
    """One per process. Counts in whole windows of the clock, the same ones in every process."""

    def __init__(self, live: Live, tenant: str, caller: str, clock: Callable[[], float] = time.time) -> None:
        self._live = live
        self._limits: dict[Whose, RateLimitItem] = {"tenant": _parsed(tenant), "caller": _parsed(caller)}
        self._policy = ", ".join(f'"{name}";q={one.amount};w={one.get_expiry()}' for name, one in self._limits.items())
        self._clock = clock
        self._counts: dict[tuple[Whose, UUID, str, int], _Count] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._share, name="rates", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def charge(self, tenant: UUID, caller: str) -> Charged:
        """Count one request of a caller. One that is too many is not counted: it does no work."""
        now = self._clock()
        counts = [(name, one, self._count(name, tenant, caller if name == "caller" else "", one, now)) for name, one in self._limits.items()]
        left = [max(0, one.amount - count.here - count.elsewhere) for _, one, count in counts]
        waits = [int(one.get_expiry() - now % one.get_expiry()) + 1 for _, one, _ in counts]
        refused = [wait for wait, free in zip(waits, left, strict=True) if free == 0]
        if not refused:
            left = [free - 1 for free in left]
            for _, _, count in counts:
                count.here += 1
        said = ", ".join(f'"{name}";r={free};t={wait}' for (name, _, _), free, wait in zip(counts, left, waits, strict=True))
        return Charged(self._policy, said, max(refused, default=0))

    def share(self) -> None:
        """Tell the others what was asked here of those who come near a limit, and hear what was asked there.

        Raises:
            Away: Redis is; what was not told will be.
        """
        now = self._clock()
        with self._lock:
            passed = [name for name in self._counts if (name[3] + 1) * self._limits[name[0]].get_expiry() < now]
            for one in passed:
                del self._counts[one]
            near = [(one, count) for one, count in self._counts.items() if count.here > self._limits[one[0]].amount * _WORTH]
        for (whose, tenant, caller, window), count in near:
            new, seconds = count.here - count.told, 2 * self._limits[whose].get_expiry()
            total = self._live.count(key(tenant, "requests", whose, caller, window), new, seconds=seconds)
            count.told += new
            count.elsewhere = max(0, total - count.told)

    def _count(self, whose: Whose, tenant: UUID, caller: str, limit: RateLimitItem, now: float) -> _Count:
        name = (whose, tenant, caller, int(now // limit.get_expiry()))
        known = self._counts.get(name)
        if known is None:
            with self._lock:
                known = self._counts.setdefault(name, _Count())
        return known

    def _share(self) -> None:
        while not self._stopping.wait(_SHARING):
            try:
                self.share()
            except Away:
                continue


def _parsed(limit: str) -> RateLimitItem:
    try:
        return parse(limit)
    except ValueError as wrong:
        raise FixTheSource("A limit is a number and a time", culprit=limit, fix="Write it like 1200/minute.") from wrong
