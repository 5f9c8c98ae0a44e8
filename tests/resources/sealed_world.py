"""Tenants full of sealed values that hold a word which stands nowhere else, and a load that opens, seals and syncs all the while."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from aos_assets.steps.land import sync_connection
from aos_core.errors import AosError
from aos_core.hiding import hidden
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction, as_json
from aos_resources.embedded import Cluster
from aos_resources.idempotency import Request, keep_answer, kept_answer
from aos_resources.people import create_tenant
from aos_resources.postgres_programs import program
from aos_resources.secrets import Secrets, _encrypt, opened_with, sealed_under, version_of
from aos_resources.settings import Settings
from aos_resources.world import World

WORD = "Planted~Word+7"
SHOP = as_json({"password": WORD})
CONTROL = b"a hash that anybody may read"
ADD = "insert into aos.connections (id, name, source, config, sealed) values (:id, :name, 'postgres', cast(:config as jsonb), :sealed)"
_SEALED = "select id, sealed from aos.connections where sealed is not null union all select id, answer from aos.idempotency"
# Another process of the installation: opens whatever is there until it is told to end, then says how often and what went wrong.
OPENER = """
import random, sys, threading
from pathlib import Path
from aos_resources.database import Database
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings
settings = Settings(home=Path(sys.argv[1]), allowed_networks="localhost")
database, secrets, ended = Database(settings), Secrets(settings), threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), ended.set()), daemon=True).start()
tenants, opened, wrong = database.tenants(), 0, []
while not ended.is_set():
    tenant = random.choice(tenants)
    try:
        with database.of(tenant).transaction() as transaction:
            for row in transaction.all("select id, sealed from aos.connections where sealed is not null and id > gen_random_uuid() order by id limit 5"):
                secrets.open(transaction, tenant, row["id"], bytes(row["sealed"]))
                opened += 1
    except Exception as error:
        wrong.append(repr(error))
print(opened, len(wrong), *wrong[:3], sep=chr(31))
"""


@dataclass
class Planted:
    """`values`: what stands sealed, by tenant and whose it is; `shop` is a connection that can be synced."""

    world: World
    values: dict[tuple[Tenant, UUID], str]
    shop: tuple[Tenant, UUID]

    @property
    def tenants(self) -> list[Tenant]:
        return sorted({tenant for tenant, _ in self.values}, key=lambda one: one.slug)

    def each(self) -> Iterator[tuple[Transaction, Tenant, UUID, bytes]]:
        for tenant in self.tenants:
            with self.world.database.of(tenant).transaction() as transaction:
                for row in transaction.all(_SEALED):
                    yield transaction, tenant, row["id"], bytes(row["sealed"])

    def lost(self) -> int:
        """Values that are not there or are not what was sealed last, as a process that has just begun sees it."""
        secrets = Secrets(self.world.settings)
        found = {(tenant, owner): secrets.open(transaction, tenant, owner, sealed) for transaction, tenant, owner, sealed in self.each()}
        return sum(found.get(whose) != value for whose, value in self.values.items()) + len(found.keys() - self.values.keys())

    def unopened(self, chance: random.Random, many: int) -> int:
        secrets, chosen = Secrets(self.world.settings), chance.sample(sorted(self.values, key=str), many)
        return many - sum(self._opens(secrets, *whose) for whose in chosen)

    def _opens(self, secrets: Secrets, tenant: Tenant, owner: UUID) -> bool:
        with self.world.database.of(tenant).transaction() as transaction:
            row = transaction.one("value", f"select * from ({_SEALED}) s where id = :id", id=owner)
            return self.fits(tenant, owner, secrets.open(transaction, tenant, owner, bytes(row["sealed"])))

    def fits(self, tenant: Tenant, owner: UUID, value: str) -> bool:
        """It was sealed for the very connection, the last time or the one before."""
        return WORD in value and (str(owner) in value or (tenant, owner) == self.shop)

    def opened_by(self, settings: Settings) -> int:
        """How many the keys of another home open."""
        secrets = Secrets(settings)
        return sum(_opened(secrets.open, *one) for one in self.each())

    def data_keys(self) -> dict[Tenant, bytes]:
        keys = {}
        for tenant in self.tenants:
            with self.world.database.of(tenant).transaction() as transaction:
                keys[tenant] = self.world.secrets.data_key(transaction, tenant, self.world.secrets.newest(transaction) or 0)
        return keys

    def opened_by_keys(self, keys: dict[Tenant, bytes]) -> int:
        return sum(_opened(opened_with, {1: keys[tenant], version_of(sealed): keys[tenant]}, owner, sealed) for _, tenant, owner, sealed in self.each())

    def under_an_older_key(self) -> int:
        """Values, and keys that are left of before."""
        newest, left = {}, 0
        for tenant in self.tenants:
            with self.world.database.of(tenant).transaction() as transaction:
                newest[tenant] = self.world.secrets.newest(transaction)
                left += transaction.one("count", "select count(*) as n from aos.tenant_keys")["n"] - 1
        left += len([one for one in self.world.settings.keys.glob("master*") if one.name != "master.key"])
        return int(left) + sum(version_of(sealed) != newest[tenant] for _, tenant, _, sealed in self.each())


def _opened(call: Callable[..., str], *told: object) -> bool:
    try:
        call(*told)
    except AosError:
        return False
    return True


def shop(cluster: Cluster) -> dict[str, Any]:
    """A database that is somebody else's, with a table and a role that must say the word to read it."""
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute("create table orders (id int primary key, said text)")
        owner.execute("insert into orders select i, 'order ' || i from generate_series(1, 50) i")
        owner.execute(sql.SQL("create role reader login password {}").format(sql.Literal(WORD)))
        owner.execute("grant select on orders to reader")
        database = owner.info.dbname
    return {"host": "127.0.0.1", "port": cluster.port(), "database": database, "user": "reader"}


def plant(world: World, secrets: int, config: dict[str, Any]) -> Planted:
    """Three tenants; of each tenant's values a tenth as they were sealed before keys had versions, and another tenth kept answers."""
    values: dict[tuple[Tenant, UUID], str] = {}
    for tenant in (create_tenant(world.database, f"sealed-{name}", name.title()) for name in ("acme", "globex", "initech")):
        with world.database.of(tenant).transaction() as transaction:
            world.secrets.add(transaction, tenant, 1)
            key, rows = world.secrets.data_key(transaction, tenant, 1), list[dict[str, Any]]()
            for number in range(secrets // 3):
                owner = uuid4()
                value = values[tenant, owner] = as_json({"password": f"{WORD} of {owner}"})
                sealed = _encrypt(key, value.encode(), owner.bytes) if number % 10 == 0 else sealed_under(1, key, owner, value)
                rows.append({"id": owner, "name": f"connection {number}", "sealed": sealed, "config": "{}"})
            answers, rows = rows[: len(rows) // 10], rows[len(rows) // 10 :]
            transaction.each(ADD, rows)
            transaction.each(
                "insert into aos.idempotency (caller, key, id, request, answer) values ('planted', :name, :id, :request, :sealed)",
                [one | {"request": CONTROL} for one in answers],
            )
    owner = uuid4()
    with world.database.of(tenant).transaction() as transaction:
        sealed = world.secrets.seal(transaction, tenant, owner, SHOP)
        transaction.run(ADD, id=owner, name="shop", config=as_json(config), sealed=sealed)
    values[tenant, owner] = SHOP
    return Planted(world, values, (tenant, owner))


def found_in_dump(cluster: Cluster, planted: Planted) -> int:
    """How often a copy of the whole database has the word, however it is written; the copy is one in which it would be found."""
    copy = subprocess.run([str(program("pg_dump")), "--dbname", cluster.url()], capture_output=True, text=True, check=True).stdout
    assert "connection 17" in copy and CONTROL.hex() in copy
    probe = f"{copy[:100]} {WORD.encode().hex()}"
    assert hidden(probe, [WORD]) != probe
    return sum(hidden(line, [WORD]) != line for line in copy.splitlines())


@dataclass
class Load:
    """From `with` to its end: two threads open, one seals, one syncs, and a process of its own opens."""

    planted: Planted
    seed: int
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("opened", "sealed", "syncs", "opened_elsewhere"), 0))
    wrong: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        command = [sys.executable, "-W", "ignore", "-c", OPENER, str(self.planted.world.settings.home)]
        self._elsewhere = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        works = [("opened", self._open), ("opened", self._open), ("sealed", self._seal), ("syncs", self._sync)]
        self._threads = [threading.Thread(target=self._repeat, args=(*one, number)) for number, one in enumerate(works)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        opened, failed, *said = self._elsewhere.communicate("end\n")[0].strip().split(chr(31))
        self.done["opened_elsewhere"] = int(opened)
        self.wrong += [*said, *["elsewhere"] * (int(failed) - len(said))]

    def counted(self) -> dict[str, Any]:
        return self.done | {"failures": len(self.wrong), "said": self.wrong[:3]}

    def _repeat(self, name: str, work: Callable[[random.Random], None], number: int) -> None:
        chance = random.Random(self.seed + number)
        while not self._ended.is_set():
            try:
                work(chance)
                self.done[name] += 1
            except Exception as error:  # noqa: BLE001 whatever it is, it is a failure
                self.wrong.append(f"{name}: {error!r}")
            time.sleep(0.002)

    def _open(self, chance: random.Random) -> None:
        """As a sync does: the value is read, then opened, in one transaction that goes on for a while."""
        tenant, owner = chance.choice(list(self.planted.values))
        with self.planted.world.database.of(tenant).transaction() as transaction:
            row = transaction.one("value", f"select * from ({_SEALED}) s where id = :id", id=owner)
            time.sleep(chance.choice((0, 0, 0.02, 0.1)))
            value = self.planted.world.secrets.open(transaction, tenant, owner, bytes(row["sealed"]))
        assert self.planted.fits(tenant, owner, value), "another value"

    def _seal(self, chance: random.Random) -> None:
        """A connection's secret anew, or an answer that is kept and then asked for."""
        world, (tenant, owner) = self.planted.world, chance.choice(list(self.planted.values))
        if (tenant, owner) == self.planted.shop:
            return
        fresh = as_json({"password": f"{WORD} of {owner}, number {chance.random()}"})
        with world.database.of(tenant).transaction() as transaction:
            sealed = world.secrets.seal(transaction, tenant, owner, fresh)
            time.sleep(chance.choice((0, 0, 0.02, 0.05)))
            if transaction.run("update aos.connections set sealed = :sealed where id = :id", id=owner, sealed=sealed):
                self.planted.values[tenant, owner] = fresh
                return
        asked = Request("load", str(uuid4()), CONTROL)
        with world.database.of(tenant).transaction() as transaction:
            assert kept_answer(transaction, world.secrets, tenant, asked) is None
            keep_answer(transaction, world.secrets, tenant, asked, f"{WORD} is shown once")
        with world.database.of(tenant).transaction() as transaction:
            assert kept_answer(transaction, world.secrets, tenant, asked) == f"{WORD} is shown once"
            transaction.run("delete from aos.idempotency where key = :key", key=asked.key)

    def _sync(self, chance: random.Random) -> None:
        tenant, owner = self.planted.shop
        synced = sync_connection(self.planted.world.of(tenant), owner)
        assert synced.error is None and len(synced.streams) == 1, synced.error
