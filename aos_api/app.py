"""The application: what it holds open, what stands before it, which routers it serves. No rules of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from aos_api import app_files, documentation, errors, well_known
from aos_api.dependencies import Services
from aos_api.protection import Protection
from aos_api.routers import (
    auth,
    connections,
    entities,
    health,
    mappings,
    metrics,
    proposals,
    provenance,
    runs,
    streams,
)
from aos_api.throttle import Throttle
from aos_resources.database import Database
from aos_resources.landed import Landed
from aos_resources.settings import Settings, read_settings
from aos_resources.tokens import Tokens
from aos_resources.warehouse import Warehouse

_ROUTERS = (auth, connections, streams, mappings, proposals, entities, provenance, metrics, runs, health)
_PAGES = Path(__file__).resolve().parent.parent / "frontend" / "dist"
_POOL = 16  # connections of a role
_FREE_FAILURES, _FREE_FAILURES_OF_AN_ADDRESS = 5, 30


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; connections are opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        held = _open(settings if settings is not None else read_settings())
        app.state.services = held
        try:
            yield
        finally:
            held.warehouse.close()
            held.database.close()

    app = FastAPI(
        title="AutonomOS",
        version="1",
        description="A company's connected sources as one set of entities, with the origin of every cell.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_client_name,
        separate_input_output_schemas=False,
    )
    app.add_middleware(Protection)
    errors.install(app)
    api = APIRouter(prefix="/api/v1")
    for noun in _ROUTERS:
        api.include_router(noun.router)
    app.include_router(api)
    documentation.install(app)
    well_known.install(app)
    app_files.install(app, _PAGES)
    return app


def _open(settings: Settings) -> Services:
    database = Database(settings, size=_POOL)
    return Services(
        settings=settings,
        database=database,
        warehouse=Warehouse(settings, database),
        landed=Landed(settings),
        tokens=Tokens(settings, database),
        accounts=Throttle(_FREE_FAILURES),
        addresses=Throttle(_FREE_FAILURES_OF_AN_ADDRESS),
    )


def _client_name(route: APIRoute) -> str:
    """The operation's id, which generated clients take as a method's name."""
    return route.name
