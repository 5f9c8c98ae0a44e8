"""What the sensors decide, as values: given what is known and what was seen, what to ask for."""

from __future__ import annotations

import json
from dataclasses import dataclass

# Kinds of outbox entries that ask for a tenant's refresh.
ASKING = ("run.requested", "proposal.decided", "mapping.decided")


@dataclass(frozen=True)
class Header:
    """The head of an outbox entry; its payload stays with the tenant."""

    tenant: str
    seq: int
    type: str


@dataclass(frozen=True)
class Asked:
    """A refresh of one tenant; the key names the tenant and the last entry seen, so that a request twice is one run."""

    tenant: str
    key: str


def partitions_to_change(living: set[str], known: set[str]) -> tuple[list[str], list[str]]:
    """Slugs to add and to remove."""
    return sorted(living - known), sorted(known - living)


def refreshes(headers: list[Header], seen: dict[str, int]) -> tuple[list[Asked], dict[str, int]]:
    """One refresh per tenant that asked since it was last seen, and what is seen now."""
    newest = {one.tenant: max(one.seq, seen.get(one.tenant, 0)) for one in sorted(headers, key=lambda one: one.seq)}
    asked = [
        Asked(tenant, f"{tenant}:{seq}") for tenant, seq in sorted(newest.items()) if seq > seen.get(tenant, 0)
    ]
    return asked, seen | newest


def read_cursor(cursor: str | None) -> dict[str, int]:
    return {tenant: int(seq) for tenant, seq in json.loads(cursor).items()} if cursor else {}


def write_cursor(seen: dict[str, int]) -> str:
    return json.dumps(seen, sort_keys=True)
