"""Requests that are sent twice, at once or later: one effect and one answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from aos_api.reads import runs as act
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction
from tests.scenario import World


def effects(world: World, tenant: Tenant, reason: str) -> int:
    with world.database.of(tenant).transaction() as transaction:
        asked = "select count(*) as n from aos.outbox where type = 'run.requested' and data ->> 'reason' = :reason"
        told = "select count(*) as n from aos.audit where noun = 'runs' and detail ->> 'reason' = :reason"
        counts = {transaction.one("count", one, reason=reason)["n"] for one in (asked, told)}
    assert len(counts) == 1  # an effect and its audit entry, or neither
    return int(counts.pop())


def ask(client: httpx.Client, key: str, reason: str) -> httpx.Response:
    return client.post("/runs", json={"reason": reason}, headers={"Idempotency-Key": key})


def test_fifty_identical_requests_at_once_have_one_effect_and_one_answer_under_each_of_several_keys(world: World, acme: httpx.Client) -> None:
    for key in (str(uuid4()) for _ in range(10)):
        with ThreadPoolExecutor(50) as together:
            answers = list(together.map(lambda _, one=key: ask(acme, one, f"twins {one}"), range(50)))
        assert Counter(one.status_code for one in answers) == {202: 50}
        assert len({one.text for one in answers}) == 1
        assert Counter("idempotent-replayed" in one.headers for one in answers) == {True: 49, False: 1}
        assert effects(world, world.acme, f"twins {key}") == 1


def test_a_key_of_another_request_is_refused_and_changes_nothing(world: World, acme: httpx.Client) -> None:
    key, reason = str(uuid4()), f"first {uuid4()}"
    assert ask(acme, key, reason).status_code == 202
    other = ask(acme, key, f"{reason}, changed")
    assert (other.status_code, other.json()["code"]) == (422, "not_understood")
    elsewhere = acme.post(f"/proposals/{uuid4()}/decide", json={"verdict": "approved", "change_hash": "x"}, headers={"Idempotency-Key": key})
    assert elsewhere.status_code == 422
    assert effects(world, world.acme, f"{reason}, changed") == 0
    assert ask(acme, key, reason).headers["idempotent-replayed"] == "true"


def test_the_same_key_of_a_colleague_or_of_the_neighbour_is_another_key(
    world: World, acme: httpx.Client, globex: httpx.Client, caller: Callable[[str], httpx.Client]
) -> None:
    key, reason = str(uuid4()), f"shared {uuid4()}"
    asked = [ask(client, key, reason) for client in (acme, globex, caller("owner@acme.example"))]
    assert [("idempotent-replayed" in one.headers, one.status_code) for one in asked] == [(False, 202)] * 3
    assert (effects(world, world.acme, reason), effects(world, world.globex, reason)) == (2, 1)


def test_without_a_key_every_request_has_its_effect(world: World, acme: httpx.Client) -> None:
    reason = f"keyless {uuid4()}"
    for _ in range(3):
        assert acme.post("/runs", json={"reason": reason}).status_code == 202
    assert effects(world, world.acme, reason) == 3


@pytest.fixture
def dying(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whoever asks loses the database just before the end of the transaction, once for each word of the list."""
    words = ["once", "twice"]
    asking = act.ask_for_run

    def ask_and_die(transaction: Transaction, tenant: Tenant, reason: str, by: str) -> int:
        seq = asking(transaction, tenant, reason, by)
        if words:
            words.pop()
            transaction.run("select pg_terminate_backend(pg_backend_pid())")
        return seq

    monkeypatch.setattr(act, "ask_for_run", ask_and_die)
    yield words


def test_who_dies_in_the_middle_has_done_nothing_and_may_be_asked_again_under_the_key(world: World, acme: httpx.Client, dying: list[str]) -> None:
    key, reason = str(uuid4()), f"dying {uuid4()}"
    assert [ask(acme, key, reason).status_code for _ in range(4)] == [503, 503, 202, 202]
    assert effects(world, world.acme, reason) == 1


def test_a_refused_request_keeps_no_answer(acme: httpx.Client) -> None:
    key = str(uuid4())
    sent = {"verdict": "approved", "change_hash": "x"}
    for _ in range(2):
        answer = acme.post(f"/proposals/{uuid4()}/decide", json=sent, headers={"Idempotency-Key": key})
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (404, False)


def test_a_day_later_the_key_is_free_again(world: World, acme: httpx.Client) -> None:
    key, reason = str(uuid4()), f"yesterday {uuid4()}"
    assert ask(acme, key, reason).status_code == 202
    with world.database.of(world.acme).transaction() as transaction:
        transaction.run("update aos.idempotency set created_at = now() - interval '25 hours' where key = :key", key=key)
    assert "idempotent-replayed" not in ask(acme, key, reason).headers
    assert effects(world, world.acme, reason) == 2


def test_what_is_kept_of_an_answer_is_sealed(world: World, acme: httpx.Client) -> None:
    key = str(uuid4())
    seq = ask(acme, key, "sealed").json()["seq"]
    with world.database.of(world.acme).transaction() as transaction:
        kept = bytes(transaction.one("answer", "select answer from aos.idempotency where key = :key", key=key)["answer"])
    assert str(seq).encode() not in kept and b"seq" not in kept


@pytest.mark.parametrize("key", [b"", b"x" * 256, "\xe9".encode("latin-1")])
def test_a_key_that_cannot_be_one_is_refused(acme: httpx.Client, key: bytes) -> None:
    assert acme.post("/runs", json={}, headers={b"Idempotency-Key": key}).status_code == 422
