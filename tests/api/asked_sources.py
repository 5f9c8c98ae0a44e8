"""Sources that the API is told to connect: folders with a table of accounts, databases with readers who may more or less."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aos_resources.settings import Settings

ACCOUNTS = "account_id,name\nA-1,Initech\nA-2,Hooli\n"


def folder(settings: Settings, **files: str) -> dict[str, Any]:
    """Of CSV files, by name; accounts where none is named."""
    path = settings.roots[0] / uuid4().hex
    path.mkdir(parents=True)
    for name, text in (files or {"accounts": ACCOUNTS}).items():
        (path / f"{name}.csv").write_text(text)
    return {"source": "files", "config": {"folder": str(path)}}


def reader(server: str, *, writes: bool = False) -> dict[str, Any]:
    """A database of its own on that server, with a table of accounts and somebody who may read it, or more."""
    name, password = f"s{uuid4().hex[:10]}", "only to read"
    parts = conninfo_to_dict(server)
    with psycopg.connect(server, autocommit=True) as made:
        made.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(name), sql.Literal(password)))
        made.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    with psycopg.connect(**(parts | {"dbname": name}), autocommit=True) as made:  # type: ignore[arg-type]
        made.execute("create table accounts (account_id text primary key, name text)")
        made.execute("insert into accounts values ('A-1', 'Initech'), ('A-2', 'Hooli')")
        allowed = sql.SQL("select, insert" if writes else "select")
        made.execute(sql.SQL("grant {} on accounts to {}").format(allowed, sql.Identifier(name)))
    config = {"host": "127.0.0.1", "port": int(str(parts["port"])), "database": name, "user": name}
    return {"source": "postgres", "config": config, "secret": {"password": password}}
