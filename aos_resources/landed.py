"""The reader of landed files: raw rows and quarantined rows, as they stand in Parquet. Never writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from aos_core.errors import NotFound
from aos_core.tenancy import Tenant
from aos_resources.lake import Lake, TenantLake
from aos_resources.settings import Settings

# What a landing says of its rows, beside the rows themselves.
OURS = ("_key", "_op", "_at", "_hash")
_AS_THEY_ARE = {"BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER", "BIGINT"}


@dataclass(frozen=True)
class RawRow:
    """`values` are the source's own columns; numbers that JSON would bend are text."""

    row: int
    key: str | None
    op: str | None
    at: str | None
    values: dict[str, Any]


@dataclass(frozen=True)
class QuarantinedRow:
    """`reasons`: (field, value, reason) of each value that was refused."""

    landing: str
    row: int
    source_key: str | None
    reasons: list[dict[str, Any]]


@dataclass(frozen=True)
class TenantLanded:
    _lake: TenantLake
    _memory: str

    def rows(self, stored: str, *, start: int, limit: int) -> list[RawRow]:
        """Rows of one landing in the file's order, beginning with row `start` (0-based)."""
        with self._reading(stored) as (connection, paths):
            columns = [
                (str(name), str(kind))
                for name, kind, *_ in connection.execute(
                    "describe select * from read_parquet(?)", [paths]
                ).fetchall()
            ]
            said = ", ".join(f"{_json_of(name, kind)}" for name, kind in columns)
            found = connection.execute(
                f"select file_row_number, to_json([{said}]) from read_parquet(?, file_row_number = true)"
                " where file_row_number >= ? and file_row_number < ? order by file_row_number",
                [paths, start, start + limit],
            ).fetchall()
        return [_raw_row(number, [name for name, _ in columns], json.loads(text)) for number, text in found]

    def row(self, stored: str, number: int) -> RawRow:
        """One row of a landing.

        Raises:
            NotFound: the file has no such row.
        """
        found = self.rows(stored, start=number, limit=1)
        if not found:
            raise NotFound("No such row in that landing")
        return found[0]

    def quarantined(self, stored: str, *, skip: int, limit: int) -> list[QuarantinedRow]:
        with self._reading(stored) as (connection, paths):
            found = connection.execute(
                "select landing::varchar, row::bigint, source_key::varchar, to_json(reasons)"
                " from read_parquet(?, file_row_number = true)"
                " where file_row_number >= ? and file_row_number < ? order by file_row_number",
                [paths, skip, skip + limit],
            ).fetchall()
        return [
            QuarantinedRow(landing, row, key, json.loads(reasons)) for landing, row, key, reasons in found
        ]

    def columns(self, stored: list[str]) -> list[str]:
        """The source's own columns of these landings, in the order in which they came up."""
        if not stored:
            return []
        with self._reading(*stored) as (connection, paths):
            told = connection.execute("describe select * from read_parquet(?, union_by_name = true)", [paths]).fetchall()
        return [str(name) for name, *_ in told if name not in OURS]

    def csv(self, stored: list[str], masked: Collection[str]) -> Iterator[bytes]:
        """The rows of these landings as a file for spreadsheets, one after the other; masked columns are empty."""
        from aos_resources.csv_export import csv_of  # noqa: PLC0415 Arrow is loaded where rows are handed over

        if not stored:
            yield b""
            return
        columns = self.columns(stored)
        shown = ", ".join([f"null as {_quoted(name)}" if name in masked else _quoted(name) for name in columns] + ["_op", "_at"])
        with self._reading(*stored) as (connection, paths):
            yield from csv_of(connection, f"select {shown} from read_parquet(?, union_by_name = true)", [paths])

    @contextmanager
    def _reading(self, *stored: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
        """A short-lived instance that can open these files and nothing else."""
        paths = [self._lake.absolute(one) for one in stored]
        if not all(path.is_file() for path in paths):
            raise NotFound("That file is no longer kept")
        with duckdb.connect(":memory:", config={"memory_limit": self._memory, "threads": 1}) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("set allowed_paths = ?", [[str(path) for path in paths]])
            connection.execute("set enable_external_access = false")
            connection.execute("set lock_configuration = true")
            yield connection, [str(path) for path in paths]


class Landed:
    def __init__(self, settings: Settings) -> None:
        self._lake = Lake(settings)
        self._memory = settings.version_memory

    def of(self, tenant: Tenant) -> TenantLanded:
        return TenantLanded(self._lake.of(tenant), self._memory)


def _json_of(name: str, kind: str) -> str:
    """A column as JSON: small numbers and booleans as they are, everything else (decimals too) as its text."""
    quoted = _quoted(name)
    return f"to_json({quoted})" if kind in _AS_THEY_ARE else f"to_json({quoted}::varchar)"


def _quoted(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'


def _raw_row(number: int, names: list[str], values: list[Any]) -> RawRow:
    pairs = dict(zip(names, values, strict=True))
    key, op, at, _ = (None if (one := pairs.pop(name, None)) is None else str(one) for name in OURS)
    return RawRow(int(number), key, op, at, pairs)
