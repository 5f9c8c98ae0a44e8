"""TLS in front of real servers whose programs have none built in: what it hears and says is theirs, its certificate is its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TLS, _GSS = 80877103, 80877104  # how a client of Postgres asks for one or the other, before anything else
_REFUSED = b"SFATAL\0C28000\0Mpg_hba.conf rejects connection: no encryption\0\0"


@contextmanager
def in_front_of(port: int, certificate: tuple[Path, Path], *, postgres: bool = False) -> Iterator[int]:
    """Its port on 127.0.0.1. Redis speaks TLS from the first byte; Postgres asks for it first, and nobody else is let in."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*map(str, certificate))

    async def between(hears: asyncio.StreamReader, says: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if postgres and not await _asks_for_tls(hears, says, tls):
                return
            behind_hears, behind_says = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_carry(hears, behind_says), _carry(behind_hears, says))

    loop = asyncio.new_event_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    serving = loop.run_until_complete(asyncio.start_server(between, sock=listening, ssl=None if postgres else tls))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_end(serving), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _asks_for_tls(hears: asyncio.StreamReader, says: asyncio.StreamWriter, tls: ssl.SSLContext) -> bool:
    while True:
        _, code = struct.unpack("!ii", await hears.readexactly(8))
        if code == _TLS:
            says.write(b"S")
            await says.drain()
            await says.start_tls(tls)
            return True
        if code != _GSS:
            says.write(b"E" + struct.pack("!i", len(_REFUSED) + 4) + _REFUSED)
            says.close()
            return False
        says.write(b"N")


async def _carry(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await source.read(65_536):
            to.write(piece)
            await to.drain()
    to.close()


async def _end(serving: asyncio.Server) -> None:
    serving.close()
    left = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
    for one in left:
        one.cancel()
    await asyncio.gather(*left, return_exceptions=True)
