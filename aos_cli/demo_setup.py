"""The demo's world: two workspaces, their people, their connections, and a source database of its own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import yaml
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aos_core.errors import NotUnderstood
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction, as_json
from aos_resources.decisions import state_decision, stream_named
from aos_resources.people import Role, add_member, create_tenant, create_user
from aos_resources.world import World

DATA = Path(__file__).resolve().parent / "demo_data"
PASSWORD = "autonomos-demo"


@dataclass(frozen=True)
class Workspace:
    """One tenant of the demo; `decisions` are the documents of a person's answers that it is given."""

    slug: str
    name: str
    people: tuple[tuple[str, str, Role], ...]
    files: Path
    decisions: tuple[str, ...]


DEMO = Workspace(
    "demo",
    "Demo",
    (("demo@example.com", "Demo owner", "owner"), ("viewer@example.com", "Demo viewer", "viewer")),
    DATA / "crm_sales",
    ("accounts", "opportunities", "cost_reports", "cloud_resources"),
)
MIRROR = Workspace(
    "mirror", "Mirror", (("mirror@example.com", "Mirror owner", "owner"),), DATA / "mirror", ("accounts", "opportunities")
)
# The one that people look at comes last, so that the orchestrator's latest events are its own.
WORKSPACES = (MIRROR, DEMO)


def prepare_demo(world: World, source_url: str) -> None:
    """Workspaces, people and connections; safe to repeat, and right again when the source's port has changed."""
    reader = load_source(source_url)
    for workspace in WORKSPACES:
        tenant = create_tenant(world.database, workspace.slug, workspace.name)
        for email, name, role in workspace.people:
            _person(world, tenant, email, name, role)
        with world.database.of(tenant).transaction() as transaction:
            _connection(transaction, world, tenant, "crm", "files", {"folder": str(workspace.files)}, None)
    tenant = create_tenant(world.database, DEMO.slug, DEMO.name)
    address = conninfo_to_dict(reader)
    config = {
        "host": address["host"], "port": int(str(address["port"])), "database": address["dbname"], "user": address["user"],
        "cursors": {"focus_costs": "Id"},
    }  # fmt: skip
    with world.database.of(tenant).transaction() as transaction:
        _connection(transaction, world, tenant, "billing", "postgres", config, str(address["password"]))


def import_decisions(world: World, workspace: Workspace) -> int:
    """The person's answers, each document once: what somebody decided since is never overwritten."""
    stated = 0
    work = world.of(world.database.tenant(workspace.slug))
    for name in workspace.decisions:
        document: dict[str, Any] = yaml.safe_load((DATA / "decisions" / f"{name}.yaml").read_text())
        with work.database.transaction() as transaction:
            known = transaction.first(
                "select 1 from aos.decisions where stream_id = :stream and entity = :entity limit 1",
                stream=stream_named(transaction, document["stream"]),
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


def _person(world: World, tenant: Tenant, email: str, name: str, role: Role) -> None:
    try:
        user: UUID = create_user(world.database, email, name, PASSWORD)
    except NotUnderstood:
        # There since an earlier start; a killed one may have left the person without the membership.
        with world.database.people() as transaction:
            user = transaction.one("user", "select id from aos.users where lower(email) = :email", email=email)["id"]
    add_member(world.database, tenant, user, role)


def _connection(
    transaction: Transaction, world: World, tenant: Tenant, name: str, source: str, config: dict[str, Any], secret: str | None
) -> None:
    row = transaction.one(
        "connection",
        "insert into aos.connections (id, name, source, config, note) values (:id, :name, :source, cast(:config as jsonb), 'demo data')"
        " on conflict (tenant_id, name) do update set config = excluded.config returning id",
        id=uuid4(), name=name, source=source, config=as_json(config),
    )  # fmt: skip
    if secret is not None:
        sealed = world.secrets.seal(transaction, tenant, row["id"], secret)
        transaction.run("update aos.connections set sealed = :sealed where id = :id", sealed=sealed, id=row["id"])
