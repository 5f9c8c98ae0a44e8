"""Who is let in to what stays open: by a ticket, or as everywhere else; and what must go on standing while it is open."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool

from aos_api.dependencies import (
    Held,
    address_of,
    bearer_scheme,
    charge,
    cookie_scheme,
    credentials,
    in_a_tenant,
)
from aos_api.identity import Caller, caller_of, may
from aos_api.protection import trace_of
from aos_core.errors import SwitchedOff
from aos_resources import standing, tickets


async def in_a_tenant_or_by_ticket(
    request: Request,
    held: Held,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer_scheme)],
    kept: Annotated[str | None, Depends(cookie_scheme)],
    ticket: Annotated[str | None, Query(max_length=100, description="Of `POST /tickets`, in place of other credentials.")] = None,
) -> Caller:
    """The caller, who may read events.

    Raises:
        SwitchedOff: the tenant's flag says that nobody is told. NotSignedIn: neither ticket nor credentials are in force. NotAllowed: the caller is in no tenant, or may not.
    """
    if ticket is None:
        caller = await in_a_tenant(request, held, await credentials(request, held, token, kept))
    else:
        session = await run_in_threadpool(tickets.redeem, held.database, held.tokens, ticket, "events")
        caller = caller_of(session, address_of(request), trace_of(request.scope))
        charge(request, held, caller.tenant, caller.id)
    may(caller, "read", "events")
    if caller.by_grant:
        await run_in_threadpool(held.watch.tell, held.database, caller, "read", "events", f"GET {request.url.path}")
    if not held.flags.on("LIVE_EVENTS", caller.tenant):
        raise SwitchedOff("Live events are switched off here", culprit="LIVE_EVENTS", fix="Ask now and then instead.")
    return caller


def standing_of(caller: Caller) -> standing.Held:
    """What the caller was let in by."""
    by = caller.key if caller.session is None else caller.session.claims.token_id
    assert by is not None  # a caller is one or the other
    return standing.Held(by, caller.user, caller.tenant, caller.role)
