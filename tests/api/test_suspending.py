"""A suspended tenant: nobody gets in or on, nothing starts, its rows stay, and resumed it is as it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from aos_core.errors import NotFound
from aos_resources.audit import Actor
from aos_resources.people import add_member, create_tenant, create_user
from aos_resources.tenants import known, listed, resume, suspend
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, sign_in

OPERATOR = Actor("operator", "o", "the operator")


def test_tokens_end_within_five_seconds_and_nothing_starts_until_it_is_resumed(world: World, served: Served, caller: Callable[[str], httpx.Client]) -> None:
    slug, email = f"paused-{uuid4().hex[:8]}", f"{uuid4().hex[:8]}@paused.example"
    tenant = create_tenant(world.database, slug, "Paused")
    add_member(world.database, tenant, create_user(world.database, email, "P", PASSWORD), "owner")
    with served.client() as anonymous:
        token = sign_in(anonymous, email)
        with served.client(token) as client:
            assert client.get("/settings").status_code == 200
            assert suspend(world.database, tenant, OPERATOR, "unpaid") and not suspend(world.database, tenant, OPERATOR)
            began = time.monotonic()
            while client.get("/settings").status_code == 200 and time.monotonic() - began < 10:
                time.sleep(0.1)
            assert time.monotonic() - began <= 5.2
            refused = client.get("/settings"), anonymous.post("/auth/login", json={"email": email, "password": PASSWORD, "tenant": slug})
            assert [one.status_code for one in refused] == [401, 403]
            with pytest.raises(NotFound):
                world.database.tenant(slug)  # what schedules and requests ask
            assert tenant not in world.database.tenants()
            assert caller("viewer@acme.example").get("/settings").status_code == 200
            assert [one.suspended_at is not None for one in listed(world.database) if one.slug == slug] == [True]
            assert known(world.database, slug) == tenant
            assert resume(world.database, tenant, OPERATOR) and not resume(world.database, tenant, OPERATOR)
            assert client.get("/settings").status_code == 401  # that session is over; its people sign in again
            client.headers["Authorization"] = f"Bearer {sign_in(anonymous, email)}"
            told = [(one["verb"], one["actor"], one["detail"]) for one in client.get("/audit", params={"noun": "tenants"}).json()["items"]]
            assert told == [("resume", "the operator", {}), ("suspend", "the operator", {"reason": "unpaid"})]
