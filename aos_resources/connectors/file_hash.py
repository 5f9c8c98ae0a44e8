"""What tells a file's bytes from any others: made while its rows are read, where nobody needs it before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from aos_resources.connectors.text import unreadable
from aos_resources.lake import hash_file

_BLOCK = 1024 * 1024


def file_hash(path: Path) -> str:
    """sha256. Raises FixTheSource where the file cannot be read."""
    try:
        return hash_file(path)
    except OSError as lost:
        raise unreadable(path, lost) from lost


@contextmanager
def hash_beside(path: Path) -> Iterator[Future[str]]:
    """The same on another thread, which ends with the block: half-way, where nobody waited for it."""
    ended = Event()

    def told() -> str:
        content, block = hashlib.sha256(), bytearray(_BLOCK)
        try:
            with path.open("rb", buffering=0) as file:
                while not ended.is_set() and (size := file.readinto(block)):
                    content.update(memoryview(block)[:size])
        except OSError as lost:
            raise unreadable(path, lost) from lost
        return content.hexdigest()

    with ThreadPoolExecutor(1, "hash") as pool:
        try:
            yield pool.submit(told)
        finally:
            ended.set()
