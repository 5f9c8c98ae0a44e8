"""A client of the event stream as a browser is one: reads bytes, remembers the last number, may be cut at any byte."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.api.serving import Served


@dataclass
class Told:
    """One event of the stream."""

    kind: str
    id: str
    data: Any


@dataclass
class Ear:
    """An open stream of events, on a socket of its own."""

    served: Served
    token: str
    after: int | None = None
    last: str | None = None
    ticket: str | None = None
    window: int = 0  # bytes that the system may hold for a client that does not read
    status: int = 0
    buffer: bytes = b""
    told: list[Told] = field(default_factory=list)
    beats: int = 0

    def __enter__(self) -> Ear:
        place = urlsplit(self.served.address)
        self.socket = socket.socket()
        if self.window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
        self.socket.settimeout(10)
        self.socket.connect((place.hostname, place.port))
        query = "&".join(f"{name}={value}" for name, value in (("after", self.after), ("ticket", self.ticket)) if value is not None)
        headers = [f"GET /api/v1/events?{query} HTTP/1.1", f"Host: {place.netloc}"]
        headers += [f"Authorization: Bearer {self.token}"] if self.token else []
        headers += [f"Last-Event-ID: {self.last}"] if self.last is not None else []
        self.socket.sendall(("\r\n".join(headers) + "\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        self.status = int(head.split()[1])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    def read(self, seconds: float, *, until: int = 10**9, most: int = 1 << 20) -> bool:
        """Read for so long, or until so many events of the tenant came; False once the stream is closed."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and len(self.events) < until:
            self.socket.settimeout(max(left, 0.001))
            try:
                got = self.socket.recv(most)
            except TimeoutError:
                return True
            if not got:
                return False
            if self._take(got):
                return False
        return True

    def _take(self, got: bytes) -> bool:
        """Undo the chunks of HTTP, which may be cut anywhere, and take whole events; True at the end of the stream."""
        self.buffer += got
        while b"\r\n" in self.buffer:
            size, _, rest = self.buffer.partition(b"\r\n")
            length = int(size, 16)
            if len(rest) < length + 2:
                return False
            if length == 0:
                return True
            self._hear(rest[:length])
            self.buffer = rest[length + 2 :]
        return False

    def _hear(self, chunk: bytes) -> None:
        for block in chunk.decode().split("\n\n")[:-1]:
            said = dict(line.partition(": ")[::2] for line in block.split("\n"))
            if "data" not in said:
                self.beats += 1
                continue
            self.last = said.get("id", self.last)
            self.told.append(Told(said.get("event", "message"), said.get("id", ""), json.loads(said["data"])))

    @property
    def events(self) -> list[Told]:
        return [one for one in self.told if one.kind == "message"]

    @property
    def seqs(self) -> list[int]:
        return [int(one.id) for one in self.events]

    def said(self, kind: str) -> list[Any]:
        return [one.data for one in self.told if one.kind == kind]
