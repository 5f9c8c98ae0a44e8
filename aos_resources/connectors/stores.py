"""Where files are: a folder of this machine, or what people uploaded. Knows names and paths, nothing of what is in them."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aos_core.errors import FixTheSource, NotAllowed, TryAgain
from aos_resources.connectors.text import unreadable

_YOUNG_NS = 3_000_000_000


@dataclass(frozen=True)
class Item:
    """A file by the name that its store knows it by. `tag`: equal means the same bytes; empty where only they tell."""

    name: str
    size: int = 0
    tag: str = ""


@dataclass(frozen=True)
class Held:
    """A file as it can be read, and a question whether it still is the one that was opened: raises TryAgain where not."""

    path: Path
    still_it: Callable[[], None]

    def is_young(self) -> bool:
        """Whether it was written so lately that what is written into it now may not show in its time: some file systems tell it in seconds."""
        return time.time_ns() - _which(self.path)[-1] < _YOUNG_NS


class Store(Protocol):
    @property
    def account(self) -> str: ...

    def items(self) -> list[Item]:
        """In a stable order. Raises FixTheSource, CredentialsRefused, NotAllowed or TryAgain where they cannot be listed."""
        ...

    def held(self, item: Item) -> AbstractContextManager[Held]: ...

    def beginning(self, item: Item) -> AbstractContextManager[Held]:
        """Its first million bytes at least, or all of it where that costs nothing more."""
        ...


class Folder:
    """`folder` lies under one of `roots` and not under `ours`. `may_lack`: that it is not there means that it holds nothing."""

    def __init__(self, folder: Path, roots: tuple[Path, ...], ours: tuple[Path, ...] = (), *, may_lack: bool = False) -> None:
        self._roots = roots
        self._ours = tuple(one.resolve() for one in ours)
        self._may_lack = may_lack
        self._folder = folder if may_lack and not folder.exists() else self._allowed(folder)

    @property
    def account(self) -> str:
        return "uploaded files" if self._may_lack else str(self._folder)

    def items(self) -> list[Item]:
        try:
            return [Item(path.name) for path in sorted(self._folder.iterdir()) if not path.name.startswith(".")]
        except FileNotFoundError as nothing:
            if self._may_lack:
                return []
            raise unreadable(self._folder, nothing) from nothing
        except OSError as gone:
            raise unreadable(self._folder, gone) from gone

    @contextmanager
    def held(self, item: Item) -> Iterator[Held]:
        path = self._allowed(self._folder / item.name)
        before = _which(path)

        def still_it() -> None:
            if _which(path) != before:
                raise TryAgain("The file was changed while it was read", culprit=item.name, fix="It is read again; put whole files there under their name, by renaming them.")

        yield Held(path, still_it)

    beginning = held

    def _allowed(self, path: Path) -> Path:
        """The real path, under an allowed root and never among the installation's own files.

        A home or a lake may lie inside a root, so they are refused whatever the roots say.
        """
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as gone:
            raise FixTheSource("There is no such file or folder", culprit=path.name if self._may_lack else str(path), fix="Correct the connection's folder.") from gone
        if any(real.is_relative_to(one) for one in self._ours) or not any(real.is_relative_to(root) for root in self._roots):
            raise NotAllowed("This path is outside the folders that connections may read", culprit=str(path), fix="An administrator allows folders by AOS_FILE_ROOTS.")
        return real


def _which(path: Path) -> tuple[int, ...]:
    """What tells this file, as it is now, from any other. Raises FixTheSource where it is none: a pipe would be waited for without end."""
    try:
        found = os.stat(path)  # noqa: PTH116 (by its path, links followed: it was resolved before)
    except OSError as gone:
        raise unreadable(path, gone) from gone
    if not stat.S_ISREG(found.st_mode):
        raise FixTheSource("This is no file but a folder, a pipe or a device", culprit=path.name, fix="Put a plain file there.")
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
