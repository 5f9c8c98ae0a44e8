"""Files that people send for a connection: checked while they come, there whole or not at all, bounded together."""

from __future__ import annotations

import hashlib
import re
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

from aos_core.errors import NotFound, NotUnderstood, QuotaReached, TryAgain
from aos_resources.lake import TenantLake, sync_file, sync_folder

MOST_BYTES = 2 * 1024**3  # of a file
_MOST_TOGETHER = 20 * 1024**3  # bytes of a connection's files
_MOST_FILES = 10_000
_LONGEST_NAME = 200  # bytes, as a disk counts them
_DAY = 86_400
# What a file must begin with, by what its name ends in; text may begin with anything but these.
_MAGIC = {".gz": b"\x1f\x8b", ".zip": b"PK\x03\x04", ".xlsx": b"PK\x03\x04", ".xlsm": b"PK\x03\x04", ".parquet": b"PAR1"}
_TEXTS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
ENDINGS = (*_TEXTS, *(f"{one}.gz" for one in _TEXTS), ".zip", ".xlsx", ".xlsm", ".parquet")
_NO_TEXT = (*_MAGIC.values(), b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0", b"\x7fELF", b"MZ", b"<!DOCTYPE", b"<html")
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16: every other byte of it is a zero
_BEGINNING = 1_024
_REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|]|^[.\s]|[.\s]$")


@dataclass(frozen=True)
class Uploaded:
    name: str
    bytes: int
    uploaded_at: datetime


def check_name(name: str) -> str:
    """The name, as one way of writing it.

    Raises:
        NotUnderstood: it could be a path, cannot be written on every disk, or ends in no format that is read.
    """
    name = unicodedata.normalize("NFC", name)
    odd = any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for sign in name)
    if odd or _REFUSED.search(name) or not 0 < len(name.encode(errors="replace")) <= _LONGEST_NAME:
        raise NotUnderstood("A file cannot be called so", culprit=repr(name[:80]), fix=r'Use at most 200 characters, none of / \ : * ? " < > |, and no dot at either end.')
    if not name.lower().endswith(ENDINGS):
        raise NotUnderstood("Files of this kind are not read", culprit=name, fix=f"Send {', '.join(ENDINGS)}.")
    return name


class Receiving:
    """One file on its way; `keep` makes it the connection's, in the place of one of the same name."""

    def __init__(self, folder: Path, name: str, temporary: Path, file: IO[bytes]) -> None:
        self.name = name
        self._folder, self._temporary, self._file = folder, temporary, file
        self._hash, self._start = hashlib.sha256(), b""
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Raises NotUnderstood where it is too large or not what its name says. TryAgain: the disk is full."""
        self.size += len(piece)
        if self.size > MOST_BYTES:
            raise NotUnderstood(f"A file has at most {MOST_BYTES // 1024**3} GB", culprit=self.name, fix="Part it, or pack it.")
        if len(self._start) < _BEGINNING:
            self._start += piece[: _BEGINNING - len(self._start)]
            if len(self._start) >= _BEGINNING:
                _refuse_another_kind(self.name, self._start)
        self._hash.update(piece)
        with _room(self.name):
            self._file.write(piece)

    @property
    def hash(self) -> str:
        return self._hash.hexdigest()

    def keep(self) -> Uploaded:
        """Raises QuotaReached where the connection has too many, NotUnderstood where it is not what its name says."""
        _refuse_another_kind(self.name, self._start)
        others = [one for one in files_in(self._folder) if one.name != self.name]
        if len(others) >= _MOST_FILES or sum(one.bytes for one in others) + self.size > _MOST_TOGETHER:
            raise QuotaReached(f"A connection keeps at most {_MOST_FILES:,} files and {_MOST_TOGETHER // 1024**3} GB", resets_at=None, culprit=self.name)
        with _room(self.name):
            self._file.flush()
            sync_file(self._temporary)
            self._temporary.rename(self._folder / self.name)
            sync_folder(self._folder)
        return _seen(self._folder / self.name)


@contextmanager
def receiving(lake: TenantLake, connection: UUID, name: str) -> Iterator[Receiving]:
    """Room for a file under a name that nobody reads; what was not kept at the end is gone.

    Raises:
        NotUnderstood: the name. Gone: the tenant was erased.
    """
    name = check_name(name)
    folder = lake.made(lake.uploads(connection))
    for left in folder.glob(".*.receiving"):
        if time.time() - left.stat().st_mtime > _DAY:
            left.unlink(missing_ok=True)  # of a process that was killed
    temporary = folder / f".{uuid4().hex}.receiving"
    try:
        with _room(name), temporary.open("xb") as file:
            yield Receiving(folder, name, temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def files_of(lake: TenantLake, connection: UUID) -> list[Uploaded]:
    return files_in(lake.uploads(connection))


def files_in(folder: Path) -> list[Uploaded]:
    """By name."""
    if not folder.is_dir():
        return []
    return [_seen(path) for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]


def remove(lake: TenantLake, connection: UUID, name: str) -> Uploaded:
    """What it was. Raises NotFound where there is no such file."""
    folder = lake.uploads(connection)
    found = next((one for one in files_in(folder) if one.name == unicodedata.normalize("NFC", name)), None)
    if found is None:
        raise NotFound("No such file was uploaded", culprit=name[:80])
    (folder / found.name).unlink(missing_ok=True)
    sync_folder(folder)
    return found


def _seen(path: Path) -> Uploaded:
    stat = path.stat()
    return Uploaded(path.name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))


def _refuse_another_kind(name: str, start: bytes) -> None:
    """Raises NotUnderstood where the first bytes are not of what the name's ending says."""
    magic = next((magic for ending, magic in _MAGIC.items() if name.lower().endswith(ending)), None)
    fits = start.startswith(magic) if magic is not None else not start.lstrip().startswith(_NO_TEXT) and (start.startswith(_WIDE) or b"\0" not in start[:16])
    if not fits or not start:
        raise NotUnderstood("The file is not what its name says" if start else "The file is empty", culprit=name, fix="Send it under the ending of what it is.")


@contextmanager
def _room(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as full:
        raise TryAgain("The file could not be kept", culprit=f"{name}: {full.strerror}", fix="Free disk space.") from full
