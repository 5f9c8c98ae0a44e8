"""What the database itself lets a tenant, and the people's role, do with sessions, invitations and counters."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.scenario import World


def begin(connection: psycopg.Connection, tenant: UUID | None) -> None:
    if tenant is not None:
        connection.execute("select set_config('aos.tenant', %s, true)", (str(tenant),))


@pytest.fixture
def session(world: World) -> Iterator[tuple[UUID, UUID]]:
    """One of the same person in each tenant."""
    both = uuid4(), uuid4()
    with world.database.people() as transaction:
        for made, tenant in zip(both, (world.acme, world.globex), strict=True):
            transaction.run(
                "insert into aos.sessions (id, user_id, workspace, expires_at, address) values (:id, :user, :tenant, now() + interval '1 hour', 'a')",
                id=made, user=world.users["both@example"], tenant=tenant.id,
            )  # fmt: skip
    yield both
    with world.database.people() as transaction:
        transaction.run("delete from aos.sessions where id = any(:ids)", ids=list(both))


def test_a_tenant_ends_its_own_sessions_of_a_person_and_no_others(world: World, session: tuple[UUID, UUID]) -> None:
    ours, theirs = session
    with psycopg.connect(world.settings.url("aos_app")) as app:
        with app.transaction():
            begin(app, world.acme.id)
            seen = {one for (one,) in app.execute("select id from aos.sessions where id = any(%s)", (list(session),)).fetchall()}
            touched = app.execute("update aos.sessions set ended_at = now() where user_id = %s", (world.users["both@example"],)).rowcount
            assert app.execute("update aos.sessions set ended_at = now() where id = %s", (theirs,)).rowcount == 0
        assert seen == {ours} and touched >= 1
        for told in (None, ""):
            with pytest.raises(psycopg.Error), app.transaction():
                if told is not None:
                    app.execute("select set_config('aos.tenant', '', true)")
                app.execute("update aos.sessions set ended_at = now()")
    with world.database.people() as transaction:
        ended = {row["id"]: row["ended_at"] is not None for row in transaction.all("select id, ended_at from aos.sessions where id = any(:ids)", ids=list(session))}
    assert ended == {ours: True, theirs: False}


@pytest.mark.parametrize(
    "statement",
    [
        "select address from aos.sessions", "select agent from aos.sessions", "select expires_at from aos.sessions", "delete from aos.sessions",
        "update aos.sessions set user_id = user_id", "update aos.sessions set workspace = null", "update aos.sessions set expires_at = now()",
        "insert into aos.sessions (id, user_id, expires_at) values (gen_random_uuid(), gen_random_uuid(), now())",
        "select 1 from aos.operators", "select 1 from aos.password_resets", "select email_proven from aos.users",
    ],
)  # fmt: skip
def test_a_tenant_may_end_sessions_and_nothing_else_of_people(world: World, statement: str) -> None:
    with psycopg.connect(world.settings.url("aos_app")) as app, pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
        begin(app, world.acme.id)
        app.execute(statement.encode())


def test_the_peoples_role_invites_for_the_tenant_it_names_and_no_other(world: World) -> None:
    said = "insert into aos.invitations (tenant_id, id, email, role, hash, invited_by, expires_at) values (%s, %s, 'a@b', 'owner', '\\x00', 'x', now())"
    with psycopg.connect(world.settings.url("aos_login")) as people:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), people.transaction():
            begin(people, world.acme.id)
            people.execute(said, (world.globex.id, uuid4()))
        with pytest.raises(psycopg.Error), people.transaction():
            people.execute(said, (world.acme.id, uuid4()))
        for statement in (
            "select invited_by from aos.invitations", "delete from aos.invitations", "update aos.invitations set role = 'owner'",
            "update aos.invitations set withdrawn_at = null", "select created_at from aos.api_keys", "update aos.api_keys set role = 'owner'",
            "update aos.api_keys set revoked_at = null", "insert into aos.api_keys select * from aos.api_keys", "update aos.grants set expires_at = now()",
            "select last from aos.sequences", "update aos.sequences set last = 0", "select current from aos.warehouses",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege), people.transaction():
                begin(people, world.acme.id)
                people.execute(statement.encode())
