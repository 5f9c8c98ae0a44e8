"""`aos api`: the API alone, in the foreground."""

from __future__ import annotations

import click


@click.command()
@click.option("--host", help="Address to listen on; AOS_HOST unless told.")
@click.option("--port", type=int, help="Port to listen on; AOS_API_PORT unless told.")
def api(host: str | None, port: int | None) -> None:
    """Run the API alone, in the foreground."""
    import uvicorn

    from aos_resources.settings import read_settings

    settings = read_settings()
    uvicorn.run(
        "aos_api.app:create_app",
        factory=True,
        host=host or settings.host,
        port=settings.api_port if port is None else port,
        server_header=False,
        timeout_graceful_shutdown=5,  # an open event stream would otherwise hold a stop for ever
    )
