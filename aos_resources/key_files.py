"""Keys of the installation that are files of mode 600: made once, by whoever asks first."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from aos_core.errors import FixTheSource
from aos_resources.lake import sync_folder

LENGTH = 32  # bytes


def key_file(path: Path, what: str) -> bytes:
    """The key in that file, made if there is none.

    Raises:
        FixTheSource: the file holds something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) != LENGTH:
        raise FixTheSource(f"{what} is not a key", culprit=str(path), fix="Restore that file.")
    return key


def write_key(path: Path, key: bytes) -> None:
    """In the place of the one that was there, whole or not at all, and lasting."""
    fresh = _fresh(path, key)
    fresh.replace(path)
    sync_folder(path.parent)


def _make(path: Path) -> None:
    """Whole or not at all, and once: of several processes that start together one makes it."""
    fresh = _fresh(path, os.urandom(LENGTH))
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()
    sync_folder(path.parent)  # what it will seal outlasts a crash, so it must too


def _fresh(path: Path, key: bytes) -> Path:
    fresh = path.with_name(f"{path.stem}-{uuid4().hex}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return fresh
