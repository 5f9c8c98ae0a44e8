"""How often a sign-in may fail, per account and per address, counted in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from aos_api.errors import TooMany

_WINDOW = 900.0  # seconds without a failure after which all is forgotten
_LONGEST = 300.0
_MOST_KEYS = 50_000


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """After `free` failures each further one doubles the wait: 1 s, 2 s, 4 s ... up to five minutes."""

    def __init__(self, free: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = free
        self._clock = clock
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def attempt(self, key: str) -> None:
        """Before each attempt.

        Raises:
            TooMany: the wait is not over yet.
        """
        now = self._clock()
        with self._lock:
            known = self._failures.get(key)
            if known is None:
                return
            if now < known.until:
                raise TooMany("Too many attempts", seconds=int(known.until - now) + 1)
            if now - known.last > _WINDOW:
                del self._failures[key]
            elif (
                known.count >= self._free
            ):  # one at a time: those that come beside it wait as if it had failed
                known.until = now + self._wait(known.count + 1)

    def failed(self, key: str) -> None:
        now = self._clock()
        with self._lock:
            if key not in self._failures and len(self._failures) >= _MOST_KEYS:
                self._forget(now)
            known = self._failures.setdefault(key, _Failures())
            known.count += 1
            known.last = now
            known.until = now + self._wait(known.count) if known.count >= self._free else 0.0

    def forgive(self, key: str) -> None:
        """The attempt was right: nothing before it counts."""
        with self._lock:
            self._failures.pop(key, None)

    def let_pass(self, key: str) -> None:
        """The attempt was right, but others under this key may not have been: what they did still counts."""
        with self._lock:
            if key in self._failures:
                self._failures[key].until = 0.0

    def _wait(self, count: int) -> float:
        return min(2.0 ** min(count - self._free, 20), _LONGEST)

    def _forget(self, now: float) -> None:
        kept = {key: one for key, one in self._failures.items() if now - one.last < _WINDOW}
        self._failures = kept if len(kept) < _MOST_KEYS else {}
