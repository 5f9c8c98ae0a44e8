"""Bulk API 2.0 query jobs: made, watched, aborted, their results given page by page."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from itertools import count
from threading import Thread
from typing import Any

from aos_cli.stand_ins.salesforce.faults import Refusal
from aos_cli.stand_ins.salesforce.objects import Pages, Store
from aos_cli.stand_ins.salesforce.soql import Query

_MOST = 250_000


@dataclass
class Job:
    id: str
    operation: str
    text: str
    query: Query
    polls: int
    state: str = "UploadComplete"
    error: str = ""
    pages: Pages | None = None


class Jobs:
    """`polls`: how often a job is looked at before it is done. `failing`: what the next jobs fail with."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers = count(1)
        self.jobs: dict[str, Job] = {}
        self.polls = 1
        self.failing = ""

    def make(self, asked: dict[str, Any], version: str) -> dict[str, Any]:
        operation = asked.get("operation")
        if operation not in ("query", "queryAll"):
            raise Refusal(400, "INVALIDJOB", f"Unsupported operation: {operation}")
        query = self._store.parse(str(asked.get("query", "")))
        if not query.fields:
            raise Refusal(400, "API_ERROR", "Aggregate Relationships not supported in Bulk Query")
        if self._store.seen(query.object).flags.get("bulk") is False:
            raise Refusal(400, "INVALIDENTITY", f"Entity '{query.object}' is not supported by the Bulk API.")
        made = Job(f"750{next(self._numbers):012d}AAA", operation, str(asked["query"]), query, self.polls, error=self.failing)
        self.jobs[made.id] = made
        writing = Thread(target=self._write, args=(made,), daemon=True)
        writing.start()
        if not self._store.keeps:  # takes no time: rows are written out as they are asked for
            writing.join()
        return self._shown(made, version)

    def _write(self, job: Job) -> None:
        deleted = job.operation == "queryAll"
        job.pages = Pages(self._store, self._store.csv(job.query, deleted=deleted), self._store.count(job.query, deleted=deleted), "\n")

    def look(self, identity: str, version: str) -> dict[str, Any]:
        """Each look brings the job a step further."""
        job = self._job(identity)
        if job.state in ("UploadComplete", "InProgress"):
            job.polls -= 1
            job.state = "InProgress" if job.polls > 0 or job.pages is None else "Failed" if job.error else "JobComplete"
        return self._shown(job, version)

    def change(self, identity: str, asked: dict[str, Any], version: str) -> dict[str, Any]:
        job = self._job(identity)
        if asked.get("state") != "Aborted" or job.state not in ("UploadComplete", "InProgress"):
            raise Refusal(400, "INVALIDJOBSTATE", f"Job can not be changed in its state {job.state}")
        job.state = "Aborted"
        return self._shown(job, version)

    def forget(self, identity: str) -> None:
        self._job(identity)
        del self.jobs[identity]

    def results(self, identity: str, locator: str, most: int) -> tuple[str, dict[str, str]]:
        """CSV and its headers. A locator is where the next page begins, which nobody outside needs to know."""
        job = self._job(identity)
        if job.pages is None or job.state != "JobComplete":
            raise Refusal(400, "INVALIDJOBSTATE", "The job has no results yet")
        try:
            start = int(base64.b64decode(locator, validate=True)) if locator else 0
        except (ValueError, binascii.Error) as odd:
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid locator") from odd
        rows, many = job.pages.page(start, min(most or _MOST, _MOST))
        end = start + many
        following = base64.b64encode(str(end).encode()).decode() if end < job.pages.total else "null"
        header = ",".join(f'"{name}"' for name in job.query.fields)
        return f"{header}\n{rows}\n" if many else f"{header}\n", {"Sforce-Locator": following, "Sforce-NumberOfRecords": str(many)}

    def _job(self, identity: str) -> Job:
        if identity not in self.jobs:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
        return self.jobs[identity]

    def _shown(self, job: Job, version: str) -> dict[str, Any]:
        said = {
            "id": job.id, "operation": job.operation, "object": job.query.object, "createdById": "005000000000001AAA", "state": job.state,
            "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(version), "lineEnding": "LF", "columnDelimiter": "COMMA", "jobType": "V2Query",
        }  # fmt: skip
        if job.state == "JobComplete" and job.pages is not None:
            said |= {"numberRecordsProcessed": job.pages.total, "retries": 0, "totalProcessingTime": 1}
        if job.state == "Failed":
            said |= {"errorMessage": job.error}
        return said
