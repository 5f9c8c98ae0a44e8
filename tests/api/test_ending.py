"""What ends a session ends it everywhere: at once where it was said, within seconds in every other process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import UUID, uuid4

import httpx
import pytest

from aos_core.tenancy import Tenant
from aos_resources.people import add_member, create_tenant, create_user
from aos_resources.signing_keys import SigningKeys
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, sign_in

SOON = 5.5  # seconds: five, and what the requests themselves take


@pytest.fixture(scope="module")
def elsewhere(world: World) -> Iterator[Served]:
    """Another process of the installation, as far as sessions go."""
    with Served(world.settings) as started:
        yield started


def somebody(world: World) -> tuple[str, UUID, Tenant]:
    """An engineer of a tenant of their own."""
    name = f"t-{uuid4().hex[:8]}"
    tenant = create_tenant(world.database, name, name)
    user = create_user(world.database, f"{name}@example", name, PASSWORD)
    add_member(world.database, tenant, user, "engineer")
    return f"{name}@example", user, tenant


def people(world: World, statement: str, **values: object) -> None:
    with world.database.people() as transaction:
        assert transaction.run(statement, **values) == 1


ENDINGS: dict[str, Callable[[World, UUID, Tenant], None]] = {
    "disabled": lambda world, user, _: people(world, "update aos.users set disabled_at = now() where id = :id", id=user),
    "another role": lambda world, user, tenant: add_member(world.database, tenant, user, "viewer"),
    "disabled in the tenant": lambda world, user, _: people(world, "update aos.memberships set disabled_at = now() where user_id = :id", id=user),
    "no member any more": lambda world, user, _: people(world, "delete from aos.memberships where user_id = :id", id=user),
    "tenant suspended": lambda world, _, tenant: people(world, "update aos.tenants set suspended_at = now() where id = :id", id=tenant.id),
    "session ended": lambda world, user, _: people(world, "update aos.sessions set ended_at = now() where user_id = :id", id=user),
}


def test_what_ends_a_session_ends_it_within_seconds_in_every_process(world: World, served: Served, elsewhere: Served) -> None:
    """Each ending of somebody of their own, all at once: each waits as long as the others."""
    open_still: dict[str, list[httpx.Client]] = {}
    with ExitStack() as clients:
        for ending, end in ENDINGS.items():
            email, user, tenant = somebody(world)
            with served.client() as client:
                token = sign_in(client, email)
            open_still[ending] = [clients.enter_context(one.client(token)) for one in (served, elsewhere)]
            assert [one.get("/runs").status_code for one in open_still[ending]] == [200, 200]
            end(world, user, tenant)
        deadline = time.monotonic() + SOON
        while open_still and time.monotonic() < deadline:
            time.sleep(0.2)
            seen = {ending: [one.get("/runs").status_code for one in both] for ending, both in open_still.items()}
            assert {status for statuses in seen.values() for status in statuses} <= {200, 401}
            open_still = {ending: both for ending, both in open_still.items() if 200 in seen[ending]}
        assert list(open_still) == []


def test_signing_out_ends_it_at_once_here_and_soon_elsewhere(world: World, served: Served, elsewhere: Served) -> None:
    with served.client() as client:
        token = sign_in(client, somebody(world)[0])
    with served.client(token) as here, elsewhere.client(token) as there:
        assert there.get("/me").status_code == 200
        assert here.post("/auth/logout").status_code == 204
        assert here.get("/me").status_code == 401
        deadline = time.monotonic() + SOON
        while there.get("/me").status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_keys_are_rotated_under_load_and_nobody_is_refused(world: World, served: Served, elsewhere: Served) -> None:
    stop, refused = threading.Event(), []

    def use(where: Served, other: Served) -> None:
        with where.client() as client:
            while not stop.is_set():
                token = sign_in(client, "analyst@globex.example")
                for one in (where, other):
                    with one.client(token) as caller:
                        answer = caller.get("/me")
                        if answer.status_code != 200:
                            refused.append(answer.text)

    users = [threading.Thread(target=use, args=pair) for pair in ((served, elsewhere), (elsewhere, served))]
    for one in users:
        one.start()
    keys = SigningKeys(world.settings)
    seen = {keys.rotate().id for _ in range(6) if not stop.wait(0.4)}
    stop.set()
    for one in users:
        one.join(30)
    assert (refused, len(seen)) == ([], 6)


def test_a_removed_key_refuses_its_tokens_at_once(world: World, served: Served) -> None:
    keys = SigningKeys(world.settings)
    with served.client() as client:
        token = sign_in(client, "analyst@acme.example")
    before = keys.current.id
    keys.rotate()
    with served.client(token) as caller:
        assert caller.get("/me").status_code == 200
        (world.settings.keys / f"tokens-{before}.pem").unlink()
        assert caller.get("/me").status_code == 401
        jwks = httpx.get(f"{served.address}/.well-known/jwks.json").json()["keys"]
        assert before not in {one["kid"] for one in jwks}
