"""What an operator looks at while a tenant lets them in, told to that tenant's audit log. Knows no routes."""

from __future__ import annotations

import threading
import time
from uuid import UUID

from aos_api.identity import ALLOWED, Caller, Noun, Verb
from aos_resources.audit import Entry, record
from aos_resources.database import Database

_ONCE = 60.0  # seconds: a page that asks again and again is one look
_MOST = 10_000


class Watch:
    """Of one process. A refused attempt at a change is told each time, the same thing read once a minute."""

    def __init__(self) -> None:
        self._told: dict[tuple[UUID, str], float] = {}
        self._lock = threading.Lock()

    def tell(self, database: Database, caller: Caller, verb: Verb, noun: Noun, what: str) -> None:
        """Before it is done: what could not be told is not shown."""
        assert caller.session is not None
        look, refused = (caller.session.claims.token_id, what), not ALLOWED.get((verb, noun), frozenset()) & caller.standings
        if not refused and self._seen(look):
            return
        with database.of(caller.tenant).transaction() as transaction:
            record(transaction, Entry(caller.actor, verb, noun, what, detail={"by": "grant", "refused": refused}))
        with self._lock:
            if len(self._told) >= _MOST:
                self._told.clear()
            self._told[look] = time.monotonic()

    def _seen(self, look: tuple[UUID, str]) -> bool:
        with self._lock:
            told = self._told.get(look)
        return told is not None and time.monotonic() - told < _ONCE
