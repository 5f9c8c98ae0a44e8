"""What anybody may ask an installation for under the addresses that standards fix: the keys that verify its tokens."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from aos_api.dependencies import Held


def install(app: FastAPI) -> None:
    async def jwks(held: Held) -> JSONResponse:
        return JSONResponse(held.tokens.keys.jwks(), headers={"Cache-Control": "public, max-age=60"})

    app.add_api_route("/.well-known/jwks.json", jwks, include_in_schema=False)
