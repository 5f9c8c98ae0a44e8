"""How a table is gone through: in which order, from where to where, and what a later reading begins with. Texts and values only.

A long table is read in slices along its key, each bounded by the key of its last row: an index finds both ends, and rows
that come or go meanwhile move no bound. Values of keys and cursors travel as Postgres's own text and are compared as the
column's own type, in its own collation, which is that of its index.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal
from uuid import uuid4

from aos_resources.connectors.source import SourceStream

XMIN = "xmin"
What = Literal["whole", "nulls", "since", "keys"]
# Row versions are told apart by 32 bits of their transaction: two billion apart, older and newer cannot be told.
_XIDS_APART = 2**31 - 10_000_000
_TIMES = {"timestamp with time zone", "timestamp without time zone", "date"}


@dataclass(frozen=True)
class Column:
    """`cast` names its type without losing its length; `type` as people read it."""

    name: str
    type: str
    cast: str
    nullable: bool = True


@dataclass(frozen=True)
class Table:
    """`columns`: what a column lands as → the column."""

    schema: str
    name: str
    kind: str
    columns: dict[str, Column]
    key: tuple[str, ...]

    @property
    def sql(self) -> str:
        return f"{ident(self.schema)}.{ident(self.name)} as source"


@dataclass(frozen=True)
class Mark:
    """Where the next reading by a cursor begins: at `start`, or with transaction `xid` of `server` where it goes by xmin.

    `high`: where it may begin once every transaction before `xid` has ended. One that began earlier may commit later, and
    what it wrote is then older than what was read: until it has ended, the start stays where it is.
    """

    start: str | None
    high: str | None
    xid: int
    server: str = ""


@dataclass(frozen=True)
class Pass:
    """One way through the table that has begun; `after`: the last row that was listed, None at the beginning."""

    what: What
    reading: str
    after: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Position:
    """`shape`: of the columns that were read. `open`: what is under way. `mark`: where the next reading begins, `ahead` the one
    that takes its place when this has ended. `compared`: when all keys were last seen, in seconds since 1970."""

    shape: str
    mark: Mark | None = None
    ahead: Mark | None = None
    compared: float = 0.0
    open: Pass | None = None

    @property
    def text(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def read_position(text: str | None, shape: str) -> Position:
    """Of a position of other columns, or one that is none of ours, nothing holds: the table is read anew.

    A column that is added changes no row's cursor, so that going on would leave it empty in all that was read before.
    """
    try:
        told = json.loads(text or "")
        assert isinstance(told, dict)
        marks = {name: Mark(**told[name]) if told[name] else None for name in ("mark", "ahead")}
        opened = told["open"]
        under_way = Pass(opened["what"], opened["reading"], tuple(opened["after"]) if opened["after"] is not None else None) if opened else None
        position = Position(told["shape"], marks["mark"], marks["ahead"], float(told["compared"]), under_way)
    except (ValueError, KeyError, TypeError, AssertionError):
        return Position(shape)
    return position if position.shape == shape else Position(shape)


def shape_of(stream: SourceStream) -> str:
    told = [[[one.name, one.type] for one in stream.columns], list(stream.key), stream.cursor]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def begun(what: What) -> Pass:
    return Pass(what, uuid4().hex)


def following(mark: Mark | None, oldest: int, coming: int, high: str | None, server: str, timed: bool) -> Mark:
    """The mark that a reading leaves which begins now. `oldest`: the first transaction that still runs, `coming`: the next one.

    A time also reaches back by the overlap, so that the first reading already leaves a start while others write.
    """
    if oldest == coming or high is None:
        return Mark(high, high, coming, server)
    if mark is None or mark.start is None:
        return Mark(high if timed else None, high, coming, server)
    if oldest >= mark.xid:
        return Mark(mark.high, high, coming, server)
    return Mark(mark.start, mark.high, mark.xid, server)


def readable_by_xmin(mark: Mark, coming: int, server: str) -> bool:
    """Whether versions since the mark can be told from older ones: the same server, and not too many transactions ago."""
    return server == mark.server and 0 <= coming - mark.xid < _XIDS_APART


def is_timed(column: Column) -> bool:
    return column.type in _TIMES


def newest_sql(table: Table, column: Column, overlap_minutes: int) -> str:
    """The highest value, as text; of a time, back by the overlap and to where the oldest transaction began.

    A row from the future would hide all that come before it, so none counts. Of other sessions only those that we may see tell
    when they began; without such a right (pg_read_all_stats) the overlap and the mark's transaction must do.
    """
    began = "(select min(xact_start) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database())"
    ago = f"coalesce(now() - {began}, '0') + make_interval(mins => {int(overlap_minutes)})"
    # Whose clock a time without a zone tells is not known: it may be ahead by as much as zones are, and only how long ago counts.
    value, latest = {
        "timestamp with time zone": (f"least(value, {began}) - make_interval(mins => {int(overlap_minutes)})", "now()"),
        "timestamp without time zone": (f"value - ({ago})", "now() at time zone 'UTC' + interval '14 hours'"),
        "date": (f"(value - ({ago}))::date", "current_date + 1"),
    }.get(column.type, ("value", ""))
    name = f"source.{ident(column.name)}"
    some = f"{name} <= {latest}" if latest else f"{name} is not null"
    newest = f"(select {name} as value from {table.sql} where {some} order by 1 desc limit 1) as newest"
    return f"select ({value})::text from {newest}"


def order_of(table: Table, stream: SourceStream, what: What) -> list[Column]:
    keys = [table.columns[name] for name in table.key]
    if what != "since" or stream.cursor in (None, XMIN):
        return keys
    grows = table.columns[str(stream.cursor)]
    return [grows, *(one for one in keys if one != grows)]


def where(table: Table, stream: SourceStream, now: Pass, mark: Mark | None, until: Sequence[str] | None = None) -> str:
    """After the last row that was listed, up to `until`, of the rows that this pass is about."""
    told = []
    if stream.cursor is not None and stream.cursor != XMIN:
        grows = table.columns[stream.cursor]
        if now.what == "nulls":
            told.append(f"source.{ident(grows.name)} is null")
        elif now.what == "since" and mark is not None:
            # At least, not more than: a row that shares the last value may have come since.
            since = f"source.{ident(grows.name)} >= {literal(str(mark.start), grows)}"
            told.append(since if table.key or not grows.nullable else f"({since} or source.{ident(grows.name)} is null)")
    elif now.what == "since" and mark is not None:
        # Both ages are counted from the same moment. A frozen row that seems newer than it is comes once more, and is unchanged.
        told.append(f"age(source.xmin) <= age('{mark.xid % 2**32}'::xid)")
    columns = order_of(table, stream, now.what)
    told += [_compared(columns, ">", now.after)] if now.after is not None else []
    told += [_compared(columns, "<=", until)] if until is not None else []
    return f" where {' and '.join(told)}" if told else ""


def bound_sql(table: Table, stream: SourceStream, now: Pass, mark: Mark | None, rows: int) -> str:
    """The row with which a slice of so many ends, and one more that says it is not the last."""
    columns = order_of(table, stream, now.what)
    names = ", ".join(f"source.{ident(one.name)}" for one in columns)
    texts = ", ".join(f"source.{ident(one.name)}::text as k{place}" for place, one in enumerate(columns))
    return f"select {texts} from {table.sql}{where(table, stream, now, mark)} order by {names} offset {rows - 1} limit 2"


def _compared(columns: Sequence[Column], how: str, values: Sequence[str]) -> str:
    names = ", ".join(f"source.{ident(one.name)}" for one in columns)
    texts = ", ".join(literal(value, one) for value, one in zip(values, columns, strict=True))
    return f"({names}) {how} ({texts})"


def literal(value: str, column: Column) -> str:
    """Text as the column's own type: of a column whose type has changed the comparison fails, instead of going on in another order."""
    return f"({literal_text(value)}::text)::{column.cast}"


def literal_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def stream_name(schema: str, table: str) -> str:
    """`table`, or `schema.table`; a name with a dot of its own is quoted, so that no two tables share a stream."""
    schema, table = (ident(one) if "." in one or '"' in one else one for one in (schema, table))
    return table if schema == "public" else f"{schema}.{table}"
