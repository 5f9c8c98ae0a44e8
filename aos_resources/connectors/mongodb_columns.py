"""The columns of a collection: those its sample showed, and those that later documents bring. What has none is in the whole document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from aos_resources.connectors.mongodb_documents import ID, Documents, bracket
from aos_resources.connectors.source import SourceColumn, SourceStream, landed_names

WHOLE = "_document"
_MOST = 300  # each costs memory, however few documents have it


class Columns:
    """Of one reading. `usual`: the bracket of `_id` that lands as plain text, "" until the first is seen."""

    def __init__(self, stream: SourceStream, paths: dict[str, str], usual: str) -> None:
        self._paths = {one.name: paths.get(one.name, one.name) for one in stream.columns if one.name != WHOLE}
        self.usual = usual

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(name, pa.string()) for name in (*self._paths, WHOLE)])

    @property
    def keys(self) -> pa.Schema:
        return pa.schema([(ID, pa.string())])

    def lacks(self, documents: Documents) -> list[str]:
        """Paths of fields that have no column yet, as many as may have one."""
        known = set(self._paths.values())
        used = [documents.paths[number] for number in np.unique(documents.path).tolist()]
        return [one for one in dict.fromkeys(used) if one not in known][: max(0, _MOST - len(known))]

    def widen(self, documents: Documents) -> None:
        for path in self.lacks(documents):
            self._paths[landed_names([WHOLE, *self._paths, path])[-1]] = path

    def batch(self, documents: Documents) -> pa.RecordBatch:
        columns = [self._ids(documents) if path == ID else documents.column(path) for path in self._paths.values()]
        return pa.RecordBatch.from_arrays([*columns, documents.whole], schema=self.schema)

    def key_batch(self, documents: Documents) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([self._ids(documents)], schema=self.keys)

    def _ids(self, documents: Documents) -> pa.Array:
        if not self.usual and len(documents.id_kind):
            self.usual = bracket(int(documents.id_kind[0]))
        at = np.full(len(documents.whole), -1, np.int64)
        at[documents.id_row] = np.arange(len(documents.id_row))
        return documents.keys(self.usual).take(pa.array(at, mask=at < 0))


def sampled(name: str, samples: Iterable[Documents]) -> tuple[tuple[SourceColumn, ...], dict[str, str]]:
    """The columns that these documents would have, `_id` first; and what each lands as → its path."""
    types: dict[str, set[str]] = {ID: set()}
    for one in samples:
        for path, words in one.types().items():
            if words:
                types.setdefault(path, set()).update(words)
    paths = list(types)[:_MOST]
    landed = landed_names([WHOLE, *paths])[1:]
    columns = [SourceColumn(lands_as, "|".join(sorted(types[path] - {"null"}) or ["null"] * bool(types[path]))) for path, lands_as in zip(paths, landed, strict=True)]
    left = f" {len(types) - _MOST:,} fields have no column of their own." if len(types) > _MOST else ""
    whole = SourceColumn(WHOLE, "json", f"The whole document as Extended JSON, every field of it.{left}")
    return (*columns, whole), dict(zip(landed, paths, strict=True))


def value_at(document: Any, path: str) -> Any:
    """The value of a field, by its path; None where there is none."""
    for name in path.split("."):
        if not isinstance(document, dict) or name not in document:
            return None
        document = document[name]
    return document
