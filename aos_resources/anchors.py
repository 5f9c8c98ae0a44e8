"""What of the audit log is kept outside the database: the key of its seals, and the newest seal of each chain."""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
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
        folder = self._settings.home / "audit"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(folder / str(anchor.tenant), os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = _read(file.read())
            if known is None or known[0] < anchor.seq:
                # One write of a line that is never shorter than the one before: whole, or not there.
                os.pwrite(file.fileno(), json.dumps([anchor.seq, anchor.hash.hex()]).encode(), 0)

    def newest(self, tenant: UUID) -> Anchor | None:
        try:
            known = _read((self._settings.home / "audit" / str(tenant)).read_text())
        except FileNotFoundError:
            return None
        return None if known is None else Anchor(tenant, known[0], bytes.fromhex(known[1]))

    def forget(self, tenant: UUID) -> None:
        """Of a tenant that is erased with its log."""
        for path in (self._settings.home / "audit" / str(tenant), self._cut(tenant)):
            path.unlink(missing_ok=True)

    def look_back(self, tenant: UUID, seq: int) -> None:
        """Said by who is about to write after entry `seq`: where a later one was noted, the log was cut meanwhile. That is
        kept for whoever checks it, since what is written from now on hides it."""
        known = self.newest(tenant)
        if known is not None and known.seq > seq and not self._cut(tenant).exists():
            self._cut(tenant).write_text(json.dumps([seq + 1, known.seq]))

    def cut_at(self, tenant: UUID) -> int | None:
        """The first entry that was once cut from the log, as far as it was ever noticed."""
        try:
            return int(json.loads(self._cut(tenant).read_text())[0])
        except FileNotFoundError:
            return None

    def _cut(self, tenant: UUID) -> Path:
        return self._settings.home / "audit" / f"{tenant}.cut"

    @cached_property
    def _key(self) -> bytes:
        return key_file(self._settings.keys / "audit.key", "The key of the audit log")


def _read(text: str) -> tuple[int, str] | None:
    if not text:
        return None
    seq, sealed = json.loads(text)
    return int(seq), str(sealed)
