"""How a connector asks a web server: checked addresses only, bounded in size and time, patient where that helps, silent about secrets."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpcore
import httpx

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.outbound.answers import Answer, Busy, beginning, bounded, refusal
from aos_resources.outbound.authorities import trusting
from aos_resources.outbound.budget import Budget
from aos_resources.outbound.urls import named, origin, read_url
from aos_resources.outbound.wire import Deadline, Wire
from aos_resources.settings import Settings

_ATTEMPTS = 5
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_LARGEST = 16 * 1024 * 1024
_DOWNLOAD_SECONDS = 900.0
_IDLE = 30.0  # seconds that a connection is left open for the next request
_OURS = {"User-Agent": "AutonomOS", "Accept": "*/*", "Accept-Encoding": "gzip"}
Params = Mapping[str, Any] | None
Made = TypeVar("Made")


class Http:
    """One server, by its base address. Redirects are errors; no other server is ever asked.

    `headers` go with every request and into no message. `ca`: PEM text or a file, instead of the world's authorities.
    `timeout`: seconds for one attempt from its connection to its last byte; `limit_bytes` for a body, packed and unpacked.
    """

    def __init__(
        self, settings: Settings, base_url: str, *, headers: Mapping[str, str] | None = None, budget: Budget | None = None,
        ca: str | Path | None = None, timeout: float = 30.0, limit_bytes: int = _LARGEST, attempts: int = _ATTEMPTS, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._base = read_url(base_url if base_url.partition("?")[0].endswith("/") else f"{base_url}/")
        self._headers: dict[str, str] = {}
        self._budget = budget
        self._tls = trusting(ca) if self._base.scheme == "https" else None
        self._timeout = timeout
        self._limit = limit_bytes
        self._attempts = attempts
        self._sleep = sleep
        self._idle: list[tuple[httpcore.HTTPConnection, Wire]] = []
        for name, value in (headers or {}).items():
            self.set_header(name, value)

    def set_header(self, name: str, value: str) -> None:
        """For every request from now on. Raises FixTheSource where it is none; the value is in no message."""
        if not name.isascii() or not name.replace("-", "").isalnum() or not (value.isascii() and value.isprintable()):
            raise FixTheSource("A header or a secret in it holds odd characters", culprit=name if name.isascii() else "", fix="Enter it anew.")
        self._headers[name] = value.strip()

    def get(self, path: str, params: Params = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET of a path beside the base address.

        Raises:
            TryAgain: the server is away, slow or asks for patience. CredentialsRefused: it refuses who asks.
            Refused, FixTheSource: its answer is none that we can use. NotAllowed: it is where no source may be.
        """
        return self._whole("GET", path, True, params=params, headers=headers)

    def get_json(self, path: str, params: Params = None) -> Any:
        return self.get(path, params, headers={"Accept": "application/json"}).json()

    def post_json(self, path: str, body: Any, *, idempotent: bool = False) -> Any:
        """`idempotent`: asking twice does no harm, as with a search, so it may be tried again."""
        return self._whole("POST", path, idempotent, json=body, headers={"Accept": "application/json"}).json()

    def post_form(self, path: str, fields: Mapping[str, str], *, idempotent: bool = False) -> Any:
        return self._whole("POST", path, idempotent, data=dict(fields), headers={"Accept": "application/json"}).json()

    def patch_json(self, path: str, body: Any) -> Any:
        return self._whole("PATCH", path, False, json=body, headers={"Accept": "application/json"}).json()

    def iterate(self, path: str, params: Params = None, *, limit_bytes: int | None = None, timeout: float = _DOWNLOAD_SECONDS) -> Iterator[bytes]:
        """A long body piece by piece; it may be tried again until the first piece is there. Raises as `get` does."""
        request = self._request("GET", path, params=params)
        with ExitStack() as held:
            deadline, _, pieces = self._patiently(lambda: held.enter_context(self._exchange(request, timeout, limit_bytes or self._limit)), True)
            for piece in pieces:
                handed = time.monotonic()
                yield piece
                deadline.forgive(time.monotonic() - handed)

    def save(self, path: str, file: Path, params: Params = None, *, limit_bytes: int | None = None, timeout: float = _DOWNLOAD_SECONDS) -> int:
        """A long body into a file, which is there whole or not at all. Returns: bytes."""
        part = file.with_name(f"{file.name}.part")
        try:
            with part.open("wb") as opened:
                size = sum(opened.write(piece) for piece in self.iterate(path, params, limit_bytes=limit_bytes, timeout=timeout))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return size

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    def __enter__(self) -> Http:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _request(self, method: str, path: str, **more: Any) -> httpx.Request:
        headers = _OURS | self._headers | dict(more.pop("headers", None) or {})
        try:
            return httpx.Request(method, read_url(path, self._base), headers=headers, **more)
        except (httpx.InvalidURL, UnicodeError) as odd:
            raise FixTheSource("This cannot be asked of a web server", culprit=named(self._base)) from odd

    def _whole(self, method: str, path: str, idempotent: bool, **more: Any) -> Answer:
        request = self._request(method, path, **more)

        def once() -> Answer:
            with self._exchange(request, self._timeout, self._limit) as (_, answer, pieces):
                return Answer(answer.status, httpx.Headers(answer.headers), b"".join(pieces), named(request.url))

        return self._patiently(once, idempotent)

    def _patiently(self, once: Callable[[], Made], idempotent: bool) -> Made:
        """What `once` gives, tried again where that does no harm and may help."""
        for attempt in range(1, self._attempts + 1):
            if self._budget is not None:
                self._budget.take()
            try:
                return once()
            except TryAgain as later:
                asked = later.after if isinstance(later, Busy) else None
                if not idempotent or attempt == self._attempts or (asked or 0) > _LONGEST_PAUSE:
                    raise
                # Some of it by chance: those who were sent away together should not come back together.
                growing = _FIRST_PAUSE * 2**attempt
                self._sleep(random.uniform(growing / 2, growing) if asked is None else asked + random.uniform(0, 1))
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def _exchange(self, request: httpx.Request, seconds: float, limit: int) -> Iterator[tuple[Deadline, httpcore.Response, Iterator[bytes]]]:
        """One request and its answer's head; its body while it is open. Raises as `get` does."""
        where = named(request.url)
        deadline = Deadline(seconds, where)
        connection, wire = self._connection(deadline)
        try:
            with _in_words(where), closing(connection.handle_request(_on_the_wire(request))) as answer:
                headers = httpx.Headers(answer.headers)
                pieces = bounded(answer.iter_stream(), headers.get("content-encoding", ""), limit, where)
                if not 200 <= answer.status < 300:
                    raise refusal(request.url, answer.status, headers, beginning(pieces))
                yield deadline, answer, pieces
        finally:
            if connection.is_idle():
                self._idle.append((connection, wire))
            else:
                connection.close()

    def _connection(self, deadline: Deadline) -> tuple[httpcore.HTTPConnection, Wire]:
        """One that was left open, or a new one."""
        while self._idle:
            connection, wire = self._idle.pop()
            if not connection.has_expired():
                wire.deadline = deadline
                return connection, wire
            connection.close()
        wire = Wire(self._settings, deadline)
        scheme, host, port = origin(self._base)
        place = httpcore.Origin(scheme.encode(), host.encode(), port)
        return httpcore.HTTPConnection(place, ssl_context=self._tls, keepalive_expiry=_IDLE, network_backend=wire), wire


def _on_the_wire(request: httpx.Request) -> httpcore.Request:
    url = httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path)
    return httpcore.Request(request.method, url, headers=request.headers.raw, content=request.read())


@contextmanager
def _in_words(where: str) -> Iterator[None]:
    """Without the cause: what it says is the server's, which may repeat what it was sent."""
    try:
        yield
    except httpcore.RemoteProtocolError as odd:
        if re.search("disconnected|peer closed", str(odd)):
            raise TryAgain("The server hung up", culprit=where) from None
        raise FixTheSource("The server does not speak HTTP as we do", culprit=where, fix="Check the address.") from None
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        raise FixTheSource("This cannot be asked of a web server", culprit=where) from None
    except (httpcore.NetworkError, httpcore.TimeoutException):
        raise TryAgain("The connection to the server was lost", culprit=where) from None
