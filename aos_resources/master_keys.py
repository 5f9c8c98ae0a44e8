"""The installation's master key, from the environment or a file of mode 600, and the one before it while tenants' keys are wrapped anew.

Read again each time: a rotation needs no restart where the key is a file.
"""

from __future__ import annotations

import base64
import binascii
import os
from contextlib import suppress
from uuid import uuid4

from pydantic import SecretStr

from aos_core.errors import FixTheSource, NotUnderstood
from aos_resources.key_files import LENGTH, key_file, write_key
from aos_resources.lake import sync_folder
from aos_resources.settings import Settings


class MasterKeys:
    def __init__(self, settings: Settings) -> None:
        self._told = settings.master_key
        self._told_before = settings.master_key_before
        self._file = settings.keys / "master.key"
        self._before = settings.keys / "master-before.key"

    def current(self) -> bytes:
        """The one that wraps."""
        return _decoded(self._told, "AOS_MASTER_KEY") if self._told is not None else key_file(self._file, "The installation's master key")

    def all(self) -> list[bytes]:
        """It, and those before it that still unwrap. Once the environment names a key, that of the file is one before."""
        found = [self.current()]
        if self._told_before is not None:
            found.append(_decoded(self._told_before, "AOS_MASTER_KEY_BEFORE"))
        for path in (self._before, *([self._file] if self._told is not None else ())):
            with suppress(FileNotFoundError):
                found.append(path.read_bytes())
        return list(dict.fromkeys(found))

    def renew(self) -> None:
        """A new one wraps from now on, the one before still unwraps. After a rotation that was stopped: nothing, its key is the new one.

        Raises:
            NotUnderstood: the environment names the key, and none before it.
        """
        if self._told is not None:
            if len(self.all()) == 1:
                raise NotUnderstood(
                    "The master key comes from the environment, which names no other one", culprit="AOS_MASTER_KEY_BEFORE",
                    fix="Put the key into AOS_MASTER_KEY_BEFORE, a new one (openssl rand -base64 32) into AOS_MASTER_KEY, start everything again, then rotate.",
                )  # fmt: skip
            return
        current = self.current()
        if self._before.exists() and self._before.read_bytes() != current:
            return
        fresh = self._before.with_name(f"master-{uuid4().hex}.new")
        fresh.hardlink_to(self._file)
        fresh.replace(self._before)
        fresh.unlink(missing_ok=True)  # renaming onto another name of the same file does nothing
        sync_folder(self._before.parent)
        write_key(self._file, os.urandom(LENGTH))

    def forget_before(self) -> None:
        """Only the current one is left. What the environment names as the one before is the operator's to remove."""
        self._before.unlink(missing_ok=True)
        if self._told is not None:
            self._file.unlink(missing_ok=True)
        for stopped in self._before.parent.glob("master-*.new"):  # of a rotation that was killed
            stopped.unlink(missing_ok=True)
        sync_folder(self._before.parent)


def _decoded(told: SecretStr, name: str) -> bytes:
    try:
        key = base64.b64decode(told.get_secret_value(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != LENGTH:  # said out here: the error of before would carry what it was given
        raise FixTheSource("The master key of the environment is not 32 bytes as base64", culprit=name, fix="Make one with `openssl rand -base64 32`.")
    return key
