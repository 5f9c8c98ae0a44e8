"""The application: what it holds open, what stands before it, which routers it serves. No rules of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from aos_api import access_log, app_files, documentation, errors, orchestrator, well_known
from aos_api.dependencies import Services
from aos_api.news import News
from aos_api.protection import Protection
from aos_api.rates import Rates
from aos_api.routers import (
    audit,
    auth,
    connecting,
    connections,
    discover,
    entities,
    erasing,
    events,
    export,
    flags,
    grants,
    health,
    installation,
    invitations,
    joining,
    keys,
    mappings,
    masks,
    me,
    members,
    metrics,
    oidc,
    onboarding,
    operator,
    proposals,
    provenance,
    runs,
    sources,
    stream_rows,
    streams,
    streams_changing,
    tenant_settings,
    uploads,
    usage,
)
from aos_api.throttle import Throttle
from aos_api.watching import Watch
from aos_core.ontology import standard
from aos_resources.airbyte import Airbyte
from aos_resources.api_keys import ApiKeys
from aos_resources.database import Database
from aos_resources.flags import Flags
from aos_resources.landed import Landed
from aos_resources.live import Live
from aos_resources.masks import Masks
from aos_resources.oidc import provider_of
from aos_resources.relay import Relay
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings, read_settings
from aos_resources.tokens import Tokens
from aos_resources.warehouse import Warehouse

_PEOPLE = (auth, joining, oidc, me, members, invitations, keys, grants, operator, installation)
_TENANT = (tenant_settings, usage, masks, flags, audit, export, erasing)
_ROUTERS = (*_PEOPLE, *_TENANT, sources, connecting, onboarding, connections, uploads, streams, stream_rows, streams_changing, discover, mappings, proposals, entities, provenance, metrics, runs, events, health)
_PAGES = Path(__file__).resolve().parent.parent / "frontend" / "dist"
_POOL = 16  # connections of a role
_FREE_FAILURES, _FREE_FAILURES_OF_AN_ADDRESS, _FREE_SIGN_UPS = 5, 30, 5


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; connections are opened when it starts and closed when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        held = _open(settings if settings is not None else read_settings())
        app.state.services = held
        relay = Relay(held.database, held.live)
        access_log.hide_queries()
        relay.start()
        held.rates.start()
        held.news.start()
        try:
            yield
        finally:
            await held.news.stop()
            relay.stop()
            held.flags.close()
            held.rates.stop()
            held.live.close()
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
    orchestrator.install(app)
    app_files.install(app, _PAGES)
    return app


def _open(settings: Settings) -> Services:
    database, live = Database(settings, size=_POOL), Live(settings)
    tokens, keys, switches = Tokens(settings, database), ApiKeys(database), Flags(database, live)

    def forget(ended: set[UUID]) -> None:
        tokens.forget_ended(ended)
        keys.forget(lambda one: one.id in ended)

    return Services(
        settings=settings,
        database=database,
        warehouse=Warehouse(settings, database),
        landed=Landed(settings),
        secrets=Secrets(settings),
        tokens=tokens,
        masks=Masks(database, standard()),
        accounts=Throttle(_FREE_FAILURES, live=live, whose="account"),
        addresses=Throttle(_FREE_FAILURES_OF_AN_ADDRESS, live=live, whose="address"),
        rates=Rates(live, settings.tenant_limit, settings.caller_limit),
        live=live,
        flags=switches,
        news=News(database, live, forget, lambda tenant: switches.on("LIVE_EVENTS", tenant)),
        keys=keys,
        watch=Watch(),
        provider=provider_of(settings),
        sign_ups=Throttle(_FREE_SIGN_UPS, live=live, whose="sign-up"),
        links=Throttle(_FREE_FAILURES_OF_AN_ADDRESS, live=live, whose="link"),
        airbyte=Airbyte(settings),
    )


def _client_name(route: APIRoute) -> str:
    """The operation's id, which generated clients take as a method's name."""
    return route.name
