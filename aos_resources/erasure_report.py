"""The report of an erasure: what went from where, what may still hold bytes, signed with a key of the installation's own."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aos_core.errors import NotUnderstood
from aos_resources.key_files import key_file
from aos_resources.seals import canonical
from aos_resources.settings import Settings

_ASKED = ("wal_level", "wal_keep_size", "max_wal_size", "min_wal_size", "checkpoint_timeout", "archive_mode", "max_slot_wal_keep_size")


def sign(settings: Settings, report: dict[str, Any]) -> dict[str, Any]:
    """The report with its signature and the key that verifies it."""
    key = _key(settings)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    said = {"report": report, "key": public}
    return said | {"signature": base64.b64encode(key.sign(canonical(said).encode())).decode()}


def verify(settings: Settings, signed: Any) -> dict[str, Any]:
    """What a signed report says.

    Raises:
        NotUnderstood: it is none, it was changed, or it was signed elsewhere.
    """
    try:
        said = {"report": signed["report"], "key": signed["key"]}
        Ed25519PublicKey.from_public_bytes(base64.b64decode(signed["key"])).verify(base64.b64decode(signed["signature"]), canonical(said).encode())
    except (KeyError, TypeError, ValueError, InvalidSignature) as wrong:
        raise NotUnderstood("This report is not as it was signed", fix="Ask for it again: the installation keeps a copy.") from wrong
    if base64.b64decode(signed["key"]) != _key(settings).public_key().public_bytes_raw():
        raise NotUnderstood("Another installation signed this report", culprit=str(signed["key"])[:60])
    report: dict[str, Any] = signed["report"]
    return report


def hash_of(signed: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(signed).encode()).hexdigest()


def may_still_hold(settings: Settings) -> dict[str, Any]:
    """Where bytes of what was deleted may be for a while, as this database is set up: said, not denied."""
    with psycopg.connect(settings.url("aos_erase")) as connection:
        found = connection.execute("select name, setting || coalesce(unit, '') from pg_settings where name = any(%s) order by 1", (list(_ASKED),)).fetchall()
        slots = connection.execute("select count(*) from pg_replication_slots").fetchone()
    said = {str(name): str(value) for name, value in found}
    archived = said.get("archive_mode", "off") != "off"
    return {
        "settings": said | {"replication_slots": str(slots[0] if slots else 0)},
        "write_ahead_log": (
            "Segments written before this moment may hold bytes of the rows until Postgres reuses or removes them: after the next checkpoints"
            f" (at most every {said.get('checkpoint_timeout', '?')} while anything is written), up to max_wal_size, beyond them what wal_keep_size and slots keep."
        ),
        "archive": "Archived segments hold them for as long as the archive keeps them." if archived else "Nothing is archived.",
        "backups": "Backups made before hold them until they are destroyed. Secrets in backups of the database alone stay sealed: the key that opened them is gone.",
        "processes": "Processes that run may hold pages of the last version they read until they open others or end.",
        "other_logs": "Logs outside this home (a database server's own, a proxy's) are kept by whoever runs them.",
        "disks": "Blocks of deleted files are not overwritten; the file system gives them to other files in time.",
    }


def _key(settings: Settings) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_file(settings.keys / "erasures.key", "The key that signs reports of erasures"))


def read_report(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as broken:
        raise NotUnderstood("That is no report of an erasure") from broken
