"""Ctrl-C, SIGTERM and SIGHUP as a wish to stop, heard only where stopping leaves nothing half done."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Between `listening` and its end a signal raises KeyboardInterrupt at the next `check`, or at once if `open`."""

    def __init__(self) -> None:
        self._asked = 0
        self._open = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # signals reach the main thread only; whoever started us from another one stops us by other means
            return
        before = {number: signal.signal(number, self._heard) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        if self._asked:
            raise KeyboardInterrupt

    def sleep(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.1))
        self.check()

    @contextmanager
    def open(self) -> Iterator[None]:
        """In here the work is somebody else's and may be cut off anywhere."""
        self.check()
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        if self._open:
            self._open = False  # only the first cuts off: what follows is tidying up
            raise KeyboardInterrupt
