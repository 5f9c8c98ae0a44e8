"""The folder of one installation: who runs in it, what it wrote about itself, who uses its database."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.settings import Settings


def make(settings: Settings) -> None:
    """The home and its folder of logs, for our eyes only.

    Raises:
        FixTheSource: it cannot be made or written.
    """
    try:
        for folder in (settings.home, logs(settings)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as refused:
        raise FixTheSource(
            "The home of this installation cannot be written",
            culprit=f"{settings.home}: {refused.strerror}",
            fix="Set AOS_HOME to a folder of your own.",
        ) from refused


def logs(settings: Settings) -> Path:
    return settings.home / "logs"


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Be the one who runs in this home; the system lets go of it when the process ends, however it ends.

    Raises:
        TryAgain: somebody else is, with where to find them.
    """
    with _lock_file(settings).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise TryAgain(
                "AutonomOS already runs from this home",
                culprit=f"{settings.home}, {_where(settings)}",
                fix="Use that one, stop it with `aos down`, or set AOS_HOME to another folder.",
            ) from held
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def runner(settings: Settings) -> int | None:
    """The process id of the `aos up` that runs in this home."""
    try:
        with _lock_file(settings).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        text = _lock_file(settings).read_text()
        return int(text) if text.isdigit() else None


def read_status(settings: Settings) -> dict[str, Any] | None:
    """What `aos up` last wrote; it is removed at an orderly end, so it may be of one that was killed."""
    try:
        status: dict[str, Any] = json.loads(settings.status_file.read_text())
    except FileNotFoundError:
        return None
    return status


def write_status(settings: Settings, status: dict[str, Any]) -> None:
    write_whole(settings.status_file, (json.dumps(status, indent=2) + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Whole or not at all: another command may read it at the same moment."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


class DatabaseUse:
    """A share in the embedded database: the last one out stops it, unless it was found running with nobody in."""

    def __init__(self, settings: Settings) -> None:
        self._file: IO[str] = (settings.home / "postgres.users").open("a")
        self.first = self._try(fcntl.LOCK_EX)
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def last_one_out(self) -> bool:
        """Whether nobody else uses it. Asked once, on leaving."""
        return self._try(fcntl.LOCK_EX)

    def close(self) -> None:
        self._file.close()

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _lock_file(settings: Settings) -> Path:
    return settings.home / "up.lock"


def _where(settings: Settings) -> str:
    status = read_status(settings)
    place = status.get("api", {}).get("url") if status else None
    return f"process {runner(settings)}" + (f" at {place}" if place else ", which is still starting")
