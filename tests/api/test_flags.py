"""Flags: whose word counts, that other processes follow within a second or two, and what each one changes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from aos_cli.main import main
from aos_core.errors import NotFound
from aos_core.flags import FLAGS, Standing, flag_named
from aos_core.tenancy import tenant_named
from aos_resources.database import Database
from aos_resources.embedded_valkey import Valkey
from aos_resources.flags import Flags, put_default, put_flag, reset_flag
from aos_resources.live import Live
from tests.api.listening import Ear
from tests.api.serving import Served
from tests.scenario import World, announce, sign_in

ROOT = Path(__file__).resolve().parents[2]
FOLLOWING = """
import sys, time
from pathlib import Path
from aos_core.tenancy import tenant_named
from aos_resources.database import Database
from aos_resources.flags import Flags
from aos_resources.live import Live
from aos_resources.settings import Settings
settings = Settings(home=Path({home!r}), redis_url={redis!r})
flags, tenant, before = Flags(Database(settings), Live(settings)), tenant_named("acme"), None
while True:
    now = flags.on("LIVE_EVENTS", tenant)
    if now != before:
        print(now, flush=True)
    before = now
    time.sleep(.005)
"""


@pytest.fixture
def admin(caller: Callable[[str], httpx.Client]) -> Iterator[httpx.Client]:
    client = caller("admin@acme.example")
    yield client
    for name in ("SCHEDULED_REFRESH", "AUTO_APPLY_EXACT_MATCHES", "LIVE_EVENTS"):
        assert client.delete(f"/flags/{name}").status_code == 200


def enabled(client: httpx.Client, name: str = "SCHEDULED_REFRESH") -> tuple[bool, str]:
    (found,) = [one for one in client.get("/flags").json()["items"] if one["name"] == name]
    return found["enabled"], found["said_by"]


def audited(world: World) -> list[tuple[str, str, str, dict[str, object]]]:
    with world.database.of(world.acme).transaction() as transaction:
        rows = transaction.all("select verb, subject, actor, detail from aos.audit where noun = 'flags' order by seq")
    return [(row["verb"], row["subject"], row["actor"], row["detail"]) for row in rows]


def test_a_tenants_word_goes_before_the_installations_and_that_before_the_default() -> None:
    acme, globex = tenant_named("acme"), tenant_named("globex")
    standing = Standing({(acme.id, "LIVE_EVENTS"): True, (acme.id, "SIGN_UP"): True}, {"LIVE_EVENTS": False})
    assert [standing.on("LIVE_EVENTS", one) for one in (acme, globex, None)] == [True, False, False]
    assert [standing.said_by("LIVE_EVENTS", one) for one in (acme, globex)] == ["tenant", "installation"]
    assert standing.on("SCHEDULED_REFRESH", acme) is FLAGS["SCHEDULED_REFRESH"].default
    assert standing.on("SIGN_UP", acme) is False  # a tenant has no say in it
    with pytest.raises(NotFound):
        flag_named("SIGN_UP", of_a_tenant=True)


def test_a_flag_is_turned_told_audited_once_and_the_neighbours_stays(world: World, admin: httpx.Client, globex: httpx.Client) -> None:
    before = audited(world)
    answer = admin.put("/flags/SCHEDULED_REFRESH", json={"enabled": False})
    assert (answer.status_code, answer.json()["enabled"], answer.json()["said_by"]) == (200, False, "tenant")
    assert enabled(admin) == (False, "tenant")
    assert enabled(globex) == (True, "default")
    assert admin.delete("/flags/SCHEDULED_REFRESH").json()["said_by"] == "default"
    assert audited(world)[len(before) :] == [
        ("change", "SCHEDULED_REFRESH", "admin@acme.example", {"enabled": False}), ("change", "SCHEDULED_REFRESH", "admin@acme.example", {"enabled": None}),
    ]  # fmt: skip
    assert [one["name"] for one in admin.get("/flags").json()["items"]] == ["SCHEDULED_REFRESH", "AUTO_APPLY_EXACT_MATCHES", "LIVE_EVENTS", "SAFE_MODE"]


def test_only_owners_and_admins_turn_flags_and_only_those_there_are(admin: httpx.Client, caller: Callable[[str], httpx.Client]) -> None:
    for role in ("engineer", "analyst", "viewer"):
        client = caller(f"{role}@acme.example")
        assert client.get("/flags").status_code == 200
        assert client.put("/flags/LIVE_EVENTS", json={"enabled": False}).status_code == 403
        assert client.delete("/flags/LIVE_EVENTS").status_code == 403
    for name in ("SIGN_UP", "NO_SUCH_FLAG"):
        assert admin.put(f"/flags/{name}", json={"enabled": True}).status_code == 404
    assert admin.put("/flags/LIVE_EVENTS", json={}).status_code == 422


def turn(world: World, on: bool, live: Live) -> None:
    with world.database.of(world.acme).transaction() as transaction:
        put_flag(transaction, FLAGS["LIVE_EVENTS"], on, "a test")
    Flags(world.database, live).changed()


@pytest.mark.parametrize("redis", ["there", "killed", "never there"])
def test_another_process_follows_within_a_second_or_two_without_redis(world: World, admin: httpx.Client, tmp_path: Path, redis: str) -> None:
    server, most = Valkey(tmp_path / "valkey"), 1.0 if redis == "there" else 2.0
    url = None if redis == "never there" else server.start()
    live = Live(world.settings.model_copy(update={"redis_url": url}))
    code = FOLLOWING.format(home=str(world.settings.home), redis=url)
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        time.sleep(1)
        if redis == "killed":
            process = server.process()
            assert process is not None
            process.kill()
            time.sleep(1.5)
        followed = []
        for on in (False, True, False, True, False):
            begun = time.monotonic()
            turn(world, on, live)
            assert other.stdout.readline() == f"{on}\n"
            followed.append(time.monotonic() - begun)
        print(f"Redis {redis}: followed after {', '.join(f'{took:.3f}' for took in followed)} s")
        assert statistics.median(followed) <= most
        other.kill()
    server.stop()


def test_a_question_asks_nobody(world: World) -> None:
    flags = Flags(world.database, Live(world.settings))
    flags.standing()
    batches = []
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(2_000):
            flags.on("LIVE_EVENTS", world.acme)
        batches.append((time.perf_counter() - begun) / 2_000)
    took = min(batches)
    print(f"{took * 1e6:.2f} µs a question")
    assert took < 20e-6
    flags.close()


def test_a_process_that_begins_without_its_database_says_so_and_one_that_loses_it_goes_on(world: World) -> None:
    from aos_core.errors import TryAgain

    away = world.settings.model_copy(update={"home": world.settings.home / "elsewhere"})
    keys = away.home / "keys"
    keys.mkdir(parents=True)
    (keys / "databases.json").write_text('{"aos_dispatch": "postgresql://nobody:x@127.0.0.1:1/none"}')
    with pytest.raises(TryAgain):
        Flags(Database(away), Live(away)).on("LIVE_EVENTS")


def test_switched_off_live_events_close_the_door_and_end_what_is_open(
    world: World, served: Served, admin: httpx.Client, caller: Callable[[str], httpx.Client]
) -> None:
    with served.client() as client:
        mine, theirs = sign_in(client, "viewer@acme.example"), sign_in(client, "viewer@globex.example")
    with Ear(served, mine) as ear, Ear(served, theirs) as neighbour:
        ear.read(0.3)
        admin.put("/flags/LIVE_EVENTS", json={"enabled": False})
        assert not ear.read(6)
        assert ear.said("status")[-1] == {"state": "off"}
        refused = caller("viewer@acme.example").get("/events")
        assert (refused.status_code, refused.json()["code"]) == (403, "switched_off")
        (seq,) = announce(world.database, world.globex, 1)
        neighbour.read(3, until=1)
        assert neighbour.seqs == [seq]
    admin.put("/flags/LIVE_EVENTS", json={"enabled": True})
    with Ear(served, mine) as again:
        assert again.status == 200


def test_a_tenant_that_the_schedule_leaves_alone_is_promised_no_next_reading(admin: httpx.Client, globex: httpx.Client) -> None:
    def promised(client: httpx.Client) -> list[bool]:
        return [one["next_sync_at"] is not None for one in client.get("/connections").json()["items"] if one["state"] == "active"]

    assert promised(admin) == [True]
    admin.put("/flags/SCHEDULED_REFRESH", json={"enabled": False})
    assert promised(admin) == [False]
    assert all(promised(globex))


def test_the_command_line_turns_them_for_one_and_for_all(world: World, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def aos(*words: str) -> str:
        done = CliRunner().invoke(main, ["flags", *words], env={"AOS_HOME": str(world.settings.home), "AOS_DATABASE_URL": world.owner_url})
        assert done.exit_code == 0, done.output
        return done.output

    def soon(client: httpx.Client, wanted: tuple[bool, str]) -> None:
        deadline = time.monotonic() + 2
        while enabled(client, "LIVE_EVENTS") != wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        assert enabled(client, "LIVE_EVENTS") == wanted

    monkeypatch.setenv("AOS_REDIS_URL", str(world.settings.redis_url))
    before = audited(world)
    aos("set", "LIVE_EVENTS", "off", "--everywhere")
    soon(admin, (False, "installation"))
    aos("set", "LIVE_EVENTS", "on", "--tenant", "acme")
    soon(admin, (True, "tenant"))
    assert "LIVE_EVENTS                on   by tenant" in aos("list", "--tenant", "acme")
    assert "LIVE_EVENTS                off  by installation" in aos("list", "--tenant", "globex")
    assert "SIGN_UP                    off  by default" in aos("list", "--everywhere")
    aos("reset", "LIVE_EVENTS", "--tenant", "acme")
    aos("reset", "LIVE_EVENTS", "--everywhere")
    soon(admin, (True, "default"))
    assert [(verb, subject) for verb, subject, _, _ in audited(world)[len(before) :]] == [("change", "LIVE_EVENTS")] * 2
    assert CliRunner().invoke(main, ["flags", "set", "LIVE_EVENTS", "off"], env={"AOS_HOME": str(world.settings.home)}).exit_code == 2


def test_everybody_may_sign_up_only_where_the_operator_says_so(world: World) -> None:
    flags = Flags(world.database, Live(world.settings))
    assert flags.on("SIGN_UP") is False
    for said in (True, None):
        with world.database.people() as transaction:
            put_default(transaction, FLAGS["SIGN_UP"], said, "the operator")
        flags.changed()
        assert flags.on("SIGN_UP") is bool(said)
    flags.close()


def test_many_who_turn_at_once_leave_one_word(world: World, admin: httpx.Client) -> None:
    def turn_often(on: bool) -> None:
        for _ in range(10):
            with world.database.of(world.acme).transaction() as transaction:
                put_flag(transaction, FLAGS["SCHEDULED_REFRESH"], on, "x")

    threads = [threading.Thread(target=turn_often, args=(on,)) for on in (True, False)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with world.database.of(world.acme).transaction() as transaction:
        assert len(transaction.all("select 1 from aos.flags where name = 'SCHEDULED_REFRESH'")) == 1
        reset_flag(transaction, FLAGS["SCHEDULED_REFRESH"])
