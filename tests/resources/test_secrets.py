"""Keys of secrets: rotated while everything goes on, killed in the middle, from the environment; nothing is lost, nothing old opens."""

from __future__ import annotations

import base64
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from aos_core.errors import FixTheSource, NotUnderstood, TryAgain
from aos_core.tenancy import Tenant
from aos_resources.audit import Actor
from aos_resources.database import Database
from aos_resources.embedded import Cluster
from aos_resources.master_keys import MasterKeys
from aos_resources.people import create_tenant
from aos_resources.rotating import SEALED, Rotated, rotate_data_keys, rotate_master
from aos_resources.secrets import Secrets, _encrypt
from aos_resources.settings import Settings
from benchmarks import rotate

ACTOR = Actor("process", "aos", "somebody")
OWNER = UUID(int=7)
# Columns of bytes that are no sealed values, each with what it is.
PLAIN = {"tenant_keys.wrapped": "wrapped", "idempotency.request": "hash", "api_keys.hash": "hash", "invitations.hash": "hash", "audit.hash": "hash",
         "audit.previous": "hash", "audit.before": "hash", "audit.after": "hash", "audit_heads.hash": "hash", "audit_heads.seal": "seal"}  # fmt: skip


def test_secrets_rotated_under_load_and_killed_in_the_middle_all_open_and_nothing_else_opens_them(tmp_path: Path) -> None:
    """The same with 10,000 of them and more kills: python -m benchmarks.rotate."""
    found = rotate.measure(tmp_path, secrets=300, kills=4, seed=11)
    assert {name: found[name] for name in rotate.ZERO} == dict.fromkeys(rotate.ZERO, 0), found["said"]
    assert min(found[name] for name in ("opened", "opened_elsewhere", "sealed", "syncs")) > 3, found
    assert min(found["killed_within"].values()) >= 2


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Keys of secrets of its own; the database and the audit log are those of all tests."""
    return Settings(home=tmp_path_factory.mktemp("keys of secrets"))


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings)
    yield made
    made.close()


@pytest.fixture
def tenant(database: Database, monkeypatch: pytest.MonkeyPatch) -> Tenant:
    made = create_tenant(database, f"rotated-{uuid4().hex[:8]}", "R")
    monkeypatch.setattr("aos_resources.rotating.every_tenant", lambda _: [made])
    return made


def seal(home: Settings, database: Database, tenant: Tenant, word: str = "word", owner: UUID = OWNER) -> bytes:
    with database.of(tenant).transaction() as transaction:
        sealed = Secrets(home).seal(transaction, tenant, owner, word)
        transaction.run(
            "insert into aos.connections (id, name, source, sealed) values (:id, :name, 'postgres', :sealed) on conflict (tenant_id, id) do update set sealed = :sealed",
            id=owner, name=str(owner), sealed=sealed,
        )  # fmt: skip
    return sealed


def opened(home: Settings, database: Database, tenant: Tenant, owner: UUID = OWNER) -> str:
    with database.of(tenant).transaction() as transaction:
        sealed = bytes(transaction.one("connection", "select sealed from aos.connections where id = :id", id=owner)["sealed"])
        return Secrets(home).open(transaction, tenant, owner, sealed)


def versions(database: Database, tenant: Tenant) -> list[int]:
    with database.of(tenant).transaction() as transaction:
        return [row["version"] for row in transaction.all("select version from aos.tenant_keys order by 1")]


def named(key: bytes) -> str:
    return base64.b64encode(key).decode()


def test_a_new_master_key_is_private_and_the_one_before_is_gone(home: Settings, database: Database, tenant: Tenant) -> None:
    seal(home, database, tenant)
    before = MasterKeys(home).current()
    assert rotate_master(home, database, ACTOR) == Rotated(1, 1)
    assert MasterKeys(home).all() == [MasterKeys(home).current()] != [before]
    assert {stat.S_IMODE(one.stat().st_mode) for one in home.keys.glob("master*")} == {0o600}
    assert sorted(one.name for one in home.keys.glob("*.key")) == ["master.key"]
    assert opened(home, database, tenant) == "word"


def test_a_rotation_that_was_stopped_at_any_step_is_finished_by_the_next(home: Settings, database: Database, tenant: Tenant) -> None:
    seal(home, database, tenant)
    steps = ("hardlink_to", "replace", "unlink")
    for step in steps:  # each of the files', in the order in which they are taken
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, step, _stop(step))
            with pytest.raises(KeyboardInterrupt):
                rotate_master(home, database, ACTOR)
        assert opened(home, database, tenant) == "word", step
    rotate_master(home, database, ACTOR)
    assert sorted(one.name for one in home.keys.glob("master*")) == ["master.key"]
    assert opened(home, database, tenant) == "word"


def _stop(step: str) -> object:
    def stop(self: Path, *_: object, **__: object) -> None:
        raise KeyboardInterrupt(step)

    return stop


def test_whoever_has_the_old_key_in_hand_is_waited_for(home: Settings, database: Database, tenant: Tenant) -> None:
    """A transaction that read a value, and one that has sealed one, under keys that go while they go on."""
    seal(home, database, tenant)
    for rotation in (lambda: rotate_master(home, database, ACTOR), lambda: rotate_data_keys(home, database, [tenant], ACTOR)):
        rotating, other = threading.Thread(target=rotation), uuid4()
        with database.of(tenant).transaction() as transaction:
            stale = bytes(transaction.one("connection", "select sealed from aos.connections where id = :id", id=OWNER)["sealed"])
            late = Secrets(home).seal(transaction, tenant, other, "late")
            rotating.start()
            rotating.join(0.5)
            assert rotating.is_alive()
            assert opened(home, database, tenant) == "word"  # others go on
            assert Secrets(home).open(transaction, tenant, OWNER, stale) == "word"
            transaction.run("insert into aos.connections (id, name, source, sealed) values (:id, :name, 'postgres', :sealed)", id=other, name=str(other), sealed=late)
        rotating.join(20)
        assert not rotating.is_alive()
        assert (opened(home, database, tenant), opened(home, database, tenant, other)) == ("word", "late")


def test_a_key_that_is_wrapped_anew_between_the_look_at_its_row_and_that_at_the_master_key_opens(home: Settings, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed, reading = seal(home, database, tenant), Secrets(home)
    look = reading.masters.all

    def late() -> list[bytes]:
        monkeypatch.undo()
        MasterKeys(home).renew()
        with database.of(tenant).transaction() as other:
            assert Secrets(home).wrap_anew(other, tenant, 1)
        MasterKeys(home).forget_before()
        return look()

    monkeypatch.setattr(reading.masters, "all", late)
    with database.of(tenant).transaction() as transaction:
        assert reading.open(transaction, tenant, OWNER, sealed) == "word"


def test_every_value_is_sealed_anew_whatever_it_was_sealed_under(home: Settings, database: Database, tenant: Tenant) -> None:
    seal(home, database, tenant)
    with database.of(tenant).transaction() as transaction:
        first = Secrets(home).data_key(transaction, tenant, 1)
        transaction.run("update aos.connections set sealed = :sealed", sealed=_encrypt(first, b"from before versions", OWNER.bytes))
    assert opened(home, database, tenant) == "from before versions"
    assert rotate_data_keys(home, database, [tenant], ACTOR) == Rotated(1, 1)
    assert rotate_data_keys(home, database, [tenant], ACTOR) == Rotated(1, 1)
    assert (opened(home, database, tenant), versions(database, tenant)) == ("from before versions", [3])
    with database.of(tenant).transaction() as transaction:
        told = transaction.all("select verb, noun, detail from aos.audit order by seq")
    assert [(one["verb"], one["noun"], one["detail"]) for one in told] == [("rotate", "data_key", {"version": n, "sealed_anew": 1}) for n in (2, 3)]


def test_a_value_that_no_key_opens_keeps_the_older_keys_and_is_named(home: Settings, database: Database, tenant: Tenant) -> None:
    broken = uuid4()
    seal(home, database, tenant)
    seal(home, database, tenant, owner=broken)
    with database.of(tenant).transaction() as transaction:
        transaction.run("update aos.connections set sealed = 'x' where id = :id", id=broken)
    with pytest.raises(FixTheSource, match=f"connections {broken}.*again"):
        rotate_data_keys(home, database, [tenant], ACTOR)
    assert versions(database, tenant) == [1, 2]
    seal(home, database, tenant, "entered again", broken)
    rotate_data_keys(home, database, [tenant], ACTOR)
    assert (versions(database, tenant), opened(home, database, tenant), opened(home, database, tenant, broken)) == ([2], "word", "entered again")


def test_a_tenant_whose_file_is_away_keeps_the_master_key_of_before(home: Settings, database: Database, tenant: Tenant) -> None:
    seal(home, database, tenant)
    file = home.keys / "tenants" / str(tenant.id)
    kept = file.read_bytes()
    file.write_bytes(os.urandom(32))
    with pytest.raises(FixTheSource, match=f"{tenant.slug}.*Restore"):
        rotate_master(home, database, ACTOR)
    assert len(MasterKeys(home).all()) == 2
    file.write_bytes(kept)
    rotate_master(home, database, ACTOR)
    assert (opened(home, database, tenant), len(MasterKeys(home).all())) == ("word", 1)


def test_two_rotations_do_not_meet(home: Settings, database: Database, tenant: Tenant) -> None:
    seal(home, database, tenant)
    with database.of(tenant).transaction():
        first = threading.Thread(target=rotate_master, args=(home, database, ACTOR))
        first.start()
        first.join(0.3)
        with pytest.raises(TryAgain, match="already"):
            rotate_data_keys(home, database, [tenant], ACTOR)
    first.join(20)
    assert opened(home, database, tenant) == "word"


def test_a_master_key_of_the_environment_takes_over_from_the_file_and_from_another(home: Settings, database: Database, tenant: Tenant) -> None:
    seal(home, database, tenant)
    one, two = named(os.urandom(32)), named(os.urandom(32))
    by_one = Settings(home=home.home, master_key=one)
    assert opened(by_one, database, tenant) == "word"  # by the file, which is the one before now
    rotate_master(by_one, database, ACTOR)
    assert not list(home.keys.glob("master*"))
    with pytest.raises(NotUnderstood, match="AOS_MASTER_KEY_BEFORE"):
        rotate_master(by_one, database, ACTOR)
    by_two = Settings(home=home.home, master_key=two, master_key_before=one)
    assert opened(by_two, database, tenant) == opened(by_one, database, tenant) == "word"
    rotate_master(by_two, database, ACTOR)
    assert opened(Settings(home=home.home, master_key=two), database, tenant) == "word"
    with pytest.raises(FixTheSource, match="does not open"):
        opened(by_one, database, tenant)
    back = Settings(home=home.home, master_key_before=two)
    rotate_master(back, database, ACTOR)
    assert opened(home, database, tenant) == "word"


def test_the_environments_key_is_read_from_it_and_said_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AOS_HOME", str(tmp_path))
    key = named(bytes(range(32)))
    monkeypatch.setenv("AOS_MASTER_KEY", key)
    assert MasterKeys(Settings()).current() == bytes(range(32))
    assert key not in repr(Settings()) + str(Settings().model_dump())
    for wrong in ("short", "ß" * 44, key[:-4], f"{key}{key}"):
        monkeypatch.setenv("AOS_MASTER_KEY", wrong)
        with pytest.raises(FixTheSource, match="AOS_MASTER_KEY") as refused:
            MasterKeys(Settings()).current()
        assert wrong not in refused.value.sentence
    monkeypatch.setenv("AOS_MASTER_KEY", "")
    assert len(MasterKeys(Settings()).current()) == 32 and (tmp_path / "keys" / "master.key").exists()


def test_the_command_line_rotates_one_tenants_data_key_and_children_are_told_the_environments_key(settings: Settings, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    from click.testing import CliRunner

    from aos_cli.main import main
    from aos_cli.processes import environment

    seal(settings, database, tenant)
    monkeypatch.setenv("AOS_HOME", str(settings.home))
    done = CliRunner().invoke(main, ["keys", "rotate", "--what", "data", "--tenant", tenant.slug, "--json"])
    assert (done.exit_code, json.loads(done.output)) == (0, {"what": "data", "tenants": 1, "anew": 1})
    assert (opened(settings, database, tenant), versions(database, tenant)) == ("word", [2])
    assert CliRunner().invoke(main, ["keys", "rotate", "--tenant", tenant.slug]).exit_code == 2
    told = environment(Settings(home=settings.home, master_key="the key"))
    assert told["AOS_MASTER_KEY"] == "the key" and "AOS_MASTER_KEY_BEFORE" not in told


def test_every_column_that_may_hold_a_sealed_value_is_rotated(cluster: Cluster, settings: Settings) -> None:
    """A new column of bytes is one of them, or is said to be none here."""
    with psycopg.connect(cluster.url()) as owner:
        found = owner.execute(
            "select c.relname || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_attribute t on t.attrelid = c.oid"
            " and t.attname = 'tenant_id' where c.relnamespace = 'aos'::regnamespace and c.relkind in ('r', 'p') and a.atttypid = 'bytea'::regtype and not a.attisdropped"
        ).fetchall()
    assert {name for (name,) in found} == {f"{table}.{sealed}" for table, (_, sealed) in SEALED.items()} | set(PLAIN)
