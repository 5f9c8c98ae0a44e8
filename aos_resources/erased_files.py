"""Files of an erased tenant: its part of the lake, its exports, and whatever of the installation's own files names it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from aos_core.tenancy import Tenant
from aos_resources.lake import Lake
from aos_resources.settings import Settings

# Parts of a home whose files are made again, or are told on: what names a tenant there can go.
_OURS = ("logs", "dagster/storage", "dagster/history", "dbt")
# Nothing is looked through of keys, servers' own files, other tenants' rows, the audit logs' ends.
_APART = {"keys", "postgres", "source", "lake", "audit"}
_LOGS = {".log", ".out", ".err"}
_PIECE = 1 << 20
_LONGEST_WORD = 400


def close_lake(settings: Settings, tenant: Tenant) -> int:
    """The tenant's folder goes, and a file takes its place: no folder below it can ever be made again, by whoever still works.

    Returns: how many files went.
    """
    folder = Lake(settings).of(tenant).folder
    going, gone = folder.with_name(f".{tenant.id}.erasing"), 0
    folder.parent.mkdir(parents=True, exist_ok=True)
    while True:
        gone += _remove(going)
        if folder.is_dir():
            folder.rename(going)  # whoever still writes there writes to a place that no name leads to
            continue
        try:
            folder.touch(mode=0o400, exist_ok=False)
        except FileExistsError:
            if not folder.is_file():
                continue  # somebody was faster by a folder
        return gone


def lake_is_closed(settings: Settings, tenant: Tenant) -> bool:
    folder = Lake(settings).of(tenant).folder
    return folder.is_file() and folder.stat().st_size == 0 and not folder.with_name(f".{tenant.id}.erasing").exists()


def remove_exports(settings: Settings, tenant: Tenant) -> int:
    return _remove(exports(settings, tenant))


def exports(settings: Settings, tenant: Tenant) -> Path:
    """Where an export stands until it has been handed over."""
    return settings.home / "exports" / str(tenant.id)


def remove_runs(settings: Settings, runs: tuple[str, ...]) -> int:
    """What the tenant's own runs printed."""
    return sum(_remove(settings.home / "dagster" / "storage" / run) for run in runs if re.fullmatch(r"[0-9a-f-]+", run))


def clear_named(settings: Settings, words: tuple[str, ...]) -> int:
    """Logs that name it are emptied, whole: which of their lines are of it cannot be told. Other files that do go; they are made again.

    Returns: how many files that were.
    """
    cleared = 0
    for path in naming(settings, words):
        if path.suffix in _LOGS and not _pattern(words).search(path.name.encode()):
            with path.open("r+b") as log:
                log.truncate(0)  # whoever appends to it goes on at its new end
        else:
            path.unlink(missing_ok=True)
        cleared += 1
    return cleared


def naming(settings: Settings, words: tuple[str, ...]) -> Iterator[Path]:
    """Files of the installation that name it and can go."""
    yield from _saying(words, (path for part in _OURS for path in _files(settings.home / part)))
    yield from _saying(words, (path for part in ("postgres", "source") for path in (settings.home / part).glob("*.log")))


def naming_elsewhere(settings: Settings, tenant: Tenant) -> Iterator[Path]:
    """Files of other parts of the home that hold its id: whose they are is not known here, so they are only told of."""
    apart = {*_APART, *(part.partition("/")[0] for part in _OURS)}
    parts = [one for one in sorted(settings.home.iterdir()) if one.name not in apart and one.resolve() != settings.lake.resolve()]
    yield from _saying((str(tenant.id),), (path for part in parts for path in (_files(part) if part.is_dir() else iter((part,)))))


def _saying(words: tuple[str, ...], paths: Iterable[Path]) -> Iterator[Path]:
    said = _pattern(words)
    for path in paths:
        try:
            if said.search(path.name.encode()) or _says(path, said):
                yield path
        except FileNotFoundError:
            continue


def _pattern(words: tuple[str, ...]) -> re.Pattern[bytes]:
    """Each as a word of its own."""
    return re.compile(b"|".join(rb"(?<![a-zA-Z0-9_-])" + re.escape(word.encode()) + rb"(?![a-zA-Z0-9_-])" for word in words), re.IGNORECASE)


def _files(folder: Path) -> Iterator[Path]:
    return (one for one in sorted(folder.rglob("*")) if one.is_file() and not one.is_symlink())


def _says(path: Path, said: re.Pattern[bytes]) -> bool:
    with path.open("rb") as file:
        before = b""
        while piece := file.read(_PIECE):
            if said.search(before + piece):
                return True
            before = piece[-_LONGEST_WORD:]
    return False


def _remove(path: Path) -> int:
    """Files that went; whoever still makes some meanwhile does not stop it."""
    gone = 0
    while path.exists():
        gone += sum(1 for one in path.rglob("*") if one.is_file())
        shutil.rmtree(path, ignore_errors=True)
    return gone
