"""Everything this installation is told from outside: the only reader of the environment."""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from aos_core.errors import FixTheSource

Role = Literal["aos_app", "aos_login", "aos_dispatch", "dagster"]
_CHECKOUT = Path(__file__).resolve().parent.parent
ROLES: tuple[Role, ...] = ("aos_app", "aos_login", "aos_dispatch", "dagster")


class Settings(BaseSettings):
    """Read once at a process's start and handed on as a value."""

    model_config = SettingsConfigDict(env_prefix="AOS_", extra="ignore", frozen=True)

    home: Path = Path("~/.autonomos")
    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL"),
        description="Owner's URL of an existing Postgres, on its direct port; used by migrations only.",
    )
    lake_url: Path | None = Field(default=None, description="Folder of raw rows, events and versions.")
    file_roots: str = Field(default="", description="Folders that file connections may read, joined by ':'.")
    host: str = "127.0.0.1"
    api_port: int = 8700
    dagster_port: int = 8701
    memory: str = Field(default="450MB", description="DuckDB's memory limit while a tenant is built.")
    threads: int = Field(default=2, description="DuckDB's threads while a tenant is built.")
    version_memory: str = Field(default="256MB", description="Memory limit of each open version in the API.")
    version_threads: int = Field(default=1, description="Threads of each open version in the API.")
    open_versions: int = Field(default=8, description="Versions the API keeps open at once.")
    versions_bytes: int = Field(default=20_000_000_000, description="Bytes that a tenant's published versions may take together.")
    token_minutes: int = 480

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _empty_is_none(cls, url: str | None) -> str | None:
        return url or None

    @property
    def lake(self) -> Path:
        return self.lake_url if self.lake_url is not None else self.home / "lake"

    @property
    def keys(self) -> Path:
        """Folder of the installation's own keys (mode 700)."""
        return self.home / "keys"

    @property
    def status_file(self) -> Path:
        """What `aos up` started: addresses, ports and process ids."""
        return self.home / "status.json"

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """Real paths of the folders that file connections may read."""
        return tuple(Path(root).expanduser().resolve() for root in self.file_roots.split(os.pathsep) if root)

    @property
    def roles_file(self) -> Path:
        """URLs of the roles that running processes use (mode 600); the owner's is never in it."""
        return self.home / "keys" / "databases.json"

    def url(self, role: Role) -> str:
        """The database URL of a running process's role, as psycopg reads it.

        Raises:
            FixTheSource: nothing has been started or migrated under this home yet.
        """
        try:
            urls: dict[str, str] = json.loads(self.roles_file.read_text())
        except FileNotFoundError as missing:
            raise FixTheSource(
                "No database is set up here", culprit=str(self.home), fix="Run `aos up` or `aos demo` first."
            ) from missing
        return urls[role]


def read_settings() -> Settings:
    return Settings()


def demo_settings(data: Path) -> Settings:
    """The same for a demo: a home in the checkout unless told otherwise, and the demo's files among the roots."""
    settings = Settings()
    home = settings.home if "home" in settings.model_fields_set else _CHECKOUT / ".aos"
    roots = os.pathsep.join(filter(None, (settings.file_roots, str(data))))
    return settings.model_copy(update={"home": home, "file_roots": roots})
