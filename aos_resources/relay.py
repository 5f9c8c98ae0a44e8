"""Carries what happened from Postgres to Redis. Any number of relays may run: an entry has its own number there too.

It is a thread and not a task of the event loop, because the database's driver blocks; and it runs in every process
of the API and not in one of its own, so that nothing more has to be started, watched or chosen among.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from aos_core.errors import AosError, Gone
from aos_core.tenancy import Tenant
from aos_resources import outbox
from aos_resources.database import Database
from aos_resources.live import Away, Live

_LOG = logging.getLogger(__name__)
EVERY = 0.25  # seconds between two looks at what is young
WHOLE = 30.0  # and between two at everything
_PAUSE = 1.0  # after a failure


class Relay:
    """One process's; `step` is one look, `start` begins a thread that looks until `stop`."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live
        self._told: dict[Tenant, int] = {}
        self._looked = float("-inf")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def step(self) -> int:
        """Tell what is new; returns how many entries were told that nobody had told before.

        Raises:
            Away: Redis is; what was not told will be.
        """
        if self._live.away:
            self._live.ask(lambda client: client.ping(), patient=True)
        newest = outbox.young(self._database)
        if time.monotonic() - self._looked > WHOLE:
            newest |= self._overlooked(newest)
            self._looked = time.monotonic()
        return sum(self._tell(tenant) for tenant, seq in newest.items() if seq > self._told.get(tenant, -1))

    def _overlooked(self, young: dict[Tenant, int]) -> dict[Tenant, int]:
        """What is newer than the last that was told, young or not. Of a tenant seen for the first time, what is not young was told before."""
        every = outbox.heads(self._database)
        self._told |= {tenant: seq for tenant, seq in every.items() if tenant not in self._told and tenant not in young}
        return every

    def _tell(self, tenant: Tenant) -> int:
        new = 0
        try:
            if tenant not in self._told:
                self._told[tenant] = outbox.a_minute_ago(self._database, tenant)
            while entries := outbox.after(self._database, tenant, self._told[tenant]):
                new += self._live.append(tenant, entries, patient=True)
                self._told[tenant] = entries[-1].seq
        except Gone:
            self._told.pop(tenant, None)
        return new

    def _run(self) -> None:
        while not self._stopping.is_set():
            pause = EVERY
            try:
                self.step()
            except Away:
                pause = _PAUSE
            except (AosError, SQLAlchemyError) as failed:
                _LOG.warning("live events wait: %s", failed)
                pause = _PAUSE
            self._stopping.wait(pause)
