"""Who is asking, and what they may do: the one authorisation function. Knows nothing of HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from aos_core.errors import NotAllowed, NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.api_keys import Key
from aos_resources.audit import Actor
from aos_resources.people import Role
from aos_resources.tokens import Session

Verb = Literal["read", "create", "change", "delete", "run", "decide", "ask", "export", "erase", "end"]
Noun = Literal[
    "connections", "streams", "syncs", "mappings", "proposals", "entities", "metrics", "runs", "events", "members", "invitations",
    "keys", "grants", "flags", "masks", "settings", "usage", "audit", "tenant", "sessions", "tenants", "orchestrator",
    "membership", "ownership",
]  # fmt: skip
# The operator of the installation stands beside the roles of a tenant: no role includes it, and it includes none.
Standing = Role | Literal["operator"]

_EVERYBODY: frozenset[Standing] = frozenset({"owner", "admin", "engineer", "analyst", "viewer"})
_ANALYSTS: frozenset[Standing] = frozenset({"owner", "admin", "engineer", "analyst"})
_ENGINEERS: frozenset[Standing] = frozenset({"owner", "admin", "engineer"})
_ADMINS: frozenset[Standing] = frozenset({"owner", "admin"})
_OWNERS: frozenset[Standing] = frozenset({"owner"})
_OPERATORS: frozenset[Standing] = frozenset({"operator"})

_OPEN_TO_EVERYBODY: tuple[Noun, ...] = (
    "connections", "streams", "syncs", "mappings", "proposals", "entities", "metrics", "runs", "events", "members", "flags", "masks",
    "settings", "usage",
)  # fmt: skip
# Verbs by role. What is not listed is allowed to nobody.
ALLOWED: dict[tuple[Verb, Noun], frozenset[Standing]] = {
    **{("read", noun): _EVERYBODY for noun in _OPEN_TO_EVERYBODY},
    ("create", "connections"): _ENGINEERS,
    ("change", "connections"): _ENGINEERS,
    ("run", "connections"): _ENGINEERS,
    ("change", "streams"): _ENGINEERS,
    ("export", "streams"): _ANALYSTS,
    ("decide", "proposals"): _ENGINEERS,
    ("ask", "runs"): _ENGINEERS,
    ("change", "members"): _ADMINS,
    ("delete", "members"): _ADMINS,
    ("delete", "membership"): _EVERYBODY,
    ("change", "ownership"): _OWNERS,
    ("end", "sessions"): _ADMINS,
    ("read", "invitations"): _ADMINS,
    ("create", "invitations"): _ADMINS,
    ("delete", "invitations"): _ADMINS,
    ("read", "keys"): _ENGINEERS,
    ("create", "keys"): _ENGINEERS,
    ("delete", "keys"): _ENGINEERS,
    ("read", "grants"): _ADMINS,
    ("create", "grants"): _ADMINS,
    ("delete", "grants"): _ADMINS,
    ("change", "flags"): _ADMINS,
    ("change", "masks"): _OWNERS,
    ("change", "settings"): _ADMINS,
    ("read", "audit"): _ADMINS,
    ("export", "tenant"): _OWNERS,
    ("erase", "tenant"): _OWNERS,
    ("read", "tenants"): _OPERATORS,
    ("create", "tenants"): _OPERATORS,
    ("change", "tenants"): _OPERATORS,
    ("erase", "tenants"): _OPERATORS,
    ("read", "orchestrator"): _OPERATORS,
}  # fmt: skip
# What no key may, whatever its scopes: doors for others, and what cannot be taken back.
PEOPLE_ONLY: frozenset[tuple[Verb, Noun]] = frozenset({
    ("create", "keys"), ("delete", "keys"), ("change", "members"), ("delete", "members"), ("delete", "membership"), ("change", "ownership"),
    ("end", "sessions"), ("create", "invitations"), ("delete", "invitations"), ("create", "grants"), ("delete", "grants"),
    ("change", "masks"), ("erase", "tenant"),
})  # fmt: skip


@dataclass(frozen=True)
class Person:
    """A signed-in person, in whatever tenant; an operator may be in none."""

    session: Session
    address: str
    trace: str

    @property
    def standings(self) -> frozenset[Standing]:
        return _OPERATORS if self.session.operator else frozenset()

    @property
    def scopes(self) -> None:
        return None

    @property
    def actor(self) -> Actor:
        user = self.session.user
        return Actor("operator" if self.session.operator else "person", str(user.id), user.email, self.address, self.trace)


@dataclass(frozen=True)
class Caller:
    """A signed-in person, or an API key, in one tenant. The tenant comes from the verified token and from nowhere else.

    `scopes` are a key's: what it may do of what its role may, as `verb:noun`, either of them `*`; a person has none.
    """

    user: UUID
    name: str
    tenant: Tenant
    role: Role
    address: str
    trace: str
    session: Session | None = None
    key: UUID | None = None
    scopes: frozenset[str] | None = None

    @property
    def standings(self) -> frozenset[Standing]:
        return frozenset({self.role})

    @property
    def id(self) -> str:
        """Of the person or the key: who has its own limits, and its own idempotency keys."""
        return str(self.key or self.user)

    @property
    def by_grant(self) -> bool:
        """Whether it is an operator whom the tenant lets look."""
        return self.session is not None and self.session.by_grant

    @property
    def actor(self) -> Actor:
        if self.key is not None:
            return Actor("key", str(self.key), self.name, self.address, self.trace)
        return Actor("operator" if self.by_grant else "person", str(self.user), self.name, self.address, self.trace)


def caller_of(session: Session, address: str, trace: str) -> Caller:
    """Raises NotAllowed where the session is in no tenant."""
    member = session.membership
    if member is None:
        raise NotAllowed("You are in no tenant", fix="An owner of one may invite you, or grant you access for a time.")
    return Caller(session.user.id, session.user.email, member.tenant, member.role, address, trace, session)


def caller_of_key(key: Key, address: str, trace: str) -> Caller:
    return Caller(key.user, key.name, key.tenant, key.role, address, trace, key=key.id, scopes=key.scopes)


def check_scopes(role: Role, scopes: list[str]) -> None:
    """Returns where a key of somebody in that role may have these scopes.

    Raises:
        NotUnderstood: one of them names nothing. NotAllowed: one names only what the role, or a key, may not do.
    """
    for scope in scopes:
        named = [(verb, noun) for verb, noun in ALLOWED if scope in _scopes_of(verb, noun) and ALLOWED[verb, noun] - _OPERATORS]
        if not named:
            raise NotUnderstood("There is no such scope", culprit=scope[:80], fix="A scope is like read:entities, read:* or *:*.")
        if not any(role in ALLOWED[one] and one not in PEOPLE_ONLY for one in named):
            raise NotAllowed("A key may not do more than you may, nor what only people may", culprit=scope)


def _scopes_of(verb: Verb, noun: Noun) -> set[str]:
    """Every way of saying that a key may do this."""
    return {f"{verb}:{noun}", f"{verb}:*", f"*:{noun}", "*:*"}


def may(caller: Caller | Person, verb: Verb, noun: Noun) -> None:
    """Returns where the caller may. The same for lists, for details, and for whatever shows a thing in passing.

    Raises:
        NotAllowed: their role may not, or their key's scopes leave it out.
    """
    allowed = ALLOWED.get((verb, noun), frozenset())
    if not allowed & caller.standings:
        raise NotAllowed(f"Your role may not {_said(verb)} {noun}", culprit=", ".join(sorted(caller.standings)), fix=_who(allowed))
    if caller.scopes is not None and (verb, noun) in PEOPLE_ONLY:
        raise NotAllowed("Only people may do that, no keys", culprit=f"{verb}:{noun}", fix="Sign in.")
    if caller.scopes is not None and not caller.scopes & _scopes_of(verb, noun):
        raise NotAllowed("This key's scopes leave that out", culprit=f"{verb}:{noun}", fix="Make a key with that scope.")


def allowed_to(standings: frozenset[Standing]) -> list[str]:
    """Everything that somebody standing so may, as `verb:noun`: what a page offers is decided by the same table."""
    return sorted(f"{verb}:{noun}" for (verb, noun), roles in ALLOWED.items() if roles & standings)


def _said(verb: Verb) -> str:
    return "ask for" if verb == "ask" else verb


def _who(allowed: frozenset[Standing]) -> str:
    """Who could do it instead."""
    if "operator" in allowed:
        return "Ask the operator of this installation."
    ordered = [one for one in ("owner", "admin", "engineer") if one in allowed]
    return f"Ask an {' or an '.join(ordered)} of this tenant." if ordered else ""
