"""Whole answers, page by page: of the REST API, which is quick, and of bulk jobs, which have no bounds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import pyarrow as pa

from aos_core.errors import AosError, FixTheSource, TryAgain
from aos_resources.connectors.salesforce.api import Api
from aos_resources.connectors.salesforce.rows import Page, Reader
from aos_resources.connectors.salesforce.words import Said, failed

_LONGEST_JOB = 1_800.0  # seconds until a job is given up
_FIRST_LOOK, _LAST_LOOK = 0.5, 15.0
# Rows of a job's first page; the next ones are as many as fit into so many bytes.
_FIRST_ROWS, _PAGE_BYTES = 5_000, 4 * 1024 * 1024
_NO_BULK = {"INVALIDENTITY", "API_ERROR", "FEATURENOTENABLED", "FEATURE_NOT_ENABLED", "NOT_FOUND", "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION"}


class Pages:
    """One question's rows by the REST API. `at`: Salesforce's time as it began to answer; `left`: rows that are to come."""

    def __init__(self, api: Api, reader: Reader, text: str, about: str, *, deleted: bool = False) -> None:
        self._api, self._reader, self._about = api, reader, about
        answer = api.get("queryAll" if deleted else "query", {"q": text}, about=about)
        self.at = _date(answer.headers.get("date", ""))
        page = reader.page(answer.body)
        self.left, self._rows, self._following = page.total, page.rows, page.following

    def take(self, most: int) -> Iterator[pa.RecordBatch]:
        """Raises TryAgain where Salesforce gives other rows than it has counted."""
        while most and self.left:
            piece = self._next(most)
            most, self.left = most - piece.num_rows, self.left - piece.num_rows
            yield piece
        if self.left < 0 or (not self.left and (self._rows.num_rows or self._following)):
            raise _other_rows(self._about)

    def _next(self, most: int) -> pa.RecordBatch:
        while not self._rows.num_rows:
            if self._following is None:
                raise _other_rows(self._about)
            page: Page = self._reader.page(self._api.get(_own(self._following), about=self._about).body)
            self._rows, self._following = page.rows, page.following
        piece, self._rows = self._rows.slice(0, most), self._rows.slice(most)
        return piece


@dataclass(frozen=True)
class Results:
    batches: list[pa.RecordBatch]
    rows: int
    locator: str | None


class Job:
    """A bulk job that is done, of `total` rows. Its results are kept for days, so that a reading may go on in them."""

    def __init__(self, api: Api, reader: Reader, identity: str, total: int, about: str) -> None:
        self._api, self._reader, self._about = api, reader, about
        self.id, self.total = identity, total
        self._rows = _FIRST_ROWS

    def page(self, locator: str | None, most: int) -> Results:
        asked = {"maxRecords": str(min(self._rows, most))} | ({"locator": locator} if locator else {})
        answer = self._api.get(f"jobs/query/{quote(self.id, safe='')}/results", asked, about=self._about)
        batches = self._reader.csv(answer.body)
        rows = sum(one.num_rows for one in batches)
        if str(rows) != answer.headers.get("sforce-numberofrecords", str(rows)):
            raise _other_rows(self._about)
        self._rows = max(200, rows * _PAGE_BYTES // max(1, len(answer.body))) if rows else self._rows
        following = answer.headers.get("sforce-locator", "null")
        return Results(batches, rows, None if following in ("null", "") else following)

    def all(self, most: int) -> Iterator[pa.RecordBatch]:
        """Raises TryAgain where it gives other rows than it has counted."""
        locator, seen = None, 0
        while True:
            results = self.page(locator, most)
            yield from results.batches
            locator, seen = results.locator, seen + results.rows
            if locator is None:
                self.check(seen)
                return

    def check(self, seen: int) -> None:
        if seen != self.total:
            raise _other_rows(self._about)


def job_of(api: Api, reader: Reader, text: str, about: str, *, deleted: bool = False) -> Job | None:
    """A job, once it is done; None where the object may not be asked for in bulk.

    Raises:
        TryAgain: it takes longer than anybody should wait, and was ended. Said: it failed.
    """
    asked = {"operation": "queryAll" if deleted else "query", "query": text, "contentType": "CSV", "columnDelimiter": "COMMA", "lineEnding": "LF"}
    try:
        said = api.post("jobs/query", asked, about=about)
    except Said as no:
        if no.word in _NO_BULK:
            return None
        raise
    identity = str(said.get("id", "")) if isinstance(said, dict) else ""
    if not identity.isalnum():
        raise FixTheSource("Salesforce's answer is no job", culprit=about)
    try:
        total = _wait(api, identity, about)
    except AosError:
        with suppress(AosError):  # ended or gone already: the error that counts is the one before
            api.patch(f"jobs/query/{identity}", {"state": "Aborted"}, about=about)
        raise
    return Job(api, reader, identity, total, about)


def job_again(api: Api, reader: Reader, identity: str, about: str) -> Job | None:
    """The job of an earlier reading; None where it is no longer there."""
    try:
        said = api.get(f"jobs/query/{quote(identity, safe='')}", about=about).json()
    except Said:
        return None
    return Job(api, reader, identity, int(said["numberRecordsProcessed"]), about) if said.get("state") == "JobComplete" else None


def _wait(api: Api, identity: str, about: str) -> int:
    pause, until = _FIRST_LOOK, time.monotonic() + _LONGEST_JOB
    while True:
        said = api.get(f"jobs/query/{identity}", about=about).json()
        state = said.get("state") if isinstance(said, dict) else None
        if state == "JobComplete" and isinstance(said.get("numberRecordsProcessed"), int):
            return int(said["numberRecordsProcessed"])
        if state == "Failed":
            raise failed(str(said.get("errorMessage") or ""), about)
        if state not in ("UploadComplete", "InProgress", "Open"):
            raise TryAgain("Somebody ended the job that reads the object", culprit=f"{about}: {state}")
        if time.monotonic() > until:
            raise TryAgain("Salesforce took too long for the job that reads the object", culprit=about)
        api.sleep(pause)
        pause = min(_LAST_LOOK, pause * 1.5)


def _own(following: str) -> str:
    """The address of a next page, which is one of the same server. Raises FixTheSource where it leads elsewhere."""
    if not following.startswith("/services/data/"):
        raise FixTheSource("Salesforce's answer sends elsewhere for its next page", culprit=following[:60])
    return following


def _other_rows(about: str) -> TryAgain:
    return TryAgain("Salesforce gave other rows than it had counted", culprit=about, fix="The next reading goes on where this one stood.")


def _date(said: str) -> str | None:
    try:
        return parsedate_to_datetime(said).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    except (ValueError, TypeError):
        return None

