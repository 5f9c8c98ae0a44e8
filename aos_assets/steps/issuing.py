"""Issued ids: of every entity the ids that ever stood for a thing, in files outside any version. None is ever taken back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb

from aos_core.compiling import literal
from aos_resources.database import Transaction, as_json
from aos_resources.parquet import copy_to, rows_in
from aos_resources.world import Work

# Beyond these an entity's files become one: whether an id was issued is asked of each.
_MOST_FILES = 32


@dataclass(frozen=True)
class Issued:
    """An entity's files, and how many ids they hold."""

    paths: tuple[Path, ...] = ()
    rows: int = 0


def read_issued(transaction: Transaction, work: Work) -> dict[str, Issued]:
    """Of each entity what was issued before."""
    rows = transaction.all("select entity, paths, rows from aos.issued_ids")
    return {row["entity"]: Issued(tuple(work.lake.absolute(path) for path in row["paths"]), row["rows"]) for row in rows}


def issue(connection: duckdb.DuckDBPyConnection, work: Work, entity: str, before: Issued, table: str) -> Issued:
    """Writes the ids of a table's `entity_id` that were never issued; lists nothing yet."""
    known = f" where entity_id not in (select entity_id from {_all(before.paths)})" if before.paths else ""
    connection.execute(f"create or replace temp table coming as select entity_id from {table}{known}")
    if not connection.execute("select count(*) from coming").fetchall()[0][0]:
        return before
    folder, name = work.lake.ids(entity), f"{uuid4()}.parquet"
    fold = len(before.paths) >= _MOST_FILES
    rows = "from coming" + (f" union all select entity_id from {_all(before.paths)}" if fold else "")
    with work.lake.writing(folder, name) as temporary:
        copy_to(connection, rows, temporary)
    path = folder / name
    return Issued((path,) if fold else (*before.paths, path), rows_in(path) + (0 if fold else before.rows))


def list_issued(transaction: Transaction, work: Work, issued: dict[str, Issued], seq: int) -> None:
    """Under the lease of publication, before a reader may meet one of the ids."""
    transaction.each(
        "insert into aos.issued_ids (entity, paths, rows, seq) values (:entity, cast(:paths as jsonb), :rows, :seq)"
        " on conflict (tenant_id, entity) do update set paths = excluded.paths, rows = excluded.rows, seq = excluded.seq",
        [
            {"entity": entity, "paths": as_json([work.lake.relative(path) for path in one.paths]), "rows": one.rows, "seq": seq}
            for entity, one in issued.items()
        ],
    )


def _all(paths: tuple[Path, ...]) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}])"
