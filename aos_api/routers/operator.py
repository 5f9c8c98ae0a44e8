"""What the operator of the installation sees and does: tenants by name, never their rows.

Made tenants are told in the installation's own log, by their ids alone: it is never shortened, and an erased tenant's
name must not stay in it. What is done to a tenant is told in its own, where it can be read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Held, Services, operator_may
from aos_api.errors import problems
from aos_api.identity import Person
from aos_api.routers.auth import GrantedTenant
from aos_api.routers.invitations import link_to
from aos_api.routers.models import AT, ID, example
from aos_api.signing_in import granted_to
from aos_core.tenancy import Tenant
from aos_resources import operating as act
from aos_resources.audit import Entry, record
from aos_resources.operating import State
from aos_resources.people import reading_people
from aos_resources.signing_up import found_with_invitation

router = APIRouter(prefix="/operator", tags=["operator"])
Reading = Annotated[Person, Depends(operator_may("read", "tenants"))]
Creating = Annotated[Person, Depends(operator_may("create", "tenants"))]
Changing = Annotated[Person, Depends(operator_may("change", "tenants"))]
_DAYS = 7

_TENANT: dict[str, Any] = {"id": ID, "slug": "acme", "name": "Acme", "created_at": AT, "suspended_at": None, "members": 12, "state": "active"}


class TenantHeader(BaseModel):
    model_config = example(_TENANT)

    id: UUID
    slug: str
    name: str
    created_at: datetime
    suspended_at: datetime | None
    members: int
    state: State


class TenantHeaderList(BaseModel):
    items: list[TenantHeader]


class TenantWish(BaseModel):
    model_config = example(slug="initech", name="Initech", owner_email="ada@initech.example")

    slug: str = Field(max_length=40)
    name: str = Field(min_length=1, max_length=200, pattern=r"\S")
    owner_email: str = Field(min_length=3, max_length=320, description="Who is invited as its first owner.")


class OwnerWish(BaseModel):
    model_config = example(owner_email="ada@initech.example")

    owner_email: str = Field(min_length=3, max_length=320)


class TenantMade(BaseModel):
    model_config = example(tenant=_TENANT, token="Zb0s...", link="/invitation#Zb0s...")

    tenant: TenantHeader
    token: str = Field(description="Of the first owner's invitation. Shown once.")
    link: str


class MyGrants(BaseModel):
    items: list[GrantedTenant]


@router.get("/tenants", summary="Tenants of this installation", responses=problems(401, 403, 503))
def list_tenants(person: Reading, held: Held) -> TenantHeaderList:
    with reading_people(held.database) as people:
        return TenantHeaderList(items=[TenantHeader(**vars(one)) for one in act.all_tenants(people)])


@router.post("/tenants", summary="Make a tenant", status_code=201, responses=problems(401, 403, 422, 503))
def create_tenant(body: TenantWish, person: Creating, held: Held) -> TenantMade:
    """With an invitation of its first owner."""
    with reading_people(held.database) as people:
        tenant, token = found_with_invitation(people, body.slug, body.name.strip(), body.owner_email, _DAYS, person.session.user.email)
        seen = TenantHeader(**vars(act.one_tenant(people, tenant.id)))
        record(people, Entry(person.actor, "create", "tenants", str(seen.id), after=body.model_dump()))
    return TenantMade(tenant=seen, token=token, link=link_to(token))


@router.post("/tenants/{tenant_id}/invitation", summary="Invite a first owner again", status_code=201, responses=problems(401, 403, 404, 410, 422, 503))
def invite_first_owner(tenant_id: UUID, body: OwnerWish, person: Creating, held: Held) -> TenantMade:
    """While nobody is in the tenant yet."""
    with reading_people(held.database) as people:
        token = act.invite_first_owner(people, tenant_id, body.owner_email, _DAYS, person.session.user.email)
        seen = TenantHeader(**vars(act.one_tenant(people, tenant_id)))
        record(people, Entry(person.actor, "create", "invitations", str(seen.id), after=body.model_dump()))
    return TenantMade(tenant=seen, token=token, link=link_to(token))


@router.post("/tenants/{tenant_id}/suspend", summary="Suspend a tenant", responses=problems(401, 403, 404, 410, 422, 503))
def suspend_tenant(tenant_id: UUID, person: Changing, held: Held) -> TenantHeader:
    """Its sessions end and its keys are out of force, at once here and within seconds in every other process."""
    return _suspended(held, person, tenant_id, True)


@router.post("/tenants/{tenant_id}/resume", summary="Resume a tenant", responses=problems(401, 403, 404, 410, 422, 503))
def resume_tenant(tenant_id: UUID, person: Changing, held: Held) -> TenantHeader:
    """Its people sign in again; its keys are in force again."""
    return _suspended(held, person, tenant_id, False)


@router.get("/grants", summary="Tenants that let me look", responses=problems(401, 403, 503))
def list_my_grants(person: Reading, held: Held) -> MyGrants:
    given = granted_to(held, person.session.user.id)
    return MyGrants(items=[GrantedTenant(slug=one.membership.tenant.slug, name=one.membership.tenant_name, until=one.until) for one in given])


def _suspended(held: Services, person: Person, tenant: UUID, suspended: bool) -> TenantHeader:
    with reading_people(held.database) as people:
        before, after = act.suspend(people, tenant, suspended)
        said = {"from": before.state, "to": after.state}
        verb = "suspend" if suspended else "resume"
        record(people, Entry(person.actor, verb, "tenants", after.slug, before.state, after.state, said), Tenant(after.id, after.slug))
    held.tokens.forget(lambda session: session.claims.tenant_id == tenant)
    held.keys.forget(lambda key: key.tenant.id == tenant)
    return TenantHeader(**vars(after))
