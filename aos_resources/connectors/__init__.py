"""The sources there are. Adding one is a file, a line in CONNECTORS and passing the conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aos_core.errors import NotUnderstood
from aos_resources.connectors.files import Files
from aos_resources.connectors.postgres import Address, Postgres
from aos_resources.connectors.source import Connector
from aos_resources.settings import Settings

Maker = Callable[[Settings, dict[str, Any], str | None], Connector]


def _files(settings: Settings, config: dict[str, Any], secret: str | None) -> Connector:
    return Files(Path(config["folder"]), dict(config.get("patterns", {})), settings.roots, (settings.home, settings.lake))


def _postgres(settings: Settings, config: dict[str, Any], secret: str | None) -> Connector:
    address = Address(
        host=config["host"],
        port=int(config["port"]),
        database=config["database"],
        user=config["user"],
        password=secret or "",
        sslmode=config.get("sslmode", "prefer"),
    )
    return Postgres(address, dict(config.get("cursors", {})), tuple(config.get("tables", ())), settings.url("aos_app"))


CONNECTORS: dict[str, Maker] = {"files": _files, "postgres": _postgres}


def connect(settings: Settings, source: str, config: dict[str, Any], secret: str | None) -> Connector:
    """The connector of a stored connection.

    Raises:
        NotUnderstood: no such source, or a setting of it is missing. NotAllowed: the source may not be read.
    """
    if source not in CONNECTORS:
        raise NotUnderstood("There is no such kind of source", culprit=source, fix=f"There are {', '.join(CONNECTORS)}.")
    try:
        return CONNECTORS[source](settings, config, secret)
    except KeyError as missing:
        raise NotUnderstood(f"The connection lacks its {missing.args[0]}", culprit=source) from missing
