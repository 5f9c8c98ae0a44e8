"""A reading's own connection to a Postgres: read-only transactions that carry their settings, Arrow batches out of COPY.

Settings are given in each transaction, never when connecting: a pooler in transaction mode (Supabase's) refuses or forgets those.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from inspect import GEN_SUSPENDED, getgeneratorstate
from typing import Any

import psycopg
import pyarrow as pa

from aos_core.errors import AosError, FixTheSource
from aos_resources.connectors.postgres_passes import literal_text

Refusal = Callable[[BaseException, str], AosError]
_BEGIN = "set transaction isolation level repeatable read, read only"
_LOCK_MS, _IDLE_MS = 30_000, 600_000
STATEMENT_MS = 600_000
# Of COPY's own bytes; a batch is held twice over while it lands.
_BATCH_BYTES = 4 * 1024 * 1024


def settings_sql(statement_ms: int = STATEMENT_MS) -> str:
    """Texts of values must be exact and alike wherever they come from, whatever the role or database has set."""
    told = {
        "statement_timeout": statement_ms, "lock_timeout": _LOCK_MS, "idle_in_transaction_session_timeout": _IDLE_MS,
        "default_transaction_read_only": "on", "application_name": "AutonomOS", "standard_conforming_strings": "on", "datestyle": "ISO, YMD",
        "timezone": "UTC", "intervalstyle": "iso_8601", "extra_float_digits": 3, "bytea_output": "hex", "client_encoding": "UTF8", "jit": "off",
    }  # fmt: skip
    return "select " + ", ".join(f"set_config('{name}', {literal_text(str(value))}, true)" for name, value in told.items())


@contextmanager
def asking(url: str, refusal: Refusal) -> Iterator[psycopg.Connection]:
    """For a few questions about the database itself, in one transaction."""
    try:
        with psycopg.connect(url, prepare_threshold=None) as connection:
            connection.execute(_BEGIN)
            connection.execute(settings_sql())
            yield connection
    except psycopg.Error as refused:
        raise refusal(refused, "") from refused


class Session:
    """For the rows. Each question is a transaction of its own, so that nothing of the source's is held while rows land.

    Who reads batches after the reading has ended gets a connection for them alone.
    """

    def __init__(self, url: str, refusal: Refusal, stream: str) -> None:
        self._url = url
        self._refusal = refusal
        self._stream = stream
        self._connection: Any = None
        self._database: Any = None
        self._over = False
        self._reading: Generator[pa.RecordBatch, None, None] | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        if self._reading is not None and getgeneratorstate(self._reading) == GEN_SUSPENDED:
            self._reading.close()  # whoever read it stopped midway; one that has not begun may still be
        self._close()

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        with self._transaction(STATEMENT_MS) as run:
            table = run(statement).read_all()
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def batches(self, statement: str, schema: pa.Schema, statement_ms: int) -> Iterator[pa.RecordBatch]:
        """Raises FixTheSource where a column is not of the type that was discovered: its values would be others."""
        self._reading = self._batches(statement, schema, statement_ms)
        return self._reading

    def _batches(self, statement: str, schema: pa.Schema, statement_ms: int) -> Generator[pa.RecordBatch, None, None]:
        with self._transaction(statement_ms) as run:
            for batch in run(statement):
                for ours, theirs in zip(schema, batch.schema, strict=True):
                    if ours.type != theirs.type:
                        raise FixTheSource(
                            "A column changed its type while it was read", culprit=f"{self._stream}.{ours.name}", fix="The next sync reads it anew."
                        )
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    @contextmanager
    def _transaction(self, statement_ms: int) -> Iterator[Callable[[str], pa.RecordBatchReader]]:
        """What runs a statement, once at a time."""
        # Loaded where a database is read, and without its DB-API, which brings pandas: a second and 57 MB.
        from adbc_driver_manager import AdbcConnection, AdbcStatement, Error  # noqa: PLC0415
        from adbc_driver_postgresql import StatementOptions, connect  # noqa: PLC0415

        ended = False
        try:
            if self._connection is None:
                self._database = connect(self._url)
                self._connection = AdbcConnection(self._database)
            # `begin` by the driver's own switch: sent as a statement, a pooler might prepare it on one server and run it on another.
            self._connection.set_autocommit(False)
            with AdbcStatement(self._connection) as prepared:
                prepared.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH_BYTES)})

                def run(statement: str) -> pa.RecordBatchReader:
                    prepared.set_sql_query(statement)
                    return pa.RecordBatchReader.from_stream(prepared.execute_query()[0])

                run(_BEGIN).close()
                run(settings_sql(statement_ms)).read_all()
                yield run
            self._connection.set_autocommit(True)
            ended = True
        except (Error, pa.ArrowException, OSError) as lost:  # Arrow's stream has errors of its own
            raise self._refusal(lost, self._stream) from lost
        finally:
            if self._over or not ended:
                self._close()

    def _close(self) -> None:
        connection, database, self._connection, self._database = self._connection, self._database, None, None
        for one in (connection, database):
            if one is not None:
                one.close()
