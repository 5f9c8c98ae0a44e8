"""Jobs of an Airbyte server as syncs of ours: read from its public API's words, and from nothing that it does not promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

_SPACE = UUID("6f0f3c1e-7f5a-4b5c-9a58-0f1c64b5a1d7")
_STATES = {"pending": "running", "running": "running", "succeeded": "succeeded", "failed": "failed", "incomplete": "failed", "cancelled": "cancelled"}
_ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Job:
    """`id` is ours, made of the server's number in its workspace."""

    id: UUID
    connection: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    kind: str
    number: str
    rows: int | None
    bytes: int | None


def read_connections(answer: Any, workspace: UUID) -> dict[str, str]:
    """Name by id of the connections that the server says are of that workspace."""
    return {str(one["connectionId"]): str(one.get("name") or one["connectionId"])[:200] for one in _listed(answer) if _is_of(one, workspace)}


def _is_of(one: dict[str, Any], workspace: UUID) -> bool:
    return "connectionId" in one and str(one.get("workspaceId", "")).lower() == str(workspace)


def read_jobs(answer: Any, workspace: UUID, connections: dict[str, str]) -> list[Job]:
    """Jobs of those connections; a job tells not whose it is, so that what a server did not keep apart shows nowhere."""
    return [job for one in _listed(answer) if (job := _job(one, workspace, connections)) is not None]


def _job(one: dict[str, Any], workspace: UUID, connections: dict[str, str]) -> Job | None:
    name, number = connections.get(str(one.get("connectionId"))), str(one.get("jobId", one.get("id", "")))
    state, began = _STATES.get(str(one.get("status"))), _moment(one.get("startTime"))
    if name is None or state is None or began is None or not number:
        return None
    ended = _moment(one.get("lastUpdatedAt")) if state in _ENDED else None
    return Job(uuid5(_SPACE, f"{workspace} {number}"), name, state, began, ended, str(one.get("jobType", "sync"))[:40], number[:60], _count(one, "rowsSynced"), _count(one, "bytesSynced"))


def _listed(answer: Any) -> list[dict[str, Any]]:
    data = answer.get("data") if isinstance(answer, dict) else None
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []


def _count(one: dict[str, Any], name: str) -> int | None:
    said = one.get(name)
    return said if isinstance(said, int) and not isinstance(said, bool) and 0 <= said < 2**62 else None


def _moment(said: object) -> datetime | None:
    """ISO 8601 as the server writes it, with or without its zone, or seconds since 1970."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    try:
        found = datetime.fromisoformat(said.replace("Z", "+00:00")) if isinstance(said, str) else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=said)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
