"""The demo's worlds: their workspaces, people and connections, and a source database of its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args
from uuid import UUID, uuid4

import psycopg
import yaml
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aos_cli.demo_sources import DATA
from aos_cli.home import write_whole
from aos_core.errors import NotFound, NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.connectors.legacy import System
from aos_resources.database import Transaction, as_json
from aos_resources.decisions import state_decision, stream_named
from aos_resources.people import Role, add_member, create_tenant, create_user
from aos_resources.quotas import reserve
from aos_resources.settings import DEMO_DATA
from aos_resources.world import World

PASSWORD = "autonomos-demo"


@dataclass(frozen=True)
class Workspace:
    """One tenant of the demo. `sources`: name of a connection → its kind and config, of those that need no server;
    `decisions`: the documents of a person's answers that it is given."""

    slug: str
    name: str
    people: tuple[tuple[str, str, Role], ...]
    sources: Mapping[str, tuple[str, dict[str, Any]]]
    decisions: tuple[str, ...]


@dataclass(frozen=True)
class Servers:
    """What the first workspace reads by the network. `ports`: stand-in → where it listens; one that is left out is not there."""

    source_url: str
    ports: Mapping[str, int]
    password: str = field(repr=False)


DEMO = Workspace(
    "demo",
    "Demo",
    (("demo@example.com", "Demo owner", "owner"), ("viewer@example.com", "Demo viewer", "viewer")),
    {"crm": ("files", {"folder": str(DATA / "crm_sales")})},
    ("accounts", "opportunities", "cost_reports", "cloud_resources", "salesforce_accounts", "account_usage"),
)
LEGACY = Workspace(
    "legacy",
    "Legacy systems",
    (("legacy@example.com", "Legacy owner", "owner"),),
    {system: ("legacy", {"system": system}) for system in get_args(System)},
    ("legacy/accounts", "legacy/contacts", "legacy/opportunities", "legacy/cost_reports"),
)
MIRROR = Workspace(
    "mirror",
    "Mirror",
    (("mirror@example.com", "Mirror owner", "owner"),),
    {"crm": ("files", {"folder": str(DATA / "mirror")})},
    ("accounts", "opportunities"),
)
OPERATOR = ("operator@example.com", "Demo operator")
# The one that people look at comes last, so that the orchestrator's latest events are its own.
WORKSPACES = (MIRROR, LEGACY, DEMO)


def prepare_demo(world: World, servers: Servers) -> None:
    """Workspaces, people and connections; safe to repeat, and right again when a server's port has changed."""
    write_whole(world.settings.home / DEMO_DATA, os.fsencode(DATA))  # half a path would be another folder, which every command could then read
    for workspace in WORKSPACES:
        tenant = create_tenant(world.database, workspace.slug, workspace.name)
        for email, name, role in workspace.people:
            _person(world, tenant, email, name, role)
        served = _served(servers) if workspace is DEMO else {}
        with world.database.of(tenant).transaction() as transaction:
            for name, (kind, config) in workspace.sources.items():
                _connection(transaction, world, tenant, name, kind, config, None)
            for name, (kind, config, secret) in served.items():
                _connection(transaction, world, tenant, name, kind, config, secret)
    _operator(world)


def _served(servers: Servers) -> dict[str, tuple[str, dict[str, Any], dict[str, str]]]:
    """Name of a connection → its kind, its config, and what is sealed of it."""
    address = conninfo_to_dict(load_source(servers.source_url))
    billing = {
        "host": address["host"], "port": int(str(address["port"])), "database": address["dbname"], "user": address["user"],
        "cursors": {"focus_costs": "Id"},
    }  # fmt: skip
    found: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {"billing": ("postgres", billing, {"password": str(address["password"])})}
    if "salesforce" in servers.ports:
        salesforce = {"client_id": "demo-app", "login": f"http://127.0.0.1:{servers.ports['salesforce']}"}
        found["salesforce"] = ("salesforce", salesforce, {"refresh_token": "demo-refresh-token", "client_secret": "demo-app-secret"})
    if "mongodb" in servers.ports:
        mongodb = {
            "host": "127.0.0.1", "port": servers.ports["mongodb"], "database": "demo", "user": "reader", "auth_database": "demo", "tls": False,
        }  # fmt: skip
        found["mongodb"] = ("mongodb", mongodb, {"password": servers.password})
    return found


def import_decisions(world: World, workspace: Workspace) -> int:
    """The person's answers, each document once: what somebody decided since is never overwritten.

    An answer about a source that is left out waits for it.
    """
    stated = 0
    work = world.of(world.database.tenant(workspace.slug))
    for name in workspace.decisions:
        for document in yaml.safe_load_all((DATA / "decisions" / f"{name}.yaml").read_text()):
            with work.database.transaction() as transaction:
                try:
                    stream = stream_named(transaction, document["stream"])
                except NotFound:
                    continue
                known = transaction.first(
                    "select 1 from aos.decisions where stream_id = :stream and entity = :entity limit 1",
                    stream=stream,
                    entity=document["entity"],
                )
                if known is None:
                    stated += state_decision(transaction, work.ontology, document, workspace.people[0][0])
    return stated


def load_source(source_url: str) -> str:
    """The billing database: one table of cost rows, all text but its key, and a reader who may only read it.

    Returns: the reader's URL. Its password is new at each start.
    """
    path = DATA / "focus" / "focus_sample.csv"
    with path.open() as file:
        names = [name.strip('"\n') for name in file.readline().split(",")]
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL("bigint primary key" if name == "Id" else "text")) for name in names
    )
    password = secrets.token_urlsafe(18)
    with psycopg.connect(source_url) as connection:
        if connection.execute("select to_regclass('public.focus_costs')").fetchone() == (None,):
            connection.execute(sql.SQL("create table public.focus_costs ({})").format(columns))
            with connection.cursor() as cursor, cursor.copy(
                "copy public.focus_costs from stdin with (format csv, header true, null E'\\x01')"
            ) as copy:
                copy.write(path.read_bytes())
        if connection.execute("select 1 from pg_roles where rolname = 'billing_reader'").fetchone() is None:
            connection.execute("create role billing_reader login")
        connection.execute(sql.SQL("alter role billing_reader with password {}").format(sql.Literal(password)))
        connection.execute("grant select on public.focus_costs to billing_reader")
    address = conninfo_to_dict(source_url)
    return f"postgresql://billing_reader:{password}@{address['host']}:{address['port']}/{address['dbname']}"


def _operator(world: World) -> None:
    """Belongs to no tenant."""
    user = _account(world, *OPERATOR)
    with world.database.people() as transaction:
        transaction.run("insert into aos.operators (user_id) values (:user) on conflict do nothing", user=user)


def _person(world: World, tenant: Tenant, email: str, name: str, role: Role) -> None:
    add_member(world.database, tenant, _account(world, email, name), role)


def _account(world: World, email: str, name: str) -> UUID:
    try:
        return create_user(world.database, email, name, PASSWORD)
    except NotUnderstood:
        # There since an earlier start; a killed one may have left the person without what they belong to.
        with world.database.people() as transaction:
            user: UUID = transaction.one("user", "select id from aos.users where lower(email) = :email", email=email)["id"]
            return user


def _connection(
    transaction: Transaction, world: World, tenant: Tenant, name: str, source: str, config: dict[str, Any], secret: dict[str, str] | None
) -> None:
    if transaction.first("select from aos.connections where name = :name", name=name) is None:
        reserve(transaction, "connections")
    row = transaction.one(
        "connection",
        "insert into aos.connections (id, name, source, config, note) values (:id, :name, :source, cast(:config as jsonb), 'demo data')"
        " on conflict (tenant_id, name) do update set config = excluded.config returning id",
        id=uuid4(), name=name, source=source, config=as_json(config),
    )  # fmt: skip
    if secret is not None:
        sealed = world.secrets.seal(transaction, tenant, row["id"], as_json(secret))
        transaction.run("update aos.connections set sealed = :sealed where id = :id", sealed=sealed, id=row["id"])
