"""What was let in long ago: asked for all of them at once, with the same answer as a request of each would get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from aos_core.tenancy import Tenant
from aos_resources.people import create_tenant, create_user
from aos_resources.standing import Held, still_standing
from tests.scenario import PASSWORD, World

Made = Callable[[], Held]


@pytest.fixture
def tenant(world: World) -> Tenant:
    return create_tenant(world.database, f"standing-{uuid4().hex[:8]}", "x")


@pytest.fixture
def session(world: World, tenant: Tenant) -> Made:
    def made() -> Held:
        user, session_id = create_user(world.database, f"{uuid4()}@x.example", "x", PASSWORD), uuid4()
        with world.database.people() as transaction:
            transaction.run("insert into aos.memberships (tenant_id, user_id, role) values (:tenant, :user, 'viewer')", tenant=tenant.id, user=user)
            transaction.run(
                "insert into aos.sessions (id, user_id, workspace, expires_at) values (:id, :user, :tenant, now() + interval '1 hour')",
                id=session_id, user=user, tenant=tenant.id,
            )  # fmt: skip
        return Held(session_id, user, tenant, "viewer")

    return made


@pytest.fixture
def key(world: World, tenant: Tenant) -> Made:
    def made() -> Held:
        user, key_id = create_user(world.database, f"{uuid4()}@x.example", "x", PASSWORD), uuid4()
        with world.database.of(tenant).transaction() as transaction:
            transaction.run(
                "insert into aos.api_keys (id, name, prefix, hash, role, scopes, made_by, expires_at) values (:id, 'k', 'p', :hash, 'viewer', '[]', :user, :ends)",
                id=key_id, hash=key_id.bytes, user=user, ends=datetime.now(UTC) + timedelta(hours=1),
            )  # fmt: skip
        return Held(key_id, user, tenant, "viewer")

    return made


def standing(world: World, *held: Held) -> set[UUID]:
    return still_standing(world.database, held)


def test_of_many_those_are_named_that_still_stand(world: World, session: Made, key: Made) -> None:
    all_of_them = [session() for _ in range(3)] + [key() for _ in range(2)]
    assert standing(world, *all_of_them) == {one.id for one in all_of_them}
    with world.database.people() as transaction:
        transaction.run("update aos.sessions set ended_at = now() where id = :id", id=all_of_them[0].id)
        transaction.run("update aos.sessions set expires_at = now() - interval '1 second' where id = :id", id=all_of_them[1].id)
    with world.database.of(all_of_them[3].tenant).transaction() as transaction:
        transaction.run("update aos.api_keys set revoked_at = now() where id = :id", id=all_of_them[3].id)
    assert standing(world, *all_of_them) == {all_of_them[2].id, all_of_them[4].id}
    assert standing(world) == set()


@pytest.mark.parametrize("change", [
    "update aos.users set disabled_at = now() where id = :user", "update aos.tenants set suspended_at = now() where id = :tenant",
    "update aos.tenants set erased_at = now() where id = :tenant",
])  # fmt: skip
def test_neither_a_session_nor_a_key_outlives_its_person_or_its_tenant(world: World, session: Made, key: Made, change: str) -> None:
    for one in (session(), key()):
        with world.database.people() as transaction:
            transaction.run(change, **({"user": one.user} if ":user" in change else {"tenant": one.tenant.id}))
        assert standing(world, one) == set()
        with world.database.people() as transaction:
            transaction.run("update aos.tenants set suspended_at = null, erased_at = null where id = :tenant", tenant=one.tenant.id)


def test_another_role_another_person_and_the_neighbours_tenant_do_not_stand(world: World, session: Made, key: Made) -> None:
    for one in (session(), key()):
        assert standing(world, replace(one, role="admin")) == set()
        assert standing(world, replace(one, tenant=world.globex)) == set()
    assert standing(world, replace(session(), user=session().user)) == set()
