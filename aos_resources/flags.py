"""Flags as a process knows them: read from Postgres, renewed when a change is told, asked without a question to anybody.

Redis tells a change at once. Where it is away, Postgres is asked each second; and now and then in any case.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from aos_core.errors import AosError, TryAgain
from aos_core.flags import FLAGS, Flag, Name, Standing
from aos_core.tenancy import Tenant
from aos_resources.database import Database, Transaction
from aos_resources.keyspace import key
from aos_resources.live import Away, Live

_LOG = logging.getLogger(__name__)
POLL = 1.0  # seconds between two looks at Postgres where nothing tells of changes
ANYHOW = 15.0  # and where something does
CHANNEL = key(None, "flags")
_PUT = (
    "insert into aos.flags (name, enabled, changed_by) values (:name, :enabled, :by) on conflict (tenant_id, name)"
    " do update set enabled = excluded.enabled, changed_by = excluded.changed_by, changed_at = now()"
)
_PUT_DEFAULT = (
    "insert into aos.flag_defaults (name, enabled, changed_by) values (:name, :enabled, :by) on conflict (name)"
    " do update set enabled = excluded.enabled, changed_by = excluded.changed_by, changed_at = now()"
)


class Flags:
    """One per process. The first question begins a thread that keeps the answers true until `close`."""

    def __init__(self, database: Database, live: Live) -> None:
        self._database = database
        self._live = live
        self._standing: Standing | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def on(self, name: Name, tenant: Tenant | None = None) -> bool:
        """Whether it is on.

        Raises:
            TryAgain: nothing was read yet, and the database is away.
        """
        return self.standing().on(name, tenant)

    def standing(self) -> Standing:
        known = self._standing
        if known is not None:
            return known
        with self._lock:
            if self._standing is None:
                self._standing = _read(self._database)
                threading.Thread(target=self._follow, name="flags", daemon=True).start()
            return self._standing

    def changed(self) -> None:
        """Said after a change was committed: every process hears it, this one first."""
        self._renew()
        self._live.publish(CHANNEL, {})

    def close(self) -> None:
        self._stopping.set()

    def _renew(self) -> None:
        try:
            self._standing = _read(self._database)
        except AosError as away:  # what stood last goes on standing
            _LOG.warning("flags could not be read again: %s", away)

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Away:
                self._renew()
                self._stopping.wait(POLL)

    def _listen(self) -> None:
        renewed = float("-inf")
        for said in self._live.listen(CHANNEL, every=0.5, stop=self._stopping):
            if said is not None or time.monotonic() - renewed > ANYHOW:
                renewed = time.monotonic()
                self._renew()


def put_flag(transaction: Transaction, flag: Flag, enabled: bool, by: str) -> None:
    """The tenant's own word, told to its pages too; `Flags.changed` is said once it is committed."""
    transaction.run(_PUT, name=flag.name, enabled=enabled, by=by)
    transaction.announce(transaction.next_seq(), "flags.changed", flag.name, {"enabled": enabled})


def reset_flag(transaction: Transaction, flag: Flag) -> None:
    """The tenant has no word of its own any more."""
    transaction.run("delete from aos.flags where name = :name", name=flag.name)
    transaction.announce(transaction.next_seq(), "flags.changed", flag.name, {})


def put_default(transaction: Transaction, flag: Flag, enabled: bool | None, by: str) -> None:
    """The installation's word for every tenant that has none of its own; None takes it back. In a transaction of people."""
    if enabled is None:
        transaction.run("delete from aos.flag_defaults where name = :name", name=flag.name)
    else:
        transaction.run(_PUT_DEFAULT, name=flag.name, enabled=enabled, by=by)


def _read(database: Database) -> Standing:
    """Raises TryAgain where the database is away."""
    try:
        with database.dispatch() as transaction:
            own = transaction.all("select tenant_id, name, enabled from aos.flags")
            everywhere: list[Any] = transaction.all("select name, enabled from aos.flag_defaults")
    except SQLAlchemyError as away:
        raise TryAgain("The database did not answer") from away
    return Standing(
        {(row["tenant_id"], row["name"]): row["enabled"] for row in own if row["name"] in FLAGS},
        {row["name"]: row["enabled"] for row in everywhere if row["name"] in FLAGS},
    )
