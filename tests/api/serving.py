"""The API on a real port, in a thread of the test's own process."""

from __future__ import annotations

import http.client
import socket
import threading
import time

import httpx
import uvicorn
from fastapi import FastAPI

from aos_api.app import create_app
from aos_resources.settings import Settings


class Served:
    """Serves from `with` to its end."""

    def __init__(self, settings: Settings, app: FastAPI | None = None) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.app = app if app is not None else create_app(settings)
        self._server = uvicorn.Server(uvicorn.Config(self.app, log_level="error"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]}, daemon=True)

    def __enter__(self) -> Served:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self._server.started
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self._listening.close()

    def status_of_declared(self, method: str, path: str, token: str, size: int) -> int:
        """What is answered to a request that only says how large its body would be."""
        connection = http.client.HTTPConnection("127.0.0.1", self._listening.getsockname()[1], timeout=30)
        connection.putrequest(method.upper(), f"/api/v1{path}")
        connection.putheader("Authorization", token)
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        status = connection.getresponse().status
        connection.close()
        return status

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return httpx.Client(base_url=f"{self.address}/api/v1", headers=headers, timeout=30)
