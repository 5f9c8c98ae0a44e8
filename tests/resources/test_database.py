"""The control plane's door: numbers in the order of commits, an outbox that tells only what happened, errors, secrets."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import monotonic, sleep
from uuid import UUID

import psycopg
import pytest

from aos_core.errors import FixTheSource, NotFound, TryAgain
from aos_core.tenancy import Tenant, tenant_named
from aos_resources.database import Database, Transaction
from aos_resources.embedded import Cluster
from aos_resources.people import create_tenant
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings
from tests.scenario import made_id

INITECH, HOOLI = tenant_named("numbers-initech"), tenant_named("numbers-hooli")
AFTER = "select seq from aos.outbox where seq > :last order by seq"


@pytest.fixture(scope="module")
def owner(cluster: Cluster) -> Iterator[psycopg.Connection]:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        yield connection


@pytest.fixture
def database(settings: Settings, owner: psycopg.Connection) -> Iterator[Database]:
    """Two tenants without a number yet; gone afterwards."""
    made = Database(settings, size=8)
    for tenant in (INITECH, HOOLI):
        create_tenant(made, tenant.slug, tenant.slug)
    yield made
    made.close()
    both = ([INITECH.id, HOOLI.id],)
    for table in ("outbox", "connections", "tenant_keys", "sequences", "warehouses"):
        owner.execute(f"delete from aos.{table} where tenant_id = any(%s)".encode(), both)
    owner.execute("delete from aos.tenants where id = any(%s)", both)


# --- order ---------------------------------------------------------------------------------------------------


def commit_some(settings: Settings, tenant: Tenant, seed: int, times: int) -> list[int]:
    """Takes a number, dawdles, commits or rolls back; the numbers that were committed."""
    database, random, committed = Database(settings), Random(seed), []
    for _ in range(times):
        try:
            with database.of(tenant).transaction() as transaction:
                seq = transaction.next_seq()
                transaction.announce(seq, "test.happened", str(seed))
                sleep(random.random() * 0.004)
                if random.random() < 0.2:
                    raise ZeroDivisionError
            committed.append(seq)
        except ZeroDivisionError:
            continue
    database.close()
    return committed


def follow(database: Database, tenant: Tenant, ended: threading.Event) -> list[int]:
    """What a reader sees that remembers only the last number it saw."""
    seen: list[int] = []
    while True:
        last_look = ended.is_set()
        with database.of(tenant).transaction() as transaction:
            seen += [row["seq"] for row in transaction.all(AFTER, last=seen[-1] if seen else 0)]
        if last_look:
            return seen


def test_a_reader_that_remembers_the_last_number_misses_nothing_of_many_processes(database: Database, settings: Settings) -> None:
    ended = threading.Event()
    with ThreadPoolExecutor(4) as here, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as elsewhere:
        readers = [here.submit(follow, database, tenant, ended) for tenant in (INITECH, HOOLI)]
        writers = [elsewhere.submit(commit_some, settings, tenant, seed, 40) for seed, tenant in enumerate((INITECH, HOOLI, INITECH, HOOLI))]
        writers += [here.submit(commit_some, settings, tenant, seed, 40) for seed, tenant in ((4, INITECH), (5, HOOLI))]
        try:
            committed = [one.result() for one in writers]
        finally:
            ended.set()
        seen = [one.result() for one in readers]
    for number in (0, 1):
        wanted = sorted(committed[number] + committed[number + 2] + committed[number + 4])
        assert seen[number] == wanted == list(range(1, len(wanted) + 1))


def missed(database: Database, take: Callable[[Transaction], None], look: str) -> set[int]:
    """Numbers that a reader never sees where a second transaction takes its number after the first, and may commit before it."""
    seen: set[int] = set()

    def read() -> None:
        with database.of(INITECH).transaction() as transaction:
            seen.update(row["seq"] for row in transaction.all(look, last=max(seen, default=0)))

    def second() -> None:
        with database.of(INITECH).transaction() as transaction:
            processes.append(int(transaction.one("process", "select pg_backend_pid() as pid")["pid"]))
            take(transaction)

    processes: list[int] = []
    later = threading.Thread(target=second)
    with database.of(INITECH).transaction() as first:
        take(first)
        later.start()
        deadline = monotonic() + 20
        while later.is_alive() and not (processes and first.one("answer", "select cardinality(pg_blocking_pids(:pid)) > 0 as waits", pid=processes[0])["waits"]):
            assert monotonic() < deadline
            sleep(0.01)
        read()
    later.join()
    read()
    with database.of(INITECH).transaction() as transaction:
        return {row["seq"] for row in transaction.all(look, last=0)} - seen


def test_a_number_is_never_seen_before_a_lower_one(database: Database) -> None:
    def take(transaction: Transaction) -> None:
        transaction.announce(transaction.next_seq(), "test.happened", "x")

    assert missed(database, take, AFTER) == set()


def test_a_serial_in_the_same_interleaving_hides_a_number_for_ever(database: Database, owner: psycopg.Connection) -> None:
    owner.execute("create schema scratch")
    owner.execute("create table scratch.serial (seq bigserial)")
    owner.execute("grant usage on schema scratch to aos_app; grant all on all tables in schema scratch to aos_app; grant all on all sequences in schema scratch to aos_app")

    def take(transaction: Transaction) -> None:
        transaction.run("insert into scratch.serial default values")

    try:
        assert missed(database, take, "select seq from scratch.serial where seq > :last order by seq") == {1}
    finally:
        database.close()
        owner.execute("drop schema scratch cascade")


def test_a_transaction_that_is_rolled_back_tells_nothing_and_leaves_no_gap(database: Database) -> None:
    with database.of(INITECH).transaction() as transaction:
        transaction.announce(transaction.next_seq(), "test.happened", "first")
    with pytest.raises(ZeroDivisionError), database.of(INITECH).transaction() as transaction:
        transaction.announce(transaction.next_seq(), "test.happened", "never")
        raise ZeroDivisionError
    with database.of(INITECH).transaction() as transaction:
        seq = transaction.next_seq()
        transaction.announce(seq, "test.happened", "second", {"n": 1})
    with database.of(INITECH).transaction() as transaction:
        rows = transaction.all("select seq, subject, data from aos.outbox order by seq")
    assert [tuple(row.values()) for row in rows] == [(1, "first", {}), (2, "second", {"n": 1})]
    assert seq == 2


def test_each_tenant_counts_for_itself(database: Database) -> None:
    with database.of(INITECH).transaction() as mine, database.of(HOOLI).transaction() as theirs:
        assert [mine.next_seq(), mine.next_seq(), theirs.next_seq(), mine.next_seq()] == [1, 2, 1, 3]


# --- errors --------------------------------------------------------------------------------------------------


@contextmanager
def to_try_again(says: str) -> Iterator[None]:
    with pytest.raises(TryAgain, match=says):
        yield


def add_connection(transaction: Transaction, name: str) -> None:
    transaction.run("insert into aos.connections (id, name, source) values (:id, :name, 'files')", id=made_id(name), name=name)


def test_what_another_transaction_wrote_first_means_try_again(database: Database) -> None:
    with database.of(INITECH).transaction() as transaction:
        add_connection(transaction, "crm")
    with to_try_again("wrote the same thing first"), database.of(INITECH).transaction() as transaction:
        transaction.next_seq()
        add_connection(transaction, "crm")
    with database.of(INITECH).transaction() as transaction:
        assert transaction.next_seq() == 1


def test_a_lost_connection_means_try_again_and_the_next_one_works(database: Database, owner: psycopg.Connection) -> None:
    with to_try_again("did not answer"), database.of(INITECH).transaction() as transaction:
        process = transaction.one("process", "select pg_backend_pid() as pid")["pid"]
        owner.execute("select pg_terminate_backend(%s)", (process,))
        transaction.all("select 1 from aos.connections")
    with database.of(INITECH).transaction() as transaction:
        assert transaction.all("select 1 as one") == [{"one": 1}]


def test_a_lock_that_is_not_given_means_try_again(database: Database) -> None:
    with database.of(INITECH).transaction() as transaction:
        add_connection(transaction, "crm")
    with database.of(INITECH).transaction() as holder:
        holder.run("update aos.connections set note = 'held'")
        with to_try_again("did not answer"), database.of(INITECH).transaction() as transaction:
            transaction.run("set local lock_timeout = '50ms'")
            transaction.run("update aos.connections set note = 'x'")


def test_a_database_that_is_away_and_a_pool_that_is_used_up_mean_try_again(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Database(settings, size=2)
    small._engine("aos_app").pool._timeout = 0.05  # type: ignore[attr-defined]
    with small.of(INITECH).transaction(), small.of(INITECH).transaction(), to_try_again("in use"), small.of(INITECH).transaction():
        pass
    small.close()
    monkeypatch.setattr(Settings, "url", lambda self, role: "postgresql://aos_app:secret-word@127.0.0.1:1/postgres")
    with to_try_again("did not answer") as _, Database(settings).of(INITECH).transaction():
        pass
    with pytest.raises(TryAgain) as away, Database(settings).of(INITECH).transaction():
        pass
    assert "secret-word" not in away.value.sentence


def test_what_is_not_there_is_named(database: Database, empty_home: Settings) -> None:
    with pytest.raises(NotFound, match="No such connection"), database.of(INITECH).transaction() as transaction:
        transaction.one("connection", "select 1 from aos.connections")
    with pytest.raises(NotFound, match="no-such-tenant"):
        database.tenant("no-such-tenant")
    with pytest.raises(FixTheSource, match="No database is set up here"), Database(empty_home).people():
        pass


def test_a_suspended_or_erased_tenant_is_not_found(database: Database, owner: psycopg.Connection) -> None:
    assert {INITECH, HOOLI} <= set(database.tenants())
    owner.execute("update aos.tenants set suspended_at = now() where id = %s", (INITECH.id,))
    owner.execute("update aos.tenants set erased_at = now() where id = %s", (HOOLI.id,))
    assert not {INITECH, HOOLI} & set(database.tenants())
    for tenant in (INITECH, HOOLI):
        with pytest.raises(NotFound):
            database.tenant(tenant.slug)


# --- secrets -------------------------------------------------------------------------------------------------

CRM, ERP = UUID(int=1), UUID(int=2)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(Settings(home=tmp_path / "home"))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "keys" / "master.key"


def test_a_secret_opens_only_with_its_tenant_and_its_connection(database: Database, secrets: Secrets) -> None:
    with database.of(HOOLI).transaction() as theirs, database.of(INITECH).transaction() as mine:
        sealed = secrets.seal(mine, INITECH, CRM, "p@ss wörd")
        secrets.seal(theirs, HOOLI, CRM, "another")
        assert b"p@ss" not in sealed
        assert secrets.seal(mine, INITECH, CRM, "p@ss wörd") != sealed
        assert secrets.open(mine, INITECH, CRM, sealed) == "p@ss wörd"
        for transaction, tenant, connection in ((mine, INITECH, ERP), (theirs, HOOLI, CRM), (mine, HOOLI, CRM), (theirs, INITECH, CRM)):
            with pytest.raises(FixTheSource, match="does not open"):
                secrets.open(transaction, tenant, connection, sealed)
        for broken in (sealed[:-1], sealed[:20], sealed[:-1] + bytes([sealed[-1] ^ 1]), bytes([sealed[0] ^ 1]) + sealed[1:]):
            with pytest.raises(FixTheSource, match="does not open"):
                secrets.open(mine, INITECH, CRM, broken)


def test_the_master_key_is_private_and_made_once(database: Database, secrets: Secrets, key_file: Path) -> None:
    gate = threading.Barrier(6)

    def ask(_: int) -> bytes:
        gate.wait()
        return secrets.masters.current()

    with ThreadPoolExecutor(6) as together:
        keys = set(together.map(ask, range(6)))
    assert keys == {key_file.read_bytes()}
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_file.parent.stat().st_mode) == 0o700
    assert [one.name for one in key_file.parent.iterdir()] == ["master.key"]


@pytest.mark.parametrize("wrong", [bytes(32), b"", b"short", bytes(33)])
def test_a_wrong_master_key_is_said_in_words(database: Database, secrets: Secrets, key_file: Path, wrong: bytes) -> None:
    with database.of(INITECH).transaction() as transaction:
        sealed = secrets.seal(transaction, INITECH, CRM, "word")
        right = key_file.read_bytes()
        key_file.write_bytes(wrong)
        with pytest.raises(FixTheSource, match=r"master key.*Restore"):
            secrets.open(transaction, INITECH, CRM, sealed)
        key_file.write_bytes(right)
        assert secrets.open(transaction, INITECH, CRM, sealed) == "word"
