"""The audit log under attack by whoever owns the database: every change is found, and the first bad entry is named."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles
from uuid import uuid4

import psycopg
import pytest

from aos_core.tenancy import INSTALLATION, Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.audit_check import verify
from aos_resources.database import Database
from aos_resources.embedded import Cluster
from aos_resources.people import create_tenant
from aos_resources.settings import Settings
from tests.resources.tampering import ATTACKS, Attacker, attacker, fill, tampered

ENTRIES = 60
POSITIONS = [*range(1, 26), *range(35, 60)]


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings, size=16)
    yield made
    made.close()


@pytest.fixture(scope="module")
def logs(database: Database) -> tuple[Tenant, Tenant]:
    """Two tenants with a log each; only the first one's is ever touched."""
    made = create_tenant(database, f"logged-{uuid4().hex[:8]}", "L"), create_tenant(database, f"logged-too-{uuid4().hex[:8]}", "L")
    for tenant in made:
        fill(database, tenant, ENTRIES)
    return made


@pytest.fixture(scope="module")
def owner(cluster: Cluster, database: Database, logs: tuple[Tenant, Tenant]) -> Iterator[Attacker]:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        yield attacker(connection, database, logs[0])


@pytest.mark.parametrize("attack", ATTACKS)
def test_tampering_is_found_wherever_it_is_and_the_first_bad_entry_named(database: Database, logs: tuple[Tenant, Tenant], owner: Attacker, attack: str) -> None:
    mine, neighbour = logs
    found: dict[int, int | None] = {}
    for position in POSITIONS:
        with tampered(owner, ATTACKS[attack], position):
            found[position] = verify(database, mine).first_bad
            assert position % 10 or verify(database, neighbour).sound
    assert found == {position: 1 if attack == "drop the log" else position for position in POSITIONS}
    assert len(found) == 50
    assert (verify(database, mine).sound, verify(database, mine).entries) == (True, ENTRIES)
    assert (verify(database, neighbour).sound, verify(database, neighbour).entries) == (True, ENTRIES)


def test_entries_beyond_the_head_and_a_head_of_another_seal_are_found(database: Database, logs: tuple[Tenant, Tenant], owner: Attacker) -> None:
    def roll_the_head_back_alone(one: Attacker, position: int) -> None:
        hashed, seal = one.earlier_heads[position]
        one.run("update aos.audit_heads set seq = %s, hash = %s, seal = %s where tenant_id = %s", position, hashed, seal, one.tenant.id)

    def forge_the_head(one: Attacker, position: int) -> None:
        one.run("update aos.audit_heads set seal = %s where tenant_id = %s", b"forged", one.tenant.id)

    with tampered(owner, roll_the_head_back_alone, 20):
        assert (verify(database, logs[0]).first_bad, "beyond the end" in verify(database, logs[0]).why) == (21, True)
    with tampered(owner, forge_the_head, 0):
        assert (verify(database, logs[0]).first_bad, "head" in verify(database, logs[0]).why) == (ENTRIES, True)


def test_without_what_is_noted_outside_a_log_set_back_as_a_whole_would_pass(
    database: Database, logs: tuple[Tenant, Tenant], owner: Attacker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(database.anchors), "newest", lambda *_: None)
    with tampered(owner, ATTACKS["cut the tail and roll the head back"], 30):
        assert verify(database, logs[0]).sound


def test_a_log_that_was_cut_and_then_written_on_past_its_old_end_stays_found(database: Database, owner: Attacker) -> None:
    tenant = create_tenant(database, f"cut-{uuid4().hex[:8]}", "C")
    fill(database, tenant, 10)
    attacked = attacker(owner.owner, database, tenant)
    owner.owner.execute("set session_replication_role = replica")
    attacked.cut_and_roll_back(7)
    owner.owner.execute("reset session_replication_role")
    fill(database, tenant, 9)
    found = verify(database, tenant)
    assert (found.first_bad, "cut here once" in found.why) == (7, True)


def test_the_head_never_moves_back_whoever_asks_by_the_tenants_role(database: Database, logs: tuple[Tenant, Tenant]) -> None:
    from sqlalchemy.exc import DatabaseError, ProgrammingError

    for statement in ("update aos.audit_heads set seq = 3", "update aos.audit set subject = 'x'", "delete from aos.audit", "delete from aos.audit_heads"):
        with pytest.raises((DatabaseError, ProgrammingError), match=r"never shortened|permission denied"), database.of(logs[0]).transaction() as transaction:
            transaction.run(statement)
    assert verify(database, logs[0]).sound


def test_sixty_four_writers_at_once_make_one_line(database: Database) -> None:
    tenant, neighbour = create_tenant(database, f"busy-{uuid4().hex[:8]}", "B"), create_tenant(database, f"calm-{uuid4().hex[:8]}", "C")
    fill(database, neighbour, 3)

    def write(number: int) -> list[int]:
        seqs = []
        for again in range(4):
            with database.of(tenant).transaction() as transaction:
                seqs.append(record(transaction, Entry(Actor("person", str(number), f"p{number}"), "change", "settings", str(again))))
        assert verify(database, tenant).sound  # while others write
        return seqs

    with ThreadPoolExecutor(64) as together:
        seqs = [seq for each in together.map(write, range(64)) for seq in each]
    assert sorted(seqs) == list(range(1, 257))
    assert (verify(database, tenant).sound, verify(database, tenant).entries) == (True, 256)
    assert verify(database, neighbour).entries == 3


def test_an_entry_costs_less_than_three_milliseconds(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    tenant = create_tenant(database, f"timed-{uuid4().hex[:8]}", "T")
    entry = Entry(Actor("person", "u", "ada@example.com"), "change", "settings", "s", before={"a": 1}, after={"a": 2})

    def seconds(told: bool) -> float:
        began = time.perf_counter()
        with database.of(tenant).transaction() as transaction:
            transaction.next_seq()
            if told:
                record(transaction, entry)
        return time.perf_counter() - began

    seconds(True)
    pairs = [(seconds(True), seconds(False)) for _ in range(200)]
    # The quickest tenth: what the work takes, whoever else is at work on this machine.
    cost = (quantiles([one for one, _ in pairs], n=10)[0] - quantiles([one for _, one in pairs], n=10)[0]) * 1000
    with capsys.disabled():
        print(f"\nan entry of the audit log costs {cost:.2f} ms (the quickest tenth of 200)")
    assert cost < 3


def test_a_log_without_entries_and_the_installations_own_are_sound(database: Database) -> None:
    empty = create_tenant(database, f"silent-{uuid4().hex[:8]}", "S")
    assert (verify(database, empty).sound, verify(database, empty).entries) == (True, 0)
    with database.people() as transaction:
        record(transaction, Entry(Actor("operator", "o", "the operator"), "create", "tenants"))
    assert verify(database, INSTALLATION).sound and verify(database, INSTALLATION).entries > 0
