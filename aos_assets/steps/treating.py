"""What people say about columns before anything lands: left out, or hashed so that values can be compared and not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pyarrow as pa

from aos_core.compiling import quoted
from aos_resources.connectors.source import Part

OMIT, HASH = "omit", "hash"


def treat(connection: duckdb.DuckDBPyConnection, part: Part, treated: dict[str, str], salt: str) -> None:
    """The part without what is left out, and with hashes where values were: sha256, in hex, of the tenant's salt and the value.

    The same value is the same hash in every stream of the tenant and in no other tenant's. An absent value stays absent;
    an empty text is hashed as every other. What could not be parsed is kept as whole lines, so of a treated stream only
    where they stood and why.
    """
    if not treated or part.batches is None:
        return
    known = part.schema
    part.schema = pa.schema([_field(one, treated) for one in known if treated.get(one.name) != OMIT])
    part.batches = _treated(connection, part, part.batches, treated, salt)


def _field(one: pa.Field, treated: dict[str, str]) -> pa.Field:
    return pa.field(one.name, pa.string()) if treated.get(one.name) == HASH else one


def _treated(
    connection: duckdb.DuckDBPyConnection, part: Part, batches: Iterator[pa.RecordBatch], treated: dict[str, str], salt: str
) -> Iterator[pa.RecordBatch]:
    wanted, hashed = part.schema, [name for name in part.schema.names if treated.get(name) == HASH]
    cells = ", ".join(f"sha256(? || chr(31) || cast({quoted(name)} as varchar)) as {quoted(name)}" for name in hashed)
    for batch in (one for one in batches if one.num_rows):
        columns = {name: batch.column(name) for name in wanted.names}
        if hashed:
            connection.register("treating", batch)
            made = connection.sql(f"select {cells} from treating", params=[salt] * len(hashed)).to_arrow_table().combine_chunks()
            connection.unregister("treating")
            columns |= {name: made.column(name).chunk(0) for name in hashed}
        yield pa.RecordBatch.from_arrays(list(columns.values()), schema=wanted)
    part.rejects = [replace(one, text="") for one in part.rejects]
