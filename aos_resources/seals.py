"""What seals an entry of the audit log: its fields in one form, under a key that the database does not know."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aos_resources.json_text import without_zeros

FIELDS = ("tenant_id", "seq", "id", "at", "actor_kind", "actor_id", "actor", "verb", "noun", "subject", "address", "trace",
           "before", "after", "detail", "previous")  # fmt: skip


@dataclass(frozen=True)
class Seals:
    """The seals of one chain: HMAC-SHA256 under a key of its own, over fields that each say their length."""

    key: bytes

    def genesis(self) -> bytes:
        return self._seal([b"genesis"])

    def head(self, seq: int, last: bytes) -> bytes:
        return self._seal([b"head", str(seq).encode(), last])

    def row(self, row: dict[str, Any]) -> bytes:
        return self._seal([b"row", *(_bytes(row[name]) for name in FIELDS)])

    def _seal(self, fields: list[bytes]) -> bytes:
        return hmac.digest(self.key, b"".join(len(one).to_bytes(8, "big") + one for one in fields), "sha256")


def _bytes(value: Any) -> bytes:
    """A field as bytes, the same before it was stored and after it is read back."""
    if value is None:
        return b"\x00"
    if isinstance(value, (bytes, memoryview)):
        return b"\x01" + bytes(value)
    if isinstance(value, dict):
        return canonical(value).encode()
    return (value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)).encode()


def canonical(value: object) -> str:
    """One text for one value: what a database hands back in another order is hashed alike."""
    return without_zeros(json.dumps(value, default=str, sort_keys=True, separators=(",", ":")))
