"""What happens in the tenant, told as it happens, and tickets for clients that can send no header."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, WebSocket
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from aos_api import sockets
from aos_api.dependencies import Held, InATenant
from aos_api.errors import problems
from aos_api.identity import Caller, may
from aos_api.listening import in_a_tenant_or_by_ticket, standing_of
from aos_api.routers.models import AT, ID, example
from aos_core.errors import NotAllowed
from aos_resources import tickets
from aos_resources.audit import Entry

router = APIRouter(tags=["events"])


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


class EventSeen(BaseModel):
    """A CloudEvents envelope; `sequence` is its number in the tenant's order."""

    model_config = example(
        specversion="1.0", id=ID, source=f"urn:aos:tenant:{ID}", type="version.published", subject=ID, time=AT, tenantid=ID, sequence="14",
        datacontenttype="application/json", data={"applied_seq": 12},
    )  # fmt: skip

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    tenantid: str
    sequence: str
    traceparent: str | None = None
    datacontenttype: str
    data: dict[str, Any]


class TicketMade(BaseModel):
    model_config = example(ticket="q3vI5cS0...", expires_at=AT)

    ticket: str = Field(description="Good once, as `?ticket=`.")
    expires_at: datetime


@router.get(
    "/events", summary="What happens, as it happens", response_class=EventStream,
    responses={200: {"model": EventSeen, "description": "Server-sent events, each with such data."}, **problems(401, 403, 422, 429, 503)},
)  # fmt: skip
async def follow_events(
    caller: Annotated[Caller, Depends(in_a_tenant_or_by_ticket)],
    held: Held,
    after: Annotated[int | None, Query(ge=0, lt=2**63, description="Tell first what came after this number.")] = None,
    last_event_id: Annotated[str, Header(max_length=30, description="As `after`; a browser sends it when it connects again.")] = "",
) -> EventStream:
    """Each event is a CloudEvents envelope under its number in the tenant's order; none is told twice or out of turn.

    Whoever comes back with the last number it saw is told what it missed. Where that is too much, where the number is none of
    ours, or where a client reads too slowly, `event: gap` says from where to where nothing was told: read again what you keep.
    `event: status` says `live`, `degraded` (told within seconds), `off` or `ended`. A comment each quarter of a minute shows that
    somebody is there.
    """
    known = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else after
    listener = await held.news.join(standing_of(caller), known)
    return EventStream(held.news.frames(listener), headers={"X-Accel-Buffering": "no"})


@router.websocket("/ws")
async def follow_events_by_socket(socket: WebSocket) -> None:
    """The envelopes of `GET /events` as messages, `{"gap": ...}` and `{"status": ...}` among them. The first message says who it is."""
    await sockets.serve(socket)


@router.post("/tickets", summary="A ticket for the stream of events", status_code=201, responses=problems(401, 403, 422, 503))
def make_ticket(caller: InATenant, held: Held) -> TicketMade:
    """For a client that can send no header: `GET /events?ticket=`, once and within half a minute."""
    may(caller, "read", "events")
    if caller.session is None:
        raise NotAllowed("Only a person who is signed in needs a ticket", fix="Send the key as a bearer token.")
    made = tickets.issue(held.database, caller.session, "events", Entry(caller.actor, "create", "tickets", "events"))
    return TicketMade(ticket=made.ticket, expires_at=made.expires_at)
