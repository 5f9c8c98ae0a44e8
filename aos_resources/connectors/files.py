"""Files as a source: a stream is a name pattern, each file, sheet or member of a zip a complete reading of its part."""

from __future__ import annotations

import fnmatch
import glob
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from aos_core.errors import FixTheSource, NotAllowed, NotUnderstood
from aos_core.names import meanings
from aos_resources.connectors import csv_files, json_lines, parquet_files
from aos_resources.connectors.file_hash import file_hash, hash_beside
from aos_resources.connectors.file_settings import FilesConfig, FilesSecret
from aos_resources.connectors.members import WORKBOOKS, holds_members, members, unpacked
from aos_resources.connectors.source import (
    Dictionary,
    Discovery,
    Doors,
    Kind,
    Part,
    Probe,
    SourceColumn,
    SourceStream,
)
from aos_resources.connectors.stores import Folder, Held, Item, Store
from aos_resources.connectors.written import Written

# How a file is read, by what its name ends in; each module gives its columns, form and batches.
_FORMATS: dict[str, ModuleType] = {
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), csv_files),
    **dict.fromkeys((".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"), json_lines),
    ".parquet": parquet_files,
}
# A file that looks like a data dictionary and is larger than any is a stream.
_LARGEST_DICTIONARY = 16 * 1024 * 1024
_TABLE, _FIELD, _ABOUT = ({"table", "object", "entity"}, {"field", "column", "attribute"}, {"description", "definition"})
# A sheet is made to CSV by us: nothing of it is to be found.
_SHEET = Written(delimiter=",", quote='"', escape="doubled", skip=0, encoding="utf-8")


@dataclass(frozen=True)
class _Piece:
    """A file, or a member of one: a part of a stream."""

    item: Item
    member: str = ""

    @property
    def name(self) -> str:
        return f"{self.item.name}/{self.member}" if self.member else self.item.name

    @property
    def stem(self) -> str:
        member = self.member[: len(self.member) - len(_ending(self.member))]
        whole = self.item.name[: len(self.item.name) - len(_ending(self.item.name))]
        return f"{whole.rpartition('.')[0]}/{member}" if self.member else whole


class Files:
    """The files of one store by its settings."""

    name = "files"

    def __init__(self, store: Store, config: FilesConfig) -> None:
        self._store = store
        self._config = config

    def probe(self) -> Probe:
        found, problems = self._pieces()
        return Probe(self._store.account, writable=None, said=f"{len(found):,} files can be read." + (f" {len(problems):,} cannot." if problems else ""))

    def discover(self) -> Discovery:
        pieces, problems = self._pieces()
        streams, dictionaries = list[SourceStream](), list[Dictionary]()
        for name, found in self._streams(pieces).items():
            try:
                with self._beginning(found[0]) as held, self._readable(held, found[0], beginning=True) as (path, written):
                    columns: tuple[SourceColumn, ...] = _format(path).columns(path, written)
                    shape = _dictionary_shape([one.name for one in columns])
                    if shape is not None and len(found) == 1 and max(found[0].item.size, path.stat().st_size) < _LARGEST_DICTIONARY:
                        dictionaries.append(self._dictionary(found[0], shape))
                        continue
            except (FixTheSource, NotAllowed) as problem:
                problems.append((name, problem.sentence))
                continue
            streams.append(SourceStream(name, columns, delete_mode="unknown" if self._config.appends(name) else "exact"))
        return Discovery(tuple(streams), tuple(dictionaries), tuple(problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        pieces, problems = self._pieces()
        found = self._streams(pieces).get(stream.name, [])
        if problems and (self._config.patterns or not found):
            # What cannot be opened may hold parts of it: read as if complete, their rows would count as deleted.
            raise FixTheSource("A file that may belong to the stream cannot be opened", culprit=stream.name, fix=problems[0][1])
        for piece in found:
            yield self._part(piece, known.get(piece.name), complete=not self._config.appends(stream.name))

    def _part(self, piece: _Piece, before: str | None, *, complete: bool) -> Part:
        tag = f"{piece.item.tag}{self._config.written.word}" if piece.item.tag else ""
        if tag and tag == before:
            return Part(piece.name, complete, tag)
        with ExitStack() as opened:
            held = opened.enter_context(self._store.held(piece.item))
            word = self._config.written.word
            # Whatever changes of the file that it is in, a member is read again.
            first = not tag and (before is not None or bool(piece.member) or held.is_young())
            hashed = f"{file_hash(held.path)}{f'/{piece.member}' * bool(piece.member)}{word}" if first else tag
            if hashed and hashed == before:
                return Part(piece.name, complete, hashed)
            path, written = opened.enter_context(self._readable(held, piece))
            form = _format(path).examine(path, written)
            part = Part(piece.name, complete, hashed or None)
            batches = _format(path).batches(path, part, form, written)
            part.batches = _to_the_end(batches if hashed else _hashed_beside(batches, held.path, part, word), held, opened.pop_all())
            return part

    @contextmanager
    def _readable(self, held: Held, piece: _Piece, *, beginning: bool = False) -> Iterator[tuple[Path, Written]]:
        """A plain file, and how it is written."""
        if not piece.member:
            yield held.path, self._config.written
            return
        with unpacked(held.path, piece.member, beginning=beginning) as path:
            yield path, _SHEET if piece.item.name.lower().endswith(WORKBOOKS) else self._config.written

    def _beginning(self, piece: _Piece) -> AbstractContextManager[Held]:
        """As much of it as shows its columns: of what is packed, or told at its end, the whole."""
        whole = piece.member or piece.item.name.lower().endswith((".gz", ".parquet", ".json"))
        return self._store.held(piece.item) if whole else self._store.beginning(piece.item)

    def _pieces(self) -> tuple[list[_Piece], list[tuple[str, str]]]:
        """Every file and member that can be read, and what cannot be opened: (name, reason)."""
        pieces, problems = list[_Piece](), list[tuple[str, str]]()
        for item in self._store.items():
            if _ending(item.name):
                pieces.append(_Piece(item))
            elif holds_members(item.name):
                try:
                    with self._store.held(item) as held:
                        inside = members(held.path, tuple(_FORMATS))
                except (FixTheSource, NotAllowed) as problem:
                    problems.append((item.name, problem.sentence))
                    continue
                pieces += [_Piece(item, member) for member in inside.names]
                problems += inside.problems
        return pieces, problems

    def _streams(self, pieces: list[_Piece]) -> dict[str, list[_Piece]]:
        stems = Counter(one.stem for one in pieces)
        named = {one.stem if stems[one.stem] == 1 else one.name: glob.escape(one.name) for one in pieces}
        found = {
            name: [one for one in pieces if fnmatch.fnmatchcase(one.name, pattern)] for name, pattern in (self._config.patterns or named).items()
        }
        return {name: those for name, those in found.items() if those}

    def _dictionary(self, piece: _Piece, shape: tuple[str, str, str]) -> Dictionary:
        with self._store.held(piece.item) as held, self._readable(held, piece) as (path, written):
            form, content = _format(path).examine(path, written), file_hash(path)
            part = Part(piece.name, complete=True, source_hash=content)
            rows = [row for batch in _format(path).batches(path, part, form, written) for row in batch.select(list(shape)).to_pylist()]
        entries = ((row[shape[0]], row[shape[1]], row[shape[2]]) for row in rows)
        told = tuple((str(table or "").strip(), str(field).strip(), str(about or "").strip()) for table, field, about in entries if field is not None)
        return Dictionary(piece.name, content, told)


def _to_the_end(batches: Iterator[pa.RecordBatch], held: Held, opened: ExitStack) -> Iterator[pa.RecordBatch]:
    """All of them, unless the file became another meanwhile: then they may be of two."""
    with opened:
        yield from batches
        held.still_it()


def _hashed_beside(batches: Iterator[pa.RecordBatch], path: Path, part: Part, word: str) -> Iterator[pa.RecordBatch]:
    """All of them, and then the part's hash."""
    with hash_beside(path) as content:
        yield from batches
        part.source_hash = f"{content.result()}{word}"


def _ending(name: str) -> str:
    """The longest ending of a known format; empty where there is none."""
    return max((one for one in _FORMATS if name.lower().endswith(one)), key=len, default="")


def _format(path: Path) -> ModuleType:
    return _FORMATS[_ending(path.name)]


def _dictionary_shape(columns: list[str]) -> tuple[str, str, str] | None:
    """The columns (table, field, description) of a data dictionary, where a file is one."""
    if len(columns) > 6:
        return None
    found = [next((one for one in columns if meanings(one) & words), None) for words in (_TABLE, _FIELD, _ABOUT)]
    if any(one is None for one in found) or len(set(found)) < 3:
        return None
    return str(found[0]), str(found[1]), str(found[2])


def _make(doors: Doors, config: FilesConfig, secret: FilesSecret) -> Files:
    return Files(_store(doors, config, secret), config)


def _store(doors: Doors, config: FilesConfig, secret: FilesSecret) -> Store:
    settings = doors.settings
    if config.folder is not None:
        return Folder(Path(config.folder), settings.roots, (settings.home, settings.lake))
    if config.uploads:
        if doors.uploads is None:
            raise NotUnderstood("Files can be uploaded only once the connection is there", culprit="uploads", fix="Create it, then send them.")
        return Folder(doors.uploads, (doors.uploads.resolve(),), may_lack=True)
    from aos_resources.connectors.buckets import Bucket  # noqa: PLC0415 (what signs requests is heavy, and the API imports this)

    return Bucket(settings, config, secret)


KIND = Kind(
    "files", "Files", "CSV, Excel, JSON and Parquet files, packed or not: in a folder, sent by you, or in an object store.", FilesConfig, FilesSecret, _make
)
