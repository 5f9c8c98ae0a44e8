"""Everything this installation is told from outside: the only reader of the environment."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from aos_core.allow_list import AllowList, read_allow_list
from aos_core.errors import FixTheSource
from aos_core.networks import Network, read_networks

Role = Literal["aos_app", "aos_login", "aos_dispatch", "aos_erase", "dagster"]
# In the home of a demo: where its files are.
DEMO_DATA = "demo.data"
_CHECKOUT = Path(__file__).resolve().parent.parent
ROLES: tuple[Role, ...] = ("aos_app", "aos_login", "aos_dispatch", "aos_erase", "dagster")


class Settings(BaseSettings):
    """Read once at a process's start and handed on as a value."""

    model_config = SettingsConfigDict(env_prefix="AOS_", extra="ignore", frozen=True)

    home: Path = Path("~/.autonomos")
    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("AOS_DATABASE_URL", "SUPABASE_DATABASE_URL", "DATABASE_URL"),
        repr=False,
        description="Owner's URL of an existing Postgres, on its direct port; used by migrations only.",
    )
    redis_url: str | None = Field(default=None, repr=False, description="URL of an existing Redis or valkey; an embedded one unless set.")
    redis_ca: Path | None = Field(default=None, description="File of the CA that signed the certificate of a Redis at rediss://.")
    pooler: str | None = Field(
        default=None,
        pattern=r"^[^\s/@]+:\d+$",
        description="host:port of a pooler in transaction mode, for everything but migrations, erasures and Dagster's own storage.",
    )
    master_key: SecretStr | None = Field(default=None, description="32 bytes as base64 that wrap the keys of tenants; a file of the home unless set.")
    master_key_before: SecretStr | None = Field(default=None, description="The one before it, until `aos keys rotate --what master` has ended.")
    lake_url: Path | None = Field(default=None, description="Folder of raw rows, events and versions.")
    file_roots: str = Field(default="", description="Folders that file connections may read, joined by ':'.")
    sources: str = Field(
        default="", description="What may be connected: kinds of sources with commas between, `postgres:*.example.com` for some hosts of one; every kind unless set."
    )
    allowed_networks: str = Field(default="", description="Networks of the company's own that sources may be in: `10.1.0.0/16`, `localhost`, with commas.")
    aod_url: str | None = Field(default=None, description="Address of an AOS Discover service that looks for sources.")
    aod_token: SecretStr = SecretStr("")
    aod_tenant: str = Field(default="", description="Short name of the tenant whose sources that service looks for: it tells tenants not apart.")
    airbyte_url: str | None = Field(
        default=None, description="Address of an external Airbyte's API, such as https://api.airbyte.com/v1 or http://airbyte.example.com:8000/api/public/v1."
    )
    airbyte_token: SecretStr = SecretStr("")
    airbyte_client_id: str = ""
    airbyte_client_secret: SecretStr = SecretStr("")
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
    oidc_issuer: str | None = Field(default=None, description="Address of an OpenID Connect provider that people may sign in with.")
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = Field(default="your company", description="What people call that provider.")
    dagster_url: str | None = Field(default=None, description="Where the orchestrator's own UI is; what `aos up` started, unless told.")
    tenant_limit: str = Field(default="6000/minute", description="Requests of a tenant.")
    caller_limit: str = Field(default="1200/minute", description="Requests of one person or key in a tenant.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("database_url", "redis_url", "oidc_issuer", "dagster_url", "aod_url", "airbyte_url")
    @classmethod
    def _empty_is_none(cls, url: str | None) -> str | None:
        return url or None

    @model_validator(mode="after")
    def _redis_is_asked_by_tls(self) -> Settings:
        if self.redis_ca is not None and not (self.redis_url or "").startswith("rediss://"):
            raise ValueError("AOS_REDIS_CA is of no use unless AOS_REDIS_URL begins with rediss://")
        return self

    @field_validator("allowed_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        read_networks(text)
        return text

    @field_validator("master_key", "master_key_before")
    @classmethod
    def _empty_key_is_none(cls, key: SecretStr | None) -> SecretStr | None:
        return key if key is not None and key.get_secret_value() else None

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

    @property  # not a cached one, as for `networks`
    def roots(self) -> tuple[Path, ...]:
        """Real paths of the folders that file connections may read."""
        return tuple(Path(root).expanduser().resolve() for root in self.file_roots.split(os.pathsep) if root)

    @property  # not a cached one: a copy with other networks would keep it
    def networks(self) -> tuple[Network, ...]:
        """Networks of the company's own that sources may be in."""
        return read_networks(self.allowed_networks)

    @property
    def allowed_sources(self) -> AllowList:
        return read_allow_list(self.sources)

    @property
    def roles_file(self) -> Path:
        """URLs of the roles that running processes use (mode 600); the owner's is never in it."""
        return self.home / "keys" / "databases.json"

    @property
    def live_file(self) -> Path:
        """URL of the embedded Redis (mode 600), there while one runs."""
        return self.home / "keys" / "live.json"

    def redis(self) -> str | None:
        """Where Redis answers as things are now; None where there is none, which takes nothing but speed away."""
        if self.redis_url is not None:
            return self.redis_url if self.redis_ca is None else _signed_by(self.redis_url, self.redis_ca)
        try:
            url: str = json.loads(self.live_file.read_text())["redis"]
        except FileNotFoundError:
            return None
        return url

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
        return urls[role] if self.pooler is None or role in ("aos_erase", "dagster") else _through(urls[role], self.pooler)


def _signed_by(url: str, ca: Path) -> str:
    """The same server, which must show a certificate of that CA and of its name."""
    parts = urlsplit(url)
    told = {"ssl_ca_certs": str(ca.absolute()), "ssl_cert_reqs": "required", "ssl_check_hostname": "true"}
    return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | told)))


def _through(url: str, pooler: str) -> str:
    """The same role and database by the pooler's address."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{pooler}"))


def read_settings() -> Settings:
    """What the environment says; of a home that holds a demo, its sources may be read by every command."""
    settings = Settings()
    told = settings.home / DEMO_DATA
    return _reaching(settings, os.fsdecode(told.read_bytes())) if told.is_file() else settings


def demo_settings(data: Path) -> Settings:
    """The same for a demo that is made: a home in the checkout unless told otherwise."""
    settings = Settings()
    home = settings.home if "home" in settings.model_fields_set else _CHECKOUT / ".aos"
    return _reaching(settings, str(data)).model_copy(update={"home": home})


def _reaching(settings: Settings, data: str) -> Settings:
    """The demo's files are among the roots, its databases on this machine."""
    roots = os.pathsep.join(filter(None, (settings.file_roots, data)))
    networks = ", ".join(filter(None, (settings.allowed_networks, "localhost")))
    return settings.model_copy(update={"file_roots": roots, "allowed_networks": networks})
