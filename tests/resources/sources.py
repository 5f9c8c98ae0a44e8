"""Real sources for the conformance suite: each knows how to make, change, delete and break its own data.

A source is added here with its connector; the suite fails until it is.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from aos_resources.connectors import connect
from aos_resources.connectors.source import Connector, Part, SourceStream
from aos_resources.embedded import Cluster
from aos_resources.settings import Settings

Row = Sequence[str | None]
PASSWORD = "p@ss/w%rd 'ö"
# A wide row of text that no compression shrinks, for 400,000 rows far above what a reader may hold.
WIDE = "select i as id, {} as t from {}"


class Source(Protocol):
    """Values are texts, as the source itself writes them. `empty`: what an empty text is read as."""

    empty: str | None
    declares: bool
    breaks: dict[str, Callable[[str], str]]

    def config(self, **more: Any) -> dict[str, Any]: ...
    def connector(self, **more: Any) -> Connector: ...
    def stream(self, table: str) -> str: ...
    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None: ...
    def add(self, table: str, row: Row) -> None: ...
    def change(self, table: str, identity: str, row: Row) -> None: ...
    def delete(self, table: str, identity: str) -> None: ...
    def fill(self, table: str, rows: int) -> None: ...


class FileSource:
    """A folder of CSV files: types are not declared, and an empty text is nothing."""

    empty: str | None = None
    declares = False

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings.model_copy(update={"file_roots": str(folder)})
        self._tables: dict[str, tuple[list[str], list[Row]]] = {}
        self.breaks = {
            "the file became a folder": self._no_file,
            "the folder is gone": self._no_folder,
            "the file lost its header": self._no_header,
        }

    def config(self, **more: Any) -> dict[str, Any]:
        return {"folder": str(self.folder)}

    def connector(self, **more: Any) -> Connector:
        return connect(self.settings, "files", self.config(), None)

    def stream(self, table: str) -> str:
        return table

    def make(self, table: str, columns: dict[str, str], rows: Sequence[Row], key: Sequence[str] = ()) -> None:
        self._tables[table] = (list(columns), list(rows))
        self._write(table)

    def add(self, table: str, row: Row) -> None:
        self._tables[table][1].append(row)
        self._write(table)

    def change(self, table: str, identity: str, row: Row) -> None:
        names, rows = self._tables[table]
        self._tables[table] = (names, [row if one[0] == identity else one for one in rows])
        self._write(table)

    def delete(self, table: str, identity: str) -> None:
        names, rows = self._tables[table]
        self._tables[table] = (names, [one for one in rows if one[0] != identity])
        self._write(table)

    def fill(self, table: str, rows: int) -> None:
        statement = WIDE.format("repeat(md5(i::text), 16)", f"range({rows}) r(i)")
        with duckdb.connect() as connection:
            connection.execute(f"copy ({statement}) to '{self._path(table)}' (header)")

    def _path(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def _write(self, table: str) -> None:
        names, rows = self._tables[table]
        with self._path(table).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([names, *rows])

    def _no_file(self, table: str) -> str:
        self._path(table).unlink()
        self._path(table).mkdir()
        return self._path(table).name

    def _no_folder(self, table: str) -> str:
        shutil.rmtree(self.folder)
        return self.folder.name

    def _no_header(self, table: str) -> str:
        self._path(table).write_bytes(b"")
        return self._path(table).name


class PostgresSource:
    """A database of its own on a second cluster, read by a role that may only read."""

    empty: str | None = ""
    declares = True

    def __init__(self, cluster: Cluster, settings: Settings, name: str) -> None:
        self.settings = settings
        self.database = name
        self.port = cluster.port()
        with psycopg.connect(cluster.url(), autocommit=True) as server:
            if server.execute("select 1 from pg_roles where rolname = 'reader'").fetchone() is None:
                server.execute(sql.SQL("create role reader login password {}").format(sql.Literal(PASSWORD)))
            server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        parts = conninfo_to_dict(cluster.url())
        self.owner = psycopg.connect(**(parts | {"dbname": name}), autocommit=True)  # type: ignore[arg-type]
        self.owner.execute("alter default privileges grant select on tables to reader")
        self._names: dict[str, list[str]] = {}
        self.breaks = {
            "the table was dropped": lambda table: self._break("drop table {} cascade", table),
            "the right to read was taken": lambda table: self._break("revoke select on {} from reader", table),
            "a column was dropped": lambda table: self._break("alter table {} drop column id cascade", table, "id"),
            "a column changed its type": lambda table: self._break("alter table {} alter column id type text using 'no ' || id", table, self.database),
            "the database lets nobody in": self._nobody_in,
        }

    def config(self, **more: Any) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "database": self.database, "user": "reader"} | more

    def connector(self, **more: Any) -> Connector:
        return connect(self.settings, "postgres", self.config(**more), PASSWORD)

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

    def _break(self, statement: str, table: str, culprit: str = "") -> str:
        self.owner.execute(sql.SQL(statement).format(sql.Identifier(table)))  # type: ignore[arg-type]
        return culprit or table

    def _nobody_in(self, table: str) -> str:
        self.owner.execute(sql.SQL("revoke connect on database {} from public, reader").format(sql.Identifier(self.database)))
        return self.database


def found(connector: Connector, name: str) -> SourceStream:
    (stream,) = [one for one in connector.discover().streams if one.name == name]
    return stream


def rows_of(parts: list[Part]) -> list[list[str | None]]:
    """Rows as texts; booleans and numbers as the source writes them."""
    rows = [list(row.values()) for part in parts for batch in (part.batches or ()) for row in batch.to_pylist()]
    return [[None if value is None else str(value).lower() if isinstance(value, bool) else str(value) for value in row] for row in rows]


def read(connector: Connector, stream: SourceStream, cursor: str | None = None, known: dict[str, str] | None = None) -> tuple[list[list[str | None]], list[Part]]:
    parts = list(connector.read(stream, cursor, known or {}))
    return rows_of(parts), parts
