"""A Postgres database as a source (Supabase is one): tables and views, whole or by a growing column, read only."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import psutil
import psycopg
import pyarrow as pa
from psycopg.conninfo import conninfo_to_dict

from aos_core.errors import FixTheSource, NotAllowed
from aos_resources.connectors.source import Discovery, Part, SourceColumn, SourceStream, landed_names

_STATEMENT_MS = 600_000
# Types whose Arrow form holds every value of theirs; all others travel as Postgres's own text, which is lossless.
_KEPT = {"smallint", "integer", "bigint", "boolean", "text", "character varying"}
_COLUMNS = """
select n.nspname, c.relname, a.attname, format_type(a.atttypid, null), coalesce(col_description(c.oid, a.attnum), '')
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and a.attnum > 0 and not a.attisdropped
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and has_table_privilege(c.oid, 'select')
order by 1, 2, a.attnum
"""
_KEYS = """
select n.nspname, c.relname, a.attname
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
join lateral unnest(i.indkey) with ordinality as k(attnum, place) on true
join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
where i.indisprimary order by 1, 2, k.place
"""


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    sslmode: str = "prefer"

    @property
    def url(self) -> str:
        options = quote(f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_MS} -c datestyle=ISO -c timezone=UTC -c intervalstyle=iso_8601")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            f"postgresql://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{host}:{self.port}"
            f"/{quote(self.database, safe='')}?sslmode={quote(self.sslmode, safe='')}&connect_timeout=10&options={options}"
        )


class Postgres:
    """`cursors`: table → column that grows with every change; a table without one is read whole."""

    name = "postgres"

    def __init__(self, address: Address, cursors: dict[str, str], tables: tuple[str, ...], own_url: str) -> None:
        _refuse_own(address, own_url)
        self._address = address
        self._cursors = cursors
        self._tables = tables
        self._located: dict[str, tuple[str, str]] = {}
        self._named: dict[str, dict[str, str]] = {}

    def discover(self) -> Discovery:
        try:
            with psycopg.connect(self._address.url) as connection:
                columns = connection.execute(_COLUMNS).fetchall()
                keys = connection.execute(_KEYS).fetchall()
        except psycopg.Error as away:
            raise self._unreachable(str(away)) from away
        streams = []
        for table in dict.fromkeys((row[0], row[1]) for row in columns):
            name = _stream_name(*table)
            if self._tables and name not in self._tables:
                continue
            self._located[name] = table
            own = [row for row in columns if (row[0], row[1]) == table]
            landed = dict(zip((row[2] for row in own), landed_names([row[2] for row in own]), strict=True))
            self._named[name] = {lands_as: column for column, lands_as in landed.items()}
            cursor = self._cursors.get(name)
            streams.append(
                SourceStream(
                    name,
                    tuple(SourceColumn(landed[row[2]], row[3], row[4]) for row in own),
                    key=tuple(landed[row[2]] for row in keys if (row[0], row[1]) == table),
                    cursor=landed.get(cursor, cursor) if cursor else None,
                    delete_mode="unknown" if cursor else "exact",
                )
            )
        missing = [name for name in self._tables if name not in {one.name for one in streams}]
        return Discovery(tuple(streams), problems=tuple((name, "there is no such table, or it may not be read") for name in missing))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        part = Part(name="", complete=stream.cursor is None, source_hash=None, position=cursor)
        types = {"smallint": pa.int16(), "integer": pa.int32(), "bigint": pa.int64(), "boolean": pa.bool_()}
        part.schema = pa.schema([(one.name, types.get(one.type, pa.string())) for one in stream.columns])
        part.batches = self._batches(stream, cursor, part)
        yield part

    def _batches(self, stream: SourceStream, cursor: str | None, part: Part) -> Iterator[pa.RecordBatch]:
        # Loaded where a database is read: with pandas beside it, it takes a third of a second and 44 MB.
        from adbc_driver_manager import Error as AdbcError  # noqa: PLC0415
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415

        statement, values = _select(stream, self._located[stream.name], self._named[stream.name], cursor)
        try:
            with dbapi.connect(self._address.url) as connection, connection.cursor() as reading:
                reading.execute(statement, values)
                for batch in reading.fetch_record_batch():
                    columns = [batch.column(n).cast(field.type) for n, field in enumerate(part.schema)]
                    typed = pa.RecordBatch.from_arrays(columns, schema=part.schema)
                    part.position = _last(typed, stream.cursor) or part.position
                    yield typed
        except (AdbcError, dbapi.Error, pa.ArrowException, OSError) as lost:  # Arrow's stream has errors of its own
            raise self._unreachable(str(lost)) from lost

    def _unreachable(self, said: str) -> FixTheSource:
        where = f"{self._address.host}:{self._address.port}/{self._address.database}"
        hidden = said.replace(self._address.password, "•••") if self._address.password else said
        return FixTheSource("The database could not be read", culprit=where, fix=hidden.strip().splitlines()[0][:300])


def _stream_name(schema: str, table: str) -> str:
    """`table`, or `schema.table`; a name with a dot of its own is quoted, so that no two tables share a stream."""
    schema, table = (_ident(one) if "." in one or '"' in one else one for one in (schema, table))
    return table if schema == "public" else f"{schema}.{table}"


def _select(stream: SourceStream, table: tuple[str, str], named: dict[str, str], cursor: str | None) -> tuple[str, list[str]]:
    """`named`: what a column lands as → what the table calls it."""
    columns = ", ".join(_ident(named[one.name]) if one.type in _KEPT else f"{_ident(named[one.name])}::text" for one in stream.columns)
    statement = f"select {columns} from {_ident(table[0])}.{_ident(table[1])} as source"
    if stream.cursor is None:
        return statement, []
    grows = f"source.{_ident(named.get(stream.cursor, stream.cursor))}"  # the column itself: a bare name would order by its text
    kind = next((one.type for one in stream.columns if one.name == stream.cursor), None)
    if kind is None:
        raise FixTheSource("The column to read by is not there", culprit=f"{stream.name}.{stream.cursor}", fix="Correct the connection's cursors.")
    # At least, not more than: a row that shares the last value may have come since.
    since = f" where {grows} >= ($1::text)::{kind} or {grows} is null" if cursor is not None else ""
    return f"{statement}{since} order by {grows} nulls first", [cursor] if cursor is not None else []


def _last(batch: pa.RecordBatch, cursor: str | None) -> str | None:
    if cursor is None or batch.num_rows == 0:
        return None
    value = batch.column(batch.schema.get_field_index(cursor))[-1].as_py()
    return None if value is None else str(value)


def _ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _refuse_own(address: Address, own_url: str) -> None:
    """The installation's own database is never a source: its rows belong to everybody."""
    own = conninfo_to_dict(own_url)
    if address.host.startswith("/"):
        raise NotAllowed("Databases are reached by TCP, not by a socket's folder", culprit=address.host)
    asked = _addresses(address.host)  # whatever the port: a host that is no host could smuggle another address in
    if int(str(own.get("port", 5432))) == address.port and asked & _addresses(str(own.get("host"))):
        raise NotAllowed("This is the installation's own database", culprit=f"{address.host}:{address.port}")


def _addresses(host: str) -> set[str]:
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except OSError as unknown:
        raise FixTheSource("There is no such host", culprit=host, fix="Correct the connection's host.") from unknown
    return {_plain(one) for one in found}


def _plain(address: str) -> str:
    """One word for every address of this machine, however it is written."""
    read = ipaddress.ip_address(address.partition("%")[0])
    read = getattr(read, "ipv4_mapped", None) or read
    mine = {one.address.partition("%")[0] for card in psutil.net_if_addrs().values() for one in card}
    return "this machine" if read.is_loopback or read.is_unspecified or str(read) in mine else str(read)
