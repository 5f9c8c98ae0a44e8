"""Folders of CSV files as a source: a stream is a name pattern, each file a complete reading of its part."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from aos_core.errors import FixTheSource, NotAllowed
from aos_core.names import meanings
from aos_resources.connectors.source import Dictionary, Discovery, Part, Reject, SourceColumn, SourceStream
from aos_resources.lake import hash_file

# Everything lands as text, so nothing is lost to a sniffer; what cannot be parsed is kept apart with its reason.
# Quotes are the standard's: a sniffer that sees none in its sample would refuse the first one that comes later.
_READ = (
    "read_csv(?, all_varchar = true, header = true, store_rejects = true, rejects_limit = 0, strict_mode = {strict},"
    " delim = '{delimiter}', quote = '\"', escape = '\"')"
)
_DELIMITERS = (",", ";", "\t", "|")
_BATCH_ROWS = 61_440
_KEPT_REJECTS = 1_000
_TABLE, _FIELD, _ABOUT = {"table", "object", "entity"}, {"field", "column", "attribute"}, {"description", "definition"}


class Files:
    """`folder` lies under one of `roots` and not under `ours`; `patterns` names streams, else each file is one of its own name."""

    name = "files"

    def __init__(self, folder: Path, patterns: dict[str, str], roots: tuple[Path, ...], ours: tuple[Path, ...]) -> None:
        self._patterns = patterns
        self._roots = roots
        self._ours = tuple(one.resolve() for one in ours)
        self._folder = self._allowed(folder)

    def discover(self) -> Discovery:
        streams, dictionaries, problems = [], [], []
        for name, found in self._streams().items():
            try:
                paths = [self._allowed(path) for path in found]
                columns = _columns(paths[0])
            except (FixTheSource, NotAllowed) as problem:
                problems.append((name, problem.sentence))
                continue
            shape = _dictionary_shape(columns)
            if shape is not None and len(paths) == 1:
                dictionaries.append(_read_dictionary(paths[0], shape))
            else:
                streams.append(SourceStream(name, tuple(SourceColumn(one) for one in columns)))
        return Discovery(tuple(streams), tuple(dictionaries), tuple(problems))

    def read(self, stream: SourceStream, cursor: str | None, known: dict[str, str]) -> Iterator[Part]:
        for path in map(self._allowed, self._streams().get(stream.name, [])):
            content = _hash(path)
            part = Part(path.name, complete=True, source_hash=content)
            if known.get(path.name) != content:
                read, columns = _look(path)
                part.schema = pa.schema([(name, pa.string()) for name in columns])
                part.batches = _batches(path, read, part)
            yield part

    def _streams(self) -> dict[str, list[Path]]:
        try:
            files = sorted(path for path in self._folder.iterdir() if path.suffix.lower() == ".csv")
        except OSError as gone:
            raise _unreadable(self._folder, gone) from gone
        stems = [path.stem for path in files]
        named = {path.stem if stems.count(path.stem) == 1 else path.name: glob.escape(path.name) for path in files}
        patterns = self._patterns or named
        found = {name: [path for path in files if fnmatch.fnmatchcase(path.name, pattern)] for name, pattern in patterns.items()}
        return {name: paths for name, paths in found.items() if paths}

    def _allowed(self, path: Path) -> Path:
        """The real path, under an allowed root and never among the installation's own files.

        A home or a lake may lie inside a root, so they are refused whatever the roots say.
        """
        try:
            real = path.resolve(strict=True)
        except OSError as gone:
            raise FixTheSource("There is no such file or folder", culprit=str(path), fix="Correct the connection's folder.") from gone
        if any(real.is_relative_to(one) for one in self._ours) or not any(real.is_relative_to(root) for root in self._roots):
            raise NotAllowed(
                "This path is outside the folders that connections may read",
                culprit=str(path),
                fix="An administrator allows folders by AOS_FILE_ROOTS.",
            )
        return real


def _unreadable(path: Path, error: OSError) -> FixTheSource:
    return FixTheSource("The file or folder cannot be read", culprit=path.name, fix=f"The system said: {error.strerror}.")


def _hash(path: Path) -> str:
    try:
        return hash_file(path)
    except OSError as lost:
        raise _unreadable(path, lost) from lost


def _exactly(path: Path) -> str:
    """The path for DuckDB, which would take `[1]`, `*`, `?` and `{}` of a name as a pattern."""
    return re.sub(r"[*?\[{]", r"[\g<0>]", str(path))


def _columns(path: Path) -> list[str]:
    return _look(path)[1]


def _header(path: Path) -> str:
    """The first line. One that is not UTF-8 text refuses the file; a later line that is not is one rejected row."""
    try:
        with path.open("rb") as file:
            header = file.readline(1_000_000).decode()
    except UnicodeDecodeError:
        header = "\0"
    except OSError as lost:
        raise _unreadable(path, lost) from lost
    if "\0" in header:
        raise FixTheSource("The file is not UTF-8 text", culprit=path.name, fix="Export it as CSV in UTF-8.")
    return header


def _delimiter(header: str) -> str:
    """What parts the header's names, quoted names set aside; a comma where there is one name."""
    bare = re.sub(r'"(?:[^"]|"")*"', "", header)
    return max(_DELIMITERS, key=bare.count)


def _look(path: Path) -> tuple[str, list[str]]:
    """How the file is read, and its columns. Lenient only where it cannot be read strictly, as with mixed line ends."""
    if path.stat().st_size == 0:
        raise FixTheSource("The file is empty, without even a header", culprit=path.name)
    delimiter = _delimiter(_header(path))
    with duckdb.connect() as connection:
        for strict in ("true", "false"):
            read = _READ.format(strict=strict, delimiter=delimiter)
            try:
                return read, [str(name) for name in connection.sql(f"select * from {read} limit 0", params=[_exactly(path)]).columns]
            except duckdb.Error as unread:
                problem = unread
    raise FixTheSource("The file could not be read as CSV", culprit=path.name, fix=str(problem).splitlines()[0]) from problem


def _batches(path: Path, read: str, part: Part) -> Iterator[pa.RecordBatch]:
    """The file's rows; the last step fills the part's rejects, which are known only when the file has been read."""
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            for batch in connection.sql(f"select * from {read}", params=[_exactly(path)]).to_arrow_reader(_BATCH_ROWS):
                yield batch.cast(part.schema)
        except duckdb.Error as unread:
            raise FixTheSource("The file could not be read as CSV", culprit=path.name, fix=str(unread).splitlines()[0]) from unread
        lines = connection.execute(
            "select line, string_agg(distinct error_type, ', '), any_value(left(csv_line, 2000)) from reject_errors"
            f" group by file_id, line order by line limit {_KEPT_REJECTS}"
        ).fetchall()
        part.rejects = [Reject(line, why.lower(), said.strip("\r\n")) for line, why, said in lines]
        part.rejected = connection.execute("select count(distinct (file_id, line)) from reject_errors").fetchall()[0][0]


def _dictionary_shape(columns: list[str]) -> tuple[str, str, str] | None:
    """The columns (table, field, description) of a data dictionary, where a file is one."""
    if len(columns) > 6:
        return None
    found = [next((one for one in columns if meanings(one) & words), None) for words in (_TABLE, _FIELD, _ABOUT)]
    if any(one is None for one in found) or len(set(found)) < 3:
        return None
    return str(found[0]), str(found[1]), str(found[2])


def _read_dictionary(path: Path, shape: tuple[str, str, str]) -> Dictionary:
    table, field, about = (f'"{name.replace(chr(34), chr(34) * 2)}"' for name in shape)
    with duckdb.connect() as connection:
        rows = connection.sql(
            f"select trim({table}), trim({field}), trim(coalesce({about}, '')) from {_look(path)[0]} where {field} is not null",
            params=[_exactly(path)],
        ).fetchall()
    return Dictionary(path.name, hash_file(path), tuple(rows))
