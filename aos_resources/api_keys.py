"""Keys of programs: made by a member, in force while that member is one, with the lesser of what the two may do.

`aos_<prefix>_<secret>`: the prefix is shown for ever, the whole only once; what is kept is its hash.
"""

from __future__ import annotations

import re
import secrets
import string
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

from aos_core.errors import Gone, NotSignedIn, NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.database import Database, Transaction, as_json
from aos_resources.invitations import hashed
from aos_resources.members import lesser
from aos_resources.people import Role, reading_people

PREFIX = "aos_"
_LETTERS = string.ascii_lowercase + string.digits
_FORM = re.compile(r"aos_[a-z0-9]{8}_[A-Za-z0-9]{43}")
_REMEMBERED = 4.0  # seconds that a revoked key is still believed in another process; five are promised, with what a request takes
State = Literal["in force", "out of force", "revoked", "expired"]
_LIST = """
select k.id, k.name, k.prefix, k.role, k.scopes, k.made_by, coalesce(u.email, '') as made_by_email, k.created_at, k.expires_at, k.used_at,
    case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired'
        when m.user_id is null or m.disabled_at is not null or u.disabled_at is not null then 'out of force' else 'in force' end as state
from aos.api_keys k left join aos.memberships m on m.user_id = k.made_by left join aos.users u on u.id = k.made_by
"""
_MAKE = """
insert into aos.api_keys (id, name, prefix, hash, role, scopes, made_by, expires_at)
values (:id, :name, :prefix, :hash, :role, cast(:scopes as jsonb), :by, now() + make_interval(days => :days))
"""
_STANDING = """
select k.id, k.prefix || ' ' || k.name as name, k.role, k.scopes, k.made_by, m.role as role_now, t.id as tenant_id, t.slug, t.erased_at,
    k.used_at is null or k.used_at < now() - interval '1 minute' as unseen
from aos.api_keys k join aos.tenants t on t.id = k.tenant_id
join aos.memberships m on m.tenant_id = k.tenant_id and m.user_id = k.made_by and m.disabled_at is null
join aos.users u on u.id = k.made_by and u.disabled_at is null
where k.hash = :hash and k.revoked_at is null and k.expires_at > now() and t.suspended_at is null
"""


@dataclass(frozen=True)
class ApiKey:
    """As its tenant sees it."""

    id: UUID
    name: str
    prefix: str
    role: Role
    scopes: list[str]
    made_by: UUID
    made_by_email: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    state: State


@dataclass(frozen=True)
class Key:
    """A key in force, and what it stands for. `name` begins with its prefix: no key passes for a person."""

    id: UUID
    name: str
    user: UUID
    tenant: Tenant
    role: Role
    scopes: frozenset[str]


def make_key(transaction: Transaction, name: str, role: Role, scopes: list[str], days: int, by: UUID) -> tuple[ApiKey, str]:
    """The key, and its text, which is never shown again."""
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    secret = "".join(secrets.choice(_LETTERS + string.ascii_uppercase) for _ in range(43))
    text, made = f"{PREFIX}{prefix}_{secret}", uuid4()
    transaction.run(_MAKE, id=made, name=name, prefix=f"{PREFIX}{prefix}", hash=hashed(text), role=role, scopes=as_json(scopes), by=by, days=days)
    return one_key(transaction, made, None), text


def all_keys(transaction: Transaction, of: UUID | None, limit: int) -> list[ApiKey]:
    """The newest first; `of`: only what that member made."""
    said = _LIST + " where (cast(:of as uuid) is null or k.made_by = :of) order by k.created_at desc, k.id limit :limit"
    return [ApiKey(**row) for row in transaction.all(said, of=of, limit=limit)]


def one_key(transaction: Transaction, key: UUID, of: UUID | None) -> ApiKey:
    said = _LIST + " where k.id = :id and (cast(:of as uuid) is null or k.made_by = :of)"
    return ApiKey(**transaction.one("key", said, id=key, of=of))


def revoke_key(transaction: Transaction, key: UUID, of: UUID | None) -> ApiKey:
    """What it was. Raises NotUnderstood where it is revoked already."""
    before = one_key(transaction, key, of)
    if not transaction.run("update aos.api_keys set revoked_at = now() where id = :id and revoked_at is null", id=key):
        raise NotUnderstood("That key is revoked already", culprit=before.prefix)
    return before


class ApiKeys:
    """Judges keys that are sent. One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: dict[bytes, tuple[float, Key]] = {}
        self._forgotten = 0
        self._lock = threading.Lock()

    def remembered(self, text: str) -> Key | None:
        """The key if it was found in force a moment ago, and nothing of it was changed here since."""
        with self._lock:
            asked, known = self._keys.get(hashed(text), (0.0, None))
        return known if time.monotonic() - asked < _REMEMBERED else None

    def look_up(self, text: str) -> Key:
        """The key as the database has it now.

        Raises:
            NotSignedIn: it is not in force. Gone: its tenant was erased. TryAgain: the database is away.
        """
        asked, forgotten, key = time.monotonic(), self._forgotten, self._standing(text)
        with self._lock:
            if len(self._keys) >= 10_000:
                self._keys.clear()
            if forgotten == self._forgotten:
                self._keys[hashed(text)] = (asked, key)
        return key

    def forget(self, which: Callable[[Key], bool]) -> None:
        """Look these up again when they are next used: something of them has changed."""
        with self._lock:
            self._forgotten += 1
            self._keys = {name: one for name, one in self._keys.items() if not which(one[1])}

    def _standing(self, text: str) -> Key:
        row = None
        if _FORM.fullmatch(text):
            with reading_people(self._database) as transaction:
                row = transaction.first(_STANDING, hash=hashed(text))
                if row is not None and row["unseen"]:
                    transaction.run("update aos.api_keys set used_at = now() where tenant_id = :tenant and id = :id", tenant=row["tenant_id"], id=row["id"])
        if row is None:
            raise NotSignedIn("That key is not in force", fix="Make another, or sign in.")
        if row["erased_at"] is not None:
            raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
        tenant = Tenant(row["tenant_id"], row["slug"])
        return Key(row["id"], row["name"], row["made_by"], tenant, lesser(row["role"], row["role_now"]), frozenset(row["scopes"]))
