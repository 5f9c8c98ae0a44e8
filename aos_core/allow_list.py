"""Which sources may be connected at all: kinds of them, or of a kind some hosts."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# Settings of any kind that say where a source is.
_PLACES = ("host", "hosts", "url", "base_url", "address", "domain", "instance", "endpoint", "server", "login")


@dataclass(frozen=True)
class AllowList:
    """Which sources may be connected: kinds, or of a kind some hosts; without a word every kind is."""

    entries: tuple[tuple[str, str], ...] = ()

    def allows_kind(self, kind: str) -> bool:
        """Whether there is anything of this kind that may be connected."""
        return not self.entries or any(kind == name for name, _ in self.entries)

    def allows(self, kind: str, config: dict[str, Any]) -> bool:
        places = tuple(places_of(config))
        return not self.entries or any(kind == name and _all_fit(places, glob) for name, glob in self.entries)


def read_allow_list(text: str) -> AllowList:
    """`files, postgres:*.example.com`: kinds with commas between, each with or without a pattern of hosts."""
    parts = (one.strip().partition(":") for one in text.split(",") if one.strip())
    return AllowList(tuple((kind.strip().lower(), glob.strip().lower() or "*") for kind, _, glob in parts))


def places_of(config: dict[str, Any]) -> Iterator[str]:
    """Every host that a connection's settings name."""
    for name in _PLACES:
        said = config.get(name)
        for one in said if isinstance(said, list | tuple) else str(said or "").split(","):
            if isinstance(one, str) and one.strip():
                yield _host(one.strip().lower())


def _host(text: str) -> str:
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or text
    except ValueError:  # brackets that are none of an address
        return text


def _all_fit(places: tuple[str, ...], glob: str) -> bool:
    """A pattern of hosts fits no settings that name none."""
    return glob == "*" or (len(places) > 0 and all(fnmatch.fnmatchcase(one, glob) for one in places))
