"""Every route that changes something writes exactly one entry of the audit log where it does, and none where it fails.

A route that is added is missing from the table until somebody says here how it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from aos_core.tenancy import INSTALLATION
from aos_resources.embedded import Cluster
from aos_resources.people import add_member
from tests import scenario
from tests.api.asked_sources import folder, reader
from tests.api.people import HERE, Company, account, enter, entries, found, open_house, operator
from tests.api.serving import Served
from tests.scenario import PASSWORD, SHARED, World

NEW = "three words of mine"
MUTATING = ("post", "put", "patch", "delete")
SETTINGS = {"currency": "EUR", "time_zone": "Europe/Berlin", "week_start": "monday", "fiscal_year_start": 4}
# Takes a tenant's own log with it: what is told stands in the installation's.
ERASING = {("post", "/tenant/erasure"), ("post", "/operator/erasures")}
# Everybody of a tenant may do it.
FOR_ALL = ("/auth", "/me", "/members/me", "/tickets")
# Looks at something, by POST only so that a secret never stands in an address.
READS = {("post", "/auth/invitation"), ("post", "/connections/test"), ("post", "/connections/preview"), ("post", "/connections/{connection_id}/preview")}


@dataclass(frozen=True)
class Call:
    """Who calls which address with what, once everything for it is there."""

    client: httpx.Client
    path: str
    body: Any = None
    content: bytes | None = None


Stage = Company
Made = Callable[[Stage], Call]


def _open(stage: Stage) -> httpx.Client:
    return stage.served.client()


def _login(stage: Stage) -> Call:
    return Call(_open(stage), "/auth/login", {"email": stage.owner.email, "password": PASSWORD})


def _sign_up(stage: Stage) -> Call:
    slug = f"s-{uuid4().hex[:8]}"
    return Call(_open(stage), "/auth/sign-up", {"email": f"{slug}@people.example", "name": "N", "password": NEW, "tenant": slug, "tenant_name": "T"})


def _accept(stage: Stage) -> Call:
    token = stage.invite(f"{uuid4().hex}@people.example")
    return Call(_open(stage), "/auth/invitation/accept", {"token": token, "name": "N", "password": NEW})


def _look(stage: Stage) -> Call:
    return Call(_open(stage), "/auth/invitation", {"token": stage.invite(f"{uuid4().hex}@people.example")})


def _reset(stage: Stage) -> Call:
    token = stage.owner.client.post(f"/members/{stage.join().id}/password-reset").json()["token"]
    return Call(_open(stage), "/auth/reset", {"token": token, "password": NEW})


def _switch(stage: Stage) -> Call:
    email, user = account(stage.world)
    for company in (stage, found(stage.world, stage.served)):
        add_member(stage.world.database, company.tenant, user, "viewer")
    someone = enter(stage.served, email, user, stage.tenant.slug)
    return Call(someone.client, "/auth/switch", {"tenant": company.tenant.slug})


def _session(stage: Stage) -> Call:
    someone = stage.join()
    enter(stage.served, someone.email, someone.id)
    items = someone.client.get("/me/sessions").json()["items"]
    return Call(someone.client, f"/me/sessions/{next(one['id'] for one in items if not one['current'])}")


def _decide(stage: Stage) -> Call:
    hashed = _with_rows(stage)
    return Call(stage.owner.client, f"/proposals/{SHARED.proposal}/decide", {"verdict": "rejected", "change_hash": hashed, "reason": "no"})


def _with_rows(stage: Stage) -> str:
    scenario._fill(stage.world, stage.tenant, SHARED, "Rows")
    items = stage.owner.client.get("/proposals").json()["items"]
    return str(items[0]["change_hash"])


def _invitation(stage: Stage) -> Call:
    stage.invite("somebody@people.example")
    made = stage.owner.client.get("/invitations").json()["items"][0]["id"]
    return Call(stage.owner.client, f"/invitations/{made}")


def _key(stage: Stage) -> Call:
    stage.key(stage.owner)
    return Call(stage.owner.client, f"/keys/{stage.owner.client.get('/keys').json()['items'][0]['id']}")


def _grant(stage: Stage) -> Call:
    body = {"email": operator(stage.world, stage.served).email, "hours": 2, "reason": "to look"}
    return Call(stage.owner.client, "/grants", body)


def _end_grant(stage: Stage) -> Call:
    call = _grant(stage)
    return Call(stage.owner.client, f"/grants/{call.client.post(call.path, json=call.body).json()['id']}")


def _tenant(stage: Stage) -> Call:
    body = {"slug": f"o-{uuid4().hex[:8]}", "name": "O", "owner_email": "first@people.example"}
    return Call(operator(stage.world, stage.served).client, "/operator/tenants", body)


def _tenant_made(stage: Stage, what: str, body: Any = None) -> Call:
    call = _tenant(stage)
    made = call.client.post(call.path, json=call.body).json()["tenant"]["id"]
    return Call(call.client, f"/operator/tenants/{made}/{what}", body)


def _flag(stage: Stage) -> Call:
    return Call(stage.owner.client, "/flags/SCHEDULED_REFRESH", {"enabled": False})


def _default(stage: Stage) -> Call:
    """Takes back a word that was never said: other tests see the flags as they are."""
    return Call(operator(stage.world, stage.served).client, "/operator/flags/SIGN_UP", {"enabled": None})


def _flag_taken_back(stage: Stage) -> Call:
    call = _flag(stage)
    assert call.client.put(call.path, json=call.body).is_success
    return Call(call.client, call.path)


def _with_a_file(stage: Stage, method: str) -> Call:
    made = uuid4()
    with stage.world.database.of(stage.tenant).transaction() as transaction:
        transaction.run("insert into aos.connections (id, name, source, config) values (:id, :name, 'files', '{\"uploads\": true}')", id=made, name=f"sent {made}")
    path = f"/connections/{made}/files/orders.csv"
    if method == "delete":
        assert stage.owner.client.post(path, content=b"id\n1\n").is_success
    return Call(stage.owner.client, path, content=b"id\n1\n" if method == "post" else None)


def _made(stage: Stage, what: str = "", body: Any = None, *, active: bool = False) -> Call:
    """A connection, on its way or through."""
    made = stage.owner.client.post("/connections", json={"name": uuid4().hex[:8]} | folder(stage.world.settings)).json()["id"]
    if active:
        assert stage.owner.client.post(f"/connections/{made}/onboard").json()["state"] == "active"
    return Call(stage.owner.client, f"/connections/{made}{what}", body)


def _secret(stage: Stage) -> Call:
    asked = reader(stage.elsewhere)
    secret = asked.pop("secret")
    made = stage.owner.client.post("/connections", json={"name": "db"} | asked).json()["id"]
    return Call(stage.owner.client, f"/connections/{made}/secret", {"secret": secret})


def _running(stage: Stage) -> Call:
    call = _made(stage, "/cancel", active=True)
    with stage.world.database.of(stage.tenant).transaction() as transaction:
        connection = transaction.one("connection", "select id from aos.connections")["id"]
        transaction.run("insert into aos.syncs (id, connection_id, epoch, state) values (:id, :connection, 1, 'running')", id=uuid4(), connection=connection)
    return call


def _approved(stage: Stage) -> Call:
    stage.owner.client.put("/flags/AUTO_APPLY_EXACT_MATCHES", json={"enabled": False})
    call = _made(stage, "/activate")
    assert stage.owner.client.post(call.path.replace("/activate", "/onboard")).json()["state"] == "suggested"
    return call


def _stream(stage: Stage, what: str = "", body: Any = None) -> Call:
    _with_rows(stage)
    return Call(stage.owner.client, f"/streams/{SHARED.stream}{what}", body)


def of_a_member(path: str, body: Any = None) -> Made:
    return lambda stage: Call(stage.owner.client, path.format(stage.join().id), body)


CALLS: dict[tuple[str, str], Made] = {
    ("post", "/auth/login"): _login,
    ("post", "/auth/logout"): lambda stage: Call(stage.join().client, "/auth/logout"),
    ("post", "/auth/switch"): _switch,
    ("post", "/auth/sign-up"): _sign_up,
    ("post", "/auth/invitation"): _look,
    ("post", "/auth/invitation/accept"): _accept,
    ("post", "/auth/reset"): _reset,
    ("put", "/me"): lambda stage: Call(stage.join().client, "/me", {"name": "Other", "persona": "COO"}),
    ("put", "/me/password"): lambda stage: Call(stage.join().client, "/me/password", {"current": PASSWORD, "new": NEW}),
    ("delete", "/me/sessions/{session_id}"): _session,
    ("delete", "/me/sessions"): lambda stage: Call(stage.join().client, "/me/sessions"),
    ("patch", "/members/{user_id}"): of_a_member("/members/{}", {"role": "viewer"}),
    ("delete", "/members/{user_id}"): of_a_member("/members/{}"),
    ("delete", "/members/me"): lambda stage: Call(stage.join().client, "/members/me"),
    ("post", "/members/{user_id}/transfer"): of_a_member("/members/{}/transfer"),
    ("post", "/members/{user_id}/password-reset"): of_a_member("/members/{}/password-reset"),
    ("delete", "/members/{user_id}/sessions"): of_a_member("/members/{}/sessions"),
    ("post", "/invitations"): lambda stage: Call(stage.owner.client, "/invitations", {"email": "a@people.example", "role": "viewer"}),
    ("delete", "/invitations/{invitation_id}"): _invitation,
    ("post", "/keys"): lambda stage: Call(stage.owner.client, "/keys", {"name": "k", "scopes": ["read:*"]}),
    ("delete", "/keys/{key_id}"): _key,
    ("post", "/grants"): _grant,
    ("delete", "/grants/{grant_id}"): _end_grant,
    ("post", "/operator/tenants"): _tenant,
    ("post", "/operator/tenants/{tenant_id}/invitation"): lambda stage: _tenant_made(stage, "invitation", {"owner_email": "b@people.example"}),
    ("post", "/operator/tenants/{tenant_id}/suspend"): lambda stage: _tenant_made(stage, "suspend"),
    ("post", "/operator/tenants/{tenant_id}/resume"): lambda stage: _tenant_made(stage, "resume"),
    ("post", "/proposals/{proposal_id}/decide"): _decide,
    ("post", "/connections/{connection_id}/files/{name}"): lambda stage: _with_a_file(stage, "post"),
    ("delete", "/connections/{connection_id}/files/{name}"): lambda stage: _with_a_file(stage, "delete"),
    ("post", "/tickets"): lambda stage: Call(stage.join().client, "/tickets"),
    ("put", "/flags/{name}"): _flag,
    ("delete", "/flags/{name}"): _flag_taken_back,
    ("put", "/settings"): lambda stage: Call(stage.owner.client, "/settings", SETTINGS),
    ("post", "/export"): lambda stage: Call(stage.owner.client, "/export"),
    ("post", "/tenant/erasure"): lambda stage: Call(stage.owner.client, "/tenant/erasure", {"slug": stage.tenant.slug}),
    ("post", "/operator/erasures"): lambda stage: Call(operator(stage.world, stage.served).client, "/operator/erasures", {"slug": stage.tenant.slug}),
    ("put", "/operator/flags/{name}"): _default,
    ("put", "/operator/tenants/{tenant_id}/quotas/{name}"): lambda stage: _tenant_made(stage, "quotas/rows", {"most": 10}),
    ("put", "/masks/{kind}"): lambda stage: Call(stage.owner.client, "/masks/money", {"roles": ["viewer"]}),
    ("post", "/connections/test"): lambda stage: Call(stage.owner.client, "/connections/test", folder(stage.world.settings)),
    ("post", "/connections/preview"): lambda stage: Call(stage.owner.client, "/connections/preview", folder(stage.world.settings) | {"stream": "accounts"}),
    ("post", "/connections"): lambda stage: Call(stage.owner.client, "/connections", {"name": "mine"} | folder(stage.world.settings)),
    ("patch", "/connections/{connection_id}"): lambda stage: _made(stage, "", {"note": "other"}),
    ("put", "/connections/{connection_id}/secret"): _secret,
    ("post", "/connections/{connection_id}/preview"): lambda stage: _made(stage, "/preview", {"stream": "accounts"}),
    ("post", "/connections/{connection_id}/pause"): lambda stage: _made(stage, "/pause", active=True),
    ("post", "/connections/{connection_id}/resume"): lambda stage: _made(stage, "/resume", active=True),
    ("post", "/connections/{connection_id}/sync"): lambda stage: _made(stage, "/sync", active=True),
    ("post", "/connections/{connection_id}/cancel"): _running,
    ("post", "/connections/{connection_id}/onboard"): lambda stage: _made(stage, "/onboard"),
    ("post", "/connections/{connection_id}/activate"): _approved,
    ("post", "/onboarding"): lambda stage: Call(stage.owner.client, "/onboarding", {"items": [{"external_id": "1", "name": "one"} | folder(stage.world.settings)]}),
    ("patch", "/streams/{stream_id}"): lambda stage: _stream(stage, "", {"selected": False}),
    ("post", "/streams/{stream_id}/reset"): lambda stage: _stream(stage, "/reset"),
    ("post", "/streams/{stream_id}/vanishing"): lambda stage: _stream(stage, "/vanishing", {"allow": 3}),
    ("post", "/runs"): lambda stage: Call(stage.owner.client, "/runs", {"reason": "now"}),
}


@pytest.fixture(scope="module")
def house(world: World) -> Iterator[Served]:
    """Where anybody may sign up; of this file alone, since what fails here slows its address down."""
    with open_house(world) as started:
        yield started


def mutating(served: Served) -> set[tuple[str, str]]:
    paths = served.app.openapi()["paths"]
    return {(method, path.removeprefix("/api/v1")) for path, methods in paths.items() for method in methods if method in MUTATING}


def test_every_route_that_changes_something_is_tried_here(served: Served) -> None:
    assert mutating(served) == set(CALLS)


@pytest.fixture(scope="module")
def strangers(world: World, house: Served) -> tuple[httpx.Client, httpx.Client, httpx.Client]:
    """Nobody, and of another tenant a viewer and an owner."""
    elsewhere = found(world, house)
    return house.client(), elsewhere.join("viewer").client, elsewhere.owner.client


@pytest.mark.parametrize("route", list(CALLS), ids=lambda route: " ".join(route))
def test_a_change_writes_one_entry_and_a_failure_none(
    world: World, house: Served, second: Cluster, strangers: tuple[httpx.Client, httpx.Client, httpx.Client], route: tuple[str, str]
) -> None:
    method, path = route
    stage = found(world, house)
    stage.elsewhere = second.url()
    call = CALLS[route](stage)
    only = INSTALLATION if route in ERASING else None
    before = len(entries(world, only))
    done = call.client.request(method, call.path, json=call.body, content=call.content, headers=HERE)
    assert done.is_success, done.text
    log = entries(world, only)
    assert len(log) - before == (0 if route in READS else 1), log[before:]
    for failed in failures(strangers, method, path, call):
        assert failed.status_code >= 400, failed.text
        assert len(entries(world, only)) == len(log), (failed.status_code, failed.text)


def failures(strangers: tuple[httpx.Client, httpx.Client, httpx.Client], method: str, path: str, call: Call) -> Iterator[httpx.Response]:
    """The same call by nobody, by whoever may not, by the neighbour, with a body that is none."""
    nobody, viewer, owner = strangers
    if not path.startswith(("/auth/login", "/auth/sign-up", "/auth/invitation", "/auth/reset")):
        yield nobody.request(method, call.path, json=call.body, headers=HERE)
    if not path.startswith(FOR_ALL) or path.startswith("/members/{"):
        yield viewer.request(method, call.path, json=call.body, headers=HERE)
    if "_id}" in path:
        yield owner.request(method, call.path, json=call.body, headers=HERE)
    if call.body is not None:
        yield call.client.request(method, call.path, json=["none"], headers=HERE)
