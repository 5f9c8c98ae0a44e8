"""How often a sign-in may fail, per account and per address: counted by all processes together, or in each where Redis is away."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from aos_api.errors import TooMany
from aos_resources.keyspace import key as named
from aos_resources.live import Away, Live

_WINDOW = 900.0  # seconds without a failure after which all is forgotten
_LONGEST = 300.0
_MOST_KEYS = 50_000


@dataclass(frozen=True)
class _Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


_Change = Callable[[_Failures | None], _Failures | None]


class Throttle:
    """After `free` failures each further one doubles the wait: 1 s, 2 s, 4 s ... up to five minutes.

    `whose` says what the keys are of, and `live` where processes count together.
    """

    def __init__(self, free: int, clock: Callable[[], float] = time.time, live: Live | None = None, whose: str = "account") -> None:
        self._free = free
        self._clock = clock
        self._live = live
        self._whose = whose
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def attempt(self, key: str) -> None:
        """Before each attempt.

        Raises:
            TooMany: the wait is not over yet.
        """
        now = self._clock()

        def begin(known: _Failures | None) -> _Failures | None:
            if known is None:
                return None
            if now < known.until:
                raise TooMany("Too many attempts", seconds=int(known.until - now) + 1)
            if now - known.last > _WINDOW:
                return None
            # One at a time: those that come beside it wait as if it had failed.
            return replace(known, until=now + self._wait(known.count + 1)) if known.count >= self._free else known

        self._change(key, begin)

    def failed(self, key: str) -> None:
        now = self._clock()

        def add(known: _Failures | None) -> _Failures:
            count = (known.count if known is not None else 0) + 1
            return _Failures(count, now, now + self._wait(count) if count >= self._free else 0.0)

        self._change(key, add)

    def forgive(self, key: str) -> None:
        """The attempt was right: nothing before it counts."""
        self._change(key, lambda known: None)

    def let_pass(self, key: str) -> None:
        """The attempt was right, but others under this key may not have been: what they did still counts."""
        self._change(key, lambda known: known and replace(known, until=0.0))

    def _wait(self, count: int) -> float:
        return min(2.0 ** min(count - self._free, 20), _LONGEST)

    def _change(self, key: str, how: _Change) -> None:
        if self._live is not None and not self._live.away:
            # Whoever looks at the server's memory reads no e-mail address there.
            name = named(None, "attempts", self._whose, hashlib.sha256(key.encode()).hexdigest()[:32])
            try:
                return self._live.change(name, lambda stored: (_written(how(_read(stored))), None), seconds=int(_WINDOW))
            except Away:
                pass
        with self._lock:
            if key not in self._failures and len(self._failures) >= _MOST_KEYS:
                self._forget(self._clock())
            changed = how(self._failures.get(key))
            if changed is None:
                self._failures.pop(key, None)
            else:
                self._failures[key] = changed
        return None

    def _forget(self, now: float) -> None:
        kept = {key: one for key, one in self._failures.items() if now - one.last < _WINDOW}
        self._failures = kept if len(kept) < _MOST_KEYS else {}


def _read(stored: bytes | None) -> _Failures | None:
    return None if stored is None else _Failures(**json.loads(stored))


def _written(failures: _Failures | None) -> bytes | None:
    return None if failures is None else json.dumps(asdict(failures)).encode()
