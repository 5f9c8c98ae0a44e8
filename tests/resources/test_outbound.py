"""Where a source may be: no address that somebody types in leads inside, and those that are allowed go through."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from pydantic import ValidationError

from aos_core.errors import AosError, FixTheSource, NotAllowed, NotUnderstood, TryAgain
from aos_core.networks import closed, plain, read_networks
from aos_resources.outbound import Http, pin
from aos_resources.settings import Settings, demo_settings
from tests.resources.certificates import Authority
from tests.resources.hostile_urls import HOSTILE, NAMES
from tests.resources.strangers import ALLOWED, GOOD, Canary, Resolver, reply, server


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver(NAMES)
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation of which one network inside is allowed, standing for a company's own."""
    return Settings(home=tmp_path, allowed_networks=ALLOWED)


_tried: list[Any] = []
_listening: list[bool] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _listening and event == "socket.connect":
        _tried.append(arguments[1])


@pytest.fixture
def tried() -> Iterator[list[Any]]:
    """Every address that a socket of this process is connected to, canary or not."""
    if _hear not in _known:
        sys.addaudithook(_hear)
        _known.append(_hear)
    _tried.clear()
    _listening.append(True)
    yield _tried
    _listening.clear()


_known: list[Any] = []


def ask(settings: Settings, url: str) -> Any:
    with Http(settings, url, timeout=2, attempts=1) as http:
        return http.get_json("")


def test_no_hostile_address_is_connected_to_and_each_is_refused_in_words(settings: Settings, canary: Canary, resolver: Resolver, tried: list[Any]) -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 120
    went_through, told = [], set()
    for url in HOSTILE:
        try:
            ask(settings, url.replace("{p}", str(canary.port)))
            went_through.append(url)
        except (NotAllowed, NotUnderstood, FixTheSource) as refused:
            told.add(type(refused))
            assert len(refused.sentence) < 500
            assert "password" not in refused.culprit
            assert refused.culprit.isprintable()
    assert (went_through, tried) == ([], [])
    _listening.clear()
    assert (canary.seen(), told) == ([], {NotAllowed, NotUnderstood, FixTheSource})


def naive(url: str) -> None:
    httpx.get(url, timeout=2, trust_env=False)


def by_words(url: str) -> None:
    """Looks at the text alone."""
    if any(one in url for one in ("127.0.0.1", "localhost", "[::1]")):
        raise NotAllowed("no")
    naive(url)


def first_answer_only(url: str) -> None:
    parts = httpx.URL(url)
    first = socket.getaddrinfo(parts.host, parts.port)[0][4][0]
    if closed(plain(str(first)), read_networks(ALLOWED)):
        raise NotAllowed("no")
    naive(url)


def all_answers_then_by_name(url: str) -> None:
    parts = httpx.URL(url)
    if any(closed(plain(str(one[4][0])), read_networks(ALLOWED)) for one in socket.getaddrinfo(parts.host, parts.port)):
        raise NotAllowed("no")
    naive(url)


CLEAN, INSIDE = [GOOD], ["127.0.0.1"]


@pytest.mark.parametrize(
    ("client", "url", "answers"),
    [
        (naive, "http://127.0.0.1:{p}/", []),
        (by_words, "http://2130706433:{p}/", []),
        (by_words, "http://0.0.0.0:{p}/", []),
        (by_words, "http://[::ffff:7f00:1]:{p}/", []),
        (by_words, "http://turning.example:{p}/", [INSIDE]),
        (first_answer_only, "http://turning.example:{p}/", [[*CLEAN, *INSIDE], [*INSIDE, *CLEAN]]),
        (all_answers_then_by_name, "http://turning.example:{p}/", [CLEAN, INSIDE]),
    ],
)
def test_clients_that_check_less_do_reach_the_canary(settings: Settings, canary: Canary, resolver: Resolver, client: Callable[[str], None], url: str, answers: list[list[str]]) -> None:
    """Without this, a canary that hears nothing would prove nothing."""
    resolver.names["turning.example"] = [*map(list, answers)] or [INSIDE]
    client(url.replace("{p}", str(canary.port)))
    assert canary.seen() != []
    canary.hits.clear()
    resolver.names["turning.example"] = [*map(list, answers)] or [INSIDE]
    if answers != [CLEAN, INSIDE]:  # of which the first alone is asked for, and is good
        with pytest.raises(NotAllowed):
            ask(settings, url.replace("{p}", str(canary.port)))
    assert canary.seen() == []


def test_a_name_is_looked_up_once_for_each_connection_and_again_for_the_next(settings: Settings, canary: Canary, resolver: Resolver) -> None:
    resolver.names["turning.example"] = [CLEAN, INSIDE]
    assert ask(settings, f"http://turning.example:{canary.port}/") == {"a": 1}
    assert resolver.asked == ["turning.example"]
    with pytest.raises(NotAllowed, match=r"127\.0\.0\.1 is this machine"):
        ask(settings, f"http://turning.example:{canary.port}/")
    assert canary.seen() == []
    resolver.names["turning.example"] = [CLEAN, INSIDE]
    pinned = pin(settings, "turning.example", canary.port)
    for _ in range(3):
        pinned.connect().close()
    assert (pinned.addresses, pinned.libpq["hostaddr"], canary.seen()) == ((GOOD,), GOOD, [])


def test_an_allowed_server_is_asked_by_tls_with_its_name(settings: Settings, resolver: Resolver, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    heard: list[bytes] = []

    def answer(held: socket.socket, request: bytes) -> None:
        heard.append(request)
        held.sendall(reply(body=b'{"well": true}'))

    with server(answer, ours.issue("good.example", GOOD)) as port:
        for base in (f"https://good.example:{port}/api", f"https://GOOD.example:{port}/api/", f"https://{GOOD}:{port}/api"):
            for ca in (ours.pem, ours.file):
                with Http(settings, base, ca=ca, headers={"Authorization": "Bearer s3cret"}) as http:
                    assert [http.get_json("deals", {"page": "2"}), http.get_json("/other")] == [{"well": True}] * 2
    assert heard[0].startswith(f"GET /api/deals?page=2 HTTP/1.1\r\nHost: good.example:{port}\r\n".encode())
    assert b"\r\nAuthorization: Bearer s3cret\r\n" in heard[0]
    assert heard[1].startswith(b"GET /other HTTP/1.1\r\n")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent", "300 Choices"])
@pytest.mark.parametrize("to", ["http://127.0.0.1:{p}/s3cret?key=s3cret", "//127.0.0.1:{p}/", "/again", "gopher://127.0.0.1:{p}/", "http://u:s3cret@inside.example:{p}/", "http://[", "\xff\x00"])
def test_no_redirect_is_followed(settings: Settings, canary: Canary, resolver: Resolver, status: str, to: str) -> None:
    asked: list[bytes] = []

    def answer(held: socket.socket, request: bytes) -> None:
        asked.append(request)
        held.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: ".encode() + to.replace("{p}", str(canary.port)).encode("latin-1") + b"\r\n\r\n")

    with server(answer) as port, pytest.raises(FixTheSource) as refused:
        ask(settings, f"http://good.example:{port}/")
    assert (canary.seen(), len(asked)) == ([], 1)
    assert "s3cret" not in refused.value.sentence


@pytest.mark.parametrize("path", ["http://127.0.0.1:{p}/", "//127.0.0.1:{p}/", "https://good.example/", "http://good.example:1/", "gopher://x/", "http://a@good.example:{g}/", "//a@good.example:{g}/", "\\\\127.0.0.1:{p}/", "/x\r\nX: y"])
def test_a_path_that_the_source_told_us_does_not_lead_to_another_server(settings: Settings, canary: Canary, resolver: Resolver, path: str) -> None:
    with server(lambda held, _: held.sendall(reply())) as port, Http(settings, f"http://good.example:{port}/api") as http:
        with pytest.raises((NotAllowed, NotUnderstood)):
            http.get(path.replace("{p}", str(canary.port)).replace("{g}", str(port)))
        assert http.get_json(f"http://good.example:{port}/next?page=2") == {}
    assert canary.seen() == []


def test_no_proxy_of_the_environment_is_used(settings: Settings, canary: Canary, resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    with server(lambda held, _: held.sendall(reply())) as port:
        assert ask(settings, f"http://good.example:{port}/") == {}
    assert canary.seen() == []


def test_our_own_servers_are_refused_even_where_their_network_is_allowed(canary: Canary, tmp_path: Path) -> None:
    at, cards = canary.port, [one.address for card in psutil.net_if_addrs().values() for one in card if one.family == socket.AF_INET]
    own: dict[str, dict[str, Any]] = {
        "Redis": {"redis_url": f"redis://:s3cret@localhost:{at}/0"}, "pooler": {"pooler": f"127.0.0.1:{at}"}, "API": {"api_port": at},
        "orchestrator": {"dagster_port": at}, "database": {"database_url": f"postgresql://o:s3cret@localhost:{at}/d"},
    }  # fmt: skip
    for what, told in own.items():
        settings = Settings(home=tmp_path, allowed_networks="localhost, 0.0.0.0/0, ::/0", **told)
        for host in ("127.0.0.1", "localhost", "[::1]", "127.9.9.9", "0.0.0.0", "[::ffff:127.0.0.1]", *cards):
            with pytest.raises(NotAllowed, match=f"own {what}") as refused:
                ask(settings, f"http://{host}:{at}/")
            assert "s3cret" not in refused.value.sentence
    assert canary.hits == [one for one in canary.hits if one == GOOD]
    settings.keys.mkdir()
    settings.roles_file.write_text(json.dumps({"aos_app": f"postgresql://a:b@127.0.0.1:{at}/d?hostaddr=127.0.0.1", "dagster": f"postgresql://a:b@/d?host=/tmp&port={at}"}))
    with pytest.raises(NotAllowed, match="own database"):
        pin(Settings(home=tmp_path, allowed_networks="localhost"), "localhost", at)


def test_while_our_own_servers_cannot_be_found_nobody_is_asked_and_their_names_are_not_told(settings: Settings, canary: Canary, resolver: Resolver) -> None:
    lost = settings.model_copy(update={"redis_url": f"redis://our-redis.internal:{canary.port}/0"})
    with pytest.raises(TryAgain) as refused:
        pin(lost, "good.example", canary.port)
    assert "internal" not in refused.value.sentence
    assert pin(lost, "good.example", canary.port + 1).addresses == (GOOD,)


@pytest.mark.parametrize(
    ("address", "allowed", "is_closed"),
    [
        ("93.184.215.14", "", False), ("2606:4700::1111", "", False), ("64:ff9b::5db8:d70e", "", False), ("::ffff:93.184.215.14", "", False), ("10.0.0.1", "", True), ("10.0.0.1", "10.0.0.0/24", False),
        ("10.0.1.1", "10.0.0.0/24", True), ("::ffff:10.0.0.1", "10.0.0.0/24", False), ("64:ff9b::a00:1", "10.0.0.0/24", True), ("127.0.0.1", "localhost", False), ("::1", "localhost", False), ("0.0.0.0", "localhost", True),
        ("fe80::1%eth0", "", True), ("172.32.0.1", "", False), ("172.31.0.1", "", True), ("100.128.0.1", "", False), ("100.127.0.1", "", True), ("fd00::1", "fd00::/64", False), ("169.254.169.254", "localhost, 10.0.0.0/8", True),
    ],
)  # fmt: skip
def test_what_is_closed_and_what_the_operator_opens(address: str, allowed: str, is_closed: bool) -> None:
    assert (closed(plain(address), read_networks(allowed)) is not None) == is_closed


def test_nothing_is_open_that_python_itself_calls_private() -> None:
    for network in ("10.0.0.0/8", "0.0.0.0/8", "192.168.0.0/16", "240.0.0.0/4", "fc00::/7", "ff00::/8", "::/64", "2001:db8::/32", "fe80::/10"):
        first = read_networks(network)[0][1]
        assert not first.is_global or first.is_multicast
        assert closed(ip_address(str(first)), ()) is not None


def test_networks_are_read_at_the_start_and_the_demo_allows_this_machine(tmp_path: Path) -> None:
    for wrong in ("10.0.0.1/8", "everything", "localhost;10.0.0.0/8", "300.0.0.0/8"):
        with pytest.raises(ValidationError):
            Settings(home=tmp_path, allowed_networks=wrong)
    assert Settings(home=tmp_path).networks == ()
    assert [str(one) for one in demo_settings(tmp_path).networks] == ["127.0.0.0/8", "::1/128"]
    assert Settings(home=tmp_path).model_copy(update={"allowed_networks": "10.0.0.0/8"}).networks == read_networks("10.0.0.0/8")


def test_a_name_that_nobody_can_look_up_just_now_is_tried_again_and_one_that_is_none_is_not(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for code, expected in ((socket.EAI_AGAIN, TryAgain), (socket.EAI_NONAME, FixTheSource)):

        def fail(*_: Any, code: int = code, **__: Any) -> Any:
            raise socket.gaierror(code, "x")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        with pytest.raises(AosError) as refused:
            pin(settings, "good.example", 443)
        assert type(refused.value) is expected
