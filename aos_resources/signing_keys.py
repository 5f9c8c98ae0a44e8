"""The keys that sign tokens: one signs, those before it verify for as long as a token of theirs can live.

Files of the installation, of mode 600, that every process reads again when they change: a rotation needs no restart,
and a key whose file is removed is refused at once. Of a key that signs no more only its public half is kept.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from aos_core.errors import FixTheSource
from aos_resources.settings import Settings


@dataclass(frozen=True)
class SigningKey:
    private: Ed25519PrivateKey

    @cached_property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @cached_property
    def id(self) -> str:
        return key_id(self.public)


@dataclass(frozen=True)
class RetiredKey:
    """`ends`: seconds since 1970 from when on nothing that it signed is accepted."""

    public: Ed25519PublicKey
    ends: float


@dataclass(frozen=True)
class _Read:
    changed: int
    current: SigningKey
    retired: dict[str, RetiredKey]


class SigningKeys:
    """The installation's keys as they are now; the first is made by whoever asks first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._known = self._read()

    @property
    def current(self) -> SigningKey:
        return self._now().current

    @property
    def retired(self) -> dict[str, RetiredKey]:
        """By id, those that still verify."""
        return {name: one for name, one in self._now().retired.items() if one.ends > time.time()}

    def public(self, name: str) -> Ed25519PublicKey:
        """Raises KeyError where no key of that id verifies."""
        known = self._now()
        return known.current.public if name == known.current.id else self.retired[name].public

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys as a JWK set (RFC 7517, RFC 8037)."""
        known = {self.current.id: self.current.public} | {name: one.public for name, one in self.retired.items()}
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": name, "x": _x(key)} for name, key in known.items()]}

    def rotate(self) -> SigningKey:
        """A new key signs from now on. What the one before signed is accepted until its time is over; older files go."""
        folder = self._settings.keys
        with _alone(folder):
            before = self._read_current()
            _write(_retired_path(folder, before.id), before.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
            for path in folder.glob("tokens-*.pem"):
                if self._ends(path) < time.time():
                    path.unlink()
            made = Ed25519PrivateKey.generate()
            _write(folder / "tokens.pem", _private_bytes(made))
        return SigningKey(made)

    def _now(self) -> _Read:
        if self._known.changed != self._changed():
            with self._lock:
                self._known = self._read()
        return self._known

    def _changed(self) -> int:
        """Files are only ever renamed into the folder or removed from it, which is a change of the folder's own."""
        try:
            return self._settings.keys.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _read(self) -> _Read:
        folder = self._settings.keys
        with _alone(folder):
            if not (folder / "tokens.pem").exists():
                _write(folder / "tokens.pem", _private_bytes(Ed25519PrivateKey.generate()))
            current, retired = self._read_current(), {}
            for path in folder.glob("tokens-*.pem"):
                public = load_pem_public_key(path.read_bytes())
                if isinstance(public, Ed25519PublicKey) and path == _retired_path(folder, key_id(public)):
                    retired[key_id(public)] = RetiredKey(public, self._ends(path))
            return _Read(self._changed(), current, retired)

    def _read_current(self) -> SigningKey:
        path = self._settings.keys / "tokens.pem"
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except ValueError as broken:
            raise FixTheSource(
                "The signing key cannot be read", culprit=str(path), fix="Restore it, or remove it to sign everybody out."
            ) from broken
        if not isinstance(private, Ed25519PrivateKey):
            raise FixTheSource("The signing key is of another kind", culprit=str(path), fix="It must be an Ed25519 key.")
        return SigningKey(private)

    def _ends(self, path: Path) -> float:
        return path.stat().st_mtime + self._settings.token_minutes * 60


def key_id(public: Ed25519PublicKey) -> str:
    """The key's own hash, so that an id can only ever mean one key."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:32]


def _x(public: Ed25519PublicKey) -> str:
    return base64.urlsafe_b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode().rstrip("=")


def _retired_path(folder: Path, name: str) -> Path:
    return folder / f"tokens-{name}.pem"


def _private_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(folder / "tokens.lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
