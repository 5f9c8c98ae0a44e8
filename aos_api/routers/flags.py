"""A tenant's flags over HTTP: how each stands and whose word that is, and turning them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.routers.models import example
from aos_core.flags import Flag, Standing, flag_named, known
from aos_core.tenancy import Tenant
from aos_resources.flags import put_flag, reset_flag

router = APIRouter(prefix="/flags", tags=["flags"])
Reading = Annotated[Workspace, Depends(who_may("read", "flags"))]
Changing = Annotated[Workspace, Depends(who_may("change", "flags"))]
Named = Annotated[str, Path(max_length=60, description="As the list has it.", examples=["SCHEDULED_REFRESH"])]


class FlagSeen(BaseModel):
    model_config = example(name="SCHEDULED_REFRESH", meaning="The schedule reads what changed.", enabled=True, said_by="default", default=True)

    name: str
    meaning: str
    enabled: bool
    said_by: Literal["tenant", "installation", "default"] = Field(description="Whose word `enabled` is.")
    default: bool = Field(description="How it stands where the tenant says nothing.")


class FlagList(BaseModel):
    items: list[FlagSeen]


class FlagTurned(BaseModel):
    model_config = example(enabled=False)

    enabled: bool


@router.get("", summary="How the flags stand", responses=problems(401, 403, 503))
def list_flags(here: Reading, held: Held) -> FlagList:
    standing = held.flags.standing()
    return FlagList(items=[_seen(flag_named(name, of_a_tenant=True), standing, here.caller.tenant) for name in known(of_a_tenant=True)])


@router.put("/{name}", summary="Turn a flag on or off", responses=problems(401, 403, 404, 422, 503))
def turn_flag(here: Changing, held: Held, name: Named, body: FlagTurned) -> FlagSeen:
    """Every process of the installation knows it within a second, or two where Redis is away."""
    flag = flag_named(name, of_a_tenant=True)

    def effect(change: Change) -> FlagSeen:
        _note(change, held.flags.standing(), flag, here.caller.tenant, body.enabled)
        put_flag(change.transaction, flag, body.enabled, here.caller.name)
        return _turned(held.flags.standing(), flag, here.caller.tenant, body.enabled)

    answer = here.change(FlagSeen, effect, subject=flag.name)
    held.flags.changed()
    return answer


@router.delete("/{name}", summary="Let a flag stand as the installation has it", responses=problems(401, 403, 404, 422, 503))
def reset_flag_to_default(here: Changing, held: Held, name: Named) -> FlagSeen:
    flag = flag_named(name, of_a_tenant=True)

    def effect(change: Change) -> FlagSeen:
        _note(change, held.flags.standing(), flag, here.caller.tenant, None)
        reset_flag(change.transaction, flag)
        return _turned(held.flags.standing(), flag, here.caller.tenant, None)

    answer = here.change(FlagSeen, effect, subject=flag.name)
    held.flags.changed()
    return answer


def _note(change: Change, standing: Standing, flag: Flag, tenant: Tenant, enabled: bool | None) -> None:
    change.before = {"enabled": standing.tenants.get((tenant.id, flag.name))}
    change.after = change.detail = {"enabled": enabled}


def _turned(standing: Standing, flag: Flag, tenant: Tenant, enabled: bool | None) -> FlagSeen:
    """As it will stand once the change is committed."""
    others = {name: said for name, said in standing.tenants.items() if name != (tenant.id, flag.name)}
    own = {} if enabled is None else {(tenant.id, str(flag.name)): enabled}
    return _seen(flag, Standing({**others, **own}, standing.everywhere), tenant)


def _seen(flag: Flag, standing: Standing, tenant: Tenant) -> FlagSeen:
    return FlagSeen(
        name=flag.name, meaning=flag.meaning, enabled=standing.on(flag.name, tenant), said_by=standing.said_by(flag.name, tenant),
        default=standing.on(flag.name),
    )  # fmt: skip
