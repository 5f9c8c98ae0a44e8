"""The orchestrator's UI through the API: who sees it, what goes on to it and what does not, and when it ends."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.api.orchestrating import webserver
from tests.api.people import Someone, entries, found, operator
from tests.api.serving import Served
from tests.scenario import World

VERSION = {"query": "query V { version }", "operationName": "V"}
MUTATION = {"operationName": "Reload", "query": "mutation Reload { reloadWorkspace { __typename } }"}


@pytest.fixture(scope="module")
def behind(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with webserver(tmp_path_factory.mktemp("dagster")) as url, Served(world.settings.model_copy(update={"dagster_url": url})) as started:
        yield started


@pytest.fixture(scope="module")
def runs_it(world: World, behind: Served) -> Someone:
    return operator(world, behind)


def browser(served: Served, someone: Someone, **headers: str) -> httpx.Client:
    """With the cookie instead of the token."""
    token = someone.client.headers["Authorization"].removeprefix("Bearer ")
    return httpx.Client(base_url=served.address, headers={"Cookie": f"aos_session={token}"} | headers, timeout=30)


def test_only_an_operator_sees_it(world: World, behind: Served, runs_it: Someone) -> None:
    company = found(world, behind)
    key = company.key(company.owner, "*:*")
    assert runs_it.client.get(behind.address + "/dagster").headers["location"] == "/dagster/"
    for path in ("/dagster/", "/dagster/server_info", "/dagster/graphql?query={version}", "/dagster/assets"):
        assert httpx.get(behind.address + path).status_code == 401
        for client in (company.owner.client, key):
            assert client.get(behind.address + path).status_code == 403
        assert runs_it.client.get(behind.address + path).status_code == 200, path
    assert "dagster_version" in runs_it.client.get(behind.address + "/dagster/server_info").json()
    assert runs_it.client.post(behind.address + "/dagster/graphql", json=VERSION).json()["data"]["version"]


def test_another_site_may_ask_it_nothing_by_any_method(behind: Served, runs_it: Someone) -> None:
    changing = "/dagster/graphql?query=mutation%20%7BreloadWorkspace%7B__typename%7D%7D"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        with browser(behind, runs_it, **headers) as client:
            assert client.get(changing).status_code == 403
            assert client.post("/dagster/graphql", json=VERSION).status_code == 403
            assert client.get("/dagster/server_info").status_code == 200
    with browser(behind, runs_it, **{"Sec-Fetch-Site": "same-origin"}) as client:
        assert client.post("/dagster/graphql", json=VERSION).status_code == 200


def test_what_changes_it_is_told_in_the_installations_log_and_what_reads_it_is_not(world: World, behind: Served, runs_it: Someone) -> None:
    before = len(entries(world))
    assert runs_it.client.post(behind.address + "/dagster/graphql", json=VERSION).status_code == 200
    assert len(entries(world)) == before
    assert runs_it.client.post(behind.address + "/dagster/graphql", json=MUTATION).status_code == 200
    log = entries(world)
    assert len(log) == before + 1
    told = next(one for one in log if (one["verb"], one["noun"]) == ("change", "orchestrator"))
    assert (told["actor_kind"], told["actor"], told["subject"], told["tenant_id"]) == ("operator", runs_it.email, "Reload", "0" * 8 + "-0000-0000-0000-" + "0" * 12)


def test_its_page_keeps_its_own_policy_and_may_stand_in_no_frame(behind: Served, runs_it: Someone) -> None:
    answer = runs_it.client.get(behind.address + "/dagster/", headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    assert "'nonce-" in policy and policy.endswith("frame-ancestors 'none'") and answer.headers["x-content-type-options"] == "nosniff"
    assert "/dagster" in answer.text


def test_a_socket_is_for_operators_from_here_and_changes_nothing(world: World, behind: Served, runs_it: Someone) -> None:
    url = behind.address.replace("http", "ws") + "/dagster/graphql"
    owner = found(world, behind).owner
    protocol = [Subprotocol("graphql-ws")]

    def cookie(someone: Someone, origin: str) -> dict[str, str]:
        return {"Cookie": f"aos_session={someone.client.headers['Authorization'].removeprefix('Bearer ')}", "Origin": origin}

    refused = [{}, {"Authorization": "Bearer x"}, cookie(owner, behind.address), cookie(runs_it, "https://evil.example")]
    for headers in refused:
        with pytest.raises((InvalidStatus, ConnectionClosed)), connect(url, additional_headers=headers, subprotocols=protocol, proxy=None) as socket:
            socket.recv()
    with connect(url, additional_headers=cookie(runs_it, behind.address), subprotocols=protocol, proxy=None) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        assert socket.subprotocol == "graphql-ws"
        socket.send(json.dumps({"type": "start", "id": "1", "payload": MUTATION}))
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=5)


def test_an_open_socket_ends_within_seconds_of_its_session(world: World, behind: Served) -> None:
    someone = operator(world, behind)
    headers = {"Authorization": someone.client.headers["Authorization"]}
    with connect(behind.address.replace("http", "ws") + "/dagster/graphql", additional_headers=headers, subprotocols=[Subprotocol("graphql-ws")], proxy=None) as socket:
        assert someone.client.post("/auth/logout").status_code == 204
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=6)


class Echo(http.server.BaseHTTPRequestHandler):
    """Says what reached it, and sets a cookie."""

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "headers": {name.lower(): value for name, value in self.headers.items()}}).encode()
        self.send_response(200)
        for name, value in (("Set-Cookie", "aos_session=stolen"), ("X-Kept", "yes"), ("Connection", "X-Dropped"), ("X-Dropped", "no"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


def test_neither_our_cookie_nor_its_cookies_nor_headers_of_one_connection_go_on(world: World) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with Served(world.settings.model_copy(update={"dagster_url": url})) as served, browser(served, operator(world, served)) as client:
        answer = client.get("/dagster/a%2Fb?c=%20d", headers={"Authorization": "Basic eDp5", "X-Kept": "1", "Connection": "X-Dropped", "X-Dropped": "1"})
        reached = answer.json()
        assert reached["path"] == "/dagster/a/b?c=%20d" or reached["path"] == "/dagster/a%2Fb?c=%20d"
        assert not {"cookie", "authorization", "x-dropped", "origin", "referer"} & set(reached["headers"])
        assert reached["headers"]["x-kept"] == "1" and answer.headers["x-kept"] == "yes"
        assert "set-cookie" not in answer.headers and "x-dropped" not in answer.headers
    server.shutdown()


def test_where_none_runs_it_is_said_so(world: World, served: Served, tmp_path: Path) -> None:
    someone = operator(world, served)
    assert someone.client.get(served.address + "/dagster").status_code == 404
    with Served(world.settings.model_copy(update={"dagster_url": "http://127.0.0.1:9"})) as away:
        answer = someone.client.get(away.address + "/dagster")
        assert (answer.status_code, answer.json()["code"]) == (503, "try_again")
