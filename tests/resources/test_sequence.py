"""The order of numbers under many processes: what a counter row gives, and what a sequence of Postgres would not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from random import Random
from time import monotonic, sleep

import psycopg
import pytest

from aos_core.tenancy import tenant_named
from aos_resources.database import Database, TenantDatabase, Transaction
from aos_resources.embedded import Cluster
from aos_resources.people import create_tenant
from aos_resources.settings import Settings

INITECH = tenant_named("sequence-initech")
WRITERS, TIMES = 8, 12
WAITING = "select count(*) as n from pg_stat_activity where usename = 'aos_app' and cardinality(pg_blocking_pids(pid)) > 0"


def of_the_counter(transaction: Transaction) -> int:
    return transaction.next_seq()


def of_a_sequence(transaction: Transaction) -> int:
    return int(transaction.one("number", "select nextval('plain.numbers') as seq")["seq"])


def list_some(settings: Settings, number: Callable[[Transaction], int], seed: int) -> list[int]:
    """Takes a number, tells it, dawdles, commits; the numbers that were committed."""
    database, random, committed = Database(settings, size=1), Random(seed), []
    for _ in range(TIMES):
        with database.of(INITECH).transaction() as transaction:
            committed.append(number(transaction))
            transaction.announce(committed[-1], "test.happened", str(seed))
            sleep(random.random() * 0.01)
    database.close()
    return committed


def look(database: TenantDatabase, seen: list[int]) -> None:
    """Once more, as a reader does that remembers only the last number it saw."""
    with database.transaction() as transaction:
        rows = transaction.all(
            "select seq from aos.outbox where seq > :last order by seq", last=seen[-1] if seen else 0
        )
    seen += [row["seq"] for row in rows]


def waiting(database: TenantDatabase) -> int:
    with database.transaction() as transaction:
        return int(transaction.one("count", WAITING)["n"])


def missed(
    database: TenantDatabase, writers: list[Future[list[int]]], first: list[int]
) -> tuple[int, set[int]]:
    """How many numbers were committed, and which of them were never seen by who looks until all have ended."""
    seen = first
    while not all(one.done() for one in writers):
        look(database, seen)
        sleep(0.002)
    look(database, seen)
    with database.transaction() as transaction:
        listed = {row["seq"] for row in transaction.all("select seq from aos.outbox")}
    assert {seq for one in writers for seq in one.result()} <= listed
    return len(listed), listed - set(seen)


@pytest.fixture
def database(settings: Settings, cluster: Cluster) -> Iterator[TenantDatabase]:
    """A tenant without a number yet, and a plain sequence; gone afterwards."""
    made = Database(settings)
    create_tenant(made, INITECH.slug, "Initech")
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute("create schema plain")
        owner.execute("create sequence plain.numbers")
        owner.execute("grant usage on schema plain to aos_app")
        owner.execute("grant usage on sequence plain.numbers to aos_app")
        yield made.of(INITECH)
        made.close()
        owner.execute("drop schema plain cascade")
        for table in ("outbox", "sequences", "warehouses"):
            owner.execute(f"delete from aos.{table} where tenant_id = %s".encode(), (INITECH.id,))
        owner.execute("delete from aos.tenants where id = %s", (INITECH.id,))


@pytest.mark.parametrize(("number", "lost"), [(of_the_counter, set()), (of_a_sequence, {1})])
def test_of_eight_processes_and_one_that_commits_late_every_number_is_seen_only_if_a_counter_row_gives_it(
    database: TenantDatabase, settings: Settings, number: Callable[[Transaction], int], lost: set[int]
) -> None:
    """The late one took the first number. A counter row makes the others wait for it; a sequence lets them pass."""
    seen: list[int] = []
    with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn")) as elsewhere:
        with database.transaction() as late:
            first = number(late)
            late.announce(first, "test.happened", "late")
            writers = [elsewhere.submit(list_some, settings, number, seed) for seed in range(WRITERS)]
            deadline = monotonic() + 60
            while not seen and waiting(database) < WRITERS:
                assert monotonic() < deadline
                look(database, seen)
                sleep(0.01)
        count, unseen = missed(database, writers, seen)
    assert (first, count) == (1, 1 + WRITERS * TIMES)
    assert lost <= unseen if lost else unseen == set()
