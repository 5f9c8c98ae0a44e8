"""Sets the database up: roles, schemas, migrations. The only file that uses the owner's connection."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, text

from aos_core.errors import FixTheSource
from aos_resources.database import sqlalchemy_url
from aos_resources.settings import ROLES, Settings

_REPOSITORY = Path(__file__).resolve().parent.parent
# Minors that mend the known leaks of row-level security and planner statistics.
_LEAST_MINORS = {14: 19, 15: 14, 16: 10, 17: 6, 18: 0}

# How the owner's URL says that the server must prove who it is: so for every role.
_TLS = ("sslmode", "sslrootcert", "sslcrl", "ssl_min_protocol_version", "channel_binding")


def prepare(settings: Settings, owner_url: str) -> None:
    """Roles, schemas `aos` and `dagster`, and every migration; safe to call at each start.

    Args:
        owner_url: a role that may create roles and schemas, on a direct port (not a pooler's).
    """
    settings.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    passwords = _passwords(settings)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        _refuse_old(connection)
        # Two starts at once would race in create role.
        connection.execute("select pg_advisory_lock(hashtext('aos.prepare'))")
        if connection.info.server_version >= 160_000:
            # These passwords are 192 random bits: nothing is gained by slow hashing, and Dagster connects anew each time.
            connection.execute("set scram_iterations = 1")
        for role, password in passwords.items():
            _role(connection, role, password)
        owner = sql.Identifier("aos_owner")
        connection.execute(sql.SQL("grant {} to current_user").format(owner))
        connection.execute(sql.SQL("create schema if not exists aos authorization {}").format(owner))
        connection.execute("create schema if not exists dagster authorization dagster")
        connection.execute("alter role dagster set search_path = dagster")
        connection.execute("revoke create on schema public from public")
        _vector(connection)
        _upgrade(owner_url)
        _let_statistics_be_cleared(connection)
    _write_private(settings.roles_file, json.dumps({role: _as(owner_url, role, passwords[role]) for role in ROLES}))


def current_revision(owner_or_app_url: str) -> tuple[str | None, str | None]:
    """The revision the database stands at, and the newest there is."""
    engine = create_engine(sqlalchemy_url(owner_or_app_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table_schema": "aos"})
        standing = context.get_current_revision()
    return standing, ScriptDirectory.from_config(_config()).get_current_head()


def _refuse_old(connection: psycopg.Connection) -> None:
    major, minor = divmod(connection.info.server_version, 10_000)
    least = _LEAST_MINORS.get(major, 0)
    if major < min(_LEAST_MINORS) or minor < least:
        raise FixTheSource(
            "This Postgres has known leaks of row-level security",
            culprit=f"{major}.{minor}",
            fix=f"Update it to {major}.{least} or newer." if major in _LEAST_MINORS else "Use Postgres 16 or newer.",
        )


def _vector(connection: psycopg.Connection) -> None:
    row = connection.execute("select 1 from pg_available_extensions where name = 'vector'").fetchone()
    if row is None:
        raise FixTheSource("This Postgres lacks pgvector", fix="Install the extension `vector` on the server.")
    connection.execute("create extension if not exists vector")


def _passwords(settings: Settings) -> dict[str, str]:
    """Kept from the first start on, so that processes of a running installation go on working; a role that is new gets its own."""
    known = settings.keys / "roles.json"
    found: dict[str, str] = json.loads(known.read_text()) if known.exists() else {}
    made = {role: secrets.token_urlsafe(24) for role in ("aos_owner", *ROLES)} | found
    if made != found:
        _write_private(known, json.dumps(made))
    return made


def _let_statistics_be_cleared(connection: psycopg.Connection) -> None:
    """Postgres keeps samples of values for its planner: who erases a tenant must be able to write that table anew."""
    if connection.info.server_version >= 170_000:
        with suppress(psycopg.errors.InsufficientPrivilege):  # an owner who is no superuser; the report of an erasure says so
            connection.execute("grant maintain on pg_catalog.pg_statistic to aos_erase")


def _write_private(path: Path, content: str) -> None:
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(content)
    fresh.replace(path)


def _role(connection: psycopg.Connection, role: str, password: str) -> None:
    name = sql.Identifier(role)
    if connection.execute("select 1 from pg_roles where rolname = %s", (role,)).fetchone() is None:
        connection.execute(sql.SQL("create role {} nosuperuser nobypassrls login").format(name))
    connection.execute(sql.SQL("alter role {} with login password {}").format(name, sql.Literal(password)))


def _as(owner_url: str, role: str, password: str) -> str:
    """The owner's address with another role. A Supabase pooler wants `role.project` as the user's name."""
    parts = conninfo_to_dict(owner_url)
    project = str(parts.get("user", "")).partition(".")[2]
    user = f"{role}.{project}" if project else role
    host = str(parts.get("host", "127.0.0.1"))
    tls = {name: str(parts[name]) for name in _TLS if name in parts}
    if tls.get("sslrootcert", "system") != "system":
        tls["sslrootcert"] = str(Path(tls["sslrootcert"]).absolute())  # processes stand in folders of their own
    place = f"[{host}]" if ":" in host else host
    query = f"?{urlencode(tls, quote_via=quote)}" if tls else ""
    return f"postgresql://{user}:{quote(password, safe='')}@{place}:{parts.get('port', 5432)}/{parts.get('dbname', 'postgres')}{query}"


def _config() -> Config:
    return Config(str(_REPOSITORY / "alembic.ini"))


def _upgrade(owner_url: str) -> None:
    config = _config()
    engine = create_engine(sqlalchemy_url(owner_url))
    with engine.begin() as connection:
        connection.execute(text("set role aos_owner"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(text("select aos.cover_erasing()"))
    engine.dispose()
