"""What every answer carries and no request may exceed: trace id, security headers, size. Knows no routes."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1024 * 1024
# A file that somebody sends: its route lets it through piece by piece, and holds none of it.
LARGEST_UPLOAD = 2 * 1024**3
_UPLOAD = re.compile(r"/api/v1/connections/[^/]+/files/[^/]+")
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_API_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# The page that shows the API's own documentation: its script and style come from here, never from elsewhere.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def trace_of(scope: Scope) -> str:
    state: dict[str, Any] = scope.setdefault("state", {})
    trace: str = state.setdefault("trace_id", uuid4().hex)
    return trace


def security_headers(scope: Scope) -> dict[str, str]:
    docs = str(scope.get("path", "")).startswith("/docs")
    headers = {
        "Content-Security-Policy": _DOCS_POLICY if docs else _API_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Trace-Id": trace_of(scope),
    }
    if not docs:
        headers["Cache-Control"] = "no-store"
    headers |= scope.get("state", {}).get("rate_headers", {})
    if scope.get("scheme") == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return headers


class Protection:
    """Plain ASGI, so that a streamed answer stays a stream."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        if given is not None:
            scope.setdefault("state", {})["trace_id"] = given[1]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in security_headers(scope).items():
                    answered.setdefault(name, value)
            await send(message)

        length = headers.get("content-length", "0")
        largest = LARGEST_UPLOAD if scope["method"] == "POST" and _UPLOAD.fullmatch(scope["path"]) else LARGEST_BODY
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > largest:
            await _refuse(sending, trace_of(scope), largest)
            return
        await self._app(scope, receive, sending)


async def _refuse(send: Send, trace: str, largest: int) -> None:
    """A body of unknown length is refused too: every client that sends JSON knows its length."""
    body = (
        '{"type":"urn:aos:problem:too_large","title":"Content Too Large","status":413,"code":"too_large",'
        f'"detail":"A request has at most {largest} bytes and says how many.","culprit":"","fix":"","trace_id":"{trace}",'
        '"errors":[]}'
    ).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
