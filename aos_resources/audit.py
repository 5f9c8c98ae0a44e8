"""The audit log: who did what to which thing, appended in the transaction that does it, each entry sealed to the one before.

A chain for each tenant and one of the installation's own. The seals are made with a key that is kept outside the
database, and the newest one is noted outside of it too (`anchors`): who can write the database alone can neither
change nor shorten a chain unseen. That makes tampering evident, not impossible.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid4

from aos_core.errors import Gone
from aos_core.tenancy import INSTALLATION, Tenant
from aos_resources.anchors import Anchor
from aos_resources.seals import FIELDS, canonical

if TYPE_CHECKING:
    from aos_resources.database import Transaction

_ENTER = "select aos.enter(cast(:tenant as uuid)) as erased_at"
_FIRST = "insert into aos.audit_heads (tenant_id, seq, hash, seal) values (:tenant, 0, :hash, :seal) on conflict do nothing"
_HEAD = "select seq, hash, clock_timestamp() as at from aos.audit_heads where tenant_id = :tenant for update"
_MOVE = "update aos.audit_heads set seq = :seq, hash = :hash, seal = :seal where tenant_id = :tenant"
_ADD = (
    f"insert into aos.audit ({', '.join(FIELDS)}, hash) values"
    f" ({', '.join('cast(:detail as jsonb)' if name == 'detail' else f':{name}' for name in FIELDS)}, :hash)"
)


@dataclass(frozen=True)
class Actor:
    """Who acts, and from where."""

    kind: Literal["person", "key", "operator", "process"]
    id: str
    name: str
    address: str = ""
    trace: str = ""


@dataclass(frozen=True)
class Entry:
    """One act. Of `before` and `after` (anything JSON can say) only the hashes are kept, `detail` as it is."""

    actor: Actor
    verb: str
    noun: str
    subject: str = ""
    before: object = None
    after: object = None
    detail: dict[str, Any] = field(default_factory=dict)


def record(transaction: Transaction, entry: Entry, tenant: Tenant | None = None) -> int:
    """Append the entry to the chain of the transaction's tenant; in a transaction of people to that of `tenant`, or to
    the installation's own. Said last in a transaction, since from here on the chain waits for it. Gives the entry's number.

    Raises:
        Gone: the tenant was erased, and no log of it begins again.
    """
    chain = transaction.tenant or tenant or INSTALLATION
    if transaction.tenant is None and transaction.one("tenant", _ENTER, tenant=str(chain.id))["erased_at"] is not None:
        raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
    seals = transaction.anchors.seals(chain.id)
    head = transaction.first(_HEAD, tenant=chain.id)
    if head is None:
        begun = seals.genesis()
        transaction.run(_FIRST, tenant=chain.id, hash=begun, seal=seals.head(0, begun))
        head = transaction.one("audit log", _HEAD, tenant=chain.id)
    transaction.anchors.look_back(chain.id, head["seq"])
    row = _row(chain.id, head["seq"] + 1, head["at"], entry, bytes(head["hash"]))
    sealed = seals.row(row)
    transaction.run(_ADD, **row | {"detail": canonical(entry.detail), "hash": sealed})
    transaction.run(_MOVE, tenant=chain.id, seq=row["seq"], hash=sealed, seal=seals.head(row["seq"], sealed))
    transaction.anchored.append(Anchor(chain.id, row["seq"], sealed))
    return int(row["seq"])


def _row(tenant: UUID, seq: int, at: object, entry: Entry, previous: bytes) -> dict[str, Any]:
    actor = entry.actor
    said = (actor.kind, actor.id, actor.name, entry.verb, entry.noun, entry.subject, actor.address, actor.trace)
    values = (tenant, seq, uuid4(), at, *(one.replace("\x00", "") for one in said), _hashed(entry.before), _hashed(entry.after), entry.detail, previous)
    return dict(zip(FIELDS, values, strict=True))


def _hashed(value: object) -> bytes | None:
    return None if value is None else hashlib.sha256(canonical(value).encode()).digest()
