"""The client of an external Airbyte server, by its public API: the newest jobs of one workspace. Slow or away it delays nobody for long."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any
from uuid import UUID

from aos_core.airbyte_jobs import Job, read_connections, read_jobs
from aos_core.errors import AosError, CredentialsRefused, FixTheSource
from aos_resources.bounded import within
from aos_resources.outbound import Http
from aos_resources.settings import Settings

SECONDS = 5.0
_KEPT = 15.0  # seconds that an answer, or that there was none, is good for
_MOST = 100  # that the server gives at once
_SOON = 30  # seconds before its end a token is asked for anew


class Airbyte:
    """One per process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._locks: defaultdict[UUID, threading.Lock] = defaultdict(threading.Lock)
        self._known: dict[UUID, tuple[float, list[Job] | AosError]] = {}
        self._token: tuple[float, str] | None = None

    @property
    def there(self) -> bool:
        return self._settings.airbyte_url is not None

    def jobs(self, workspace: UUID) -> list[Job]:
        """The newest of that workspace, at most a hundred.

        Raises:
            CredentialsRefused, FixTheSource, NotAllowed, TryAgain: the server is away, slow, refuses us, or says something else.
        """
        with self._locks[workspace]:  # who comes meanwhile gets the same answer, and asks nobody
            known = self._known.get(workspace)
            if known is None or time.monotonic() - known[0] > _KEPT:
                known = (time.monotonic(), self._asked(workspace))
                self._known[workspace] = known
        if isinstance(known[1], AosError):
            raise known[1]
        return known[1]

    def _asked(self, workspace: UUID) -> list[Job] | AosError:
        try:
            return within(SECONDS, "Airbyte", lambda: self._ask(workspace))
        except AosError as away:
            return away

    def _ask(self, workspace: UUID) -> list[Job]:
        with Http(self._settings, _api(str(self._settings.airbyte_url)), timeout=SECONDS) as server:
            try:
                return self._read(server, workspace)
            except CredentialsRefused:
                if self._token is None:
                    raise
            self._token = None  # it may have been revoked before its time
            return self._read(server, workspace)

    def _read(self, server: Http, workspace: UUID) -> list[Job]:
        server.set_header("Authorization", f"Bearer {self._bearer(server)}")
        asked: dict[str, Any] = {"workspaceIds": str(workspace), "limit": _MOST}
        connections = read_connections(server.get_json("connections", asked), workspace)
        if not connections:
            return []
        return read_jobs(server.get_json("jobs", asked | {"orderBy": "createdAt|DESC"}), workspace, connections)

    def _bearer(self, server: Http) -> str:
        """A token as it was set, or one for the application's id and secret, for as long as it is good."""
        settings = self._settings
        if settings.airbyte_token.get_secret_value():
            return settings.airbyte_token.get_secret_value()
        if self._token is None or time.monotonic() > self._token[0]:
            form = {"client_id": settings.airbyte_client_id, "client_secret": settings.airbyte_client_secret.get_secret_value(), "grant-type": "client_credentials"}
            said = server.post_json("applications/token", form, idempotent=True)
            if not isinstance(said, dict) or not isinstance(said.get("access_token"), str):
                raise FixTheSource("Airbyte gave no token", culprit="applications/token", fix="Is AOS_AIRBYTE_URL the address of its public API?")
            good = said.get("expires_in")
            self._token = (time.monotonic() + max(0, (good if isinstance(good, int) else 180) - _SOON), said["access_token"])
        return self._token[1]


def _api(url: str) -> str:
    """A server of one's own is named without the path of its API."""
    return url if url.rstrip("/").count("/") > 2 else f"{url.rstrip('/')}/api/public/v1"
