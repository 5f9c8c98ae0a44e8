"""Checks an audit log from its first entry to its last, and names the first that is not as it was written.

Each entry's seal, its place, what it is sealed to; then the head and its seal; then what was noted outside the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aos_core.tenancy import Tenant
from aos_resources.anchors import Anchor
from aos_resources.database import Database, Transaction
from aos_resources.seals import FIELDS, Seals

_PAGE = 2_000
_ROWS = f"select {', '.join(FIELDS)}, hash from aos.audit where seq > :after and seq <= :last order by seq limit {_PAGE}"
_HEAD = "select seq, hash, seal from aos.audit_heads"
# In one statement, so that an entry that is being added is seen with its head or not at all.
_BEYOND = "select min(a.seq) as seq from aos.audit a where a.seq > coalesce((select seq from aos.audit_heads), 0)"


@dataclass(frozen=True)
class Verdict:
    """`first_bad` is the number of the first entry that is wrong or missing, None where the log is sound; `why` says it in words.

    `entries` are those that were found right; `noted` is the newest entry that was noted outside the database, None where nothing is.
    """

    tenant: Tenant
    entries: int
    noted: int | None
    first_bad: int | None = None
    why: str = ""

    @property
    def sound(self) -> bool:
        return self.first_bad is None


@dataclass
class _Walk:
    """How far the log was followed."""

    seals: Seals
    anchor: Anchor | None
    seq: int
    last: bytes

    def why_not(self, row: dict[str, Any]) -> str | None:
        """What is wrong with the row, if anything; else it is the last one followed."""
        if row["seq"] != self.seq + 1:
            return "it is missing"
        if bytes(row["previous"]) != self.last:
            return "it does not follow from the entry before it"
        if self.seals.row(row) != bytes(row["hash"]):
            return "it is not as it was sealed"
        if self.anchor is not None and self.anchor.seq == row["seq"] and self.anchor.hash != bytes(row["hash"]):
            return "another entry was noted in its place outside the database"
        self.seq, self.last = row["seq"], bytes(row["hash"])
        return None


def verify(database: Database, tenant: Tenant) -> Verdict:
    """The state of one log; INSTALLATION's own is one too. Whoever writes to it meanwhile does not wait.

    Raises:
        Gone: the tenant was erased, and its log with it.
    """
    anchor = database.anchors.newest(tenant.id)  # before the head: it is noted after it moved
    seals = database.anchors.seals(tenant.id)
    walk = _Walk(seals, anchor, 0, seals.genesis())
    with database.of(tenant).transaction() as transaction:
        why = _follow(transaction, walk) or _ends(transaction, walk)
    noted = None if anchor is None else anchor.seq
    cut = database.anchors.cut_at(tenant.id)
    if cut is not None and (why is None or cut <= walk.seq):
        return Verdict(tenant, cut - 1, noted, cut, "the log was cut here once and written on; what stands from here on is not what stood there")
    return Verdict(tenant, walk.seq, noted) if why is None else Verdict(tenant, walk.seq, noted, walk.seq + 1, why)


def _follow(transaction: Transaction, walk: _Walk) -> str | None:
    """Up to where the head is, and as far as it has moved by then."""
    while True:
        head = transaction.first(_HEAD)
        if head is None or head["seq"] <= walk.seq:
            return None
        while walk.seq < head["seq"]:
            rows = transaction.all(_ROWS, after=walk.seq, last=head["seq"])
            if not rows:
                return "it is missing, and so is every later one"
            for row in rows:
                if why := walk.why_not(dict(row)):
                    return why
        if bytes(head["hash"]) != walk.last or walk.seals.head(walk.seq, walk.last) != bytes(head["seal"]):
            walk.seq -= 1
            return "the head of the log is not of it"


def _ends(transaction: Transaction, walk: _Walk) -> str | None:
    """Where it ends, and whether it ended later once."""
    head = transaction.first(_HEAD)
    beyond = transaction.one("count", _BEYOND)["seq"]
    if head is not None and head["seq"] < walk.seq:
        walk.seq = head["seq"]
        return "the head of the log was set back"
    if beyond is not None:
        walk.seq = min(walk.seq, beyond - 1)
        return "it stands beyond the end of the log"
    if walk.anchor is not None and walk.anchor.seq > walk.seq:
        return f"it is missing: the log was cut, entry {walk.anchor.seq} was noted outside the database"
    return None
