"""The connection under HTTP: to a checked address, its certificate by name, and every wait within one time limit."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.outbound.addresses import pin
from aos_resources.settings import Settings


class Deadline:
    """When an exchange must be over. Time that its reader takes for itself is not held against the server."""

    def __init__(self, seconds: float, where: str) -> None:
        self._until = time.monotonic() + seconds
        self.where = where

    def left(self) -> float:
        """Seconds left. Raises TryAgain where there are none."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TryAgain("The server took too long", culprit=self.where)
        return left

    def forgive(self, seconds: float) -> None:
        self._until += seconds


class Wire(httpcore.NetworkBackend):
    """Opens the connections of one server, one at a time; `deadline` is that of the exchange under way."""

    def __init__(self, settings: Settings, deadline: Deadline) -> None:
        self._settings = settings
        self.deadline = deadline

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[Any] | None = None) -> httpcore.NetworkStream:
        pinned = pin(self._settings, host, port)
        try:
            return _Stream(self, pinned.connect(min(10.0, self.deadline.left())), f"{host}:{port}")
        except OSError as away:
            raise TryAgain("The server does not answer", culprit=f"{host}:{port}") from away


class _Stream(httpcore.NetworkStream):
    def __init__(self, wire: Wire, held: socket.socket, where: str) -> None:
        self._wire, self._socket, self._where = wire, held, where

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._wire.deadline.left())
        try:
            return self._socket.recv(max_bytes)
        except OSError as lost:
            raise self._lost(lost) from lost

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = memoryview(buffer)
        while left:
            self._socket.settimeout(self._wire.deadline.left())
            try:
                left = left[self._socket.send(left) :]
            except TimeoutError as slow:
                raise self._lost(slow) from slow
            except OSError as lost:  # it may have answered before it closed: httpcore looks
                raise httpcore.WriteError(type(lost).__name__) from lost

    def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        self._socket.settimeout(self._wire.deadline.left())
        try:
            return _Stream(self._wire, ssl_context.wrap_socket(self._socket, server_hostname=server_hostname), self._where)
        except ssl.SSLCertVerificationError as wrong:
            raise FixTheSource("The server's certificate does not hold", culprit=f"{self._where}: {wrong.verify_message}", fix="Mend it, or give the connection the CA that signed it.") from wrong
        except ssl.SSLError as odd:
            raise FixTheSource("The server does not speak TLS as we do", culprit=f"{self._where}: {odd.reason or 'no answer'}") from odd
        except OSError as lost:
            raise self._lost(lost) from lost

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        if info != "is_readable":
            return None
        return self._socket.fileno() < 0 or bool(select.select([self._socket], [], [], 0)[0])

    def _lost(self, error: OSError) -> TryAgain:
        said = "The server took too long" if isinstance(error, TimeoutError) else "The connection to the server was lost"
        return TryAgain(said, culprit=self._wire.deadline.where)
