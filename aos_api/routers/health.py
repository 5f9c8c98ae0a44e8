"""Whether the process is up, and whether it can serve. No credentials, no tenant's rows."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from aos_api.dependencies import Held
from aos_api.reads.readiness import readiness
from aos_api.routers.models import example

router = APIRouter(tags=["health"])


class Health(BaseModel):
    model_config = example(status="up")

    status: Literal["up"] = "up"


class Check(BaseModel):
    model_config = example(name="database", ready=True, problem="")

    name: str
    ready: bool
    problem: str = Field(description="What is not ready; empty where it is.")


class Readiness(BaseModel):
    ready: bool
    checks: list[Check]


@router.get("/health", summary="Is the process up?")
def read_health() -> Health:
    return Health()


@router.get(
    "/ready", summary="Can it serve?", responses={503: {"model": Readiness, "description": "Not ready"}}
)
def read_readiness(held: Held, response: Response) -> Readiness:
    """Says what is not ready."""
    checks = [Check.model_validate(one) for one in readiness(held.database)]
    ready = all(one.ready for one in checks)
    if not ready:
        response.status_code = 503
    return Readiness(ready=ready, checks=checks)
