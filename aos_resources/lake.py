"""The lake: immutable files of one tenant, written whole or not at all, and DuckDB over them.

Knows folders and how a file becomes durable; knows nothing of what the rows mean.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import duckdb

from aos_core.errors import Gone, TryAgain
from aos_core.tenancy import Tenant
from aos_resources.settings import Settings


@dataclass(frozen=True)
class TenantLake:
    """Paths in the control plane are relative to the lake, so that a lake may move."""

    root: Path
    tenant: Tenant
    memory: str
    threads: int

    @property
    def folder(self) -> Path:
        return self.root / str(self.tenant.id)

    def raw(self, connection: UUID, stream: UUID, sync: UUID) -> Path:
        return self.folder / "raw" / str(connection) / str(stream) / str(sync)

    def uploads(self, connection: UUID) -> Path:
        """Files that people sent for a connection: its source, not its landings."""
        return self.folder / "uploads" / str(connection)

    def states(self, stream: UUID) -> Path:
        return self.folder / "states" / str(stream)

    def events(self, entity: str) -> Path:
        return self.folder / "events" / entity

    def quarantine(self, entity: str) -> Path:
        return self.folder / "quarantine" / entity

    def ids(self, entity: str) -> Path:
        return self.folder / "ids" / entity

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def absolute(self, stored: str) -> Path:
        """A stored path; one that leads out of the tenant's folder is refused."""
        path = (self.root / stored).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise ValueError(f"{stored} is not in the folder of {self.tenant.slug}")
        return path

    def made(self, folder: Path) -> Path:
        """The folder of the tenant's, made: the only way to one. Of an erased tenant a file stands in its folder's place.

        Raises:
            Gone: the tenant was erased; nothing can be written for it again.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (NotADirectoryError, FileExistsError) as erased:
            raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.") from erased
        return folder

    @contextmanager
    def duckdb(self, file: Path | None = None) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        """An instance of its own with bounded memory, and the folder beside the tenant's files where it spills."""
        spill = self.made(self.folder / "spill" / uuid4().hex)
        connection = duckdb.connect(
            str(file) if file is not None else ":memory:",
            config={"memory_limit": self.memory, "threads": self.threads, "temp_directory": str(spill), "preserve_insertion_order": True,
                    "arrow_lossless_conversion": True},  # ids stay ids on their way into a file
        )
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield connection, spill
        finally:
            connection.close()
            shutil.rmtree(spill, ignore_errors=True)

    @contextmanager
    def writing(self, folder: Path, name: str) -> Iterator[Path]:
        """A temporary path that becomes `folder/name` at the end, file and folder synced.

        Raises:
            TryAgain: the disk is full; nothing is left behind.
        """
        self.made(folder)
        temporary = folder / f".{uuid4().hex}.writing"
        try:
            yield temporary
            sync_file(temporary)
            temporary.rename(folder / name)
            sync_folder(folder)
        except OSError as full:
            raise TryAgain("The lake could not be written", culprit=f"{folder.name}: {full.strerror}", fix="Free disk space.") from full
        finally:
            temporary.unlink(missing_ok=True)


class Lake:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, tenant: Tenant) -> TenantLake:
        return TenantLake(self._settings.lake, tenant, self._settings.memory, self._settings.threads)


def sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hash_file(path: Path) -> str:
    """sha256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
