"""The switches of an installation and of its tenants: what each means, and which way it stands where nobody has said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from aos_core.errors import NotFound
from aos_core.tenancy import Tenant

Name = Literal["SCHEDULED_REFRESH", "AUTO_APPLY_EXACT_MATCHES", "LIVE_EVENTS", "SIGN_UP", "SAFE_MODE"]


@dataclass(frozen=True)
class Flag:
    """`everywhere_only`: a tenant has no say in it."""

    name: Name
    meaning: str
    default: bool
    everywhere_only: bool = False


# A flag stands here from the day on which something reads it, and not before.
FLAGS: dict[str, Flag] = {
    one.name: one
    for one in (
        Flag("SCHEDULED_REFRESH", "The schedule reads what changed. Off: only what somebody asks for is read.", True),
        Flag("AUTO_APPLY_EXACT_MATCHES", "Columns that fit a field exactly feed it at once. Off: they wait for a decision like all others.", True),
        Flag("LIVE_EVENTS", "Open pages and programs are told what happens. Off: they ask now and then.", True),
        Flag("SAFE_MODE", "Sources are only connected with credentials that may not change them, where the source can tell.", True),
        Flag("SIGN_UP", "Anybody may make a tenant of their own.", False, everywhere_only=True),
    )
}


@dataclass(frozen=True)
class Standing:
    """How every flag stands at one moment: what was said for single tenants, and what for all others."""

    tenants: Mapping[tuple[UUID, str], bool] = field(default_factory=dict)
    everywhere: Mapping[str, bool] = field(default_factory=dict)

    def on(self, name: Name, tenant: Tenant | None = None) -> bool:
        """The tenant's own word, else the installation's, else the flag's default."""
        own = None if tenant is None or FLAGS[name].everywhere_only else self.tenants.get((tenant.id, name))
        return self.everywhere.get(name, FLAGS[name].default) if own is None else own

    def said_by(self, name: Name, tenant: Tenant | None = None) -> Literal["tenant", "installation", "default"]:
        """Whose word it is."""
        if tenant is not None and (tenant.id, name) in self.tenants and not FLAGS[name].everywhere_only:
            return "tenant"
        return "installation" if name in self.everywhere else "default"


def flag_named(name: str, *, of_a_tenant: bool) -> Flag:
    """Raises NotFound where there is no such flag, or none that a tenant may turn."""
    found = FLAGS.get(name)
    if found is None or (of_a_tenant and found.everywhere_only):
        raise NotFound("No such flag", culprit=name[:60], fix=f"There are {', '.join(known(of_a_tenant=of_a_tenant))}.")
    return found


def known(*, of_a_tenant: bool) -> list[str]:
    return [one.name for one in FLAGS.values() if not (of_a_tenant and one.everywhere_only)]
