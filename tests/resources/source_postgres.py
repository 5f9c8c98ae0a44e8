"""A Postgres that is somebody else's, in the conformance suite: a database of its own, read by a role that may only read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Literal

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aos_resources.connectors import connect
from aos_resources.connectors.postgres import Postgres
from aos_resources.connectors.source import Connector, Doors
from aos_resources.embedded import Cluster
from aos_resources.settings import Settings
from tests.resources.sources import WIDE, Row, within

PASSWORD = "p@ss/w%rd 'ö"
_numbers = count()


class PostgresSource:
    """A database of its own on a second cluster, read by a role that may only read."""

    empty: str | None = ""
    declares = True
    slices = True
    prompt: ClassVar[dict[str, Any]] = {"compare_hours": 0}
    limits: Literal["", "held", "counted"] = "held"
    tells_writing = True
    breaks_by = ("the table was dropped", "the right to read was taken", "a column was dropped", "a column changed its type", "the database lets nobody in")

    @classmethod
    def at(cls, request: pytest.FixtureRequest, folder: Path, settings: Settings) -> PostgresSource:
        return cls(request.getfixturevalue("second"), settings, f"shop {next(_numbers)}")

    def __init__(self, cluster: Cluster, settings: Settings, name: str) -> None:
        self.settings = settings
        self.database = name
        self.port = cluster.port()
        self.reader = name.replace("shop", "reader")
        self.account = f"{self.reader} at 127.0.0.1:{self.port}/{name}"
        self._slice_rows: int | None = None
        with psycopg.connect(cluster.url(), autocommit=True) as server:
            server.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(self.reader), sql.Literal(PASSWORD)))
            server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        parts = conninfo_to_dict(cluster.url())
        self.owner = psycopg.connect(**(parts | {"dbname": name}), autocommit=True)  # type: ignore[arg-type]
        self._run("alter default privileges grant select on tables to {reader}")
        self._names: dict[str, list[str]] = {}
        self.breaks = {
            "the table was dropped": lambda table: self._run("drop table {table} cascade", table),
            "the right to read was taken": lambda table: self._run("revoke select on {table} from {reader}", table),
            "a column was dropped": lambda table: self._run("alter table {table} drop column id cascade", table, "id"),
            "a column changed its type": lambda table: self._run("alter table {table} alter column id type text using 'no ' || id", table, "id"),
            "the database lets nobody in": lambda table: self._run("revoke connect on database {database} from public, {reader}", table, self.database),
        }

    def close(self) -> None:
        self.owner.close()

    def config(self, **more: Any) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "database": self.database, "user": self.reader} | more

    def secret(self) -> dict[str, str]:
        return {"password": PASSWORD}

    def connector(self, **more: Any) -> Connector:
        made = within(connect(Doors(self.settings), "postgres", self.config(**more), json.dumps(self.secret())))
        assert isinstance(made, Postgres)
        made.slice_rows = self._slice_rows or made.slice_rows
        return made

    def stream(self, table: str) -> str:
        return f'"{table}"' if "." in table else table

    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None:
        self._names[table] = list(columns)
        each = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()]  # type: ignore[arg-type]
        each += [sql.SQL("primary key ({})").format(sql.SQL(", ").join(map(sql.Identifier, key)))] if key else []
        self.owner.execute(sql.SQL("create table {} ({})").format(sql.Identifier(table), sql.SQL(", ").join(each)))
        for row in rows:
            self.add(table, row)

    def add(self, table: str, row: Row) -> None:
        self.owner.execute(sql.SQL("insert into {} values ({})").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Literal, row))))

    def change(self, table: str, identity: str, row: Row) -> None:
        self.delete(table, identity)
        self.add(table, row)

    def delete(self, table: str, identity: str) -> None:
        first = sql.Identifier(self._names[table][0])
        self.owner.execute(sql.SQL("delete from {} where {}::text = {}").format(sql.Identifier(table), first, sql.Literal(identity)))

    def fill(self, table: str, rows: int) -> None:
        wide = WIDE.format("repeat(md5(i::text), 16)", f"generate_series(1, {rows}) i")
        self.owner.execute(sql.SQL("create unlogged table {} as {}").format(sql.Identifier(table), sql.SQL(wide)))  # type: ignore[arg-type]

    def small_slices(self) -> None:
        self._slice_rows = 3

    def lose_permission(self, table: str) -> str:
        return self._run("revoke select on {table} from {reader}", table)

    def give_permission(self, table: str) -> None:
        self._run("grant select on {table} to {reader}", table)

    def change_schema(self, table: str, how: str) -> None:
        changes = {
            "added": "alter table {table} add column extra text default 'new'",
            "dropped": "alter table {table} drop column note",
            "renamed": "alter table {table} rename column note to remark",
        }
        self._run(changes[how], table)

    def limit_rate(self, times: int) -> None:
        """Postgres counts connections, not questions."""
        self._run("alter role {reader} connection limit " + ("0" if times else "-1"))

    def let_write(self) -> None:
        self._run("grant insert on all tables in schema public to {reader}")

    def _run(self, statement: str, table: str = "", culprit: str = "") -> str:
        names = {"table": table or "none", "reader": self.reader, "database": self.database}
        self.owner.execute(sql.SQL(statement).format(**{name: sql.Identifier(one) for name, one in names.items()}))  # type: ignore[arg-type]
        return culprit or table
