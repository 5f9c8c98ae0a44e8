"""How Salesforce lets us in and keeps us out: tokens, keys, the company's share of requests, jobs that fail, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aos_cli.stand_ins.salesforce import Fault, Field, StandIn, Store
from aos_cli.stand_ins.salesforce.faults import Refusal
from aos_core.errors import AosError, CredentialsRefused, FixTheSource, NotAllowed, NotUnderstood, TryAgain
from aos_resources.connectors import connect
from aos_resources.connectors.salesforce import Salesforce, pages
from aos_resources.connectors.salesforce.login import audience
from aos_resources.connectors.salesforce.reading import Habits
from aos_resources.connectors.source import Doors
from aos_resources.settings import Settings
from tests.resources.source_salesforce import key_pair, salesforce
from tests.resources.sources import found

KEY = {"username": "integration@demo.example"}


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    store = Store()
    store.make("Account", [Field("Name")], prefix="001")
    store.insert("Account", {"Name": "Acme"})
    with StandIn(store) as served:
        yield served


def names(connector: Salesforce) -> list[Any]:
    stream = found(connector, "Account")
    return [row["Name"] for part in connector.read(stream, None, {}) for batch in part.batches or () for row in batch.to_pylist()]


def refusing(connector: Salesforce) -> AosError:
    with pytest.raises(AosError) as refused:
        names(connector)
    return refused.value


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    return key_pair()


def test_a_private_key_lets_in_and_another_does_not(stand_in: StandIn, settings: Settings, keys: tuple[str, str]) -> None:
    private, stand_in.sessions.certificate = keys
    assert names(salesforce(stand_in, settings, {"private_key": private}, **KEY)) == ["Acme"]
    for key, config in ((key_pair()[0], KEY), (private, {"username": "nobody@demo.example"}), (private, KEY | {"client_id": "another"}), ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", KEY)):
        refused = refusing(salesforce(stand_in, settings, {"private_key": key}, **config))
        assert isinstance(refused, CredentialsRefused)
        assert key not in refused.sentence


@pytest.mark.parametrize(
    ("change", "said"),
    [({"refresh_token": "x"}, "expired access/refresh token"), ({"client_secret": "x"}, "consumer secret is wrong"), ({"client_id": "x"}, "check the consumer key")],
)
def test_credentials_that_are_wrong_are_refused_in_words(stand_in: StandIn, settings: Settings, change: dict[str, str], said: str) -> None:
    connector = salesforce(stand_in, settings)
    for name, value in change.items():
        setattr(stand_in.sessions, name, value)
    for ask in (connector.probe, connector.discover):
        with pytest.raises(CredentialsRefused, match=said):
            ask()


def test_a_session_that_ends_midway_is_renewed_once_and_no_more(stand_in: StandIn, settings: Settings) -> None:
    connector = salesforce(stand_in, settings)
    stream = found(connector, "Account")
    stand_in.sessions.expire()
    assert len(list(connector.read(stream, None, {}))) == 1
    assert stand_in.sessions.given == 2
    stand_in.faults.plan(Fault("/query", times=100, refusal=Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")))
    with pytest.raises(CredentialsRefused, match="INVALID_SESSION_ID"):
        list(connector.read(stream, None, {}))
    assert stand_in.sessions.given == 3


def test_an_app_that_gives_new_refresh_tokens_is_refused_since_they_cannot_be_kept(stand_in: StandIn, settings: Settings) -> None:
    answer = {"access_token": "x", "instance_url": stand_in.url, "refresh_token": "another"}
    stand_in.faults.plan(Fault("/token", instead=json.dumps(answer).encode()))
    assert "refresh token rotation" in refusing(salesforce(stand_in, settings)).sentence


@pytest.mark.parametrize("answer", [b"", b"[]", b"<html>", b'{"access_token":"x"}', b'{"access_token":"x","instance_url":"http://elsewhere.example"}', b'{"access_token":"x\\ny","instance_url":"https://localhost"}'])
def test_an_answer_that_is_no_token_is_none(stand_in: StandIn, settings: Settings, answer: bytes) -> None:
    stand_in.faults.plan(Fault("/token", times=9, instead=answer))
    assert isinstance(refusing(salesforce(stand_in, settings)), (FixTheSource, NotAllowed))


def test_secrets_travel_by_https_alone(stand_in: StandIn, settings: Settings) -> None:
    for address in ("http://login.salesforce.com", "http://127.0.0.1.example", "ftp://localhost"):
        with pytest.raises(NotAllowed):
            salesforce(stand_in, settings, login=address).probe()


def test_an_assertion_is_for_one_of_the_two_login_servers_of_a_my_domain() -> None:
    assert audience("https://acme.my.salesforce.com") == "https://login.salesforce.com"
    assert audience("https://acme--uat.sandbox.my.salesforce.com") == "https://test.salesforce.com"
    assert audience("https://test.salesforce.com") == "https://test.salesforce.com"


@pytest.mark.parametrize(
    ("config", "secret", "said"),
    [
        ({}, {}, "refresh token or private key"), ({}, {"refresh_token": "a", "private_key": "b"}, "both"), ({}, {"private_key": "b"}, "lacks its username"),
        ({"objects": ["A; DROP"]}, {"refresh_token": "a"}, "objects"), ({"version": "64"}, {"refresh_token": "a"}, "version"), ({"other": 1}, {"refresh_token": "a"}, "other"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_named(settings: Settings, config: dict[str, Any], secret: dict[str, str], said: str) -> None:
    with pytest.raises(NotUnderstood, match=said):
        connect(Doors(settings), "salesforce", {"client_id": "app"} | config, json.dumps(secret))


def test_the_companys_own_programs_keep_their_share_of_requests(stand_in: StandIn, settings: Settings) -> None:
    stand_in.sessions.most, stand_in.sessions.used = 100, 50
    connector = salesforce(stand_in, settings, reserve=20)
    names(connector)
    stand_in.sessions.used = 79
    refused = refusing(connector)
    assert isinstance(refused, TryAgain)
    assert "Of the 100 requests that Salesforce answers in 24 hours 80 are used, and 20%" in refused.sentence
    assert "within the hour" in refused.sentence
    assert stand_in.sessions.used == 80
    another = salesforce(stand_in, settings, reserve=20)
    assert isinstance(refusing(another), TryAgain)
    assert stand_in.sessions.used == 81, "asked how many there are, and nothing else"
    assert another.probe().account.startswith("integration@demo.example")
    assert names(salesforce(stand_in, settings, reserve=0)) == ["Acme"]


def test_who_may_not_see_how_many_requests_are_left_reads_it_from_the_answers(stand_in: StandIn, settings: Settings) -> None:
    stand_in.faults.plan(Fault("/limits", times=9, refusal=Refusal(403, "INSUFFICIENT_ACCESS", "insufficient access rights")))
    connector = salesforce(stand_in, settings)
    assert names(connector) == ["Acme"]
    stand_in.sessions.used = stand_in.sessions.most - 10
    assert "are used" in refusing(connector).sentence


def test_a_limit_that_others_have_used_up_is_left_for_later(stand_in: StandIn, settings: Settings) -> None:
    stand_in.sessions.most = stand_in.sessions.used = 5
    refused = refusing(salesforce(stand_in, settings, reserve=0))
    assert isinstance(refused, TryAgain)
    assert "REQUEST_LIMIT_EXCEEDED" in refused.sentence
    assert "within a day" in refused.sentence


@pytest.mark.parametrize(
    ("status", "word", "kind", "said"),
    [
        (500, "UNKNOWN_EXCEPTION", TryAgain, "failed by itself"), (400, "QUERY_TIMEOUT", TryAgain, "too long"), (403, "API_DISABLED_FOR_ORG", FixTheSource, "has no API"),
        (403, "API_CURRENTLY_DISABLED", FixTheSource, "API Enabled"), (400, "MALFORMED_QUERY", FixTheSource, "conditions of its own"), (400, "OPERATION_TOO_LARGE", FixTheSource, "view all"),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", FixTheSource, "right to read is lacking"), (400, "SOMETHING_NEW", FixTheSource, "SOMETHING_NEW: planned"), (418, "", FixTheSource, "418"),
        (503, "SERVER_UNAVAILABLE", TryAgain, "patience"), (429, "TOO_MANY", TryAgain, "patience"),
    ],
)  # fmt: skip
def test_what_salesforce_refuses_is_said_in_words(stand_in: StandIn, settings: Settings, status: int, word: str, kind: type[AosError], said: str) -> None:
    connector = salesforce(stand_in, settings)
    stand_in.faults.plan(Fault("ORDER BY Id", times=99, refusal=Refusal(status, word, "planned")))
    refused = refusing(connector)
    assert (isinstance(refused, kind), isinstance(refused, CredentialsRefused)) == (True, False)
    assert said in refused.sentence


@pytest.mark.parametrize(
    ("failing", "kind", "said"),
    [
        ("InvalidBatch : Failed to process query: INVALID_FIELD: No such column 'Gone__c' on entity 'Account'.", FixTheSource, "Account.Gone__c"),
        ("InternalServerError : QUERY_TIMEOUT", TryAgain, "too long"), ("", FixTheSource, "refused the question"),
    ],
)  # fmt: skip
def test_a_job_that_fails_says_why(stand_in: StandIn, settings: Settings, failing: str, kind: type[AosError], said: str) -> None:
    connector = salesforce(stand_in, settings)
    connector.habits = Habits(bulk=0)
    stand_in.jobs.failing = failing or "?"
    refused = refusing(connector)
    assert isinstance(refused, kind)
    assert said in refused.sentence


def test_a_job_that_does_not_end_and_one_that_cannot_be_watched_are_ended(stand_in: StandIn, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = salesforce(stand_in, settings)
    connector.habits = Habits(bulk=0)
    stand_in.jobs.polls = 10**9
    stand_in.faults.plan(Fault("/jobs/query/750", nth=3, refusal=Refusal(400, "SOMETHING_NEW", "planned")))
    assert "SOMETHING_NEW" in refusing(connector).sentence
    monkeypatch.setattr(pages, "_LONGEST_JOB", 0.01)
    assert "took too long for the job" in refusing(connector).sentence
    assert [one.state for one in stand_in.jobs.jobs.values()] == ["Aborted", "Aborted"]


def test_a_job_that_somebody_ended_is_left_for_later(stand_in: StandIn, settings: Settings) -> None:
    connector = salesforce(stand_in, settings)
    connector.habits = Habits(bulk=0)
    stand_in.faults.plan(Fault("/jobs/query/750", instead=b'{"id":"750","state":"Aborted"}'))
    assert isinstance(refusing(connector), TryAgain)


def test_a_probe_names_the_user_though_the_app_may_not_see_its_own_page(stand_in: StandIn, settings: Settings) -> None:
    stand_in.store.make("User", [Field("Username")], prefix="005")
    stand_in.store.insert("User", {"Id": stand_in.sessions.person.id, "Username": "integration@demo.example"})
    stand_in.faults.plan(Fault("/userinfo", times=9, refusal=Refusal(403, "Missing_OAuth_Token", "")))
    assert salesforce(stand_in, settings).probe().account == "integration@demo.example of organisation 00D000000000001EAA"
