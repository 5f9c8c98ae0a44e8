"""Secrets of connections, sealed at rest: a data key per tenant, wrapped by the installation's master key.

AES-GCM throughout; the tenant and the connection are bound in, so that a sealed value moved elsewhere opens nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aos_core.errors import FixTheSource
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction
from aos_resources.settings import Settings

_NONCE, _KEY = 12, 32  # bytes


class Secrets:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def seal(self, transaction: Transaction, tenant: Tenant, connection: UUID, secret: str) -> bytes:
        return _encrypt(self._data_key(transaction, tenant), secret.encode(), connection.bytes)

    def open(self, transaction: Transaction, tenant: Tenant, connection: UUID, sealed: bytes) -> str:
        return _decrypt(self._data_key(transaction, tenant), sealed, connection.bytes).decode()

    def _data_key(self, transaction: Transaction, tenant: Tenant) -> bytes:
        master = self._master()
        row = transaction.first("select wrapped from aos.tenant_keys")
        if row is None:
            transaction.run(
                "insert into aos.tenant_keys (wrapped) values (:wrapped) on conflict do nothing",
                wrapped=_encrypt(master, AESGCM.generate_key(256), tenant.id.bytes),
            )
            row = transaction.one("tenant key", "select wrapped from aos.tenant_keys")
        return _decrypt(master, bytes(row["wrapped"]), tenant.id.bytes)

    def _master(self) -> bytes:
        path = self._settings.keys / "master.key"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
        if len(key) != _KEY:
            raise FixTheSource("The installation's master key is not a key", culprit=str(path), fix="Restore that file.")
        return key


def _make_key(path: Path) -> None:
    """Whole or not at all, and once: of several processes that start together one makes it."""
    fresh = path.with_name(f"{uuid4().hex}.new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(AESGCM.generate_key(8 * _KEY))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()


def _encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except InvalidTag as wrong:
        raise FixTheSource(
            "A stored secret does not open with this installation's master key",
            fix="Restore keys/master.key of the home, or enter the connection's password again.",
        ) from wrong
