"""The events over a WebSocket: the same envelopes, and who is not let in or not any more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.serving import Served
from tests.scenario import World, announce, sign_in


@pytest.fixture
def token(served: Served) -> str:
    with served.client() as client:
        return sign_in(client, "analyst@acme.example")


def opened(served: Served, query: str = "", **how: Any) -> ClientConnection:
    return connect(f"{served.address.replace('http', 'ws')}/api/v1/ws{query}", proxy=None, **how)


def heard(socket: ClientConnection, seconds: float, until: int) -> list[dict[str, Any]]:
    """Messages, until so many events of the tenant came."""
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while sum("sequence" in one for one in found) < until and (left := deadline - time.monotonic()) > 0:
        try:
            found.append(json.loads(socket.recv(timeout=left)))
        except TimeoutError:
            break
    return found


def closed(socket: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as ended:
        while True:
            socket.recv(timeout=8)
    assert ended.value.rcvd is not None
    return ended.value.rcvd.code


def ticket(served: Served, token: str) -> str:
    with served.client(token) as client:
        return str(client.post("/tickets").json()["ticket"])


def test_the_first_message_or_a_ticket_opens_it_and_the_envelopes_come(world: World, served: Served, token: str) -> None:
    with opened(served) as by_message, opened(served, f"?ticket={ticket(served, token)}") as by_ticket:
        by_message.send(json.dumps({"token": token}))
        assert "status" in json.loads(by_message.recv(timeout=5)) and "status" in json.loads(by_ticket.recv(timeout=5))
        seqs = announce(world.database, world.acme, 2)
        announce(world.database, world.globex, 2)
        for socket in (by_message, by_ticket):
            found = heard(socket, 5, 2)
            assert [int(one["sequence"]) for one in found] == seqs
            assert {one["tenantid"] for one in found} == {str(world.acme.id)}


def test_it_begins_after_a_number_and_says_a_gap(world: World, served: Served, token: str) -> None:
    seqs = announce(world.database, world.acme, 3)
    with opened(served) as socket:
        socket.send(json.dumps({"token": token, "after": seqs[0]}))
        assert [int(one["sequence"]) for one in heard(socket, 5, 2) if "sequence" in one] == seqs[1:]
    with opened(served) as socket:
        socket.send(json.dumps({"token": token, "after": seqs[-1] + 1000}))
        assert [one["gap"]["reason"] for one in heard(socket, 1, 1) if "gap" in one] == ["unknown"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("{}", 4401), ("no json", 4401), ('{"token": "x"}', 4401), ('{"ticket": "x"}', 4401), ('{"token": 7}', 4422), ('{"after": 0}', 4401), ("[]", 4422), ('{"other": 1}', 4422)],
)
def test_who_says_nothing_right_is_not_let_in(served: Served, said: str, code: int) -> None:
    with opened(served) as socket:
        socket.send(said)
        assert closed(socket) == code


def test_a_page_of_another_site_is_not_let_in_and_one_of_this_site_is(served: Served, token: str) -> None:
    for origin in ("https://evil.example", "null", f"{served.address}.evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            opened(served, f"?ticket={ticket(served, token)}", origin=origin)
        assert refused.value.response.status_code == 403
    with opened(served, f"?ticket={ticket(served, token)}", origin=served.address) as socket:
        assert "status" in json.loads(socket.recv(timeout=5))


def test_a_cookie_alone_opens_nothing(served: Served, token: str) -> None:
    with opened(served, additional_headers={"Cookie": f"aos_session={token}"}) as socket:
        socket.send("{}")
        assert closed(socket) == 4401


def test_a_message_that_is_too_large_ends_it(served: Served, token: str) -> None:
    for before in (None, json.dumps({"token": token})):
        with opened(served) as socket:
            if before is not None:
                socket.send(before)
            socket.send(json.dumps({"token": "x" * 70_000}))
            assert closed(socket) in (1009, 4422)


def test_it_is_closed_within_five_seconds_of_the_sign_out(served: Served, token: str) -> None:
    with opened(served) as socket, served.client(token) as client:
        socket.send(json.dumps({"token": token}))
        socket.recv(timeout=5)
        assert client.post("/auth/logout").status_code == 204
        begun = time.monotonic()
        assert closed(socket) == 1000
        assert time.monotonic() - begun < 5


def test_it_is_closed_where_live_events_are_off(served: Served, token: str, caller: Callable[[str], httpx.Client]) -> None:
    admin = caller("admin@acme.example")
    admin.put("/flags/LIVE_EVENTS", json={"enabled": False})
    try:
        with opened(served) as socket:
            socket.send(json.dumps({"token": token}))
            assert closed(socket) == 4403
    finally:
        admin.delete("/flags/LIVE_EVENTS")
