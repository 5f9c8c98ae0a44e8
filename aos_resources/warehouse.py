"""The reader of published versions: which is current, open instances, cursors on them. Never writes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import duckdb

from aos_core.errors import NotFound, TryAgain
from aos_core.tenancy import Tenant
from aos_resources.database import Database, TenantDatabase
from aos_resources.lake import Lake, TenantLake
from aos_resources.settings import Settings

_Derived = TypeVar("_Derived")


@dataclass(frozen=True)
class Published:
    """A version's row in the control plane: what it is called, when it came, what it contains."""

    id: UUID
    published_at: datetime
    applied_seq: int
    path: str


@dataclass(frozen=True)
class Version:
    """An open version. Good only inside the `with` that opened it."""

    published: Published
    _cursor: duckdb.DuckDBPyConnection
    _kept: dict[object, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.published.id

    @property
    def published_at(self) -> datetime:
        return self.published.published_at

    @property
    def applied_seq(self) -> int:
        return self.published.applied_seq

    def all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a statement whose names come from the ontology or are quoted, and whose values are parameters."""
        return self._cursor.execute(statement, list(values)).fetchall()

    def first(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._cursor.execute(statement, list(values)).fetchone()
        return row

    def once(self, name: object, derive: Callable[[], _Derived]) -> _Derived:
        """What describes the version, derived when first asked for and kept while it stays open: it never changes."""
        if name not in self._kept:
            self._kept[name] = derive()
        kept: _Derived = self._kept[name]
        return kept


@dataclass
class _Instance:
    connection: duckdb.DuckDBPyConnection
    readers: int = 0
    kept: dict[object, Any] = field(default_factory=dict)


class OpenVersions:
    """Open DuckDB instances, the least recently used closed first, and none while somebody reads from it.

    Where more are being read at once than may stay open, they stay open until the last reader leaves.
    """

    def __init__(self, settings: Settings) -> None:
        self._most = settings.open_versions
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": settings.version_memory,
            "threads": settings.version_threads,
            "enable_external_access": False,
            "lock_configuration": True,
        }
        self._instances: OrderedDict[Path, _Instance] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._instances)

    @contextmanager
    def cursor(self, path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor of one request on the version in that file.

        Raises:
            NotFound: the file has been swept.
        """
        instance = self._take(path)
        try:
            with instance.connection.cursor() as cursor:
                yield cursor
        finally:
            self._give_back(instance)

    def kept(self, path: Path) -> dict[object, Any]:
        """What has been derived from the version in that file, which somebody reads: it goes when the version closes."""
        return self._instances[path].kept

    def close(self) -> None:
        """Close what nobody reads; what is being read closes with its last reader."""
        with self._lock:
            self._most = 0
            self._close_idle()

    def _take(self, path: Path) -> _Instance:
        with self._lock:
            instance = self._instances.get(path)
            if instance is None:
                instance = self._instances[path] = _Instance(self._open(path))
            self._instances.move_to_end(path)
            instance.readers += 1
            self._close_idle()
            return instance

    def _give_back(self, instance: _Instance) -> None:
        with self._lock:
            instance.readers -= 1
            self._close_idle()

    def _close_idle(self) -> None:
        idle = [path for path, instance in self._instances.items() if instance.readers == 0]
        for path in idle[: max(0, len(self._instances) - self._most)]:
            self._instances.pop(path).connection.close()

    def _open(self, path: Path) -> duckdb.DuckDBPyConnection:
        if not path.is_file():
            raise NotFound("That version is no longer kept", fix="Begin again with the current one.")
        try:
            return duckdb.connect(str(path), read_only=True, config=self._config)
        except duckdb.Error as broken:
            raise TryAgain(
                "A published version cannot be opened", culprit=path.name, fix="Ask for a refresh."
            ) from broken


@dataclass(frozen=True)
class TenantWarehouse:
    _database: TenantDatabase
    _lake: TenantLake
    _open: OpenVersions

    def published(self) -> Published | None:
        """The current version's row; None while nothing has been published."""
        with self._database.transaction() as transaction:
            row = transaction.first(
                "select v.id, v.published_at, v.applied_seq, v.path from aos.warehouses w join aos.versions v on v.id = w.current"
            )
        return (
            None
            if row is None
            else Published(row["id"], row["published_at"], row["applied_seq"], row["path"])
        )

    @contextmanager
    def current(self) -> Iterator[Version]:
        """The version that is current now.

        Raises:
            NotFound: nothing has been published yet.
        """
        published = self.published()
        if published is None:
            raise NotFound("Nothing has been published yet", fix="Ask for a run.")
        with self.opened(published) as version:
            yield version

    @contextmanager
    def version(self, version_id: UUID) -> Iterator[Version]:
        """An earlier version, as long as its file is kept.

        Raises:
            NotFound: no such version, or it has been swept.
        """
        with self._database.transaction() as transaction:
            row = transaction.one(
                "version",
                "select id, published_at, applied_seq, path from aos.versions where id = :id",
                id=version_id,
            )
        with self.opened(
            Published(row["id"], row["published_at"], row["applied_seq"], row["path"])
        ) as version:
            yield version

    def was_issued(self, entity: str, entity_id: UUID) -> bool:
        """Whether that id ever stood for a thing of that entity, whatever versions are kept."""
        with self._database.transaction() as transaction:
            row = transaction.first("select paths from aos.issued_ids where entity = :entity", entity=entity)
        paths = [str(self._lake.absolute(path)) for path in row["paths"]] if row else []
        if not paths:
            return False
        with duckdb.connect(config={"memory_limit": "128MB", "threads": 1, "temp_directory": ""}) as connection:
            return connection.execute("select 1 from read_parquet(?) where entity_id = ? limit 1", [paths, entity_id]).fetchone() is not None

    @contextmanager
    def opened(self, published: Published) -> Iterator[Version]:
        path = self._lake.absolute(published.path)
        with self._open.cursor(path) as cursor:
            yield Version(published, cursor, self._open.kept(path))


class Warehouse:
    """Published versions of every tenant, for one process. Made at its start, closed at its end."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._lake = Lake(settings)
        self.open = OpenVersions(settings)

    def of(self, tenant: Tenant) -> TenantWarehouse:
        return TenantWarehouse(self._database.of(tenant), self._lake.of(tenant), self.open)

    def close(self) -> None:
        self.open.close()
