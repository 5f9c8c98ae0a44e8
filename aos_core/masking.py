"""Which fields a role sees: the classes that a tenant masks, by role. Decides only; reads nothing and hides nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import get_args

from aos_core.errors import NotAllowed, NotFound, NotUnderstood
from aos_core.ontology import Field, Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
NEVER = "owner"  # somebody must be able to see what is masked, and to say who else does
MASKABLE = ("admin", "engineer", "analyst", "viewer")
# Money is masked for nobody unless the tenant says so: an executive is often a viewer, and a persona never decides.
DEFAULTS: dict[Kind, frozenset[str]] = {"personal": frozenset({"analyst", "viewer"}), "money": frozenset()}
_CALLED: dict[Kind, str] = {"personal": "Personal data", "money": "Money"}
WHO_GRANTS = "An owner of this tenant can let your role see it."


@dataclass(frozen=True)
class Policy:
    """Of each class, the roles that see it masked; a class that the tenant says nothing of is as by default."""

    said: Mapping[Kind, frozenset[str]] = field(default_factory=dict)

    def masked_for(self, kind: Kind) -> frozenset[str]:
        return self.said.get(kind, DEFAULTS[kind]) - {NEVER}

    def hidden_from(self, role: str) -> frozenset[Kind]:
        """The classes that the role sees masked; every class, where the role is none of ours."""
        if role == NEVER:
            return frozenset()
        return frozenset(kind for kind in KINDS if role not in MASKABLE or role in self.masked_for(kind))

    def version(self, role: str) -> str:
        """A hash of the tenant's masks and the role: what was made under one may not be shown under another."""
        said = [role, {kind: sorted(self.masked_for(kind)) for kind in KINDS}]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def sees(role: str, field: Field, policy: Policy) -> bool:
    """Whether the role sees the field's values: the one rule that every surface goes by."""
    return field.holds is None or field.holds not in policy.hidden_from(role)


def kind_named(name: str) -> Kind:
    """Raises NotFound where there is no such class."""
    found = next((kind for kind in KINDS if kind == name), None)
    if found is None:
        raise NotFound("No such class of fields", fix=f"There are {' and '.join(KINDS)}.")
    return found


def read_roles(roles: Iterable[str]) -> frozenset[str]:
    """The roles that a class is to be masked for.

    Raises:
        NotUnderstood: one of them is no role, or the owner, who always sees everything.
    """
    found = frozenset(roles)
    if strangers := sorted(found - set(MASKABLE)):
        raise NotUnderstood("Nothing can be masked for that role", culprit=", ".join(strangers)[:80], fix=f"There are {', '.join(MASKABLE)}.")
    return found


def called(kinds: Iterable[Kind]) -> str:
    return " and ".join(_CALLED[kind] for kind in KINDS if kind in kinds)


def why(kinds: Iterable[Kind]) -> str:
    """In words, for who sees something masked."""
    return f"{called(kinds)} is masked for your role. {WHO_GRANTS}"


def not_for_you(field: str) -> NotAllowed:
    """Asking by a field is a way to see it: a filter, an order or a count would tell."""
    return NotAllowed("This field is masked for your role, so nothing can be asked by it", culprit=field, fix=WHO_GRANTS)
