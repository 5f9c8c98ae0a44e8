"""The first rows of a source that is not connected yet, and what they would tell of: looked at, never stored."""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import duckdb
import pyarrow as pa

from aos_core.errors import AosError, FixTheSource
from aos_core.fingerprint import Column, Fingerprint, likely_key
from aos_core.matching import Stream
from aos_core.onboarding import Suggested, read_suggestion
from aos_core.ontology import Ontology
from aos_core.suggesting import Applies, suggest
from aos_resources.bounded import within
from aos_resources.connectors.source import Connector, Dictionary, SourceColumn, SourceStream
from aos_resources.connectors.text import LIMITS
from aos_resources.probing import PROBE_SECONDS
from aos_resources.profiling import Sample, profile

MOST_ROWS = 20
# Of a source with very many streams these are looked at; the others show at their first sync.
MOST_STREAMS = 100


@dataclass(frozen=True)
class Looked:
    """A stream's first rows, and its columns as they make them look; `key` is declared or a guess."""

    stream: SourceStream
    rows: list[dict[str, Any]]
    columns: tuple[Column, ...]
    key: str | None


def look(connector: Connector, stream: SourceStream, described: dict[str, str], most: int = MOST_ROWS) -> Looked:
    """At most so many rows. `described`: column → the dictionary's words on it.

    Raises:
        FixTheSource, TryAgain, NotAllowed: as the connector does.
    """
    table = within(PROBE_SECONDS, connector.name, lambda: _first(connector, stream, min(most, MOST_ROWS)))
    declared = {one.name: one for one in stream.columns}
    columns = tuple(declared.get(name, SourceColumn(name)) for name in table.schema.names) if table.num_rows else stream.columns
    seen = _fingerprint(table, columns, described)
    return Looked(stream, table.to_pylist(), seen.columns, stream.key[0] if len(stream.key) == 1 else likely_key(seen))


def _first(connector: Connector, stream: SourceStream, most: int) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    rows = 0
    try:
        with closing(_closable(connector.read(stream, None, {}))) as parts:
            for part in parts:
                if part.holds != "rows" or part.batches is None:
                    continue
                with closing(_closable(part.batches)) as given:
                    for batch in given:
                        batches.append(batch.slice(0, most - rows))
                        rows += batches[-1].num_rows
                        if rows >= most:
                            break
                if rows >= most:
                    break
    except (duckdb.Error, pa.ArrowException) as unread:
        raise FixTheSource("Its first rows could not be read", culprit=stream.name, fix=f"{str(unread).splitlines()[0][:300]}.") from unread
    return pa.concat_tables([pa.Table.from_batches([one]) for one in batches], promote_options="permissive") if batches else pa.table({})


def _closable(steps: Any) -> Any:
    """A generator, whatever iterator it was: ended early, it lets go of its source at once."""
    return steps if hasattr(steps, "close") else (one for one in steps)


def _fingerprint(table: pa.Table, columns: tuple[SourceColumn, ...], described: dict[str, str]) -> Fingerprint:
    if not table.num_rows:
        return Fingerprint(tuple(Column(one.name, one.type, description=described.get(one.name, one.description)) for one in columns), 0)
    sample = Sample()
    for _ in sample.watch(table.combine_chunks().to_batches()):
        pass
    with duckdb.connect(config=LIMITS) as connection:
        return profile(connection, sample, columns, table.num_rows, described)


def suggested(connection: str, looked: Looked, ontology: Ontology, applies: Applies) -> tuple[Suggested, ...]:
    """Which entities the stream would feed with what, if it were connected under that name and nobody had said anything yet."""
    stream = Stream(connection, looked.stream.name, looked.columns, looked.key)
    return read_suggestion(looked.stream.name, suggest(stream, ontology, {}, applies), ontology)


def look_at_all(connector: Connector, streams: tuple[SourceStream, ...], dictionaries: tuple[Dictionary, ...]) -> tuple[list[Looked], dict[str, str]]:
    """The first rows of every stream, and of those that cannot be read why not.

    Raises:
        AosError: what was wrong with the first, where none can be read.
    """
    looked: list[Looked] = []
    wrong: dict[str, AosError] = {}
    for stream in islice(streams, MOST_STREAMS):
        try:
            looked.append(look(connector, stream, described_in(dictionaries, stream.name)))
        except AosError as failed:
            wrong[stream.name] = failed
    if wrong and not looked:
        raise next(iter(wrong.values()))
    return looked, {name: one.sentence for name, one in wrong.items()}


def described_in(dictionaries: tuple[Dictionary, ...], stream: str) -> dict[str, str]:
    return {field: about for one in dictionaries for table, field, about in one.entries if table.lower() == stream.lower()}


def stream_named(streams: tuple[SourceStream, ...], name: str) -> SourceStream:
    """Raises FixTheSource where the source has none of that name."""
    with suppress(StopIteration):
        return next(one for one in streams if one.name == name)
    raise FixTheSource("The source has no such stream", culprit=name[:200], fix=f"It has {', '.join(one.name for one in streams[:20])}.")
