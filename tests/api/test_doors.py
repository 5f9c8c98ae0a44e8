"""Every path and method of the API: who may enter, and what the neighbour's ids look like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.built_version import account_id
from tests.api.serving import Served
from tests.scenario import SHARED, THEIRS, Ids

# Without credentials: what each answers to a body that is empty, and where no provider is set up.
OPEN = {
    ("get", "/api/v1/health"): 200, ("get", "/api/v1/ready"): 200, ("get", "/api/v1/auth/options"): 200,
    ("get", "/api/v1/auth/oidc/start"): 404, ("get", "/api/v1/auth/oidc/callback"): 303,
    **{("post", f"/api/v1/auth/{name}"): 422 for name in ("login", "sign-up", "invitation", "invitation/accept", "reset")},
}  # fmt: skip
PATH_IDS = {
    "connection_id": "connection", "stream_id": "stream", "sync_id": "sync", "mapping_id": "mapping", "proposal_id": "proposal", "step_id": "run",
    "user_id": "user", "invitation_id": "invitation", "key_id": "key", "grant_id": "grant", "session_id": "session", "tenant_id": "tenant",
}  # fmt: skip
# Asked by an owner, who may: to others these say so before they look. Those of the operator stand above tenants.
OF_OWNERS = ("/api/v1/members/", "/api/v1/invitations/", "/api/v1/keys/", "/api/v1/grants/")
OF_OPERATORS = "/api/v1/operator/"
OF_ADMINS = ("/api/v1/invitations", "/api/v1/grants", "/api/v1/audit", "/api/v1/audit/verify")


def operations(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, said) for path, methods in served.app.openapi()["paths"].items() for method, said in methods.items()
    ]


def filled(path: str, ids: dict[str, UUID]) -> str:
    names = {noun: str(ids[noun]) for noun in [*PATH_IDS, "entity_id"]}
    return path.removeprefix("/api/v1").format(name="account", field="name", kind="personal", **names)


def ids_of(ids: Ids, account: UUID) -> dict[str, UUID]:
    return {noun: getattr(ids, name) for noun, name in PATH_IDS.items()} | {"entity_id": account}


BODIES = {
    "/api/v1/proposals/{proposal_id}/decide": {"verdict": "rejected", "change_hash": "x", "reason": "no"},
    "/api/v1/runs": {"reason": ""},
    "/api/v1/auth/switch": {"tenant": "globex"},
    "/api/v1/tenant/erasure": {"slug": "nobody"},
    "/api/v1/operator/erasures": {"slug": "nobody"},
    "/api/v1/masks/{kind}": {"roles": ["analyst", "viewer"]},
    "/api/v1/members/{user_id}": {"role": "viewer"},
    "/api/v1/connections/{connection_id}": {"note": "other"},
    "/api/v1/connections/{connection_id}/secret": {"secret": {"password": "x"}},
    "/api/v1/connections/{connection_id}/preview": {"stream": "accounts"},
    "/api/v1/streams/{stream_id}": {"selected": True},
    "/api/v1/streams/{stream_id}/vanishing": {"allow": 1},
}


def test_the_document_lists_every_operation(served: Served) -> None:
    assert len(operations(served)) >= 29


@pytest.mark.parametrize("credentials", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}, {"Cookie": "aos_session=x"}])
def test_without_credentials_in_force_every_operation_but_the_open_ones_answers_401(
    served: Served, anonymous: httpx.Client, credentials: dict[str, str]
) -> None:
    for method, path, _ in operations(served):
        ids = ids_of(SHARED, account_id(1))
        headers = credentials | {"Sec-Fetch-Site": "same-origin"}
        answer = anonymous.request(method, filled(path, ids), json=BODIES.get(path, {}), headers=headers)
        if (method, path) in OPEN:
            assert answer.status_code == OPEN[method, path], path
        else:
            assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), (method, path)
            assert answer.json()["code"] == "not_signed_in"


def given(owner: httpx.Client) -> dict[str, UUID]:
    """Ids of people's things, which the database gives: one of each."""
    owner.post("/invitations", json={"email": "door@globex.example", "role": "viewer"})
    owner.post("/keys", json={"name": "door", "scopes": ["read:*"]})
    lists = {"user": "members", "invitation": "invitations", "key": "keys", "session": "me/sessions"}
    found = {noun: owner.get(f"/{path}").json()["items"][0] for noun, path in lists.items()}
    return {noun: UUID(one.get("id") or one["user_id"]) for noun, one in found.items()}


def test_the_neighbours_ids_look_like_ids_that_were_never_given(
    served: Served, acme: httpx.Client, globex: httpx.Client, caller: Callable[[str], httpx.Client]
) -> None:
    acme_owner, globex_owner = caller("owner@acme.example"), caller("owner@globex.example")
    theirs = ids_of(THEIRS, account_id(1, THEIRS)) | given(globex_owner)
    never = dict.fromkeys(theirs, uuid4())
    asked = [(method, path) for method, path, _ in operations(served) if "_id}" in path and not path.startswith(OF_OPERATORS)]
    assert len(asked) >= 20
    for method, path in asked:
        mine = acme_owner if path.startswith(OF_OWNERS) else acme
        answers = [
            mine.request(method, filled(path, ids), json=BODIES.get(path)) for ids in (theirs, never)
        ]
        assert [one.status_code for one in answers] == [404, 404], (method, path, answers[0].text)
        bodies = [one.json() | {"trace_id": ""} for one in answers]
        assert bodies[0] == bodies[1], path
        if method == "get":
            assert globex.request(method, filled(path, theirs)).status_code == 200, path


def test_an_id_that_the_neighbour_lost_is_not_gone_but_unknown(acme: httpx.Client, globex: httpx.Client) -> None:
    assert globex.get(f"/entities/account/{THEIRS.gone}").status_code == 410
    assert acme.get(f"/entities/account/{THEIRS.gone}").status_code == 404


def test_shared_ids_show_each_tenant_its_own_things_only(
    served: Served, acme: httpx.Client, globex: httpx.Client, caller: Callable[[str], httpx.Client]
) -> None:
    said: list[bool] = []
    engineers, owners = {"acme": acme, "globex": globex}, {slug: caller(f"owner@{slug}.example") for slug in ("acme", "globex")}
    for method, path, _ in operations(served):
        if method != "get" or (method, path) in OPEN or path.startswith(OF_OPERATORS) or path.endswith("/events"):  # a stream has no end
            continue
        url = filled(path, ids_of(SHARED, account_id(3)))
        mine, yours = ((owners if path in OF_ADMINS else engineers)[slug].get(url) for slug in ("acme", "globex"))
        assert (mine.status_code, yours.status_code) == (200, 200), url
        assert "globex" not in mine.text.lower(), url
        assert "acme" not in yours.text.lower().replace("globex", ""), url
        said.append("acme" in mine.text.lower() and "globex" in yours.text.lower())
    assert sum(said) >= 15  # else the words to leak would not be there


def test_a_cursor_of_the_neighbours_version_opens_nothing(acme: httpx.Client, globex: httpx.Client, served: Served) -> None:
    from aos_api.paging import write_cursor

    cursor = write_cursor("account []", THEIRS.version, 0)
    assert acme.get("/entities/account", params={"cursor": cursor}).status_code == 410
    theirs = globex.get("/streams/" + str(THEIRS.stream) + "/rows", params={"limit": 1}).json()["next"]
    assert acme.get(f"/streams/{SHARED.stream}/rows", params={"cursor": theirs}).status_code == 422


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "W10", "WzEsMiwzXQ", "é", "WyJhIiwiYiIsMV0", "a" * 501])
def test_a_cursor_that_is_none_of_ours_is_not_understood(acme: httpx.Client, cursor: str) -> None:
    for url in ("/entities/account", f"/streams/{SHARED.stream}/rows", f"/mappings/{SHARED.mapping}/quarantine"):
        answer = acme.get(url, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
