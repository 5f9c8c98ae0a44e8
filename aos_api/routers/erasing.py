"""Erasing a tenant, over HTTP: by its owner, or by the operator of the installation. There is no way back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.dependencies import Held, Services, Workspace, operator_may, who_may
from aos_api.errors import problems
from aos_api.identity import Person
from aos_api.routers.models import ID, example
from aos_core.errors import NotUnderstood
from aos_core.tenancy import Tenant, tenant_named
from aos_resources.audit import Actor
from aos_resources.erasing import erase

router = APIRouter(tags=["tenant"])
Owning = Annotated[Workspace, Depends(who_may("erase", "tenant"))]
Operating = Annotated[Person, Depends(operator_may("erase", "tenants"))]

_REPORT: dict[str, Any] = {
    "report": {"tenant": ID, "asked_by": "a person of the tenant", "removed": {"rows": {"landings": 12}, "lake": 40}, "left": {"rows": {}, "lake": 0}},
    "key": "MCowBQYDK2VwAyEA", "signature": "c2lnbmVk", "now": True,
}  # fmt: skip


class ErasureWish(BaseModel):
    model_config = example(slug="acme")

    slug: str = Field(max_length=40, description="The tenant's short name, once more.")


class ErasureSigned(BaseModel):
    """What was removed from every store, what is left, what may still hold bytes for a while: signed by the installation."""

    model_config = example(_REPORT)

    report: dict[str, Any]
    key: str = Field(description="The Ed25519 key that verifies the signature, as base64.")
    signature: str
    now: bool = Field(description="False where it had been erased before, and nothing was done.")


@router.post("/tenant/erasure", summary="Erase this tenant for ever", responses=problems(401, 403, 409, 410, 422, 503))
def erase_my_tenant(here: Owning, held: Held, body: ErasureWish) -> ErasureSigned:
    """Rows, files, keys, members who are in no other tenant, whatever the logs say of it. The answer is all that is left."""
    if body.slug != here.caller.tenant.slug:
        raise NotUnderstood("To erase this tenant, name it", culprit=body.slug, fix="Send its short name.")
    return _erased(held, here.caller.tenant, here.caller.actor)


@router.post("/operator/erasures", summary="Erase a tenant for ever", responses=problems(401, 403, 404, 422, 503))
def erase_a_tenant(person: Operating, held: Held, body: ErasureWish) -> ErasureSigned:
    """The same by the operator. A second time does nothing and gives the first one's report."""
    return _erased(held, tenant_named(body.slug), person.actor)


def _erased(held: Services, tenant: Tenant, actor: Actor) -> ErasureSigned:
    done = erase(held.settings, held.database, tenant, actor)
    held.tokens.forget(lambda session: session.claims.tenant_id == tenant.id)
    held.keys.forget(lambda key: key.tenant == tenant)
    return ErasureSigned.model_validate(done.signed | {"now": done.now})
