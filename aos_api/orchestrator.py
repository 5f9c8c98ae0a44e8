"""The orchestrator's own UI behind this API's sign-in: for operators, under `/dagster`, whatever it asks and answers.

It has no sign-in of its own and listens on this machine alone. Our cookie and tokens never reach it, nor its cookies
the browser. Its GraphQL changes things by GET too, so that other sites may not ask it by any method.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, cast

import httpx
from fastapi import Depends, FastAPI, Request, WebSocket
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from aos_api.dependencies import COOKIE, Held, Services, credentials_of, from_here, operator_may
from aos_api.identity import Person, may
from aos_api.protection import trace_of
from aos_core.errors import AosError, NotAllowed, NotFound, TryAgain
from aos_resources.audit import Entry, record
from aos_resources.people import reading_people
from aos_resources.settings import Settings
from aos_resources.tokens import Session

PATH = "/dagster"
_METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
# Of one connection alone, or ours: neither goes on.
_OURS = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
    "host", "cookie", "set-cookie", "authorization", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
    "origin", "referer", "server", "date", "idempotency-key", "access-control-allow-origin", "access-control-allow-credentials",
})  # fmt: skip
_FRAME = "; connect-src 'self'; form-action 'self'; frame-ancestors 'none'"
_ELSE = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'" + _FRAME
_MUTATION = re.compile(r"(?:^|[}\s\"]|\\n)mutation\b")
_PATIENCE = httpx.Timeout(60.0, connect=5.0)
_LOOK_AGAIN = 4.0  # seconds after which an open socket's session is judged again
_LONGEST = 4 * 1024 * 1024
_ENDED, _POLICY, _AWAY = 4401, 1008, 1013
Operator = Annotated[Person, Depends(operator_may("read", "orchestrator"))]


def install(app: FastAPI) -> None:
    """Before whatever answers for every path."""
    app.add_api_route(PATH, serve, methods=_METHODS, include_in_schema=False)
    app.add_api_route(PATH + "/{path:path}", serve, methods=_METHODS, include_in_schema=False)
    app.add_api_websocket_route(PATH + "/{path:path}", serve_socket)


async def serve(request: Request, person: Operator, held: Held) -> Response:
    """Raises NotFound where no orchestrator is known, TryAgain where it does not answer, NotAllowed for another site's question."""
    body = await request.body()
    if request.url.path.endswith("/graphql") and _asks_something(request) and not from_here(request) and COOKIE in request.cookies:
        raise NotAllowed("The orchestrator is asked from this site itself")
    if _MUTATION.search(f"{request.url.query and request.query_params.get('query', '')} {body.decode(errors='replace')}"):
        await run_in_threadpool(_tell, held, person, _operation(body))
    return await _forward(request, body, _address(held.settings))


async def serve_socket(socket: WebSocket) -> None:
    """Closed as soon as the session is found ended."""
    held = cast(Services, socket.app.state.services)
    try:
        await _judge(held, socket)
        url = _address(held.settings).replace("http", "ws", 1) + _target(socket.url.path, socket.url.query)
        wished = [Subprotocol(one) for one in socket.scope.get("subprotocols", [])]
        async with connect(url, subprotocols=wished or None, max_size=_LONGEST, proxy=None, open_timeout=5) as upstream:
            await socket.accept(upstream.subprotocol)
            await _first_end(_downward(socket, upstream), _upward(socket, upstream), _judging(held, socket))
            await _close(socket, 1000)
    except NotAllowed:
        await _close(socket, _POLICY)
    except TryAgain:
        await _close(socket, _AWAY)
    except AosError:
        await _close(socket, _ENDED)
    except (OSError, WebSocketException, WebSocketDisconnect):
        await _close(socket, _AWAY)


async def _judge(held: Services, socket: WebSocket) -> None:
    """Raises NotSignedIn or NotAllowed where it is no operator's, or another site's."""
    if not from_here(socket) and COOKIE in socket.cookies:
        raise NotAllowed("A socket with a cookie must come from this site itself")
    who = await credentials_of(held, socket.headers.get("authorization", ""), socket.cookies.get(COOKIE))
    if not isinstance(who, Session):
        raise NotAllowed("Only people may do that, no keys")
    may(Person(who, "", trace_of(socket.scope)), "read", "orchestrator")


async def _judging(held: Services, socket: WebSocket) -> None:
    while True:
        await asyncio.sleep(_LOOK_AGAIN)
        await _judge(held, socket)


async def _first_end(*works: object) -> None:
    """Until one of them ends; what it raises is raised."""
    tasks = [asyncio.ensure_future(one) for one in works]  # type: ignore[call-overload]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _upward(socket: WebSocket, upstream: ClientConnection) -> None:
    """What the browser says. A socket is for watching: changes come as requests, which are told."""
    while True:
        said = await socket.receive()
        if said["type"] == "websocket.disconnect":
            return
        text = said.get("text")
        if text is not None and _MUTATION.search(text):
            raise NotAllowed("A socket changes nothing")
        await upstream.send(text if text is not None else said.get("bytes") or b"")


async def _downward(socket: WebSocket, upstream: ClientConnection) -> None:
    async for said in upstream:
        await (socket.send_text(said) if isinstance(said, str) else socket.send_bytes(said))


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except RuntimeError:  # it is closed already
        return


async def _forward(request: Request, body: bytes, address: str) -> Response:
    client = httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False, trust_env=False, verify=address.startswith("https"))
    try:
        asked = client.build_request(request.method, address + _target(request.url.path, request.url.query), headers=_kept(request.headers), content=body)
        answer = await client.send(asked, stream=True)
    except httpx.HTTPError as away:
        await client.aclose()
        raise TryAgain("The orchestrator does not answer", fix="Try again in a moment.") from away
    headers = _kept(answer.headers)
    if "location" in headers:  # it knows itself by another address
        headers["location"] = headers["location"].removeprefix(address)
    policy = answer.headers.get("content-security-policy", "").rstrip("; ")
    headers["content-security-policy"] = policy + _FRAME if policy else _ELSE

    async def close() -> None:
        await answer.aclose()
        await client.aclose()

    return StreamingResponse(_raw(answer), answer.status_code, headers, background=BackgroundTask(close))


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for part in answer.aiter_raw():
        yield part


def _kept(headers: Headers | httpx.Headers) -> dict[str, str]:
    """What goes on: nothing of a single connection, nothing that names or proves who asks here."""
    of_this = {one.strip().lower() for one in headers.get("connection", "").split(",")}
    return {name: value for name, value in headers.items() if name.lower() not in _OURS | of_this}


def _target(path: str, query: str) -> str:
    return httpx.URL(path=path, query=query.encode() or None).raw_path.decode()


def _address(settings: Settings) -> str:
    """Where the orchestrator listens: what the installation is told, or what it started here.

    Raises:
        NotFound: nobody knows of one.
    """
    try:
        started = json.loads(settings.status_file.read_text()).get("dagster-webserver", {}).get("url")
    except (FileNotFoundError, ValueError):
        started = None
    address = settings.dagster_url or started
    if not address:
        raise NotFound("No orchestrator runs here", fix="`aos up` starts it.")
    return str(address).rstrip("/").removesuffix(PATH)


def _asks_something(request: Request) -> bool:
    return request.method != "GET" or "query" in request.query_params


def _operation(body: bytes) -> str:
    """What a change calls itself."""
    try:
        said = json.loads(body)
        return str(said.get("operationName") or "")[:200] if isinstance(said, dict) else ""
    except ValueError:
        return ""


def _tell(held: Services, person: Person, operation: str) -> None:
    """In the installation's own log, before it is done."""
    with reading_people(held.database) as people:
        record(people, Entry(person.actor, "change", "orchestrator", operation))
