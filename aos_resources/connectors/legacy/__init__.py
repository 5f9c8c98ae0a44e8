"""Nine systems of a company that is not: their tables as such systems have them, the rows generated, the same on every reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from aos_core.errors import FixTheSource
from aos_resources.connectors.source import (
    Discovery,
    Doors,
    Kind,
    Part,
    Probe,
    SourceColumn,
    SourceStream,
    batch_rows,
)
from aos_resources.connectors.text import LIMITS

_HERE = Path(__file__).parent
# Types whose Arrow form holds every value of theirs; all others land as DuckDB's text of them.
_KEPT = {"INTEGER": pa.int32(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_()}


class Legacy:
    """`system`: one of the nine. A table's first column is its key; a table that did not change since it was read is not made again."""

    name = "legacy"

    def __init__(self, system: str) -> None:
        self._system = system
        self._tables = {name: tuple(columns) for name, columns in systems()[system].items()}

    def probe(self) -> Probe:
        return Probe("generated", writable=False, said=f"{len(self._tables)} tables of invented rows, never live")

    def discover(self) -> Discovery:
        with self._opened() as connection:
            return Discovery(tuple(self._stream(connection, name) for name in self._tables))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        if stream.name not in self._tables:
            raise FixTheSource("There is no such table", culprit=stream.name, fix=f"{self._system} has {', '.join(self._tables)}.")
        part = Part(stream.name, complete=True, source_hash=self._hash(stream.name))
        if known.get(part.name) == part.source_hash:
            yield part
            return
        with self._opened() as connection:
            columns = self._stream(connection, stream.name).columns
            part.schema = pa.schema([(one.name, _KEPT.get(one.type.upper(), pa.string())) for one in columns])
            shown = ", ".join(f'"{one.name}"{"" if one.type.upper() in _KEPT else "::varchar"} as "{one.name}"' for one in columns)
            reader = connection.sql(f'select {shown} from "{stream.name}"').to_arrow_reader(batch_rows(len(columns)))
            part.batches = (batch.cast(part.schema) for batch in reader)
            yield part

    def _stream(self, connection: duckdb.DuckDBPyConnection, name: str) -> SourceStream:
        types = {str(row[0]).lower(): str(row[1]).lower() for row in connection.execute(f'describe "{name}"').fetchall()}
        columns = self._tables[name]
        return SourceStream(name, tuple(SourceColumn(one, types[one.lower()]) for one in columns), key=columns[:1])

    def _hash(self, table: str) -> str:
        return hashlib.sha256("\n".join([*self._statements(), table, *self._tables[table]]).encode()).hexdigest()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        """The world, and this system's view of it."""
        connection = duckdb.connect(config=LIMITS)
        for statements in self._statements():
            connection.execute(statements)
        return connection

    def _statements(self) -> tuple[str, str]:
        return (_HERE / "world.sql").read_text(encoding="utf-8"), (_HERE / f"{self._system}.sql").read_text(encoding="utf-8")


def systems() -> dict[str, dict[str, list[str]]]:
    """System → table → columns."""
    found: dict[str, dict[str, list[str]]] = json.loads((_HERE / "systems.json").read_text(encoding="utf-8"))
    return found


System = Literal["dynamics", "hubspot", "legacy_sql", "mongodb", "netsuite", "salesforce", "sap", "snowflake", "supabase"]


class LegacyConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    system: System = Field(title="System", description="The system whose tables are shown, with invented companies, people and clouds in them.")


def _make(doors: Doors, config: LegacyConfig, secret: None) -> Legacy:
    return Legacy(config.system)


KIND = Kind(
    "legacy", "Legacy systems (demo)", "Tables as nine well-known systems have them. The rows are generated: it is demo data, and never live.", LegacyConfig, None, _make
)
