"""Runs: what was done for the tenant, and asking for a refresh, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from aos_api.changing import Change
from aos_api.dependencies import Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import After, Limit
from aos_api.reads import runs as act
from aos_api.routers.models import AT, ID, Trouble, example

router = APIRouter(prefix="/runs", tags=["runs"])
Reading = Annotated[Workspace, Depends(who_may("read", "runs"))]
Asking = Annotated[Workspace, Depends(who_may("ask", "runs"))]


State = Literal["running", "succeeded", "failed", "put_off"]
Stage = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z_]+$", description="Only steps of this stage.")]


class RunSeen(BaseModel):
    """One step of a run."""

    model_config = example(
        {
            "id": ID,
            "run": "0c9ee1cd-6f6a-4c43-8c4c-f0a7a9b3b6f2",
            "stage": "warehouse",
            "subject": "",
            "state": "succeeded",
            "started_at": AT,
            "ended_at": AT,
            "summary": {"rows": 1200},
            "error": None,
        }
    )

    id: UUID
    run: str | None = Field(description="The run that the step belongs to, as the orchestrator calls it.")
    stage: str
    subject: str
    state: State = Field(
        description="`put_off`: another worker was at it, and the step begins again by itself."
    )
    started_at: datetime
    ended_at: datetime | None
    summary: dict[str, Any]
    error: Trouble | None


class RunList(BaseModel):
    items: list[RunSeen]
    next: str | None = Field(description="Cursor of the next, older page; None at the end.")


class RunRequest(BaseModel):
    model_config = example(reason="New files have arrived")

    reason: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")


class Requested(BaseModel):
    """The request's number in the tenant's order of events."""

    model_config = example(seq=14)

    seq: int


@router.get("", summary="Steps of runs, newest first", responses=problems(401, 403, 422, 503))
def list_runs(
    here: Reading,
    limit: Limit = 50,
    cursor: After = None,
    stage: Stage = None,
    state: Annotated[State | None, Query(description="Only steps in this state.")] = None,
) -> RunList:
    """What ran for the tenant, step by step; the steps of one run carry its name.

    Without a filter no run is cut in two: a page may hold more steps than asked, and the next one begins with another run.
    """
    with here.database.transaction() as transaction:
        return RunList.model_validate(act.runs(transaction, limit, cursor, stage, state, here.mask))


@router.get("/{step_id}", summary="One step of a run", responses=problems(401, 403, 404, 422, 503))
def read_run_step(here: Reading, step_id: UUID) -> RunSeen:
    with here.database.transaction() as transaction:
        return RunSeen.model_validate(act.one_step(transaction, step_id, here.mask))


@router.post("", summary="Ask for a refresh", status_code=202, responses=problems(401, 403, 422, 503))
def request_run(here: Asking, body: RunRequest) -> Requested:
    """Whoever watches for requests starts the run; asking twice at once is one run."""

    def ask(change: Change) -> Requested:
        change.detail = {"reason": body.reason}
        return Requested(seq=act.ask_for_run(change.transaction, here.caller.tenant, body.reason, here.caller.name))

    return here.change(Requested, ask)
