"""`aos api`: the API alone, in the foreground."""

from __future__ import annotations

from contextlib import suppress

import click


@click.command()
@click.option("--host", help="Address to listen on; AOS_HOST unless told.")
@click.option("--port", type=int, help="Port to listen on; AOS_API_PORT unless told.")
def api(host: str | None, port: int | None) -> None:
    """Run the API alone, in the foreground."""
    import uvicorn

    from aos_api.app import create_app
    from aos_api.server import Server
    from aos_api.sockets import LARGEST
    from aos_resources.settings import read_settings

    settings = read_settings()
    server = Server(
        uvicorn.Config(
            create_app(settings),
            host=host or settings.host,
            port=settings.api_port if port is None else port,
            server_header=False,
            ws_max_size=LARGEST,
            timeout_graceful_shutdown=5,  # whoever is answered slowly would otherwise hold a stop for ever
        )
    )
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        raise SystemExit(3)
