"""Folders of files as a source: a stream is a name pattern, each file a complete reading of its part."""

from __future__ import annotations

import fnmatch
import glob
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from aos_core.errors import FixTheSource, NotAllowed
from aos_core.names import meanings
from aos_resources.connectors import csv_files, json_lines, parquet_files
from aos_resources.connectors.source import Dictionary, Discovery, Part, SourceColumn, SourceStream
from aos_resources.connectors.text import unreadable

# How a file is read, by what its name ends in; each module gives its columns, form and batches.
_FORMATS: dict[str, ModuleType] = {
    ".csv": csv_files,
    ".csv.gz": csv_files,
    ".jsonl": json_lines,
    ".jsonl.gz": json_lines,
    ".ndjson": json_lines,
    ".ndjson.gz": json_lines,
    ".parquet": parquet_files,
}
# A file that looks like a data dictionary and is larger than any is a stream.
_LARGEST_DICTIONARY = 16 * 1024 * 1024
_TABLE, _FIELD, _ABOUT = (
    {"table", "object", "entity"},
    {"field", "column", "attribute"},
    {"description", "definition"},
)


class Files:
    """`folder` lies under one of `roots` and not under `ours`; `patterns` names streams, else each file is one of its own name."""

    name = "files"

    def __init__(
        self, folder: Path, patterns: dict[str, str], roots: tuple[Path, ...], ours: tuple[Path, ...]
    ) -> None:
        self._patterns = patterns
        self._roots = roots
        self._ours = tuple(one.resolve() for one in ours)
        self._folder = self._allowed(folder)

    def discover(self) -> Discovery:
        streams, dictionaries, problems = [], [], []
        for name, found in self._streams().items():
            try:
                paths = [self._allowed(path) for path in found]
                columns: tuple[SourceColumn, ...] = _format(paths[0]).columns(paths[0])
            except (FixTheSource, NotAllowed) as problem:
                problems.append((name, problem.sentence))
                continue
            shape = _dictionary_shape([one.name for one in columns])
            if shape is not None and len(paths) == 1 and paths[0].stat().st_size < _LARGEST_DICTIONARY:
                dictionaries.append(_read_dictionary(paths[0], shape))
            else:
                streams.append(SourceStream(name, columns))
        return Discovery(tuple(streams), tuple(dictionaries), tuple(problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        for path in map(self._allowed, self._streams().get(stream.name, [])):
            form = _format(path).examine(path)
            part = Part(path.name, complete=True, source_hash=form.hash)
            if known.get(path.name) != form.hash:
                part.batches = _format(path).batches(path, part, form)
            yield part

    def _streams(self) -> dict[str, list[Path]]:
        try:
            files = sorted(path for path in self._folder.iterdir() if _ending(path))
        except OSError as gone:
            raise unreadable(self._folder, gone) from gone
        stems = Counter(_stem(path) for path in files)
        named = {
            _stem(path) if stems[_stem(path)] == 1 else path.name: glob.escape(path.name) for path in files
        }
        patterns = self._patterns or named
        found = {
            name: [path for path in files if fnmatch.fnmatchcase(path.name, pattern)]
            for name, pattern in patterns.items()
        }
        return {name: paths for name, paths in found.items() if paths}

    def _allowed(self, path: Path) -> Path:
        """The real path, under an allowed root and never among the installation's own files.

        A home or a lake may lie inside a root, so they are refused whatever the roots say.
        """
        try:
            real = path.resolve(strict=True)
        except OSError as gone:
            raise FixTheSource(
                "There is no such file or folder", culprit=str(path), fix="Correct the connection's folder."
            ) from gone
        if any(real.is_relative_to(one) for one in self._ours) or not any(
            real.is_relative_to(root) for root in self._roots
        ):
            raise NotAllowed(
                "This path is outside the folders that connections may read",
                culprit=str(path),
                fix="An administrator allows folders by AOS_FILE_ROOTS.",
            )
        return real


def _ending(path: Path) -> str:
    """The longest ending of a known format; empty where there is none."""
    return max((one for one in _FORMATS if path.name.lower().endswith(one)), key=len, default="")


def _stem(path: Path) -> str:
    return path.name[: -len(_ending(path))]


def _format(path: Path) -> ModuleType:
    return _FORMATS[_ending(path)]


def _dictionary_shape(columns: list[str]) -> tuple[str, str, str] | None:
    """The columns (table, field, description) of a data dictionary, where a file is one."""
    if len(columns) > 6:
        return None
    found = [
        next((one for one in columns if meanings(one) & words), None) for words in (_TABLE, _FIELD, _ABOUT)
    ]
    if any(one is None for one in found) or len(set(found)) < 3:
        return None
    return str(found[0]), str(found[1]), str(found[2])


def _read_dictionary(path: Path, shape: tuple[str, str, str]) -> Dictionary:
    form = _format(path).examine(path)
    part = Part(path.name, complete=True, source_hash=form.hash)
    rows = [row for batch in _format(path).batches(path, part, form) for row in batch.select(list(shape)).to_pylist()]
    entries = ((row[shape[0]], row[shape[1]], row[shape[2]]) for row in rows)
    told = tuple((str(table or "").strip(), str(field).strip(), str(about or "").strip()) for table, field, about in entries if field is not None)
    return Dictionary(path.name, form.hash, told)
