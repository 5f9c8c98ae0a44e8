"""Servers and a resolver of somebody who means harm, on this machine: a canary that nobody may reach, and one that may be."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any

# The one part of this machine that is allowed in these tests, standing for a company's own network.
ALLOWED = "127.77.0.0/16"
GOOD = "127.77.0.1"


class Canary:
    """Listens on every address of this machine, on one port; `hits` are the addresses at which somebody came."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._listening.getsockname()[1]
        self.hits: list[str] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                came, _ = self._listening.accept()
                self.hits.append(came.getsockname()[0].removeprefix("::ffff:"))
                with suppress(OSError):
                    came.settimeout(1)
                    came.recv(4096)
                    came.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n{\"a\": 1}")
                came.close()

    def seen(self) -> list[str]:
        """Whoever came until now: after a visit of our own, nobody is still on the way."""
        before = len(self.hits)
        with socket.create_connection((GOOD, self.port)) as ours:
            ours.sendall(b"x")
            ours.recv(10)
        found = [one for one in self.hits if one != GOOD]
        assert len(self.hits) > before
        return found

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


class Resolver:
    """In place of the system's: names go to the answers given, one list after another (the last again and again)."""

    def __init__(self, names: dict[str, list[list[str]]]) -> None:
        self.names = {name: list(answers) for name, answers in names.items()}
        self.asked: list[str] = []
        self._system = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *more: Any, **options: Any) -> list[Any]:
        text = host.decode() if isinstance(host, bytes) else host
        answers = self.names.get(text.lower().rstrip("."))
        if answers is None:
            if any(one.isalpha() and one.lower() not in "abcdefx" for one in text) and text.lower().rstrip(".") != "localhost":
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return list(self._system(host, port, *more, **options))
        self.asked.append(text)
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        return [self._line(one, port) for one in given]

    def _line(self, address: str, port: Any) -> tuple[Any, ...]:
        six = ip_address(address.partition("%")[0]).version == 6
        place: tuple[Any, ...] = (address, port or 0, 0, 0) if six else (address, port or 0)
        return (socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM, 6, "", place)


@contextmanager
def server(answer: Callable[[socket.socket, bytes], None], certificate: tuple[Path, Path] | None = None, address: str = GOOD) -> Iterator[int]:
    """Its port. `answer` is given each connection's first request and does what it likes."""
    listening = socket.create_server((address, 0))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
    if tls is not None and certificate is not None:
        tls.load_cert_chain(*map(str, certificate))

    def speak(came: socket.socket) -> None:
        with suppress(OSError), came:
            came.settimeout(10)
            held = tls.wrap_socket(came, server_side=True) if tls is not None else came
            with suppress(OSError), held:
                while request := _request(held):
                    answer(held, request)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=speak, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _request(held: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said:
        piece = held.recv(65_536)
        if not piece:
            return b""
        said += piece
    return said


def reply(status: str = "200 OK", body: bytes = b"{}", **headers: str) -> bytes:
    """A whole answer; names of headers with _ for -."""
    told = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body
