"""Many requests of two tenants over few connections, some of them broken off: how often one saw or changed what is not its own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aos_core.errors import TryAgain
from aos_core.tenancy import Tenant
from aos_resources.database import Database, Transaction
from tests.resources.tenant_rows import Neighbours
from tests.scenario import made_id

_ROW = made_id("shared connections.id")
_THREADS = 12


class BrokenOff(Exception):
    """A request that ends in the middle."""


def crossings(database: Database, neighbours: Neighbours, requests: int, seed: int = 0) -> list[str]:
    """What went wrong in `requests` requests of each tenant, interleaved; nothing where nothing did."""
    tenants = (neighbours.initech, neighbours.hooli)
    kinds = random.Random(seed).choices(list(_KINDS), weights=[weight for weight, _ in _KINDS.values()], k=2 * requests)

    def ask(number: int) -> str | None:
        tenant, kind = tenants[number % 2], kinds[number]
        return None if _KINDS[kind][1](database, tenant) else f"{number}: {kind} of {tenant.slug}"

    with ThreadPoolExecutor(_THREADS) as together:
        return [one for one in together.map(ask, range(2 * requests)) if one is not None]


def _own(transaction: Transaction, tenant: Tenant) -> bool:
    """Whether the tenant sees its own rows and no other, and touches its own."""
    seen = transaction.all("select tenant_id, current_setting('aos.tenant') as said from aos.connections")
    touched = transaction.run("update aos.connections set note = :note where id = :id", note=tenant.slug, id=_ROW)
    return {(row["tenant_id"], row["said"]) for row in seen} == {(tenant.id, str(tenant.id))} and touched == 1


def _whole(database: Database, tenant: Tenant) -> bool:
    with database.of(tenant).transaction() as transaction:
        return _own(transaction, tenant)


def _raising(database: Database, tenant: Tenant) -> bool:
    right = False
    with suppress(BrokenOff), database.of(tenant).transaction() as transaction:
        right = _own(transaction, tenant)
        raise BrokenOff
    return right


def _wrong(database: Database, tenant: Tenant) -> bool:
    right = False
    with suppress(DBAPIError), database.of(tenant).transaction() as transaction:
        right = _own(transaction, tenant)
        transaction.run("select nonsense")
    return right


def _cancelled(database: Database, tenant: Tenant) -> bool:
    """By another thread, as who gives up waiting does."""
    right = False
    with suppress(TryAgain, DBAPIError), database.of(tenant).transaction() as transaction:
        right = _own(transaction, tenant)
        driver: Any = transaction.connection.connection.driver_connection
        giving_up = threading.Timer(0.01, driver.cancel)
        giving_up.start()
        transaction.first("select pg_sleep(0.2)")
    return right


def _dropped(database: Database, tenant: Tenant) -> bool:
    """The client goes away within its transaction."""
    right = False
    with suppress(TryAgain, DBAPIError, BrokenOff), database.of(tenant).transaction() as transaction:
        right = _own(transaction, tenant)
        transaction.connection.invalidate()
        raise BrokenOff
    return right


def _forgetful(database: Database, tenant: Tenant) -> bool:
    """One that never says which tenant it is of must not see a row, whoever had its connection before."""
    try:
        with database._engine("aos_app").begin() as connection:
            connection.execute(text("select tenant_id from aos.connections")).all()
    except DBAPIError:
        return True
    return False


_KINDS: dict[str, tuple[int, Callable[[Database, Tenant], bool]]] = {
    "whole": (70, _whole), "raising": (10, _raising), "wrong": (8, _wrong), "cancelled": (1, _cancelled), "dropped": (1, _dropped),
    "forgetful": (10, _forgetful),
}  # fmt: skip
