"""How a connector asks a web server that means harm or is in trouble: within bounds, patiently, and silent about secrets."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from aos_core.errors import AosError, CredentialsRefused, FixTheSource, NotAllowed, TryAgain
from aos_resources.outbound import Budget, Http, Refused, authority
from aos_resources.settings import Settings
from tests.resources.certificates import Authority
from tests.resources.hostile_urls import NAMES
from tests.resources.strangers import ALLOWED, GOOD, Resolver, reply, server

SECRET = "s3cret-of-a-source"
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    made = Resolver(NAMES)
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, allowed_networks=ALLOWED, file_roots=str(tmp_path / "roots"))


@contextmanager
def asking(settings: Settings, answer: Callable[[socket.socket, bytes], None], **more: Any) -> Iterator[Http]:
    told: dict[str, Any] = {"timeout": 1.0, "attempts": 1, "limit_bytes": MIB, "headers": {"Authorization": f"Bearer {SECRET}"}}
    with server(answer) as port, Http(settings, f"http://good.example:{port}/api", **(told | more)) as http:
        yield http


def always(raw: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda held, _: held.sendall(raw)


def endless(first: bytes, piece: bytes, pause: float = 0.0) -> Callable[[socket.socket, bytes], None]:
    def answer(held: socket.socket, _: bytes) -> None:
        held.sendall(first)
        while True:
            held.sendall(piece)
            time.sleep(pause)

    return answer


def hangs_up(raw: bytes) -> Callable[[socket.socket, bytes], None]:
    def answer(held: socket.socket, _: bytes) -> None:
        held.sendall(raw)
        held.shutdown(socket.SHUT_RDWR)

    return answer


def gzipped(body: bytes, **headers: str) -> bytes:
    return reply(body=body, Content_Encoding="gzip", **headers)


def deep() -> bytes:
    return b"[" * 200_000 + b"]" * 200_000


OK = b"HTTP/1.1 200 OK\r\n"
BOMB = gzip.compress(bytes(64 * MIB), 6)
HARMS: dict[str, tuple[Callable[[socket.socket, bytes], None], type[AosError], str]] = {
    "larger than the bound, as it says": (always(reply(body=b"x" * (MIB + 1))), FixTheSource, "larger than"),
    "larger than the bound, without an end": (endless(OK + b"\r\n", b"x" * 65_536), FixTheSource, "larger than"),
    "larger than the bound, in pieces": (endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"), FixTheSource, "larger than"),
    "larger than it says": (hangs_up(OK + b"Content-Length: 1\r\n\r\n[" + b"1," * MIB), FixTheSource, "no JSON"),
    "a bomb": (always(gzipped(BOMB)), FixTheSource, "larger than"),
    "a bomb in pieces": (endless(OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB[:20_000], b""), FixTheSource, "larger than"),
    "a bomb within a bomb": (always(reply(body=gzip.compress(BOMB), Content_Encoding="gzip, gzip")), FixTheSource, "nobody asked for"),
    "another packing": (always(reply(body=b"x", Content_Encoding="br")), FixTheSource, "nobody asked for"),
    "packed wrongly": (always(gzipped(b"this is no gzip")), FixTheSource, "packed wrongly"),
    "packed and cut": (always(gzipped(gzip.compress(b'{"a": 1}')[:-6])), FixTheSource, "ended too early"),
    "a slow drip of the body": (endless(OK + b"\r\n", b"x", 0.05), TryAgain, "took too long"),
    "a slow drip of headers": (endless(OK, b"X: y\r\n", 0.05), TryAgain, "took too long"),
    "a slow drip of one header": (endless(OK + b"X: ", b"y", 0.05), TryAgain, "took too long"),
    "nothing": (endless(b"", b"", 0.05), TryAgain, "took too long"),
    "headers without an end": (endless(OK, b"X: " + b"y" * 1000 + b"\r\n"), FixTheSource, "does not speak HTTP"),
    "one header without an end": (endless(OK + b"X: ", b"y" * 65_536), FixTheSource, "does not speak HTTP"),
    "promises without an end": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), TryAgain, "took too long"),
    "another protocol": (hangs_up(b"220 mail.example ESMTP\r\n\r\n"), FixTheSource, "does not speak HTTP"),
    "two lengths": (always(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"), FixTheSource, "does not speak HTTP"),
    "a negative length": (always(OK + b"Content-Length: -1\r\n\r\n{}"), FixTheSource, "does not speak HTTP"),
    "cut in the body": (hangs_up(OK + b"Content-Length: 100\r\n\r\n{}"), TryAgain, "hung up"),
    "cut in the headers": (hangs_up(OK + b"X: "), TryAgain, "hung up"),
    "a change of protocol": (always(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), FixTheSource, "does not speak HTTP"),
    "no JSON": (always(reply(body=b"<html>")), FixTheSource, "no JSON"),
    "not a number": (always(reply(body=b"[NaN, Infinity]")), FixTheSource, "no JSON"),
    "a number without an end": (always(reply(body=b"9" * 100_000)), FixTheSource, "no JSON"),
    "too deep": (always(reply(body=deep())), FixTheSource, "no JSON"),
    "no UTF-8": (always(reply(body='{"a": "ö"}'.encode("latin-1"), Content_Type="application/json; charset=latin-1")), FixTheSource, "no JSON"),
    "our own words again": (always(b"HTTP/1.1 " + SECRET.encode() + b" Bearer\r\n\r\n"), FixTheSource, "does not speak HTTP"),
    "our own words in a place": (always(reply(f"302 {SECRET}", Location=f"https://{'x' * 300}/?token={SECRET}")), Refused, "sends elsewhere"),
    "our own words in a refusal": (always(reply("400 Bad", body=SECRET.encode())), Refused, "refused"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_a_server_does_to_us_is_refused_in_words_and_soon(settings: Settings, harm: str) -> None:
    answer, kind, words = HARMS[harm]
    began = time.monotonic()
    with asking(settings, answer) as http, pytest.raises(kind, match=words) as refused:
        http.get_json(f"deals/{'t' * 40}", {"token": SECRET})
    assert time.monotonic() - began < 8
    said = "".join(traceback.format_exception(refused.value))
    assert SECRET not in said + repr(refused.value)
    assert "t" * 40 not in said
    assert refused.value.culprit.startswith("http://good.example:")


def test_a_bomb_takes_no_memory_worth_telling(settings: Settings) -> None:
    with asking(settings, always(gzipped(BOMB)), timeout=20) as http:
        tracemalloc.start()
        with pytest.raises(FixTheSource):
            http.get("x")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 6 * MIB


def test_what_is_packed_honestly_is_read_whatever_it_calls_itself(settings: Settings) -> None:
    body = json.dumps({"name": "Größe €"}, ensure_ascii=False).encode()
    for raw in (gzipped(gzip.compress(body)), gzipped(gzip.compress(body[:5]) + gzip.compress(body[5:])), reply(body=b"\xef\xbb\xbf" + body, Content_Type="text/html; charset=utf-16")):
        with asking(settings, always(raw)) as http:
            assert http.get_json("x") == {"name": "Größe €"}
    with asking(settings, always(reply("204 No Content", body=b"", Content_Encoding="gzip"))) as http:
        assert http.get_json("x") is None


@pytest.mark.parametrize(
    ("names", "days", "of", "words"),
    [(("good.example",), 30, "theirs", "unable to get local issuer|self-signed"), (("good.example",), -2, "ours", "expired"), (("other.example",), 30, "ours", "Hostname mismatch"), ((GOOD,), 30, "ours", "Hostname mismatch")],
)
def test_a_certificate_that_does_not_hold_is_named(settings: Settings, tmp_path: Path, names: tuple[str, ...], days: int, of: str, words: str) -> None:
    authorities = {name: Authority(tmp_path, name) for name in ("ours", "theirs")}
    with server(always(reply()), authorities[of].issue(*names, days=days)) as port:
        for ca in [authorities["ours"].pem, *([None] if of == "theirs" else [])]:
            with pytest.raises(FixTheSource, match=words), Http(settings, f"https://good.example:{port}/", ca=ca, attempts=1) as http:
                http.get("")


def test_a_server_without_tls_and_one_that_never_shakes_hands(settings: Settings, tmp_path: Path) -> None:
    with server(always(b"HTTP/1.1 400 plain\r\n\r\n")) as port, pytest.raises((FixTheSource, TryAgain)), Http(settings, f"https://good.example:{port}/", attempts=1, timeout=0.5) as http:
        http.get("")
    with socket.create_server((GOOD, 0)) as silent:
        began = time.monotonic()
        with pytest.raises(TryAgain, match="took too long"), Http(settings, f"https://good.example:{silent.getsockname()[1]}/", attempts=1, timeout=0.5) as http:
            http.get("")
        assert time.monotonic() - began < 5
    with pytest.raises(TryAgain, match="does not answer"), Http(settings, "http://good.example:1/", attempts=1) as http:
        http.get("")


def test_a_ca_is_pem_or_a_file_among_the_roots(settings: Settings, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    (tmp_path / "roots").mkdir()
    inside = tmp_path / "roots" / "ca.pem"
    inside.write_text(ours.pem)
    assert authority(settings, ours.pem) == authority(settings, str(inside)) == ours.pem
    (tmp_path / "roots" / "link.pem").symlink_to(ours.file)
    for outside in (ours.file, tmp_path / "roots" / "link.pem", "/etc/passwd", "relative.pem"):
        with pytest.raises(NotAllowed):
            authority(settings, str(outside))
    inside.write_text("nothing")
    for wrong in (str(inside), str(tmp_path / "roots" / "gone.pem"), "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"):
        with pytest.raises(FixTheSource):
            authority(settings, wrong)


class Scripted:
    """Answers one after another; the last again and again."""

    def __init__(self, *answers: bytes) -> None:
        self.answers, self.asked = list(answers), list[bytes]()

    def __call__(self, held: socket.socket, request: bytes) -> None:
        self.asked.append(request)
        held.sendall(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def test_a_busy_server_is_asked_again_later_and_later(settings: Settings) -> None:
    for status in (429, 502, 503, 504):
        script, slept = Scripted(*[reply(f"{status} x")] * 3, reply()), list[float]()
        with asking(settings, script, attempts=5, sleep=slept.append) as http:
            assert http.get_json("x") == {}
        assert [0.5 <= slept[0] <= 1, 1 <= slept[1] <= 2, 2 <= slept[2] <= 4, len(slept)] == [True, True, True, 3]
    script, slept = Scripted(reply("503 x")), []
    with asking(settings, script, attempts=5, sleep=slept.append) as http, pytest.raises(TryAgain, match="asks for patience"):
        http.get_json("x")
    assert (len(script.asked), len(slept)) == (5, 4)


def test_what_it_says_of_when_is_kept_to_up_to_a_bound(settings: Settings) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    for said, low, high in (("7", 7, 8), (soon, 15, 22), ("soon", 0.5, 1), ("-5", 0.5, 1), ("９", 0.5, 1)):
        slept: list[float] = []
        with asking(settings, Scripted(reply("429 x").replace(b"\r\n\r\n", f"\r\nRetry-After: {said}\r\n\r\n".encode()), reply()), attempts=3, sleep=slept.append) as http:
            assert http.get_json("x") == {}
        assert low <= slept[0] <= high
    for said in ("3600", "9" * 9, "Fri, 31 Dec 9999 23:59:59 GMT"):
        script = Scripted(reply("503 x", Retry_After=said))
        with asking(settings, script, attempts=5, sleep=slept.append) as http, pytest.raises(TryAgain, match="come back in"):
            http.get_json("x")
        assert len(script.asked) == 1


def test_what_may_have_done_something_is_not_sent_twice(settings: Settings) -> None:
    for told, times in (({}, 1), ({"idempotent": True}, 3)):
        for post in (Http.post_json, Http.post_form):
            script = Scripted(reply("502 x"))
            with asking(settings, script, attempts=3, sleep=lambda _: None) as http, pytest.raises(TryAgain):
                post(http, "x", {"a": "1"}, **told)
            assert len(script.asked) == times


def test_refused_credentials_have_their_own_error_and_other_refusals_their_status(settings: Settings) -> None:
    for status in (401, 403):
        with asking(settings, always(reply(f"{status} x", body=SECRET.encode()))) as http, pytest.raises(CredentialsRefused) as refused:
            http.get("x")
        assert (refused.value.code, SECRET in refused.value.sentence) == ("credentials_refused", False)
    with asking(settings, always(reply("410 Gone", body=b'{"reason": "old"}'))) as http, pytest.raises(Refused) as gone:
        http.get("x")
    assert (gone.value.status, gone.value.body) == (410, b'{"reason": "old"}')
    with asking(settings, endless(b"HTTP/1.1 500 x\r\n\r\n", b"x" * 65_536)) as http, pytest.raises(Refused) as endlessly:
        http.get("x")
    assert len(endlessly.value.body) == 64 * 1024


def test_a_connection_is_kept_and_one_that_the_server_closed_is_not(settings: Settings) -> None:
    came: list[Any] = []

    def answer(held: socket.socket, _: bytes) -> None:
        came.append(held.getpeername())
        held.sendall(reply(Connection="close") if len(came) == 3 else reply())

    with asking(settings, answer) as http:
        for _ in range(5):
            assert http.get_json("x") == {}
    assert [one == came[0] for one in came] == [True, True, True, False, False]


def test_a_long_body_is_handed_on_piece_by_piece_and_saved_whole_or_not_at_all(settings: Settings, tmp_path: Path) -> None:
    body = bytes(range(256)) * 20_000
    with asking(settings, always(gzipped(gzip.compress(body)))) as http:
        with pytest.raises(FixTheSource, match="larger than"):
            list(http.iterate("x"))
        pieces = list(http.iterate("x", limit_bytes=len(body)))
        assert (b"".join(pieces), len(pieces) > 10, http.save("x", tmp_path / "saved", limit_bytes=len(body))) == (body, True, len(body))
        assert (tmp_path / "saved").read_bytes() == body
        with pytest.raises(FixTheSource):
            http.save("x", tmp_path / "half")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["saved"]


def test_time_that_the_reader_takes_is_not_held_against_the_server(settings: Settings) -> None:
    with asking(settings, always(reply(body=b"x" * 3_000_000))) as http:
        size = 0
        for n, piece in enumerate(http.iterate("x", limit_bytes=4 * MIB, timeout=0.8)):
            size += len(piece)
            if n < 3:
                time.sleep(0.4)
    assert size == 3_000_000


def test_a_header_that_would_end_is_refused_without_being_shown(settings: Settings) -> None:
    for name, value in (("Authorization", f"{SECRET}\r\nX: y"), ("Authorization", f"{SECRET}\n"), ("Authorization", f"{SECRET} ö"), ("A b", "x"), ("A:", "x"), ("", "x")):
        with pytest.raises(FixTheSource) as refused:
            Http(settings, "http://good.example/", headers={name: value})
        assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_no_log_line_holds_a_secret(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), asking(settings, always(reply())) as http:
        http.post_form("x", {"client_secret": SECRET})
        http.get("x", {"token": SECRET})
        with suppress(AosError):
            http.get("x" * 9000)
    assert SECRET not in caplog.text
    assert SECRET not in repr(http) + repr(vars(http).keys())


def test_a_budget_spreads_requests_evenly_and_lets_a_burst_pass_after_a_pause(settings: Settings) -> None:
    clock, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))
        clock[0] += seconds

    def took(budget: Budget, times: int) -> list[float]:
        return [round(budget.take(), 6) for _ in range(times)]

    even = Budget(60, now=lambda: clock[0], sleep=sleep)
    assert took(even, 4) == [0, 1, 1, 1]
    clock[0] += 10
    assert took(even, 3) == [0, 1, 1]
    bursting = Budget(30, burst=3, now=lambda: clock[0], sleep=sleep)
    assert took(bursting, 5) == [0, 0, 0, 2, 2]
    clock[0] += 4
    assert took(bursting, 4) == [0, 0, 2, 2]
    assert slept == [1, 1, 1, 1, 1, 2, 2, 2, 2]
    for wrong in ((0, 1), (-1, 1), (1, 0)):
        with pytest.raises(ValueError, match="budget"):
            Budget(*wrong)
    script, asked = Scripted(*[reply("503 x")] * 2, reply()), Budget(600, now=lambda: clock[0], sleep=sleep)
    with asking(settings, script, attempts=5, sleep=lambda _: None, budget=asked) as http:
        http.get("x")
    assert len(slept) == 11  # each attempt is a request
