"""The same events over a WebSocket, for programs and pages that prefer one: who is let in, what is sent, when it is closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from aos_api.dependencies import Services
from aos_api.errors import TooMany
from aos_api.identity import Caller, caller_of, may
from aos_api.listeners import Said
from aos_api.listening import standing_of
from aos_core.errors import AosError, NotAllowed, NotSignedIn, NotUnderstood, SwitchedOff
from aos_resources import tickets

LARGEST = 65_536  # bytes of a message
_PATIENCE = 10.0  # seconds until the first message, which says who it is
# The first that fits decides; as HTTP's, in the range that is left to applications.
_CODES: tuple[tuple[type[AosError], int], ...] = (
    (NotSignedIn, 4401), (NotAllowed, 4403), (NotUnderstood, 4422), (TooMany, 4429), (AosError, 4503),
)  # fmt: skip


class Hello(BaseModel):
    """The first message: a ticket or a token, and after which number to begin."""

    model_config = ConfigDict(extra="forbid")

    ticket: str | None = Field(default=None, max_length=100)
    token: str | None = Field(default=None, max_length=4096)
    after: int | None = Field(default=None, ge=0, lt=2**63)


@dataclass(frozen=True)
class _Entered:
    caller: Caller
    after: int | None


async def serve(socket: WebSocket) -> None:
    """Until the client goes, or may not listen any more."""
    if not _from_here(socket):
        await socket.close(1008)  # before it was accepted: the browser is told 403
        return
    await socket.accept()
    try:
        held = cast(Services, socket.app.state.services)
        entered = await _enter(socket, held)
        listener = await held.news.join(standing_of(entered.caller), entered.after)
        async with aclosing(held.news.told(listener)) as told:
            await _send(socket, told)
        await socket.close(1000)
    except AosError as refused:
        code = next(code for kind, code in _CODES if isinstance(refused, kind))
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code, refused.sentence[:120])
    except WebSocketDisconnect:
        return


async def _enter(socket: WebSocket, held: Services) -> _Entered:
    """Who it is, by a ticket in the address or by the first message."""
    query = socket.query_params
    said = {"ticket": query["ticket"], "after": query.get("after")} if "ticket" in query else await _first(socket)
    try:
        hello = Hello.model_validate(said)
    except ValidationError as wrong:
        raise NotUnderstood("The first message says a ticket or a token, and perhaps after which number") from wrong
    address = socket.client.host if socket.client is not None else "unknown"
    if hello.ticket is not None:
        session = await run_in_threadpool(tickets.redeem, held.database, held.tokens, hello.ticket, "events")
    elif hello.token is not None:
        session = await run_in_threadpool(held.tokens.session, hello.token)
    else:
        raise NotSignedIn("There are no credentials", fix="Send a ticket or a token first.")
    caller = caller_of(session, address, "")
    may(caller, "read", "events")
    if caller.by_grant:
        await run_in_threadpool(held.watch.tell, held.database, caller, "read", "events", f"WS {socket.url.path}")
    if not held.flags.on("LIVE_EVENTS", caller.tenant):
        raise SwitchedOff("Live events are switched off here", culprit="LIVE_EVENTS")
    return _Entered(caller, hello.after)


async def _first(socket: WebSocket) -> object:
    try:
        return json.loads(_small(await asyncio.wait_for(socket.receive_text(), _PATIENCE)))
    except (TimeoutError, ValueError, KeyError) as wrong:
        raise NotSignedIn("Nobody said who it is", fix="Send a ticket or a token first, as JSON.") from wrong


async def _send(socket: WebSocket, told: AsyncIterator[list[Said]]) -> None:
    """Until there is no more, or the client has gone; what it says meanwhile is read and means nothing."""
    hearing = asyncio.create_task(_hear(socket))
    sending = asyncio.create_task(_say(socket, told))
    try:
        await asyncio.wait((hearing, sending), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (hearing, sending):
            task.cancel()
        results = await asyncio.gather(hearing, sending, return_exceptions=True)
    for result in results:
        if isinstance(result, AosError | WebSocketDisconnect):
            raise result


async def _say(socket: WebSocket, told: AsyncIterator[list[Said]]) -> None:
    async for said in told:
        for one in said:
            if one.message:
                await socket.send_text(one.message)


async def _hear(socket: WebSocket) -> None:
    while True:
        _small(await socket.receive_text())


def _small(text: str) -> str:
    if len(text.encode()) > LARGEST:
        raise NotUnderstood(f"A message has at most {LARGEST} bytes")
    return text


def _from_here(socket: WebSocket) -> bool:
    """A program sends no Origin; a page's must be this site's."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
