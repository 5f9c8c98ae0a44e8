"""A tenant erased: of 500 canaries in every store none is found, and the neighbour is as it was, row for row."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from aos_core.errors import Gone, NotFound, NotUnderstood
from aos_core.tenancy import INSTALLATION
from aos_resources import tenants
from aos_resources.audit import Entry, record
from aos_resources.audit_check import verify as verify_log
from aos_resources.erasing import erase, report_of
from aos_resources.erasure_report import verify
from aos_resources.live import Live
from aos_resources.people import add_member, create_tenant, create_user
from tests.assets.erasing_installation import Installation
from tests.assets.erasing_world import (
    OPERATOR,
    PASSWORD,
    Canaries,
    everything_of,
    in_files,
    in_raw_bytes,
    in_the_database,
    make,
    orchestrate,
    remembered,
    stuff,
    tell_live,
    watched,
)


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
