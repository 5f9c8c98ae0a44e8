"""Masks: which roles see personal data or money masked, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.routers.models import example
from aos_core.masking import KINDS, Policy, kind_named, read_roles
from aos_core.ontology import Kind, Ontology
from aos_resources.masks import read_policy, write_mask

router = APIRouter(prefix="/masks", tags=["masks"])
Here = Annotated[Workspace, Depends(who_may("read", "masks"))]
Changing = Annotated[Workspace, Depends(who_may("change", "masks"))]

_MASK: dict[str, Any] = {"kind": "personal", "roles": ["analyst", "viewer"], "by_default": True, "fields": ["contact.email"]}


class MaskSeen(BaseModel):
    """A class of fields, and the roles for which it is masked. An owner sees everything."""

    model_config = example(_MASK)

    kind: Kind
    roles: list[str]
    by_default: bool = Field(description="The tenant has said nothing of it.")
    fields: list[str] = Field(description="The fields of the class.")


class MaskList(BaseModel):
    model_config = example(items=[_MASK], yours=["personal"])

    items: list[MaskSeen]
    yours: list[Kind] = Field(description="The classes that are masked for your role.")


class Masked(BaseModel):
    model_config = example(roles=["analyst", "viewer"])

    roles: list[Annotated[str, Field(max_length=20)]] = Field(max_length=10, description="Every role that sees the class masked; none: all see it.")


@router.get("", summary="What is masked for which roles", responses=problems(401, 403, 503))
def list_masks(here: Here) -> MaskList:
    with here.database.transaction() as transaction:
        policy = read_policy(transaction)
    items = [_seen(here.ontology, policy, kind) for kind in KINDS]
    return MaskList(items=items, yours=sorted(policy.hidden_from(here.caller.role)))


@router.put("/{kind}", summary="Mask a class of fields by role", responses=problems(401, 403, 404, 422, 503))
def change_mask(here: Changing, held: Held, kind: str, body: Masked) -> MaskSeen:
    """In force at once here, and within seconds in every other process."""
    held_by, roles = kind_named(kind), read_roles(body.roles)

    def mask(change: Change) -> MaskSeen:
        change.before = sorted(read_policy(change.transaction).masked_for(held_by))
        write_mask(change.transaction, held_by, roles, here.caller.name)
        change.transaction.announce(change.transaction.next_seq(), "masks.changed", held_by)
        change.after, change.detail = sorted(roles), {"roles": sorted(roles)}
        return _seen(here.ontology, read_policy(change.transaction), held_by)

    try:
        return here.change(MaskSeen, mask, held_by)
    finally:
        held.masks.forget(here.caller.tenant)


def _seen(ontology: Ontology, policy: Policy, kind: Kind) -> MaskSeen:
    fields = [f"{entity.name}.{one.name}" for entity in ontology.entities for one in entity.fields if one.holds == kind]
    return MaskSeen(kind=kind, roles=sorted(policy.masked_for(kind)), by_default=kind not in policy.said, fields=fields)
