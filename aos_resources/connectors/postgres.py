"""A Postgres database as a source (Supabase is one): tables and views, whole or by what grows with every change, read only."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Annotated, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from aos_core.errors import AosError, FixTheSource
from aos_resources.connectors.postgres_address import Address
from aos_resources.connectors.postgres_catalogue import Found, read_rights, read_tables
from aos_resources.connectors.postgres_errors import refused
from aos_resources.connectors.postgres_passes import (
    XMIN,
    Mark,
    Pass,
    Position,
    Table,
    begun,
    bound_sql,
    following,
    ident,
    is_timed,
    newest_sql,
    read_position,
    readable_by_xmin,
    shape_of,
    where,
)
from aos_resources.connectors.postgres_session import STATEMENT_MS, Session, asking
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
from aos_resources.outbound import authority, pin
from aos_resources.outbound.addresses import Pinned
from aos_resources.outbound.authorities import AuthorityFile

# Types whose Arrow form holds every value of theirs; all others travel as Postgres's own text, which is lossless.
_KEPT = {
    "smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64(), "boolean": pa.bool_(), "text": pa.string(), "character varying": pa.string(),
}  # fmt: skip
# A table without a key is one statement, however long it is.
_WHOLE_MS = 4 * 3_600_000
_SLICE_BYTES = 128 * 1024 * 1024


class Postgres:
    """`cursors`: table → column that grows with every change, or `xmin`; a table without one is read whole.

    `overlap_minutes`: how far a reading by a time goes back behind the last one. `compare_hours`: how long after all keys were
    last compared they are again, for what was deleted. `slice_rows`: of a slice, fewer where rows are wide. `ca`: as PEM.
    """

    name = "postgres"
    slice_rows = 200_000

    def __init__(
        self, address: Address, pinned: Pinned, cursors: dict[str, str], tables: tuple[str, ...], overlap_minutes: int = 5,
        compare_hours: float = 24, ca: str | None = None,
    ) -> None:  # fmt: skip
        self._address = address
        self._pinned = pinned
        self._ca = AuthorityFile(ca) if ca is not None else None
        self._cursors = cursors
        self._tables = tables
        self._overlap = overlap_minutes
        self._compare = compare_hours * 3600
        self._found: dict[str, Found] = {}

    def probe(self) -> Probe:
        with asking(self._url, self._refusal) as connection:
            rights = read_rights(connection)
        said = [f"{rights.user} {', '.join(rights.changes)}."] if rights.changes else []
        if rights.unjudged:
            said.append(
                "1 function runs with another's rights; what it changes cannot be told."
                if rights.unjudged == 1
                else f"{rights.unjudged} functions run with another's rights; what they change cannot be told."
            )
        return Probe(f"{rights.user} at {self._where}", writable=bool(rights.changes), said=" ".join(said))

    def discover(self) -> Discovery:
        with asking(self._url, self._refusal) as connection:
            self._found = read_tables(connection)
        wanted = {name: one for name, one in self._found.items() if not self._tables or name in self._tables}
        problems = [(name, "there is no such table, or it may not be read") for name in self._tables if name not in wanted]
        problems += [
            (name, "row-level security shows this user none of its rows: give the user BYPASSRLS, or a policy of its own")
            for name, one in wanted.items()
            if one.hidden
        ]
        return Discovery(tuple(self._stream(name, one) for name, one in wanted.items() if not one.hidden), problems=tuple(problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        table = self._table(stream)
        position = read_position(cursor, shape_of(stream))
        with Session(self._url, self._refusal, stream.name) as session:
            if position.open is None:
                position = self._begin(session, table, stream, position)
            while position.open is not None:
                position = yield from self._slice(session, table, stream, position, position.open)

    def _stream(self, name: str, found: Found) -> SourceStream:
        table, cursor = found.table, self._cursors.get(name)
        lands_as = next((lands_as for lands_as, one in table.columns.items() if one.name == cursor), cursor)
        columns = tuple(SourceColumn(lands_as, one.type, found.descriptions[lands_as]) for lands_as, one in table.columns.items())
        mode = "exact" if cursor is None else "periodic" if table.key else "unknown"
        return SourceStream(name, columns, key=table.key, cursor=lands_as, delete_mode=mode)

    def _table(self, stream: SourceStream) -> Table:
        """The table as it is now, with every column that the stream has."""
        if not self._found:
            self.discover()
        if stream.name not in self._found:
            raise FixTheSource("The table is not there, or may not be read", culprit=stream.name, fix="Bring it back, or grant the right to select from it.")
        table = self._found[stream.name].table
        wanted = [*(one.name for one in stream.columns), *stream.key]
        if lost := [name for name in wanted if name not in table.columns]:
            raise FixTheSource("A column is not there any more", culprit=f"{stream.name}.{lost[0]}", fix="Columns that changed are found by the next sync.")
        if stream.cursor == XMIN and table.kind not in ("r", "p", "m"):
            raise FixTheSource("Only tables have xmin", culprit=stream.name, fix="Name a column that grows with every change.")
        if stream.cursor not in (None, XMIN) and stream.cursor not in table.columns:
            raise FixTheSource("The column to read by is not there", culprit=f"{stream.name}.{stream.cursor}", fix="Correct the connection's cursors.")
        return replace(table, key=stream.key)

    def _begin(self, session: Session, table: Table, stream: SourceStream, position: Position) -> Position:
        """What a reading that begins now goes through first. The mark is taken before any row is read."""
        if stream.cursor is None:
            return replace(position, open=begun("whole"))
        [[oldest, coming, server]] = session.ask(
            "select txid_snapshot_xmin(now)::text, txid_snapshot_xmax(now)::text, (select system_identifier::text from pg_control_system())"
            " from (select txid_current_snapshot() as now) as snapshot"
        )
        mark = position.mark
        if stream.cursor == XMIN:
            # Not the highest that was seen: a transaction that began before it may commit after it.
            ahead = Mark(None, None, int(oldest), server)
            go_on = mark is not None and readable_by_xmin(mark, int(coming), server)
            return replace(position, ahead=ahead, open=begun("since" if go_on else "whole"))
        grows = table.columns[stream.cursor]
        newest = session.ask(newest_sql(table, grows, self._overlap))
        ahead = following(mark, int(oldest), int(coming), newest[0][0] if newest else None, server, is_timed(grows))
        if mark is None or mark.start is None:
            return replace(position, ahead=ahead, open=begun("whole"))
        some = bool(table.key) and grows.nullable and bool(session.ask(f"select 1 from {table.sql} where source.{ident(grows.name)} is null limit 1"))
        return replace(position, ahead=ahead, open=begun("nulls" if some else "since"))

    def _slice(self, session: Session, table: Table, stream: SourceStream, position: Position, now: Pass) -> Generator[Part, None, Position]:
        """One slice, and the position after it."""
        bound: tuple[str, ...] | None = None
        if table.key:
            ends = session.ask(bound_sql(table, stream, now, position.mark, self._rows(session, table, now)))
            bound = tuple(map(str, ends[0])) if len(ends) == 2 else None
        after = replace(position, open=replace(now, after=bound)) if bound is not None else self._ended(position, now, table)
        names = table.key if now.what == "keys" else tuple(one.name for one in stream.columns)
        columns = {name: table.columns[name] for name in names}
        part = Part(
            name="", complete=now.what in ("whole", "keys"), source_hash=None, position=after.text, reading=now.reading,
            last=after.open is None or after.open.reading != now.reading, holds="keys" if now.what == "keys" else "rows",
        )  # fmt: skip
        part.schema = pa.schema([(name, _KEPT.get(one.type, pa.string())) for name, one in columns.items()])
        told = ", ".join(f"source.{ident(one.name)}{'' if one.type in _KEPT else '::text'} as c{place}" for place, one in enumerate(columns.values()))
        statement = f"select {told} from {table.sql}{where(table, stream, now, position.mark, bound)}"
        part.batches = session.batches(statement, part.schema, STATEMENT_MS if table.key else _WHOLE_MS)
        yield part
        return after

    def _rows(self, session: Session, table: Table, now: Pass) -> int:
        """Of a slice: fewer of wide rows, many keys."""
        if self.slice_rows < Postgres.slice_rows:
            return self.slice_rows
        if now.what == "keys":
            return 10 * self.slice_rows
        named = f"'{(ident(table.schema) + '.' + ident(table.name)).replace(chr(39), chr(39) * 2)}'::regclass"
        [[width]] = session.ask(f"select (pg_table_size(oid) / nullif(greatest(reltuples, 0), 0))::float8 from pg_class where oid = {named}")
        widest = min(self.slice_rows, 16 * batch_rows(len(table.columns)))
        return widest if not width else max(1_000, min(widest, int(_SLICE_BYTES / width)))

    def _ended(self, position: Position, now: Pass, table: Table) -> Position:
        """What comes after a pass: the changes after rows without a cursor, the keys after the changes where it is time, else the end."""
        if now.what == "nulls":
            return replace(position, open=Pass("since", now.reading))
        if now.what == "since" and table.key and time.time() - position.compared >= self._compare:
            return replace(position, mark=position.ahead, ahead=None, open=begun("keys"))
        if now.what == "since":
            return replace(position, mark=position.ahead, ahead=None, open=None)
        return replace(position, mark=position.ahead or position.mark, ahead=None, open=None, compared=time.time())

    @property
    def _url(self) -> str:
        return self._address.url(self._pinned, None if self._ca is None else self._ca.path)

    @property
    def _where(self) -> str:
        return f"{self._address.host}:{self._address.port}/{self._address.database}"

    def _refusal(self, error: BaseException, stream: str) -> AosError:
        return refused(error, self._where, self._address.password, stream)


Text = Annotated[str, StringConstraints(max_length=1_000)]


class PostgresConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Text = Field(title="Host", description="The server's name or address; of Supabase, the direct connection's or its pooler's.")
    port: int = Field(default=5432, ge=1, le=65_535, title="Port", description="5432 unless your administrator says otherwise.")
    database: Text = Field(default="postgres", title="Database", description="Which of the server's databases to read.")
    user: Text = Field(title="User", description="One who may only read.")
    sslmode: Literal["automatic", "prefer", "require", "verify-full", "disable"] = Field(
        default="automatic",
        title="Encryption",
        description="Automatic never sends anything readable over the internet, and checks who the server is where a certificate authority is given.",
    )
    ca: str = Field(
        default="", max_length=100_000, title="Certificate authority", description="The text of a certificate (PEM), where the server's is of your company's own."
    )
    tables: list[Text] = Field(default=[], max_length=10_000, title="Tables", description="The tables to read; all that may be read where none is named.")
    cursors: dict[Text, Text] = Field(
        default={},
        max_length=10_000,
        title="Cursors",
        description="Of a table, the column that grows with every change, such as updated_at; or xmin, Postgres's own count of changes, where there is none."
        " Only what changed is then read. A table that is not named is read whole.",
    )
    overlap_minutes: int = Field(
        default=5,
        ge=0,
        le=10_080,
        title="Overlap in minutes",
        description="How far back each reading begins by a time, for changes that were stored late. As long as your longest transaction takes.",
    )
    compare_hours: float = Field(
        default=24,
        ge=0,
        le=8_760,
        title="Hours between comparisons",
        description="How often all keys of a table that is read by a cursor are compared, to find what was deleted. 0 is in every reading.",
    )


class PostgresSecret(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    password: Text = Field(title="Password", description="The user's password in the database.", repr=False)


def _make(doors: Doors, config: PostgresConfig, secret: PostgresSecret) -> Postgres:
    address = Address(config.host, config.port, config.database, config.user, secret.password, config.sslmode)
    ca = authority(doors.settings, config.ca) if config.ca else None
    pinned = pin(doors.settings, config.host, config.port)
    return Postgres(address, pinned, config.cursors, tuple(config.tables), config.overlap_minutes, config.compare_hours, ca)


KIND = Kind("postgres", "Postgres", "Tables and views of a Postgres database; Supabase is one.", PostgresConfig, PostgresSecret, _make)
