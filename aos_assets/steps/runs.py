"""What ran for a tenant, stage by stage, as rows of its own: the API shows these and never asks Dagster."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from aos_core.errors import AosError, TryAgain
from aos_resources.database import as_json
from aos_resources.world import Work

_STOPPED = {"code": "try_again", "what": "The worker was stopped before it had ended", "culprit": "", "fix": "Nothing was lost; the next run goes on."}


@contextmanager
def recorded(work: Work, stage: str, subject: str, dagster_run: str) -> Iterator[tuple[UUID, dict[str, Any]]]:
    """A row from start to end; what the step puts into the dictionary is its summary.

    One that still runs under the same name was killed, or will say itself how it ended.
    """
    run_id, summary = uuid4(), dict[str, Any]()
    with work.database.transaction() as transaction:
        transaction.run(
            "update aos.runs set state = 'failed', ended_at = now(), error = cast(:error as jsonb)"
            " where state = 'running' and stage = :stage and subject = :subject",
            stage=stage, subject=subject, error=as_json(_STOPPED),
        )  # fmt: skip
        transaction.run(
            "insert into aos.runs (id, dagster_run_id, stage, subject, state) values (:id, :dagster, :stage, :subject, 'running')",
            id=run_id, dagster=dagster_run, stage=stage, subject=subject,
        )  # fmt: skip
    try:
        yield run_id, summary
    except BaseException as failed:
        _end(work, run_id, _state(failed), summary, _error(failed))
        raise
    _end(work, run_id, "succeeded", summary, None)


@contextmanager
def noted(work: Work, stage: str, dagster_run: str) -> Iterator[dict[str, Any]]:
    """The same for a stage of moments: its row is written at its end, and none where there is nothing to say."""
    summary, began = dict[str, Any](), time.monotonic()
    try:
        yield summary
    except BaseException as failed:
        _note(work, stage, dagster_run, began, _state(failed), summary, _error(failed))
        raise
    if summary:
        _note(work, stage, dagster_run, began, "succeeded", summary, None)


def _state(failed: BaseException) -> str:
    """Whoever met another worker's lease begins again by itself: nothing has failed."""
    return "put_off" if isinstance(failed, TryAgain) else "failed"


def _error(failed: BaseException) -> dict[str, str]:
    if isinstance(failed, AosError):
        return {"code": failed.code, "what": failed.what, "culprit": failed.culprit, "fix": failed.fix}
    return {"code": "unexpected", "what": f"{type(failed).__name__}: {str(failed)[:500]}", "culprit": "", "fix": "Look at the run's log."}


def _end(work: Work, run_id: UUID, state: str, summary: dict[str, Any], error: dict[str, str] | None) -> None:
    with work.database.transaction() as transaction:
        transaction.run(
            "update aos.runs set state = :state, ended_at = now(), summary = cast(:summary as jsonb), error = cast(:error as jsonb)"
            " where id = :id",
            id=run_id, state=state, summary=as_json(summary), error=as_json(error) if error else None,
        )  # fmt: skip


def _note(
    work: Work, stage: str, dagster_run: str, began: float, state: str, summary: dict[str, Any], error: dict[str, str] | None
) -> None:  # fmt: skip
    with work.database.transaction() as transaction:
        transaction.run(
            "insert into aos.runs (id, dagster_run_id, stage, state, started_at, ended_at, summary, error) values (:id, :dagster, :stage,"
            " :state, now() - make_interval(secs => :seconds), now(), cast(:summary as jsonb), cast(:error as jsonb))",
            id=uuid4(), dagster=dagster_run, stage=stage, state=state, seconds=time.monotonic() - began, summary=as_json(summary),
            error=as_json(error) if error else None,
        )  # fmt: skip
