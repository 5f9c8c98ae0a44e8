"""Names of everything kept in Redis: the one function that builds a key, so that no two tenants ever share one."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote
from uuid import UUID

from aos_core.tenancy import Tenant

# events: a tenant's stream of what happened. flags: the channel that says that flags changed. requests: counts of
# requests. attempts: failed sign-ins. cache: an answer, as one policy lets it be seen.
Kind = Literal["events", "flags", "requests", "attempts", "cache"]
_SEEN_BY_POLICY: frozenset[Kind] = frozenset({"cache"})


def key(tenant: Tenant | UUID | None, kind: Kind, *parts: str | int | UUID, policy: str | None = None) -> str:
    """`aos:<tenant>:<kind>[:@<policy>][:<part>...]`; without a tenant it is the installation's own.

    Parts are quoted, so no value can look like two. `policy` names the version of what the reader may see: a cache
    without it would show one role what another was answered.

    Raises:
        ValueError: a kind that is seen by policy was given none.
    """
    if kind in _SEEN_BY_POLICY and policy is None:
        raise ValueError(f"a key of kind {kind} needs the version of the policy that it was made under")
    whose = "-" if tenant is None else str(tenant.id if isinstance(tenant, Tenant) else tenant)
    seen = [] if policy is None else ["@" + _quoted(policy)]
    return ":".join(["aos", whose, kind, *seen, *(_quoted(str(part)) for part in parts)])


def all_of(tenant: Tenant) -> str:
    """The pattern of every key of a tenant."""
    return f"aos:{tenant.id}:*"


def _quoted(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"), safe="")
