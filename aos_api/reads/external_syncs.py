"""Jobs of an external Airbyte beside our own syncs: a tenant's own workspace alone, and an Airbyte that is away hides nothing."""

from __future__ import annotations

from typing import Any

from aos_api.masking import Mask
from aos_core.airbyte_jobs import Job
from aos_core.errors import AosError
from aos_resources.airbyte import Airbyte
from aos_resources.database import TenantDatabase
from aos_resources.tenant_settings import airbyte_workspace_of


def with_external(database: TenantDatabase, airbyte: Airbyte, ours: list[dict[str, Any]], limit: int, mask: Mask) -> dict[str, Any]:
    """The newest of both; why the external ones are missing, where they are."""
    if not airbyte.there:
        return {"items": ours}
    with database.transaction() as transaction:
        workspace = airbyte_workspace_of(transaction)
    if workspace is None:
        return {"items": ours}
    try:
        jobs = airbyte.jobs(workspace)
    except AosError as away:
        return {"items": ours, "away": mask.trouble({"code": away.code, "what": away.what, "culprit": "airbyte", "fix": ""})}
    together = sorted([*ours, *map(_sync, jobs)], key=lambda one: one["started_at"], reverse=True)
    return {"items": together[:limit]}


def _sync(job: Job) -> dict[str, Any]:
    said = {"job": job.number, "kind": job.kind, "rows": job.rows, "bytes": job.bytes}
    return {
        "id": job.id, "connection_id": None, "connection": job.connection, "state": job.state, "started_at": job.started_at, "ended_at": job.ended_at,
        "error": None, "run_id": None, "streams": [], "balanced": True, "external": "airbyte", "said": said,
    }  # fmt: skip
