"""What other services say, read without trust: findings of a discovery service, jobs of an Airbyte."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from aos_core.airbyte_jobs import read_connections, read_jobs
from aos_core.findings import Finding, read_finding

MINE, THEIRS = UUID(int=1), UUID(int=2)


def asset(**said: Any) -> dict[str, Any]:
    return {"asset_id": "asset-001", "uri": "postgresql://reader:hunter2@db.example.com:6432/crm?sslmode=require", "kind": "db", "vendor": "AWS", "state": "READY_FOR_CONNECT"} | said


def test_a_finding_is_read_as_settings_without_its_secret() -> None:
    found = read_finding(asset())
    config = {"host": "db.example.com", "port": 6432, "database": "crm", "user": "reader"}
    assert found == Finding("asset-001", "db.example.com:6432 crm (asset-001)", "postgres", config)
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    ("said", "source"),
    [({"uri": "acme", "vendor": "Salesforce"}, "salesforce"), ({"uri": "mongodb+srv://c.example.com/x"}, "mongodb"), ({"uri": "gcp-sql-prod", "vendor": "GCP"}, "gcp"), ({"uri": "x", "vendor": None, "kind": None}, "unknown")],
)
def test_vendors_and_schemes_name_a_kind_and_unknown_ones_stay_what_they_are(said: dict[str, Any], source: str) -> None:
    found = read_finding(asset(**said))
    assert found is not None and found.source == source


@pytest.mark.parametrize("said", [{"state": "PARKED"}, {"asset_id": None}, {"asset_id": "x" * 201}, {"uri": ""}, {"uri": 7}])
def test_what_is_not_ready_or_not_of_the_form_is_passed_by(said: dict[str, Any]) -> None:
    assert read_finding(asset(**said)) is None
    assert read_finding("asset") is None


def connections() -> dict[str, Any]:
    return {"data": [{"connectionId": "c-1", "name": "crm", "workspaceId": str(MINE)}, {"connectionId": "c-2", "name": "theirs", "workspaceId": str(THEIRS)}]}


def job(**said: Any) -> dict[str, Any]:
    return {"jobId": 7, "status": "succeeded", "jobType": "sync", "startTime": "2026-03-02T09:30:00Z", "connectionId": "c-1", "lastUpdatedAt": "2026-03-02T09:31:00Z", "rowsSynced": 40, "bytesSynced": 900} | said


def test_jobs_of_another_workspace_are_dropped_even_where_the_server_gives_them() -> None:
    known = read_connections(connections(), MINE)
    assert known == {"c-1": "crm"}
    (found,) = read_jobs({"data": [job(), job(jobId=8, connectionId="c-2"), job(jobId=9, connectionId=None)]}, MINE, known)
    assert (found.connection, found.state, found.number, found.rows, found.bytes) == ("crm", "succeeded", "7", 40, 900)


@pytest.mark.parametrize(("status", "state"), [("pending", "running"), ("running", "running"), ("incomplete", "failed"), ("failed", "failed"), ("cancelled", "cancelled")])
def test_a_job_stands_as_a_sync_of_ours_would(status: str, state: str) -> None:
    (found,) = read_jobs({"data": [job(status=status)]}, MINE, {"c-1": "crm"})
    assert (found.state, found.ended_at is None) == (state, state == "running")


@pytest.mark.parametrize("said", [{"status": "dancing"}, {"startTime": "yesterday"}, {"startTime": None}, {"connectionId": "c-9"}])
def test_a_job_that_cannot_be_read_is_left_out(said: dict[str, Any]) -> None:
    assert read_jobs({"data": [job(**said)]}, MINE, {"c-1": "crm"}) == []
    assert read_jobs("nothing", MINE, {}) == read_jobs({"data": None}, MINE, {}) == []
