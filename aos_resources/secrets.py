"""Secrets of connections, sealed at rest: a data key per tenant, wrapped by the installation's master key and a file of the tenant's.

AES-GCM throughout; the tenant and the connection are bound in, so that a sealed value moved elsewhere opens nothing. The
tenant's file is not in the database: once it is destroyed, no copy of the database opens what was sealed. A sealed value
begins with the version of its data key; one from before there were versions begins with its nonce, and is of the first.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aos_core.errors import FixTheSource
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction
from aos_resources.key_files import key_file
from aos_resources.master_keys import MasterKeys
from aos_resources.settings import Settings

_NONCE = 12  # bytes
_MARK = b"aos\x01"
_HEADER = len(_MARK) + 4
_FIRST = 1
_TRIES = 8
_NEWEST = "select max(version) as version from aos.tenant_keys"
_WRAPPED = "select wrapped from aos.tenant_keys where version = :version"
_ADD = "insert into aos.tenant_keys (version, wrapped) values (:version, :wrapped) on conflict do nothing"
_WRAP = "update aos.tenant_keys set wrapped = :wrapped where version = :version and wrapped = :before"


@dataclass(frozen=True)
class _Unwrapped:
    """A data key and the master key it was under; `outdated`: in the way of before tenants had files of their own."""

    key: bytes
    master: bytes
    outdated: bool


class Secrets:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.masters = MasterKeys(settings)

    def seal(self, transaction: Transaction, tenant: Tenant, owner: UUID, secret: str) -> bytes:
        """Sealed for the thing that it belongs to: a connection, or a stored answer."""
        version = self.newest(transaction) or self.add(transaction, tenant, _FIRST)
        return sealed_under(version, self.data_key(transaction, tenant, version), owner, secret)

    def open(self, transaction: Transaction, tenant: Tenant, owner: UUID, sealed: bytes) -> str:
        """What was sealed.

        Raises:
            FixTheSource: the keys of this installation do not open it.
        """
        version = version_of(sealed)
        try:
            return opened_with({version: self.data_key(transaction, tenant, version)}, owner, sealed)
        except FixTheSource:
            if version == _FIRST:
                raise
        return opened_with({_FIRST: self.data_key(transaction, tenant, _FIRST)}, owner, sealed)

    def salt(self, tenant: Tenant) -> str:
        """What values of the tenant's columns are hashed with: of this installation alone, and the same for ever."""
        return hmac.digest(key_file(self._file(tenant.id), "The key of a tenant"), b"columns", "sha256").hex()

    def destroy(self, tenant: UUID) -> int:
        """What of the tenant's key is outside the database; gives how many files went."""
        there = self._file(tenant).exists()
        self._file(tenant).unlink(missing_ok=True)
        return int(there)

    def newest(self, transaction: Transaction) -> int | None:
        """The version under which values are sealed; None where nothing was sealed yet."""
        found: int | None = transaction.one("version", _NEWEST)["version"]
        return found

    def add(self, transaction: Transaction, tenant: Tenant, version: int) -> int:
        """A data key of that version, unless there is one; gives the version."""
        transaction.run(_ADD, version=version, wrapped=_encrypt(self._wrapping(tenant, self.masters.current()), AESGCM.generate_key(256), tenant.id.bytes))
        return version

    def data_key(self, transaction: Transaction, tenant: Tenant, version: int) -> bytes:
        """The tenant's data key of that version.

        Raises:
            FixTheSource: there is none, or no master key of this installation unwraps it.
        """
        tried: tuple[bytes, list[bytes]] | None = None
        for _ in range(_TRIES):
            row = transaction.first(_WRAPPED, version=version)
            if row is None:
                break
            wrapped, masters = bytes(row["wrapped"]), self.masters.all()
            if (found := self._unwrapped(tenant, wrapped, masters)) is not None:
                if found.outdated:
                    self._wrap(transaction, tenant, version, found.key, wrapped)
                return found.key
            if tried == (wrapped, masters):
                break
            tried = wrapped, masters  # wrapped anew between the look at the row and that at the file: looked at again
        raise _does_not_open()

    def wrap_anew(self, transaction: Transaction, tenant: Tenant, version: int) -> bool:
        """That data key under the current master key; False where it is already."""
        wrapped = bytes(transaction.one("tenant key", f"{_WRAPPED} for update", version=version)["wrapped"])
        found = self._unwrapped(tenant, wrapped, self.masters.all())
        if found is None:
            raise _does_not_open()
        if found.master == self.masters.current() and not found.outdated:
            return False
        return self._wrap(transaction, tenant, version, found.key, wrapped)

    def _unwrapped(self, tenant: Tenant, wrapped: bytes, masters: list[bytes]) -> _Unwrapped | None:
        for outdated in (False, True):
            for master in masters:
                key = _decrypted(master if outdated else self._wrapping(tenant, master), wrapped, tenant.id.bytes)
                if key is not None:
                    return _Unwrapped(key, master, outdated)
        return None

    def _wrap(self, transaction: Transaction, tenant: Tenant, version: int, key: bytes, before: bytes) -> bool:
        fresh = _encrypt(self._wrapping(tenant, self.masters.current()), key, tenant.id.bytes)
        return transaction.run(_WRAP, version=version, wrapped=fresh, before=before) == 1

    def _wrapping(self, tenant: Tenant, master: bytes) -> bytes:
        return hmac.digest(master, key_file(self._file(tenant.id), "The key of a tenant"), "sha256")

    def _file(self, tenant: UUID) -> Path:
        return self._settings.keys / "tenants" / str(tenant)


def header_of(version: int) -> bytes:
    """What every value begins with that was sealed under a data key of that version."""
    return _MARK + version.to_bytes(4, "big")


def version_of(sealed: bytes) -> int:
    return int.from_bytes(sealed[len(_MARK) : _HEADER], "big") if sealed.startswith(_MARK) else _FIRST


def sealed_under(version: int, key: bytes, owner: UUID, secret: str) -> bytes:
    return header_of(version) + _encrypt(key, secret.encode(), header_of(version) + owner.bytes)


def opened_with(keys: Mapping[int, bytes], owner: UUID, sealed: bytes) -> str:
    """What was sealed, by those data keys, each under its version.

    Raises:
        FixTheSource: they do not open it.
    """
    key = keys.get(version_of(sealed))
    if sealed.startswith(_MARK) and key is not None and (found := _decrypted(key, sealed[_HEADER:], sealed[:_HEADER] + owner.bytes)) is not None:
        return found.decode()
    # From before there were versions; its nonce may by chance begin as a header does.
    if (first := keys.get(_FIRST)) is not None and (found := _decrypted(first, sealed, owner.bytes)) is not None:
        return found.decode()
    raise _does_not_open()


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypted(key: bytes, sealed: bytes, bound: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError):  # the second: too short to have been sealed
        return None


def _does_not_open() -> FixTheSource:
    return FixTheSource(
        "A stored secret does not open with this installation's master key",
        fix="Restore keys/master.key of the home (or AOS_MASTER_KEY), or enter the connection's password again.",
    )
