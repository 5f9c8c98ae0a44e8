"""Who a row belongs to. A tenant is a type here; a bare string or uuid never stands for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID, uuid5

from aos_core.errors import NotUnderstood

_NAMESPACE = UUID("6f6d6f74-7561-5f61-8f73-6e616d657370")
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")


@dataclass(frozen=True)
class Tenant:
    """One isolated workspace: `id` is what rows carry, `slug` what people and partitions say."""

    id: UUID
    slug: str


# What belongs to no tenant but to the installation itself is told under this id; no tenant's name gives it.
INSTALLATION = Tenant(UUID(int=0), "installation")


def tenant_named(slug: str) -> Tenant:
    """The tenant of a slug. The id follows from the slug, so that a restored installation keeps its ids."""
    if not _SLUG.fullmatch(slug):
        raise NotUnderstood(
            "A tenant's name is 2 to 40 lower-case letters, digits and hyphens, beginning with a letter",
            culprit=slug[:60],
        )
    return Tenant(uuid5(_NAMESPACE, slug), slug)
