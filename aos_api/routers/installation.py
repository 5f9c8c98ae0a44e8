"""What the operator sets for tenants: how much each may use, and how flags stand where a tenant says nothing."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from aos_api.dependencies import Held, Services, operator_may
from aos_api.errors import problems
from aos_api.identity import Person
from aos_api.routers.models import example
from aos_api.routers.usage import UsageSeen, UseSeen
from aos_core.flags import FLAGS, Flag, flag_named, known
from aos_core.tenancy import Tenant
from aos_resources import quotas
from aos_resources.audit import Entry, record
from aos_resources.flags import put_default
from aos_resources.operating import one_tenant
from aos_resources.people import reading_people

router = APIRouter(prefix="/operator", tags=["operator"])
Reading = Annotated[Person, Depends(operator_may("read", "tenants"))]
Changing = Annotated[Person, Depends(operator_may("change", "tenants"))]
Named = Annotated[str, Path(max_length=60, description="As the list has it.", examples=["SIGN_UP"])]
_FLAG = {"name": "SIGN_UP", "meaning": "Anybody may make a tenant of their own.", "enabled": False, "said_by": "default", "everywhere_only": True}


class Limit(BaseModel):
    model_config = example(most=1000000)

    most: int | None = Field(ge=0, lt=2**62, description="None takes the limit away.")


class DefaultSeen(BaseModel):
    model_config = example(_FLAG)

    name: str
    meaning: str
    enabled: bool
    said_by: Literal["installation", "default"] = Field(description="Whose word `enabled` is.")
    everywhere_only: bool = Field(description="Whether tenants have no say in it.")


class DefaultList(BaseModel):
    items: list[DefaultSeen]


class Default(BaseModel):
    model_config = example(enabled=True)

    enabled: bool | None = Field(description="None takes the installation's word back.")


@router.get("/tenants/{tenant_id}/quotas", summary="What a tenant uses of what it may", responses=problems(401, 403, 404, 410, 422, 503))
def read_quotas(tenant_id: UUID, person: Reading, held: Held) -> UsageSeen:
    """Counts only: no row of the tenant is looked at."""
    return _usage(held, _tenant(held, tenant_id))


@router.put("/tenants/{tenant_id}/quotas/{name}", summary="Say how much a tenant may use", responses=problems(401, 403, 404, 410, 422, 503))
def change_quota(tenant_id: UUID, name: Literal["connections", "rows", "language_model_spend"], body: Limit, person: Changing, held: Held) -> UsageSeen:
    """What goes beyond it is refused from now on; nothing that is there is taken away."""
    tenant = _tenant(held, tenant_id)
    quotas.set_quota(held.database, tenant, name, body.most, person.actor)
    return _usage(held, tenant)


@router.get("/flags", summary="How flags stand where a tenant says nothing", responses=problems(401, 403, 503))
def list_flag_defaults(person: Reading, held: Held) -> DefaultList:
    return DefaultList(items=[_seen(held, FLAGS[name]) for name in known(of_a_tenant=False)])


@router.put("/flags/{name}", summary="Say how a flag stands where a tenant says nothing", responses=problems(401, 403, 404, 422, 503))
def change_flag_default(name: Named, body: Default, person: Changing, held: Held) -> DefaultSeen:
    flag = flag_named(name, of_a_tenant=False)
    before, after = {"enabled": held.flags.standing().everywhere.get(flag.name)}, {"enabled": body.enabled}
    with reading_people(held.database) as people:
        put_default(people, flag, body.enabled, person.actor.name)
        record(people, Entry(person.actor, "change", "flags", flag.name, before, after, dict(after)))
    held.flags.changed()
    return _said(flag, flag.default if body.enabled is None else body.enabled, body.enabled is not None)


def _tenant(held: Services, tenant_id: UUID) -> Tenant:
    with reading_people(held.database) as people:
        seen = one_tenant(people, tenant_id)
    return Tenant(seen.id, seen.slug)


def _usage(held: Services, tenant: Tenant) -> UsageSeen:
    with held.database.of(tenant).transaction() as transaction:
        return UsageSeen(items=[UseSeen(name=one.name, used=one.used, most=one.most, resets_at=one.resets_at) for one in quotas.usage(transaction)])


def _seen(held: Services, flag: Flag) -> DefaultSeen:
    standing = held.flags.standing()
    return _said(flag, standing.on(flag.name), flag.name in standing.everywhere)


def _said(flag: Flag, enabled: bool, by_installation: bool) -> DefaultSeen:
    return DefaultSeen(
        name=flag.name, meaning=flag.meaning, enabled=enabled, said_by="installation" if by_installation else "default",
        everywhere_only=flag.everywhere_only,
    )  # fmt: skip
