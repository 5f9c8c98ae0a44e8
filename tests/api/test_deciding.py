"""Deciding proposals and asking for runs: who may, what is applied, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.scenario import SHARED, World, made_id, open_proposal


def outbox(world: World, kind: str) -> list[dict[str, object]]:
    with world.database.of(world.acme).transaction() as transaction:
        return [dict(one) for one in transaction.all("select subject, data, seq from aos.outbox where type = :kind order by seq", kind=kind)]


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_who_only_reads_can_neither_decide_nor_ask(caller: Callable[[str], httpx.Client], role: str) -> None:
    client = caller(f"{role}@acme.example")
    assert client.get(f"/proposals/{SHARED.proposal}").status_code == 200
    refused = client.post(f"/proposals/{SHARED.proposal}/decide", json={"verdict": "rejected", "change_hash": "x", "reason": "r"})
    assert (refused.status_code, refused.json()["code"], refused.json()["culprit"]) == (403, "not_allowed", role)
    assert client.post("/runs", json={}).status_code == 403
    assert client.get(f"/proposals/{SHARED.proposal}").json()["state"] == "open"


@pytest.mark.parametrize(("role", "field"), [("owner", "city"), ("admin", "phone"), ("engineer", "industry")])
def test_who_may_decide_approves_exactly_what_was_seen(
    caller: Callable[[str], httpx.Client], world: World, role: str, field: str
) -> None:
    hashed = open_proposal(world, world.acme, field)
    url = f"/proposals/{made_id(f'proposal acme {field}')}"
    client = caller(f"{role}@acme.example")
    other = client.post(f"{url}/decide", json={"verdict": "approved", "change_hash": "0" * 64})
    assert (other.status_code, other.json()["code"]) == (409, "needs_a_decision")
    assert client.get(url).json()["state"] == "open"
    answer = client.post(f"{url}/decide", json={"verdict": "approved", "change_hash": hashed})
    assert answer.status_code == 200, answer.text
    seen = client.get(url).json()
    assert (seen["state"], [(one["decided_by"], one["seq"]) for one in seen["decisions"]]) == (
        "approved",
        [(f"{role}@acme.example", answer.json()["seq"])],
    )
    again = client.post(f"{url}/decide", json={"verdict": "approved", "change_hash": hashed})
    assert again.status_code == 409
    assert outbox(world, "proposal.decided")[-1]["seq"] == answer.json()["seq"]


def test_a_rejection_says_why_and_an_edit_is_kept(acme: httpx.Client, world: World) -> None:
    hashed = open_proposal(world, world.acme, "website")
    url = f"/proposals/{made_id('proposal acme website')}/decide"
    assert acme.post(url, json={"verdict": "rejected", "change_hash": hashed}).status_code == 422
    assert acme.post(url, json={"verdict": "rejected", "change_hash": hashed, "reason": " "}).status_code == 422
    assert acme.post(url, json={"verdict": "maybe", "change_hash": hashed}).status_code == 422
    nonsense = acme.post(url, json={"verdict": "approved", "change_hash": hashed, "change": {"from": "A", "expr": "B"}})
    assert (nonsense.status_code, nonsense.json()["code"]) == (422, "not_understood")
    edited = acme.post(url, json={"verdict": "approved", "change_hash": hashed, "change": {"from": "Site"}})
    assert edited.status_code == 200
    decision = acme.get(url.removesuffix("/decide")).json()["decisions"][0]
    assert decision["change"]["from"] == "Site"
    open_proposal(world, world.acme, "domain")
    rejected = acme.post(
        f"/proposals/{made_id('proposal acme domain')}/decide",
        json={"verdict": "rejected", "change_hash": open_hash(acme, "domain"), "reason": "It is another thing"},
    )
    assert rejected.status_code == 200
    assert acme.get(f"/proposals/{made_id('proposal acme domain')}").json()["decisions"][0]["reason"] == "It is another thing"


def test_of_eight_people_who_decide_at_once_one_decides(acme: httpx.Client, world: World) -> None:
    hashed = open_proposal(world, world.acme, "owner")
    url = f"/proposals/{made_id('proposal acme owner')}/decide"
    with ThreadPoolExecutor(8) as together:
        said = list(together.map(lambda _: acme.post(url, json={"verdict": "approved", "change_hash": hashed}).status_code, range(8)))
    assert sorted(said) == [200] + [409] * 7


def test_proposals_are_listed_by_state(acme: httpx.Client) -> None:
    listed = acme.get("/proposals", params={"state": "open"}).json()["items"]
    assert str(SHARED.proposal) in [one["id"] for one in listed]
    assert {one["state"] for one in listed} == {"open"}
    assert acme.get("/proposals", params={"state": "odd"}).status_code == 422


def test_asking_for_a_run_is_one_entry_of_the_outbox(acme: httpx.Client, world: World) -> None:
    before = outbox(world, "run.requested")
    answer = acme.post("/runs", json={"reason": "new files"})
    assert answer.status_code == 202
    after = outbox(world, "run.requested")
    assert after[len(before) :] == [
        {"subject": "acme", "data": {"reason": "new files", "by": "engineer@acme.example"}, "seq": answer.json()["seq"]}
    ]


def open_hash(client: httpx.Client, field: str) -> str:
    return str(client.get(f"/proposals/{made_id(f'proposal acme {field}')}").json()["change_hash"])
