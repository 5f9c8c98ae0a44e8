"""A tenant erased: of 500 canaries in every store none is found, and the neighbour is as it was, row for row."""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from aos_assets.steps import land, publish, reading
from aos_core.errors import Gone, NotFound, NotUnderstood, TryAgain
from aos_core.tenancy import INSTALLATION
from aos_resources import tenants
from aos_resources.audit import Entry, record
from aos_resources.audit_check import verify as verify_log
from aos_resources.embedded import Cluster
from aos_resources.embedded_valkey import Valkey, tell
from aos_resources.erasing import erase, report_of
from aos_resources.erasure_report import verify
from aos_resources.live import Live
from aos_resources.people import add_member, create_tenant, create_user
from aos_resources.settings import Settings
from aos_resources.world import World, open_world
from tests.assets.conftest import DEALS, FIRST, Company
from tests.assets.erasing_world import (
    OPERATOR,
    PASSWORD,
    Canaries,
    erasing_elsewhere,
    everything_of,
    in_files,
    in_raw_bytes,
    in_the_database,
    make,
    orchestrate,
    remembered,
    start,
    stuff,
    tell_live,
    watched,
)

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Installation:
    cluster: Cluster
    settings: Settings
    world: World
    owner: psycopg.Connection
    folder: Path
    neighbour: Company
    valkey: Valkey

    def small(self, word: str) -> Company:
        """A tenant with a landing and a version."""
        tenant = create_tenant(self.world.database, f"{word}-{uuid4().hex[:8]}", word)
        folder = self.folder / tenant.slug
        folder.mkdir()
        company = Company(self.world.of(tenant), folder)
        company.connect()
        company.write("deals.csv", FIRST)
        assert company.sync().error is None
        company.suggest()
        company.decide(DEALS)
        company.publish()
        return company

    def latest(self, *key: str) -> str | None:
        """The tenant that an asset was last materialized for, as the orchestrator itself reads it."""
        from dagster import AssetKey, DagsterInstance

        with DagsterInstance.from_config(str(self.settings.home / "dagster")) as instance:
            event = instance.get_latest_materialization_event(AssetKey(list(key)))
            return event.dagster_event.partition if event is not None and event.dagster_event is not None else None

    def rows_of(self, company: Company) -> int:
        """Of every table, and of the orchestrator."""
        tables = self.owner.execute("select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' where c.relnamespace = 'aos'::regnamespace and c.relkind = 'r'").fetchall()
        return sum(int(self.owner.execute(f"select count(*) from aos.{name} where tenant_id = %s".encode(), (company.work.tenant.id,)).fetchall()[0][0]) for (name,) in tables)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("erasing")
    cluster, settings = start(folder)
    world = open_world(settings)
    home = settings.home / "dagster"
    home.mkdir()
    shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
    with pytest.MonkeyPatch.context() as told, psycopg.connect(cluster.url(), autocommit=True) as owner:
        told.setenv("DAGSTER_PG_URL", settings.url("dagster").replace("postgresql://", "postgresql+psycopg2://", 1))
        told.setenv("DAGSTER_HOME", str(home))
        told.setenv("AOS_HOME", str(settings.home))
        valkey = Valkey(settings.home / "valkey")
        tell(settings, valkey.start())
        neighbour = make(world, folder / "neighbour", "globex-next-door", Canaries("kanarie"))
        yield Installation(cluster, settings, world, owner, folder, neighbour, valkey)
    valkey.stop()
    world.close()
    cluster.stop()


def test_of_five_hundred_canaries_none_is_left_and_the_neighbour_is_as_it_was(installation: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    canaries = Canaries("canary")
    slug = canaries.new()
    acme = make(installation.world, installation.folder / "acme", slug, canaries)
    orchestrate(installation.world, installation.settings.home / "dagster", acme, installation.neighbour)
    stuff(installation.world, installation.owner, acme, canaries)
    stuff(installation.world, installation.owner, installation.neighbour, Canaries("kanarie"))
    for one, words in ((acme, canaries), (installation.neighbour, Canaries("kanarie"))):
        tell_live(installation.settings, one.work.tenant, words)
    watched(installation.owner, installation.neighbour, acme)
    watched(installation.owner, acme, installation.neighbour, acme)
    installation.owner.execute("analyze")
    installation.owner.execute("checkpoint")
    before = everything_of(installation.owner, installation.neighbour)
    assert len(canaries.made) >= 500
    seen = in_the_database(installation.owner, canaries.pattern)
    assert len(seen) > 35 and "pg_catalog.pg_statistic" in seen and "dagster.event_logs" in seen
    assert len(in_files(installation.settings.home, canaries.pattern)) > 15
    assert sum(in_raw_bytes(installation.cluster.data, canaries.pattern).values()) > 1_000

    began = time.perf_counter()
    done = erase(installation.settings, installation.world.database, acme.work.tenant, OPERATOR)
    seconds = time.perf_counter() - began

    assert in_the_database(installation.owner, canaries.pattern) == {}
    assert in_files(installation.settings.home, canaries.pattern) == []
    installation.owner.execute("checkpoint")
    raw = in_raw_bytes(installation.cluster.data, canaries.pattern)
    report, in_log = done.signed["report"], raw.pop("write-ahead log", 0)
    with capsys.disabled():
        print(f"\n{len(canaries.made)} canaries erased in {seconds:.1f} s; found in rows, files, the database's own files: 0, 0, {sum(raw.values())}; in its write-ahead log: {in_log}")
    assert raw == {}
    assert {name: one for name, one in report["left"].items() if one} == {}
    assert report["not_written_anew"] == []
    assert (report["removed"]["people"], report["removed"]["live"], report["removed"]["keys"]) == (3, 2, 1)
    assert everything_of(installation.owner, installation.neighbour) == before
    assert len(Live(installation.settings).keys(installation.neighbour.work.tenant)) == 2
    assert installation.rows_of(acme) == 0
    assert remembered(installation.owner) == [({"globex-next-door": 12}, None), ({"globex-next-door": 13}, None)]
    assert installation.latest("raw", "files") == "globex-next-door"
    assert sorted(one.name for one in (installation.settings.home / "logs").iterdir()) == ["api.log", "daemon globex-next-door.log"]
    assert verify_log(installation.world.database, installation.neighbour.work.tenant).sound
    assert verify_log(installation.world.database, INSTALLATION).sound
    with installation.neighbour.work.database.transaction() as transaction:
        work = installation.neighbour.work
        sealed = work.secrets.seal(transaction, work.tenant, work.tenant.id, "still")
        assert work.secrets.open(transaction, work.tenant, work.tenant.id, sealed) == "still"


def test_the_report_is_signed_and_says_what_may_still_hold_bytes(installation: Installation) -> None:
    company = installation.small("signed")
    with company.work.database.transaction() as transaction:
        record(transaction, Entry(OPERATOR, "change", "settings"))
        last = transaction.one("head", "select encode(hash, 'hex') as hash from aos.audit_heads")["hash"]
    signed = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR).signed
    report = verify(installation.settings, signed)
    assert (report["tenant"], report["asked_by"]) == (str(company.work.tenant.id), OPERATOR.name)
    assert "checkpoint" in report["may_still_hold"]["write_ahead_log"] and report["may_still_hold"]["settings"]["archive_mode"] == "off"
    assert report["audit_log_ended_at"] == {"entries": 1, "last_hash": last}
    assert report_of(installation.world.database, company.work.tenant) == signed
    for changed in ({**signed, "report": report | {"left": {}}}, {**signed, "signature": "AAAA"}, {"report": report}, [], {**signed, "key": "AAAA"}):
        with pytest.raises(NotUnderstood, match="not as it was signed"):
            verify(installation.settings, changed)
    with pytest.raises(NotUnderstood, match="Another installation"):
        verify(installation.settings.model_copy(update={"home": installation.folder / "elsewhere"}), signed)
    with installation.world.database.of(INSTALLATION).transaction() as transaction:
        entry = transaction.one("entry", "select * from aos.audit where subject = :id", id=str(company.work.tenant.id))
    assert (entry["verb"], entry["actor"], len(entry["detail"]["report"])) == ("erase", OPERATOR.name, 64)


def test_a_second_erasure_does_nothing_and_says_so_and_nothing_comes_back(installation: Installation) -> None:
    company = installation.small("twice")
    tenant, database = company.work.tenant, installation.world.database
    user = create_user(database, f"twice-{uuid4().hex[:6]}@example.com", "T", PASSWORD)
    add_member(database, installation.neighbour.work.tenant, user, "viewer")
    add_member(database, tenant, user, "owner")
    first = erase(installation.settings, database, tenant, OPERATOR)
    again = erase(installation.settings, database, tenant, OPERATOR)
    assert (first.now, again.now, first.signed == again.signed) == (True, False, True)
    assert first.signed["report"]["removed"]["people"] == 0  # who belongs to the neighbour too stays
    attempts: list[Callable[[], object]] = [
        lambda: tenants.create(database, tenant.slug, "Again", OPERATOR),
        lambda: create_tenant(database, tenant.slug, "Again"),
        lambda: tenants.suspend(database, tenant, OPERATOR),
        lambda: company.sync(),
        lambda: company.publish(),
        lambda: company.work.lake.made(company.work.lake.folder / "raw"),
        lambda: add_member(database, tenant, user, "viewer"),
    ]
    for attempt in attempts:
        with pytest.raises(Gone):
            attempt()
    assert (installation.rows_of(company), company.work.lake.folder.is_file()) == (0, True)
    with pytest.raises(NotFound):
        database.tenant(tenant.slug)
    assert tenant.slug not in [one.slug for one in tenants.listed(database)]
    with pytest.raises(NotFound, match="No such tenant"):
        erase(installation.settings, database, tenants.tenant_named("never-was-there"), OPERATOR)


@pytest.mark.parametrize("place", ["before its first folder", "before it lists", "before it publishes"])
def test_a_straggling_run_recreates_neither_rows_nor_files(installation: Installation, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    company = installation.small("straggler")
    company.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "4", "company": "Late"}])
    reached, go, failed = threading.Event(), threading.Event(), list[Exception]()
    module, name = {"before its first folder": (land, "read_stored"), "before it lists": (reading, "list_reading"), "before it publishes": (publish, "_publish")}[place]
    real = getattr(module, name)

    def slow(*given: object) -> object:
        reached.set()
        assert go.wait(120)
        return real(*given)

    monkeypatch.setattr(module, name, slow)

    def straggle() -> None:
        try:
            company.refresh()
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not leave anything
            failed.append(error)

    run = threading.Thread(target=straggle)
    run.start()
    assert reached.wait(60)
    done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    go.set()
    run.join(60)
    assert not any(done.signed["report"]["left"].values())
    assert len(failed) == 1 and isinstance(failed[0], Gone), failed
    assert (installation.rows_of(company), company.work.lake.folder.is_file()) == (0, True)
    assert [one for one in installation.settings.lake.iterdir() if str(company.work.tenant.id) in one.name] == [company.work.lake.folder]


def test_a_batch_that_was_asked_before_passes_an_erased_tenant_by_without_a_word(installation: Installation) -> None:
    from dagster import DagsterInstance

    from aos_assets.definitions import defs

    company = installation.small("passed")
    with DagsterInstance.ephemeral() as instance:
        erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
        config = {"ops": {"refresh_tenants": {"config": {"tenants": [company.work.tenant.slug]}}}}
        job = defs.resolve_job_def("refresh_batch")
        result = job.execute_in_process(instance=instance, resources={"world": installation.world}, run_config=config, raise_on_error=False)
        assert result.success
        assert not [one for one in instance.all_logs(result.run_id) if company.work.tenant.slug in one.user_message]


def test_what_a_run_writes_after_it_was_removed_goes_at_night(installation: Installation) -> None:
    from aos_resources.erased_orchestration import remove_orphans

    before = everything_of(installation.owner, installation.neighbour)
    installation.owner.execute("insert into dagster.event_logs (run_id, event, timestamp) values ('gone', 'the run of an erased tenant', now())")
    assert (remove_orphans(installation.settings), remove_orphans(installation.settings)) == (1, 0)
    assert everything_of(installation.owner, installation.neighbour) == before


def test_of_an_embedded_redis_that_does_not_run_the_file_goes(installation: Installation) -> None:
    company, canaries = installation.small("stopped"), Canaries("stopped")
    tell_live(installation.settings, company.work.tenant, canaries)
    installation.valkey.stop()
    tell(installation.settings, None)
    assert in_files(installation.settings.home, canaries.pattern) != []
    done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    assert not any(done.signed["report"]["left"].values())
    assert in_files(installation.settings.home, canaries.pattern) == []
    tell(installation.settings, installation.valkey.start())


def test_while_redis_does_not_answer_the_erasure_waits_for_it_and_then_goes_on(installation: Installation) -> None:
    company, canaries = installation.small("waiting"), Canaries("waiting")
    tell_live(installation.settings, company.work.tenant, canaries)
    tell(installation.settings, "redis://:x@127.0.0.1:1/0")
    with pytest.raises(TryAgain):
        erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    with pytest.raises(Gone):
        company.sync()
    tell(installation.settings, installation.valkey.url())
    done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
    assert (done.now, done.signed["report"]["removed"]["live"], any(done.signed["report"]["left"].values())) == (True, 2, False)
    assert in_files(installation.settings.home, canaries.pattern) == []


def test_killed_at_any_moment_the_next_erasure_finishes_it(installation: Installation) -> None:
    chance, before = random.Random(5), everything_of(installation.owner, installation.neighbour)
    kills = 0
    for _ in range(4):
        company = installation.small("killed")
        with company.work.database.transaction() as transaction:
            record(transaction, Entry(OPERATOR, "change", "settings"))
        for _ in range(3):
            process = erasing_elsewhere(installation.settings, company.work.tenant.slug)
            assert process.stdout is not None and process.stdout.readline() == "begun\n"
            time.sleep(chance.uniform(0, 0.9))
            kills += process.poll() is None
            process.kill()
            process.communicate()
        done = erase(installation.settings, installation.world.database, company.work.tenant, OPERATOR)
        assert not any(done.signed["report"]["left"].values())
        assert done.signed["report"]["audit_log_ended_at"]["entries"] == 1
        assert (installation.rows_of(company), company.work.lake.folder.is_file()) == (0, True)
        assert in_the_database(installation.owner, f"^.*{company.work.tenant.slug}") == {}
    assert kills >= 4
    assert everything_of(installation.owner, installation.neighbour) == before


def test_over_http_a_token_of_an_erased_tenant_is_answered_410(installation: Installation) -> None:
    from tests.api.serving import Served
    from tests.scenario import sign_in

    company = installation.small("answered")
    database = installation.world.database
    email = f"only-{uuid4().hex[:6]}@example.com"
    add_member(database, company.work.tenant, create_user(database, email, "O", PASSWORD), "owner")
    with Served(installation.settings) as api, api.client() as anonymous, api.client(sign_in(anonymous, email)) as client:
        assert client.get("/connections").status_code == 200
        erase(installation.settings, database, company.work.tenant, OPERATOR)
        answers = [client.get("/connections"), client.post("/runs", json={"reason": ""}), client.get("/metrics")]
        assert [(one.status_code, one.json()["code"]) for one in answers] == [(410, "gone")] * 3
        time.sleep(5.1)  # and once it is looked up anew
        assert client.get("/me").status_code == 410
        refused: httpx.Response = anonymous.post("/auth/login", json={"email": email, "password": PASSWORD})
        assert refused.status_code == 401


def test_an_owner_erases_the_own_tenant_by_naming_it_and_the_operator_any(installation: Installation) -> None:
    from tests.api.serving import Served
    from tests.scenario import sign_in

    database, tokens = installation.world.database, dict[str, str]()
    mine, other = installation.small("owned"), installation.small("operated")
    members = {"owner": mine, "admin": mine, "operator": installation.neighbour}
    with Served(installation.settings) as api, api.client() as anonymous:
        for role, company in members.items():
            user = create_user(database, f"{role}-{uuid4().hex[:6]}@example.com", role, PASSWORD)
            add_member(database, company.work.tenant, user, "admin" if role == "admin" else "owner")
            if role == "operator":
                installation.owner.execute("insert into aos.operators (user_id) values (%s)", (user,))
            with database.people() as transaction:
                email = transaction.one("user", "select email from aos.users where id = :id", id=user)["email"]
            tokens[role] = sign_in(anonymous, email)

        def ask(role: str, path: str, slug: str) -> httpx.Response:
            with api.client(tokens[role]) as client:
                return client.post(path, json={"slug": slug}, timeout=60)

        slug, theirs = mine.work.tenant.slug, other.work.tenant.slug
        assert ask("admin", "/tenant/erasure", slug).status_code == 403
        assert ask("owner", "/operator/erasures", theirs).status_code == 403
        assert ask("owner", "/tenant/erasure", theirs).status_code == 422
        assert installation.rows_of(mine) > 0 < installation.rows_of(other)
        done = ask("owner", "/tenant/erasure", slug)
        assert (done.status_code, done.json()["now"], done.json()["report"]["asked_by"]) == (200, True, "a person of the tenant")
        assert ask("owner", "/tenant/erasure", slug).status_code == 410
        first, second = ask("operator", "/operator/erasures", theirs), ask("operator", "/operator/erasures", theirs)
        assert (first.status_code, first.json()["now"], second.json()["now"], first.json()["signature"]) == (200, True, False, second.json()["signature"])
        assert verify(installation.settings, first.json())["tenant"] == str(other.work.tenant.id)
        assert ask("operator", "/operator/erasures", "never-was-there").status_code == 404
        assert installation.rows_of(mine) == installation.rows_of(other) == 0
        assert in_the_database(installation.owner, "^.*(owner-|admin-)[0-9a-f]{6}@example.com") == {}
