"""Connections made, tried out and changed, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.reads import connections as read
from aos_api.reads import runs
from aos_api.routers.connection_forms import (
    CancelAsked,
    ConnectionAsked,
    ConnectionChange,
    ConnectionDetail,
    ConnectionSeen,
    PreviewAsked,
    PreviewSeen,
    PreviewTried,
    SecretAsked,
    Tried,
    TriedSeen,
)
from aos_api.routers.connections import scheduled
from aos_api.routers.runs import Requested
from aos_resources.policies import ask_to_cancel

router = APIRouter(prefix="/connections", tags=["connections"])
Creating = Annotated[Workspace, Depends(who_may("create", "connections"))]
Changing = Annotated[Workspace, Depends(who_may("change", "connections"))]
Running = Annotated[Workspace, Depends(who_may("run", "connections"))]
_ASKED = problems(401, 403, 404, 409, 422, 424, 503)


@router.post("/test", summary="Try settings out", responses=problems(401, 403, 409, 422, 503))
def try_connection(here: Creating, held: Held, body: Tried) -> TriedSeen:
    """Asks the source whether it lets us in, with which rights, and what there is. Stores nothing; that it refuses is an answer."""
    from aos_api import asking
    from aos_resources.probing import tried

    return TriedSeen.model_validate(tried(asking.work_of(here, held), body.source, body.config, body.secret))


@router.post("/preview", summary="First rows of what is not connected", responses=problems(401, 403, 409, 422, 424, 503))
def preview_source(here: Creating, held: Held, body: PreviewTried) -> PreviewSeen:
    """At most 20 rows of one stream, and what they would feed. Stores nothing."""
    from aos_api import asking

    work = asking.work_of(here, held)
    return PreviewSeen.model_validate(asking.previewed(work, here.mask, body.source, body.config, body.secret, body.stream, body.limit))


@router.post("", summary="Make a connection", status_code=201, responses=problems(401, 403, 409, 422, 429, 503))
def create_connection(here: Creating, held: Held, body: ConnectionAsked) -> ConnectionDetail:
    """It is not active yet: onboarding it asks the source, looks at its first rows, and activates it where those are understood."""
    from aos_api import asking

    def make(change: Change) -> ConnectionDetail:
        made = asking.create(change, asking.work_of(here, held), body.name, body.source, body.config, body.secret, body.note)
        return _detail(here, held, change, made)

    return here.change(ConnectionDetail, make)


@router.post("/{connection_id}/preview", summary="First rows of a stream as they are now", responses=_ASKED)
def preview_connection(here: Changing, held: Held, connection_id: UUID, body: PreviewAsked) -> PreviewSeen:
    from aos_api import asking

    return PreviewSeen.model_validate(asking.previewed_stored(asking.work_of(here, held), here.mask, connection_id, body.stream, body.limit))


@router.patch("/{connection_id}", summary="Change a connection", responses=_ASKED)
def change_connection(here: Changing, held: Held, connection_id: UUID, body: ConnectionChange) -> ConnectionDetail:
    """Other settings are kept once the source has let us in with them. A stored secret is not sent to another host: give it anew."""
    from aos_api import asking
    from aos_resources.connections import examined

    work = asking.work_of(here, held)
    given = body.model_dump(include=body.model_fields_set - {"secret"})
    given = {name: one for name, one in given.items() if one is not None or name in ("note", "fresh_minutes")}
    found = examined(work, connection_id, given.get("config"), body.secret)

    def keep(change: Change) -> ConnectionDetail:
        asking.keep(change, work, connection_id, given, body.secret, found)
        return _detail(here, held, change, connection_id)

    return here.change(ConnectionDetail, keep, connection_id)


@router.put("/{connection_id}/secret", summary="Re-authorise a connection", responses=_ASKED)
def put_connection_secret(here: Changing, held: Held, connection_id: UUID, body: SecretAsked) -> ConnectionSeen:
    """The source is asked first. Where it had refused the one before, syncs go on where they stopped."""
    from aos_api import asking
    from aos_resources.connections import examined

    work = asking.work_of(here, held)
    found = examined(work, connection_id, None, body.secret)

    def keep(change: Change) -> ConnectionSeen:
        asking.keep(change, work, connection_id, {}, body.secret, found)
        return _detail(here, held, change, connection_id)

    return here.change(ConnectionSeen, keep, connection_id)


@router.post("/{connection_id}/pause", summary="Pause a connection", responses=problems(401, 403, 404, 409, 422, 503))
def pause_connection(here: Changing, held: Held, connection_id: UUID) -> ConnectionSeen:
    """It is read no more until it goes on; what has landed stays."""
    return _pause(here, held, connection_id, pause=True)


@router.post("/{connection_id}/resume", summary="Let a connection go on", responses=problems(401, 403, 404, 409, 422, 503))
def resume_connection(here: Changing, held: Held, connection_id: UUID) -> ConnectionSeen:
    return _pause(here, held, connection_id, pause=False)


def _pause(here: Workspace, held: Held, connection_id: UUID, *, pause: bool) -> ConnectionSeen:
    from aos_resources import connections

    def put(change: Change) -> ConnectionSeen:
        change.before, change.after = connections.pause(change.transaction, connection_id, pause=pause)
        return _detail(here, held, change, connection_id)

    return here.change(ConnectionSeen, put, connection_id)


@router.post("/{connection_id}/sync", summary="Ask for a sync", status_code=202, responses=problems(401, 403, 404, 409, 422, 503))
def sync_connection(here: Running, connection_id: UUID) -> Requested:
    """Whoever watches for requests refreshes this tenant, and no other; asking twice at once is one run."""

    def ask(change: Change) -> Requested:
        name = runs.check_active(change.transaction, connection_id)
        change.detail = {"connection": name}
        return Requested(seq=runs.ask_for_run(change.transaction, here.caller.tenant, f"a sync of {name}", here.caller.name))

    return here.change(Requested, ask, connection_id)


@router.post("/{connection_id}/cancel", summary="Cancel the sync that is under way", status_code=202, responses=problems(401, 403, 404, 409, 422, 503))
def cancel_connection_sync(here: Running, connection_id: UUID) -> CancelAsked:
    """It ends at its next slice, and what it has landed stays."""

    def ask(change: Change) -> CancelAsked:
        return CancelAsked(sync_id=ask_to_cancel(change.transaction, connection_id))

    return here.change(CancelAsked, ask, connection_id)


def _detail(here: Workspace, held: Held, change: Change, connection_id: UUID) -> ConnectionDetail:
    return ConnectionDetail.model_validate(read.one_connection(change.transaction, connection_id, here.mask, scheduled(here, held)))
