"""Connections over HTTP: tried out, made, onboarded, changed, re-authorised, paused, asked for and cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from aos_resources.embedded import Cluster
from tests.api.asked_sources import folder, reader
from tests.api.people import Company, found
from tests.api.serving import Served
from tests.scenario import World


@pytest.fixture
def company(world: World, served: Served) -> Company:
    return found(world, served)


@pytest.fixture(scope="module")
def databases(second: Cluster) -> Iterator[dict[str, dict[str, Any]]]:
    yield {"reader": reader(second.url()), "writer": reader(second.url(), writes=True)}


def made(company: Company, asked: dict[str, Any], name: str = "crm") -> dict[str, Any]:
    answer = company.owner.client.post("/connections", json={"name": name} | asked)
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


def onboarded(company: Company, connection: dict[str, Any]) -> dict[str, Any]:
    answer = company.owner.client.post(f"/connections/{connection['id']}/onboard")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def seen(company: Company, connection: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = company.owner.client.get(f"/connections/{connection['id']}").json()
    return said


def counts(company: Company) -> tuple[int, ...]:
    with company.world.database.of(company.tenant).transaction() as transaction:
        return tuple(transaction.one("count", f"select count(*) as n from aos.{name}")["n"] for name in ("connections", "intents", "streams", "outbox"))


def test_every_kind_is_listed_with_the_forms_that_it_is_asked_with(acme: httpx.Client) -> None:
    kinds = {one["name"]: one for one in acme.get("/sources").json()["items"]}
    assert {"files", "postgres"} <= set(kinds)
    assert kinds["files"]["allowed"] and "password" not in kinds["files"]["config"]["properties"]
    assert "folder" in kinds["files"]["config"]["properties"] and "password" in kinds["postgres"]["secret"]["properties"]


def test_settings_are_tried_out_and_stored_nowhere_and_a_refusal_is_an_answer(company: Company, databases: dict[str, dict[str, Any]]) -> None:
    client, before = company.owner.client, counts(company)
    good = client.post("/connections/test", json=databases["reader"]).json()
    assert (good["refused"], good["writable"], [one["name"] for one in good["streams"]]) == (None, False, ["accounts"])
    assert good["streams"][0]["key"] == ["account_id"]
    wrong = client.post("/connections/test", json=databases["reader"] | {"secret": {"password": "guessed-at"}})
    assert (wrong.status_code, wrong.json()["refused"]["code"], wrong.json()["account"]) == (200, "credentials_refused", None)
    assert "guessed-at" not in wrong.text
    writer = client.post("/connections/test", json=databases["writer"]).json()
    assert (writer["refused"]["code"], writer["writable"], writer["streams"]) == ("not_allowed", True, [])
    assert client.post("/connections/test", json={"source": "fax", "config": {}}).status_code == 422
    odd = client.post("/connections/test", json=databases["reader"] | {"config": {"host": 7, "hunter": "hunter22"}})
    assert (odd.status_code, "hunter22" in odd.text) == (422, False)
    assert counts(company) == before


def test_first_rows_are_shown_with_what_they_would_feed_and_stored_nowhere(company: Company, databases: dict[str, dict[str, Any]]) -> None:
    before = counts(company)
    said = company.owner.client.post("/connections/preview", json=databases["reader"] | {"stream": "accounts", "limit": 1}).json()
    assert (said["rows"], said["masked"]) == ([{"account_id": "A-1", "name": "Initech"}], [])
    (one,) = said["suggestion"]
    assert (one["entity"], one["complete"]) == ("account", True)
    assert {(fed["field"], fed["column"]) for fed in one["fields"]} == {("account_id", "account_id"), ("name", "name")}
    missing = company.owner.client.post("/connections/preview", json=databases["reader"] | {"stream": "nowhere"})
    assert (missing.status_code, missing.json()["code"]) == (424, "fix_the_source")
    assert counts(company) == before


def test_who_has_a_mask_sees_no_value_of_a_preview(company: Company) -> None:
    connection = made(company, folder(company.world.settings))
    onboarded(company, connection)
    assert company.owner.client.put("/masks/personal", json={"roles": ["engineer", "analyst", "viewer"]}).status_code == 200
    engineer = company.join("engineer").client
    for asked in (("/connections/preview", folder(company.world.settings) | {"stream": "accounts"}), (f"/connections/{connection['id']}/preview", {"stream": "accounts"})):
        answer = engineer.post(asked[0], json=asked[1])
        assert (answer.status_code, "Initech" in answer.text) == (200, False)
        assert answer.json()["masked"] == ["account_id", "name"]


def test_what_does_not_land_as_it_is_is_not_shown_as_it_is(company: Company) -> None:
    connection = made(company, folder(company.world.settings))
    onboarded(company, connection)
    stream = seen(company, connection)["detail"][0]["id"]
    assert company.owner.client.patch(f"/streams/{stream}", json={"treated": {"name": "hash"}}).status_code == 200
    said = company.owner.client.post(f"/connections/{connection['id']}/preview", json={"stream": "accounts", "limit": 1}).json()
    assert (said["rows"], said["masked"]) == ([{"account_id": "A-1", "name": None}], ["name"])


def test_sent_twice_under_one_key_one_connection_is_made(company: Company) -> None:
    body = {"name": "crm"} | folder(company.world.settings)
    answers = [company.owner.client.post("/connections", json=body, headers={"Idempotency-Key": "one"}) for _ in range(3)]
    assert ([one.status_code for one in answers], len({one.json()["id"] for one in answers}), counts(company)[:2]) == ([201] * 3, 1, (1, 1))
    batch = {"items": [{"external_id": "1", "name": "two"} | folder(company.world.settings)]}
    sent = [company.owner.client.post("/onboarding", json=batch, headers={"Idempotency-Key": "two"}) for _ in range(2)]
    assert (sent[0].text, sent[1].headers["idempotent-replayed"]) == (sent[1].text, "true")


def test_a_connection_is_made_onboarded_and_asked_for(company: Company) -> None:
    connection = made(company, folder(company.world.settings))
    assert (connection["state"], connection["next_sync_at"], connection["fresh"], connection["lag_seconds"]) == ("onboarding", None, False, None)
    assert company.owner.client.post(f"/connections/{connection['id']}/sync").status_code == 409
    intent = onboarded(company, connection)
    assert (intent["state"], intent["stuck"], intent["eligible"], intent["found"]["streams"], intent["found"]["rows"]) == ("active", None, True, 1, 2)
    assert intent["found"]["suggested"][0]["complete"]
    assert (onboarded(company, connection)["state"], counts(company)[:3]) == ("active", (1, 1, 1))
    now = seen(company, connection)
    assert (now["state"], now["probed"]["writable"], [one["name"] for one in now["detail"]]) == ("active", None, ["accounts"])
    assert company.owner.client.post(f"/connections/{connection['id']}/sync").status_code == 202
    funnel = company.owner.client.get("/onboarding").json()
    assert (funnel["eligible"], funnel["active"], funnel["share"], funnel["promise"]) == (1, 1, 1.0, 0.9)
    told = company.owner.client.get(f"/connections/{connection['id']}/selection").json()
    assert [one["stream"] for one in told["streams"]] == ["accounts"] and told["syncs"] == told["left_out"] == []


def test_what_may_not_be_made_is_refused_and_leaves_nothing(company: Company, databases: dict[str, dict[str, Any]]) -> None:
    client, before = company.owner.client, counts(company)
    refused = [
        {"name": "x", "source": "fax", "config": {}},
        {"name": "x", "source": "postgres", "config": {"host": "h"}},
        {"name": "x", "source": "postgres", "config": databases["reader"]["config"], "secret": {"pass": "hunter22"}},
        {"name": "a/b"} | folder(company.world.settings),
        {"name": " "} | folder(company.world.settings),
    ]
    for body in refused:
        answer = client.post("/connections", json=body)
        assert (answer.status_code, "hunter22" in answer.text) == (422, False), body
    assert counts(company) == before
    made(company, folder(company.world.settings))
    assert client.post("/connections", json={"name": "crm"} | folder(company.world.settings)).status_code == 422


def test_a_quota_refuses_one_connection_too_many(company: Company) -> None:
    from aos_resources.audit import Actor
    from aos_resources.quotas import set_quota

    set_quota(company.world.database, company.tenant, "connections", 1, Actor("process", "aos", "test"))
    made(company, folder(company.world.settings))
    answer = company.owner.client.post("/connections", json={"name": "two"} | folder(company.world.settings))
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_reached")
    batch = company.owner.client.post("/onboarding", json={"items": [{"external_id": "3", "name": "three"} | folder(company.world.settings)]}).json()
    assert (batch["items"][0]["state"], batch["items"][0]["stuck"]["code"]) == ("received", "quota_reached")


def test_a_batch_is_received_once_under_its_own_ids(company: Company, databases: dict[str, dict[str, Any]]) -> None:
    items = [{"external_id": "1", "name": "one"} | folder(company.world.settings), {"external_id": "2", "name": "two"} | databases["reader"]]
    answers = [company.owner.client.post("/onboarding", json={"items": items}) for _ in range(2)]
    assert [one.status_code for one in answers] == [202, 202]
    assert [one["id"] for one in answers[0].json()["items"]] == [one["id"] for one in answers[1].json()["items"]]
    assert {one["state"] for one in answers[0].json()["items"]} == {"credentialed"}
    assert (counts(company)[:2], "only to read" in answers[0].text) == ((2, 2), False)


def test_settings_are_kept_once_the_source_has_said_yes(company: Company, databases: dict[str, dict[str, Any]]) -> None:
    connection = made(company, databases["reader"])
    assert onboarded(company, connection)["state"] == "active"
    client, at, config = company.owner.client, f"/connections/{connection['id']}", databases["reader"]["config"]
    assert client.patch(at, json={"name": "sales", "note": "of the CRM", "fresh_minutes": 30}).json()["name"] == "sales"
    wrong = client.patch(at, json={"config": config | {"database": "nowhere"}})
    assert wrong.status_code in (424, 503)
    elsewhere = client.patch(at, json={"config": config | {"host": "localhost"}})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "not_allowed")
    writer = databases["writer"]
    unsafe = client.patch(at, json={"config": writer["config"], "secret": writer["secret"]})
    assert (unsafe.status_code, "may change the source" in unsafe.json()["detail"]) == (403, True)
    now = seen(company, connection)
    assert (now["config"], now["note"], now["fresh_minutes"]) == (config, "of the CRM", 30)
    assert client.patch(at, json={"config": config | {"tables": ["accounts"]}, "fresh_minutes": None}).json()["fresh_minutes"] is None
    assert seen(company, connection)["config"]["tables"] == ["accounts"]


def test_a_connection_that_was_let_in_no_more_is_re_authorised_and_keeps_where_it_stood(company: Company, databases: dict[str, dict[str, Any]]) -> None:
    connection = made(company, databases["reader"])
    onboarded(company, connection)
    with company.world.database.of(company.tenant).transaction() as transaction:
        stream = transaction.one("stream", "select id from aos.streams")["id"]
        transaction.run("insert into aos.cursors (stream_id, position, seq) values (:id, '{\"after\": \"7\"}', 1)", id=stream)
        transaction.run("update aos.connections set state = 'unauthorised'")
    at = f"/connections/{connection['id']}"
    assert company.owner.client.post(f"{at}/resume").status_code == 409
    wrong = company.owner.client.put(f"{at}/secret", json={"secret": {"password": "guessed-at"}})
    assert (wrong.status_code, wrong.json()["code"], seen(company, connection)["state"]) == (424, "credentials_refused", "unauthorised")
    good = company.owner.client.put(f"{at}/secret", json={"secret": databases["reader"]["secret"]})
    assert (good.status_code, good.json()["state"], "only to read" in good.text) == (200, "active", False)
    with company.world.database.of(company.tenant).transaction() as transaction:
        assert transaction.one("cursor", "select position from aos.cursors")["position"] == {"after": "7"}


def test_a_paused_connection_is_not_read_until_it_goes_on(company: Company) -> None:
    connection = made(company, folder(company.world.settings))
    at = f"/connections/{connection['id']}"
    assert company.owner.client.post(f"{at}/pause").status_code == 409
    onboarded(company, connection)
    paused = company.owner.client.post(f"{at}/pause").json()
    assert (paused["state"], paused["next_sync_at"]) == ("paused", None)
    assert company.owner.client.post(f"{at}/sync").status_code == 409
    assert company.owner.client.post(f"{at}/resume").json()["state"] == "active"


def test_the_sync_that_is_under_way_is_shown_and_cancelled(company: Company) -> None:
    connection = made(company, folder(company.world.settings))
    onboarded(company, connection)
    at = f"/connections/{connection['id']}"
    assert company.owner.client.post(f"{at}/cancel").status_code == 409
    sync = uuid4()
    with company.world.database.of(company.tenant).transaction() as transaction:
        transaction.run("insert into aos.syncs (id, connection_id, epoch, state) values (:id, :connection, 1, 'running')", id=sync, connection=connection["id"])
        stream = transaction.one("stream", "select id from aos.streams")["id"]
        transaction.run(
            "insert into aos.sync_streams (sync_id, stream_id, read, said, state, seq) values (:sync, :stream, 0, '{\"reading\": 70}', 'reading', 1)", sync=sync, stream=stream
        )
    syncing = seen(company, connection)["syncing"]
    assert {name: syncing[name] for name in ("sync_id", "read", "streams_done", "streams")} == {"sync_id": str(sync), "read": 70, "streams_done": 0, "streams": 1}
    for _ in range(2):
        assert company.owner.client.post(f"{at}/cancel").json() == {"sync_id": str(sync)}
    (told,) = company.owner.client.get(f"{at}/syncs").json()["items"]
    assert told["cancel_asked_at"] is not None and told["streams"][0]["state"] == "reading"


def test_each_role_may_what_the_table_says(company: Company) -> None:
    connection = made(company, folder(company.world.settings))
    for role in ("analyst", "viewer"):
        client = company.join(role).client
        assert client.get(f"/connections/{connection['id']}").status_code == 200
        for method, path, body in (("POST", "/test", folder(company.world.settings)), ("POST", f"/{connection['id']}/pause", None), ("POST", f"/{connection['id']}/onboard", None)):
            assert client.request(method, f"/connections{path}", json=body).status_code == 403, (role, path)
