"""Stand-ins for what is on another company's computer: AOS Discover and Airbyte's public API, each on a real port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class StandIn:
    """What it holds, how it is to misbehave, and what it was asked: (method, path, query, authorization, body)."""

    address: str = ""
    assets: list[dict[str, Any]] = field(default_factory=list)
    connections: list[dict[str, Any]] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=lambda: {"good"})
    answers: Any = None  # instead of what it would say
    status: int = 200
    delay: float = 0.0
    keeps_apart: bool = True
    asked: list[tuple[str, str, dict[str, list[str]], str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, list[str]], authorization: str, body: Any) -> tuple[int, Any]:
        self.asked.append((method, path, query, authorization, body))
        time.sleep(self.delay)
        if self.status != 200:
            return self.status, {"status": self.status}
        if path.endswith("/applications/token"):
            known = body == {"client_id": "id", "client_secret": "hush-hush", "grant-type": "client_credentials"}
            self.tokens.add(f"token {len(self.tokens)}")
            return (200, {"access_token": sorted(self.tokens)[-1], "token_type": "Bearer", "expires_in": 900}) if known else (401, {})
        if authorization.removeprefix("Bearer ") not in self.tokens:
            return 401, {"message": "Unauthorized"}
        if self.answers is not None:
            return 200, self.answers
        if path.endswith("/api/discover"):
            return 200, {"status": "success", "query": body["query"], "assets": self.assets, "total_count": len(self.assets)}
        asked = set(query.get("workspaceIds", []))
        if path.endswith("/connections"):
            return 200, {"data": [one for one in self.connections if not self.keeps_apart or one["workspaceId"] in asked]}
        if path.endswith("/jobs"):
            mine = {one["connectionId"] for one in self.connections if one["workspaceId"] in asked}
            return 200, {"data": [one for one in self.jobs if not self.keeps_apart or one["connectionId"] in mine]}
        return 404, {}


@contextmanager
def standing_in() -> Iterator[StandIn]:
    made = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: Any) -> None:
            parts = urlsplit(self.path)
            status, said = made.answer(self.command, parts.path, parse_qs(parts.query), self.headers.get("Authorization", ""), body)
            told = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
