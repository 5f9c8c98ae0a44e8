"""How often a source may be asked: a leaky bucket. One process counts, since a connection is synced by one worker at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Budget:
    """`per_minute` requests evenly, `burst` of them at once after a pause."""

    def __init__(
        self, per_minute: float, burst: int = 1, *,
        now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        if per_minute <= 0 or burst < 1:
            raise ValueError("a budget allows something")
        self._gap = 60.0 / per_minute
        self._slack = self._gap * (burst - 1)
        self._now, self._sleep = now, sleep
        self._due = float("-inf")  # when the bucket will have run empty
        self._lock = threading.Lock()

    def take(self) -> float:
        """Wait for the next turn. Returns: seconds waited."""
        with self._lock:
            now = self._now()
            turn = max(now, self._due - self._slack)
            self._due = max(self._due, now) + self._gap
        wait = turn - now
        if wait > 0:
            self._sleep(wait)
        return max(0.0, wait)
