"""The server of the application: ends what has no end of its own before it waits for the rest."""

from __future__ import annotations

import socket

import uvicorn


class Server(uvicorn.Server):
    """Streams of events are open for as long as a page is: a stop would wait for them in vain."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        services = getattr(getattr(self.config.app, "state", None), "services", None)
        if services is not None:
            await services.news.stop()
        await super().shutdown(sockets)
