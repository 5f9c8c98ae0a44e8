"""What every step is given: one tenant's doors, its ontology, and the run it works for."""

from __future__ import annotations

from dataclasses import dataclass

from aos_core.ontology import Ontology, standard
from aos_core.tenancy import Tenant
from aos_resources.database import Database, TenantDatabase
from aos_resources.flags import Flags
from aos_resources.lake import Lake, TenantLake
from aos_resources.live import Live
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings


@dataclass(frozen=True)
class World:
    """One process's view of the outside: made once, handed to every step."""

    settings: Settings
    database: Database
    lake: Lake
    secrets: Secrets
    flags: Flags

    def of(self, tenant: Tenant) -> Work:
        return Work(tenant, self.settings, self.database.of(tenant), self.lake.of(tenant), self.secrets, standard(), self.flags)

    def named(self, slug: str) -> Work:
        """Raises NotFound where no living tenant is called so."""
        return self.of(self.database.tenant(slug))

    def close(self) -> None:
        self.flags.close()
        self.database.close()


@dataclass(frozen=True)
class Work:
    tenant: Tenant
    settings: Settings
    database: TenantDatabase
    lake: TenantLake
    secrets: Secrets
    ontology: Ontology
    flags: Flags


def open_world(settings: Settings) -> World:
    database = Database(settings)
    return World(settings, database, Lake(settings), Secrets(settings), Flags(database, Live(settings)))
