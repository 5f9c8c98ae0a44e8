"""From Postgres to Redis: told once however many tell it, whoever is killed between, whatever the server forgets."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aos_core.envelope import envelope
from aos_core.tenancy import Tenant
from aos_resources import outbox
from aos_resources.database import Database
from aos_resources.embedded_valkey import Valkey
from aos_resources.keyspace import key
from aos_resources.live import Away, Entry, Live
from aos_resources.people import create_tenant
from aos_resources.relay import Relay
from aos_resources.settings import Settings
from tests.scenario import announce

RELAYING = """
import time
from pathlib import Path
from aos_resources.database import Database
from aos_resources.live import Live
from aos_resources.relay import Relay
from aos_resources.settings import Settings
settings = Settings(home=Path({home!r}), redis_url={redis!r})
relay = Relay(Database(settings), Live(settings))
while True:
    relay.step()
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server to itself: those of other tests may still run, and their relays tell whatever they find not told."""
    started = Valkey(tmp_path_factory.mktemp("told") / "valkey")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def settings(settings: Settings, alone: Valkey) -> Settings:
    return settings.model_copy(update={"redis_url": alone.url()})


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings)
    yield made
    made.close()


@pytest.fixture
def tenants(database: Database, request: pytest.FixtureRequest) -> tuple[Tenant, Tenant]:
    """Two, in which nothing has happened yet."""
    name = f"{abs(hash(request.node.name)) % 10**9}"
    return create_tenant(database, f"relayed-{name}", "x"), create_tenant(database, f"beside-{name}", "x")


def on_the_stream(live: Live, tenant: Tenant) -> list[Entry]:
    async def read() -> list[Entry]:
        found: list[Entry] = []
        while more := (await live.follow({tenant: found[-1].seq if found else 0}, wait=0.02)).get(tenant):
            found += more
        await live.close_followed()
        return found

    return asyncio.run(read())


def test_told_twice_by_two_is_told_once_and_in_order(settings: Settings, database: Database, tenants: tuple[Tenant, Tenant]) -> None:
    tenant, neighbour = tenants
    relays = [Relay(database, Live(settings)) for _ in range(3)]
    ended = threading.Event()

    def tell(relay: Relay) -> None:
        while not ended.is_set():
            relay.step()

    threads = [threading.Thread(target=tell, args=(one,)) for one in relays]
    for one in threads:
        one.start()
    seqs = announce(database, tenant, 150)
    theirs = announce(database, neighbour, 3)
    deadline = time.monotonic() + 20
    while len(on_the_stream(Live(settings), tenant)) < 150 and time.monotonic() < deadline:
        time.sleep(0.05)
    ended.set()
    for one in threads:
        one.join()
    told = on_the_stream(Live(settings), tenant)
    assert [one.seq for one in told] == seqs
    assert [one.before for one in told] == [0, *seqs[:-1]]
    assert [one.seq for one in on_the_stream(Live(settings), neighbour)] == theirs
    assert [json.loads(one.event)["tenantid"] for one in told] == [str(tenant.id)] * 150
    assert sum(relay.step() for relay in relays) == 0


def test_a_relay_that_is_killed_leaves_nothing_out_and_nothing_twice(
    settings: Settings, database: Database, tenants: tuple[Tenant, Tenant], alone: Valkey
) -> None:
    tenant, chance = tenants[0], random.Random(7)
    code, seqs = RELAYING.format(home=str(settings.home), redis=alone.url()), []
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[2]) as relay:
            deadline = time.monotonic() + 1 + chance.random() * 2
            while time.monotonic() < deadline:
                seqs += announce(database, tenant, 20)
                time.sleep(0.02)  # a stream keeps some ten thousand entries, and this one is compared whole
            relay.kill()
    Relay(database, Live(settings)).step()
    assert [one.seq for one in on_the_stream(Live(settings), tenant)] == seqs


def test_a_server_that_forgot_everything_is_told_on_from_where_it_was(settings: Settings, database: Database, tenants: tuple[Tenant, Tenant]) -> None:
    """What is missing on the stream shows in the entry that follows: it names the one before it."""
    tenant, live = tenants[0], Live(settings)
    relay = Relay(database, live)
    first = announce(database, tenant, 3)
    relay.step()
    live.forget(tenant)
    second = announce(database, tenant, 2)
    relay.step()
    told = on_the_stream(live, tenant)
    assert [(one.seq, one.before) for one in told] == [(second[0], first[-1]), (second[1], second[0])]


def test_a_transaction_that_took_minutes_is_told_by_the_look_at_everything(
    settings: Settings, database: Database, tenants: tuple[Tenant, Tenant], cluster: Any
) -> None:
    import psycopg

    tenant, live = tenants[0], Live(settings)
    relay = Relay(database, live)
    announce(database, tenant, 1)
    relay.step()
    (late,) = announce(database, tenant, 1)
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute("update aos.outbox set at = now() - interval '10 minutes' where tenant_id = %s and seq = %s", (tenant.id, late))
    assert relay.step() == 0
    relay._looked = float("-inf")
    assert relay.step() == 1
    assert on_the_stream(live, tenant)[-1].seq == late


def test_what_was_not_told_while_redis_was_away_is_told_when_it_is_back(
    settings: Settings, database: Database, tenants: tuple[Tenant, Tenant], tmp_path: Path
) -> None:
    server = Valkey(tmp_path / "valkey")
    live = Live(settings.model_copy(update={"redis_url": server.start()}))
    relay = Relay(database, live)
    seqs = announce(database, tenants[0], 2)
    relay.step()
    server.stop()
    seqs += announce(database, tenants[0], 2)
    with pytest.raises(Away):
        relay.step()
    server.start()
    time.sleep(1.1)
    relay.step()
    assert [one.seq for one in on_the_stream(live, tenants[0])] == seqs
    server.stop()


def test_a_stream_is_kept_under_its_tenants_key_and_no_longer_than_needed(settings: Settings, database: Database, tenants: tuple[Tenant, Tenant]) -> None:
    live = Live(settings)
    announce(database, tenants[0], 1)
    Relay(database, live).step()
    assert live.keys(tenants[0]) == [key(tenants[0], "events")]
    assert 0 < live.ask(lambda client: int(client.ttl(key(tenants[0], "events")))) <= 86_400


def test_an_entry_is_told_as_a_cloud_event(database: Database, tenants: tuple[Tenant, Tenant]) -> None:
    (seq,) = announce(database, tenants[0], 1)
    (entry,) = outbox.after(database, tenants[0], 0)
    said = json.loads(entry.event)
    assert {name: said[name] for name in ("specversion", "type", "subject", "sequence", "tenantid", "source", "datacontenttype", "data")} == {
        "specversion": "1.0", "type": "thing.happened", "subject": "a thing", "sequence": str(seq), "tenantid": str(tenants[0].id),
        "source": f"urn:aos:tenant:{tenants[0].id}", "datacontenttype": "application/json", "data": {"n": 1},
    }  # fmt: skip
    assert said["time"].endswith("Z")
    with database.of(tenants[0]).transaction() as transaction:
        row = dict(transaction.one("entry", "select seq, id, type, subject, data, at from aos.outbox"))
    traced = envelope(tenants[0], row | {"data": {"n": 1, "traceparent": "00-1-2-01"}})
    assert (traced["traceparent"], traced["data"]) == ("00-1-2-01", {"n": 1})
