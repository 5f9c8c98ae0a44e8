"""Forty sources to be connected, real folders and real databases, some of them broken as they are in any company."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aos_core.tenancy import Tenant
from aos_resources.database import Database
from aos_resources.intents import Wanted
from aos_resources.people import create_tenant
from aos_resources.settings import Settings
from aos_resources.world import Work, World, open_world

ACCOUNTS = "account_id,name,industry\nA-1,Initech,software\nA-2,Hooli,software\nA-3,Acme,retail\n"
DEALS = "opportunity_id,name,amount,stage\nO-1,First,100.00,won\nO-2,Second,200.00,lost\nO-3,Third,5.00,won\n"
PASSWORD = "only to read"


class Sources:
    """Folders under the settings' root, and one database of somebody else's with readers of several rights."""

    def __init__(self, settings: Settings, server: str) -> None:
        self._settings = settings
        self._server = server
        self._parts = conninfo_to_dict(server)
        self.database = f"d{uuid4().hex[:10]}"
        with psycopg.connect(server, autocommit=True) as made:
            made.execute(sql.SQL("create database {}").format(sql.Identifier(self.database)))
        with self.owner() as made:
            made.execute("create table accounts (account_id text primary key, name text, industry text)")
            made.execute("insert into accounts values ('A-1', 'Initech', 'software'), ('A-2', 'Hooli', 'retail')")
        self.reader, self.writer = self._role("select"), self._role("select, insert")

    def owner(self) -> psycopg.Connection[Any]:
        return psycopg.connect(**(self._parts | {"dbname": self.database}), autocommit=True)  # type: ignore[arg-type]

    def _role(self, rights: str) -> str:
        name = f"r{uuid4().hex[:10]}"
        with self.owner() as made:
            made.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(name), sql.Literal(PASSWORD)))
            made.execute(sql.SQL("grant {} on accounts to {}").format(sql.SQL(rights), sql.Identifier(name)))  # type: ignore[arg-type]
        return name

    def config(self, **more: Any) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": int(str(self._parts["port"])), "database": self.database, "user": self.reader} | more

    def postgres(self, external: str, password: str = PASSWORD, **more: Any) -> Wanted:
        return Wanted("batch", external, f"db {external}", "postgres", self.config(**more), {"password": password})

    def folder(self, **files: str) -> Path:
        path = self._settings.roots[0] / uuid4().hex
        path.mkdir(parents=True)
        for name, text in (files or {"accounts": ACCOUNTS}).items():
            (path / f"{name}.csv").write_text(text)
        return path

    def files(self, external: str, **files: str) -> Wanted:
        return Wanted("batch", external, f"files {external}", "files", {"folder": str(self.folder(**files))})

    def forty(self) -> list[Wanted]:
        """Thirty-seven that may be connected and have their credentials, three of them broken; three that are not eligible."""
        sound = [self.files(f"f{one}") for one in range(12)] + [self.files(f"d{one}", accounts=ACCOUNTS, deals=DEALS) for one in range(10)]
        sound += [self.postgres(f"p{one}") for one in range(12)]
        broken = [self.postgres("wrong-password", "guessed"), self.postgres("unreachable", port=1), self.postgres("writable", user=self.writer)]
        not_eligible = [
            Wanted("batch", "not-allowed", "not allowed", "postgres", self.config(host="localhost"), {"password": PASSWORD}),
            Wanted("batch", "no-secret", "no secret", "postgres", self.config()),
            Wanted("batch", "no-kind", "no kind", "fax", {"number": "1"}),
        ]
        return sound + broken + not_eligible


def work_for(settings: Settings, **told: Any) -> tuple[World, Work]:
    """A tenant of its own; `told`: settings that are others than the tests'."""
    world = open_world(settings.model_copy(update=told))
    tenant: Tenant = create_tenant(Database(settings), f"t-{uuid4().hex[:10]}", "T")
    return world, world.of(tenant)
