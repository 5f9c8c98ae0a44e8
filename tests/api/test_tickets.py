"""Tickets for the event stream: good once, for a moment, in their own tenant; and nothing secret in any log."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.listening import Ear
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, announce, sign_in

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def token(served: Served) -> str:
    with served.client() as client:
        return sign_in(client, "viewer@acme.example")


def made(served: Served, token: str) -> str:
    with served.client(token) as client:
        answer = client.post("/tickets")
        assert answer.status_code == 201
        return str(answer.json()["ticket"])


def test_a_ticket_opens_the_stream_of_its_own_tenant_once(world: World, served: Served, token: str) -> None:
    ticket = made(served, token)
    with Ear(served, "", ticket=ticket) as ear:
        assert ear.status == 200
        ear.read(0.5)
        (seq,) = announce(world.database, world.acme, 1)
        announce(world.database, world.globex, 1)
        ear.read(3, until=1)
        assert ear.seqs == [seq]
        assert ear.events[0].data["tenantid"] == str(world.acme.id)
    with Ear(served, "", ticket=ticket) as again:
        assert again.status == 401


def test_a_ticket_is_too_old_after_half_a_minute(world: World, served: Served, token: str) -> None:
    ticket = made(served, token)
    with world.database.people() as transaction:
        left = transaction.one("ticket", "select max(extract(epoch from expires_at - now())) as left from aos.tickets")["left"]
        assert 25 < left <= 30
        transaction.run("update aos.tickets set expires_at = now() - interval '1 second'")
    with Ear(served, "", ticket=ticket) as ear:
        assert ear.status == 401


def test_a_ticket_ends_with_its_session(served: Served, token: str) -> None:
    ticket = made(served, token)
    with served.client(token) as client:
        assert client.post("/auth/logout").status_code == 204
    with Ear(served, "", ticket=ticket) as ear:
        assert ear.status == 401


@pytest.mark.parametrize("ticket", ["", "x", "a" * 43])
def test_what_is_no_ticket_opens_nothing_and_no_credential_beside_it_helps(served: Served, token: str, ticket: str) -> None:
    with Ear(served, token, ticket=ticket) as ear:
        assert ear.status == 401


def test_only_the_hash_is_kept_and_its_making_is_told_once(world: World, served: Served, token: str) -> None:
    def told() -> int:
        with world.database.of(world.acme).transaction() as transaction:
            return int(transaction.one("count", "select count(*) as n from aos.audit where noun = 'tickets' and verb = 'create'")["n"])

    before = told()
    ticket = made(served, token)
    assert told() == before + 1
    with world.database.people() as transaction:
        assert ticket not in str([dict(row) for row in transaction.all("select * from aos.tickets")])


@contextmanager
def running(world: World) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """`aos api` as a process of its own, and a client of it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {name: value for name, value in os.environ.items() if not name.startswith("AOS_")} | {
        "AOS_HOME": str(world.settings.home), "AOS_REDIS_URL": str(world.settings.redis_url), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "aos_cli.main", "api", "--port", str(port)]
    with (
        subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as api,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=10) as client,
    ):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                client.get("/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield api, client
        api.kill()


def test_no_log_of_the_server_says_a_token_a_ticket_or_a_password(world: World) -> None:
    with running(world) as (api, client):
        token = sign_in(client, "viewer@acme.example")
        known = {"Authorization": f"Bearer {token}"}
        client.get("/me", headers=known)
        client.get("/entities/account", params={"q": "what somebody looks for"}, headers=known)
        ticket = client.post("/tickets", headers=known).json()["ticket"]
        with client.stream("GET", "/events", params={"ticket": ticket}) as stream:
            assert stream.status_code == 200
        assert client.get("/events", params={"ticket": ticket}).status_code == 401
        api.terminate()
        said, _ = api.communicate(timeout=20)
    assert len(re.findall(r"GET /api/v1/events ", said)) == 2
    for secret in (ticket, token, PASSWORD, "ticket=", "looks for"):
        assert secret not in said


def test_a_server_that_is_stopped_does_not_wait_for_those_who_listen(world: World) -> None:
    with running(world) as (api, client):
        token = sign_in(client, "viewer@acme.example")
        with client.stream("GET", "/events", headers={"Authorization": f"Bearer {token}"}) as stream:
            assert stream.status_code == 200
            begun = time.monotonic()
            api.terminate()
            api.communicate(timeout=20)
            assert time.monotonic() - begun < 10
