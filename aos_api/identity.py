"""Who is asking, and what they may do: the one authorisation function. Knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from aos_core.errors import NotAllowed
from aos_core.tenancy import Tenant
from aos_resources.people import Role
from aos_resources.tokens import Session

Verb = Literal["read", "decide", "ask"]
Noun = Literal[
    "connections", "streams", "syncs", "mappings", "proposals", "entities", "metrics", "runs", "session"
]

_EVERYBODY: frozenset[Role] = frozenset({"owner", "admin", "engineer", "analyst", "viewer"})
_DECIDERS: frozenset[Role] = frozenset({"owner", "admin", "engineer"})
# What is not listed is allowed to nobody.
_CHANGES: dict[tuple[Verb, Noun], frozenset[Role]] = {
    ("decide", "proposals"): _DECIDERS,
    ("ask", "runs"): _DECIDERS,
}


@dataclass(frozen=True)
class Caller:
    """A signed-in person in one tenant. The tenant comes from the verified token and from nowhere else."""

    user: UUID
    email: str
    tenant: Tenant
    role: Role
    session: Session


def caller_of(session: Session) -> Caller:
    member = session.membership
    return Caller(session.user.id, session.user.email, member.tenant, member.role, session)


def may(caller: Caller, verb: Verb, noun: Noun) -> None:
    """Returns where the caller may.

    Raises:
        NotAllowed: their role may not.
    """
    allowed = _EVERYBODY if verb == "read" else _CHANGES.get((verb, noun), frozenset())
    if caller.role not in allowed:
        raise NotAllowed(
            f"Your role may not {verb} {noun}" if verb != "ask" else f"Your role may not ask for {noun}",
            culprit=caller.role,
            fix="Ask an owner, an admin or an engineer of this tenant.",
        )
