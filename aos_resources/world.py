"""What every step is given: one tenant's doors, its ontology, and the run it works for."""

from __future__ import annotations

from dataclasses import dataclass

from aos_core.ontology import Ontology, standard
from aos_core.tenancy import Tenant
from aos_resources.database import Database, TenantDatabase
from aos_resources.lake import Lake, TenantLake
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings


@dataclass(frozen=True)
class World:
    """One process's view of the outside: made once, handed to every step."""

    settings: Settings
    database: Database
    lake: Lake
    secrets: Secrets

    def of(self, tenant: Tenant) -> Work:
        return Work(tenant, self.settings, self.database.of(tenant), self.lake.of(tenant), self.secrets, standard())

    def named(self, slug: str) -> Work:
        """Raises NotFound where no living tenant is called so."""
        return self.of(self.database.tenant(slug))


@dataclass(frozen=True)
class Work:
    tenant: Tenant
    settings: Settings
    database: TenantDatabase
    lake: TenantLake
    secrets: Secrets
    ontology: Ontology


def open_world(settings: Settings) -> World:
    return World(settings, Database(settings), Lake(settings), Secrets(settings))
