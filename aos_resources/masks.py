"""A tenant's masks and what they must know of its mappings: stored, changed, and remembered for moments."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from aos_core.masking import KINDS, Policy
from aos_core.ontology import Kind, Ontology
from aos_core.sight import LOOKS, Feed, Lineage, feeds_of
from aos_core.tenancy import Tenant
from aos_resources.database import Database, Transaction, as_json

_MOST = 10_000  # tenants
_REMEMBERED = 2.0  # seconds that a change made in another process may take to be seen in this one
# Versions of the warehouse are kept for a week, and what a mapping made stays in them after it was replaced.
_MAPPINGS = """
select m.stream_id, m.document, n.seq as until from aos.mappings m
left join aos.mappings n on n.stream_id = m.stream_id and n.entity = m.entity and n.version = m.version + 1
where n.created_at is null or n.created_at > now() - interval '8 days'
"""
_LOOKS = """
select f.stream_id, e ->> 'name' as name, l.look
from aos.streams s
join lateral (select stream_id, fields from aos.fingerprints where stream_id = s.id order by seq desc, taken_at desc limit 1) f on true
cross join lateral jsonb_array_elements(f.fields) e
join lateral unnest(cast(:looks as text[])) l(look) on e ->> 'inferred' = l.look or coalesce((e -> 'share' ->> l.look)::float, 0) > 0
"""
_NOTHING_TRACED = Lineage()
_APPLIED = "select v.applied_seq from aos.warehouses w join aos.versions v on v.id = w.current"


@dataclass(frozen=True)
class Known:
    """What decides what a role sees in a tenant, as of a moment ago; without lineage where it sees everything."""

    policy: Policy
    lineage: Lineage = _NOTHING_TRACED


@dataclass(frozen=True)
class _Traced:
    """`stamp`: the tenant's order of events as it was read; where that has not moved on, neither has the lineage."""

    read: float
    stamp: int
    lineage: Lineage


class Masks:
    """Asked for each request; one per process."""

    def __init__(self, database: Database, ontology: Ontology) -> None:
        self._database = database
        self._ontology = ontology
        self._policies: dict[Tenant, tuple[float, Policy]] = {}
        self._traced: dict[Tenant, _Traced] = {}
        self._changes = 0
        self._lock = threading.Lock()

    def remembered(self, tenant: Tenant, role: str) -> Known | None:
        """What was read a moment ago, without asking the database."""
        least = time.monotonic() - _REMEMBERED
        with self._lock:
            read, policy = self._policies.get(tenant, (0.0, None))
            traced = self._traced.get(tenant)
        if policy is None or read < least:
            return None
        if not policy.hidden_from(role):
            return Known(policy)
        return Known(policy, traced.lineage) if traced is not None and traced.read >= least else None

    def look_up(self, tenant: Tenant, role: str) -> Known:
        """As the database has it now.

        Raises:
            TryAgain: it is away.
        """
        changes, asked = self._changes, time.monotonic()
        with self._database.of(tenant).transaction() as transaction:
            policy = read_policy(transaction)
            traced = self._trace(transaction, tenant, asked) if policy.hidden_from(role) else None
        with self._lock:
            if len(self._policies) >= _MOST:
                self._policies.clear()
                self._traced.clear()
            if changes == self._changes:  # else it may have been read before a change that has been made here since
                self._policies[tenant] = (asked, policy)
            if traced is not None:
                self._traced[tenant] = traced
        return Known(policy, traced.lineage) if traced is not None else Known(policy)

    def forget(self, tenant: Tenant) -> None:
        """After a change in this process: it is in force at once."""
        with self._lock:
            self._changes += 1
            self._policies.pop(tenant, None)

    def _trace(self, transaction: Transaction, tenant: Tenant, asked: float) -> _Traced:
        """Read anew only where something came: a wide tenant's columns take longer to look through than a page to read."""
        row = transaction.first("select last from aos.sequences")
        stamp = row["last"] if row is not None else 0
        known = self._traced.get(tenant)
        same = known is not None and known.stamp == stamp
        return replace(known, read=asked) if known is not None and same else _Traced(asked, stamp, read_lineage(transaction, self._ontology))


def read_policy(transaction: Transaction) -> Policy:
    rows = transaction.all("select kind, roles from aos.masks where kind = any(:kinds)", kinds=list(KINDS))
    said: dict[Kind, frozenset[str]] = {row["kind"]: frozenset(map(str, row["roles"])) for row in rows}
    return Policy(said)


def write_mask(transaction: Transaction, kind: Kind, roles: Iterable[str], by: str) -> None:
    transaction.run(
        "insert into aos.masks (kind, roles, changed_by) values (:kind, cast(:roles as jsonb), :by)"
        " on conflict (tenant_id, kind) do update set roles = excluded.roles, changed_by = excluded.changed_by, changed_at = now()",
        kind=kind, roles=as_json(sorted(roles)), by=by,
    )  # fmt: skip


def read_lineage(transaction: Transaction, ontology: Ontology) -> Lineage:
    """What the tenant's mappings feed now, or fed in a version that is still kept."""
    feeds: list[Feed] = []
    for row in transaction.all(_MAPPINGS):
        feeds += feeds_of(row["stream_id"], row["document"], row["until"], ontology)
    looks = frozenset((row["stream_id"], row["name"], LOOKS[row["look"]]) for row in transaction.all(_LOOKS, looks=list(LOOKS)))
    applied = transaction.first(_APPLIED)
    return Lineage(tuple(feeds), looks, applied["applied_seq"] if applied else None)
