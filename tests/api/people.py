"""Tenants, people and what they hold, made for one test alone: none of them is anybody else's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg

from aos_core.flags import FLAGS
from aos_core.tenancy import Tenant
from aos_resources.flags import put_default
from aos_resources.people import Role, add_member, create_tenant, create_user
from aos_resources.settings import Settings
from tests.api.serving import Served
from tests.scenario import PASSWORD, World, open_proposal, sign_in

HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Someone:
    email: str
    id: UUID
    client: httpx.Client


@dataclass
class Company:
    """A tenant of a test's own, its owner signed in."""

    world: World
    served: Served
    tenant: Tenant
    owner: Someone
    elsewhere: str = ""  # a database server of somebody else's

    def join(self, role: Role = "engineer") -> Someone:
        """A new member, signed in."""
        someone = account(self.world)
        add_member(self.world.database, self.tenant, someone[1], role)
        return enter(self.served, *someone, self.tenant.slug)

    def invite(self, email: str, role: Role = "engineer", **more: Any) -> str:
        """The link's token."""
        answer = self.owner.client.post("/invitations", json={"email": email, "role": role} | more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    def key(self, maker: Someone, *scopes: str, **more: Any) -> httpx.Client:
        """A program's client, by a key of that member's."""
        answer = maker.client.post("/keys", json={"name": "a key", "scopes": list(scopes or ("read:*",))} | more)
        assert answer.status_code == 201, answer.text
        return self.served.client(answer.json()["text"])

    def proposal(self) -> tuple[UUID, str]:
        proposal = uuid4()
        hashed = open_proposal(self.world, self.tenant, "industry", proposal_id=proposal)
        return proposal, hashed


def alone(world: World, **told: Any) -> Settings:
    """Of a server that counts failures by itself: what a test does wrong there slows down no other."""
    return world.settings.model_copy(update={"redis_url": None} | told)


@contextmanager
def open_house(world: World, **told: Any) -> Iterator[Served]:
    """A server of its own, while the operator lets anybody sign up."""
    with Served(alone(world, **told)) as served:
        for allowed in (True, None):
            with world.database.people() as transaction:
                put_default(transaction, FLAGS["SIGN_UP"], allowed, "the operator")
            served.app.state.services.flags.changed()
            if allowed:
                yield served


def account(world: World, name: str = "") -> tuple[str, UUID]:
    """Somebody who belongs to no tenant."""
    email = f"{name or 'p'}-{uuid4().hex[:10]}@people.example"
    return email, create_user(world.database, email, f"{name or 'Somebody'} {email[2:6]}", PASSWORD)


def enter(served: Served, email: str, user: UUID, slug: str | None = None) -> Someone:
    with served.client() as client:
        return Someone(email, user, served.client(sign_in(client, email, slug)))


def found(world: World, served: Served) -> Company:
    name = f"c-{uuid4().hex[:10]}"
    tenant = create_tenant(world.database, name, f"Company {name}")
    email, user = account(world, "owner")
    add_member(world.database, tenant, user, "owner")
    return Company(world, served, tenant, enter(served, email, user))


def operator(world: World, served: Served) -> Someone:
    """In no tenant."""
    email, user = account(world, "operator")
    with world.database.people() as transaction:
        transaction.run("insert into aos.operators (user_id) values (:user)", user=user)
    return enter(served, email, user)


def entries(world: World, tenant: Tenant | None = None) -> list[dict[str, Any]]:
    """The audit log, of one tenant or of all."""
    with psycopg.connect(world.owner_url) as owner:
        rows = owner.execute(
            "select row_to_json(a) from aos.audit a where %(t)s::uuid is null or tenant_id = %(t)s order by tenant_id, seq", {"t": tenant.id if tenant else None}
        ).fetchall()
    return [row for (row,) in rows]


Found = Callable[[], Company]
