"""What of the audit log is kept outside the database: the key of its seals, and the newest seal of each chain."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from aos_resources.key_files import key_file
from aos_resources.seals import Seals
from aos_resources.settings import Settings


@dataclass(frozen=True)
class Anchor:
    """The newest entry of a chain that was seen."""

    tenant: UUID
    seq: int
    hash: bytes


class Anchors:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def seals(self, tenant: UUID) -> Seals:
        return Seals(hmac.digest(self._key, tenant.bytes, "sha256"))

    def note(self, anchor: Anchor) -> None:
        """After its transaction is committed. Of several processes the newest is kept; a killed one leaves an older one."""
        with _writing(self._newest(anchor.tenant)) as file:
            known = _read(file)
            if known is None or known[0] < anchor.seq:
                _write(file, [anchor.seq, anchor.hash.hex()])

    def newest(self, tenant: UUID) -> Anchor | None:
        known = _read_at(self._newest(tenant))
        return None if known is None else Anchor(tenant, known[0], bytes.fromhex(known[1]))

    def forget(self, tenant: UUID) -> None:
        """Of a tenant that is erased with its log."""
        for path in (self._newest(tenant), self._cut(tenant)):
            path.unlink(missing_ok=True)

    def look_back(self, tenant: UUID, seq: int) -> None:
        """Said by who is about to write after entry `seq`: where a later one was noted, the log was cut meanwhile. That is
        kept for whoever checks it, since what is written from now on hides it."""
        known = self.newest(tenant)
        if known is not None and known.seq > seq:
            with _writing(self._cut(tenant)) as file:
                if _read(file) is None:
                    _write(file, [seq + 1, known.seq])

    def cut_at(self, tenant: UUID) -> int | None:
        """The first entry that was once cut from the log, as far as it was ever noticed."""
        known = _read_at(self._cut(tenant))
        return None if known is None else int(known[0])

    def _newest(self, tenant: UUID) -> Path:
        return self._settings.home / "audit" / str(tenant)

    def _cut(self, tenant: UUID) -> Path:
        return self._settings.home / "audit" / f"{tenant}.cut"

    @cached_property
    def _key(self) -> bytes:
        return key_file(self._settings.keys / "audit.key", "The key of the audit log")


@contextmanager
def _writing(path: Path) -> Iterator[IO[str]]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _write(file: IO[str], said: list[Any]) -> None:
    # One write of a line that is never shorter than the one before: whole, or not there, if this process is killed.
    os.pwrite(file.fileno(), json.dumps(said).encode(), 0)


def _read_at(path: Path) -> Any:
    try:
        with path.open() as file:
            # A line that grows between two reads of one reader ends with a piece of the next.
            fcntl.flock(file, fcntl.LOCK_SH)
            return _read(file)
    except FileNotFoundError:
        return None


def _read(file: IO[str]) -> Any:
    text = file.read()
    return json.loads(text) if text else None
