"""Calls to the outside that somebody waits for: within a bound of time, and few at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from aos_core.errors import TryAgain

_AT_ONCE = threading.BoundedSemaphore(16)  # in this process; one that hangs holds its place until its server lets go
Given = TypeVar("Given")


def within(seconds: float, whom: str, call: Callable[[], Given]) -> Given:
    """What the call gives, where it does so in time. One that does not is left behind, and ends by its own limits.

    Raises:
        TryAgain: it took longer, or too many others are being asked. And whatever the call raises.
    """
    if not _AT_ONCE.acquire(timeout=seconds):
        raise TryAgain("Too many sources are being asked right now", culprit=whom, fix="Try again in a minute.")
    told: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            told.put((True, call()))
        except BaseException as failed:  # noqa: BLE001 it is raised again where somebody waits for it
            told.put((False, failed))
        finally:
            _AT_ONCE.release()

    threading.Thread(target=run, name=f"asking {whom}", daemon=True).start()
    try:
        good, said = told.get(timeout=seconds)
    except queue.Empty:
        raise TryAgain(f"There was no answer within {seconds:.0f} seconds", culprit=whom, fix="Is its address right, and is it up?") from None
    if not good:
        raise said
    given: Given = said
    return given
