"""The web server: Salesforce's addresses, each answered from the records; faults, sessions and counts before all of them."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from aos_cli.stand_ins.salesforce.bulk import Jobs
from aos_cli.stand_ins.salesforce.describes import described, summary
from aos_cli.stand_ins.salesforce.faults import Faults, Refusal
from aos_cli.stand_ins.salesforce.objects import Pages, Store
from aos_cli.stand_ins.salesforce.sessions import ORGANISATION, Sessions
from aos_cli.stand_ins.salesforce.soql import Query

VERSIONS = ("60.0", "62.0", "64.0")
_LONGEST_URI = 16_384
_WORTH_PACKING = 2_048
_KEPT = 100  # queries whose next pages may be asked for


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            said = json.loads(self.body)
        except ValueError as odd:
            raise Refusal(400, "JSON_PARSER_ERROR", "The HTTP entity body is required and must be JSON") from odd
        return said if isinstance(said, dict) else {}


@dataclass(frozen=True)
class Answered:
    body: bytes | str | dict[str, Any] | list[Any]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class StandIn:
    """Serves while it is entered, on 127.0.0.1. `packed`: answers are packed for who asks for it; `page`: records of a page."""

    def __init__(self, store: Store, *, port: int = 0, packed: bool = True) -> None:
        self.store, self.sessions, self.faults, self.jobs = store, Sessions(), Faults(), Jobs(store)
        self.page, self.packed = 2_000, packed
        self.asked: list[str] = []
        self._queries: dict[str, tuple[Pages, Query]] = {}
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server = uvicorn.Server(uvicorn.Config(self._app, log_level="critical", interface="asgi3", lifespan="off", timeout_keep_alive=120, timeout_graceful_shutdown=1))
        self._thread = threading.Thread(target=lambda: self._server.run(sockets=[self._socket]), daemon=True)

    def __enter__(self) -> StandIn:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = Asked(request.method, request.url.path, dict(request.query_params), dict(request.headers), await request.body())
        status, headers, body, whole = await run_in_threadpool(self._answered, asked, len(request.scope["raw_path"]) + len(request.scope["query_string"]))
        head = [(name.encode(), value.encode()) for name, value in {**headers, "content-length": str(whole)}.items()]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})

    def _answered(self, asked: Asked, length: int) -> tuple[int, dict[str, str], bytes, int]:
        """(status, headers, body, the length that is claimed for it)."""
        line = f"{asked.path}?{'&'.join(f'{name}={value}' for name, value in asked.query.items())}"
        self.asked.append(f"{asked.method} {line}")
        fault = self.faults.of(line)
        told = {"content-type": "application/json;charset=UTF-8"}
        try:
            if fault is not None and fault.late:
                time.sleep(fault.late)
            if fault is not None and fault.refusal is not None:
                raise fault.refusal
            if length > _LONGEST_URI:
                raise Refusal(414, "URI_TOO_LONG", "The URI is longer than 16,384 bytes")
            if asked.path.startswith("/services/data/v"):
                told["Sforce-Limit-Info"] = self.sessions.ask(asked.headers.get("authorization", ""))
            answer = self._route(asked)
        except Refusal as refused:
            answer = Answered([{"message": refused.message, "errorCode": refused.code}], refused.status, tuple(refused.headers.items()))
        body, headers = answer.bytes, told | dict(answer.headers)
        if fault is not None and fault.instead is not None:
            body = fault.instead
        if self.packed and len(body) > _WORTH_PACKING and "gzip" in asked.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = gzip.compress(body, compresslevel=1), "gzip"
        return answer.status, headers, body if fault is None or fault.cut is None else body[: fault.cut], len(body)

    def _route(self, asked: Asked) -> Answered:
        for method, pattern, answer in _ROUTES:
            found = pattern.fullmatch(asked.path)
            if found is not None and method == asked.method:
                return answer(self, asked, **found.groupdict())
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")

    def _token(self, asked: Asked) -> Answered:
        status, said = self.sessions.token(dict(parse_qsl(asked.body.decode())), self.url)
        return Answered(said, status)

    def _person(self, asked: Asked) -> Answered:
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.sessions.tokens:
            raise Refusal(403, "Bad_OAuth_Token", "Bad_OAuth_Token")
        person = self.sessions.person
        return Answered({"user_id": person.id, "organization_id": ORGANISATION, "preferred_username": person.username, "name": "Integration", "active": True})

    def _versions(self, asked: Asked) -> Answered:
        return Answered([{"label": one, "url": f"/services/data/v{one}", "version": one} for one in VERSIONS])

    def _resources(self, asked: Asked, version: str) -> Answered:
        return Answered({name: f"/services/data/v{version}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "jobs")})

    def _limits(self, asked: Asked, version: str) -> Answered:
        left = {"Max": self.sessions.most, "Remaining": max(0, self.sessions.most - self.sessions.used)}
        return Answered({"DailyApiRequests": left, "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000 - len(self.jobs.jobs)}})

    def _objects(self, asked: Asked, version: str) -> Answered:
        return Answered({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [summary(one, version) for one in self.store.objects.values() if one.seen]})

    def _describe(self, asked: Asked, version: str, name: str) -> Answered:
        try:
            return Answered(described(self.store.seen(name), version))
        except Refusal as unknown:
            raise Refusal(404, "NOT_FOUND", "The requested resource does not exist") from unknown

    def _query(self, asked: Asked, version: str, which: str) -> Answered:
        deleted = which == "queryAll"
        query = self.store.parse(asked.query.get("q", ""))
        total = self.store.count(query, deleted=deleted)
        if not query.fields:
            return Answered({"totalSize": total, "done": True, "records": []})
        identity = f"01g{len(self.asked):012d}AAA"
        self._queries[identity] = Pages(self.store, self.store.json(query, deleted=deleted, version=version), total, ","), query
        for old in list(self._queries)[:-_KEPT]:
            del self._queries[old]
        return self._page(version, which, identity, 0, asked)

    def _more(self, asked: Asked, version: str, which: str, identity: str, start: str) -> Answered:
        if identity not in self._queries:
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(version, which, identity, int(start), asked)

    def _page(self, version: str, which: str, identity: str, start: int, asked: Asked) -> Answered:
        pages, query = self._queries[identity]
        self.store.still(query)
        wanted = re.search(r"batchSize=(\d+)", asked.headers.get("sforce-query-options", ""))
        rows, many = pages.page(start, min(self.page, max(200, int(wanted[1])) if wanted else self.page))
        end = start + many
        following = "" if end >= pages.total else f',"nextRecordsUrl":"/services/data/v{version}/{which}/{identity}-{end}"'
        return Answered(f'{{"totalSize":{pages.total},"done":{str(not following).lower()}{following},"records":[{rows}]}}')

    def _make_job(self, asked: Asked, version: str) -> Answered:
        return Answered(self.jobs.make(asked.json(), version))

    def _look_at_job(self, asked: Asked, version: str, job: str) -> Answered:
        return Answered(self.jobs.look(job, version))

    def _change_job(self, asked: Asked, version: str, job: str) -> Answered:
        return Answered(self.jobs.change(job, asked.json(), version))

    def _forget_job(self, asked: Asked, version: str, job: str) -> Answered:
        self.jobs.forget(job)
        return Answered(b"", 204)

    def _results(self, asked: Asked, version: str, job: str) -> Answered:
        text, headers = self.jobs.results(job, asked.query.get("locator", ""), int(asked.query.get("maxRecords", "0")))
        return Answered(text, headers=(*headers.items(), ("content-type", "text/csv")))


def _at(method: str, pattern: str, answer: Callable[..., Answered]) -> tuple[str, re.Pattern[str], Callable[..., Answered]]:
    return method, re.compile(pattern.replace("DATA", f"/services/data/v(?P<version>{'|'.join(map(re.escape, VERSIONS))})")), answer


_ROUTES = (
    _at("POST", "/services/oauth2/token", StandIn._token),
    _at("GET", "/services/oauth2/userinfo", StandIn._person),
    _at("GET", r"/id/\w+/\w+", StandIn._person),
    _at("GET", "/services/data/?", StandIn._versions),
    _at("GET", "DATA/?", StandIn._resources),
    _at("GET", "DATA/limits/?", StandIn._limits),
    _at("GET", "DATA/sobjects/?", StandIn._objects),
    _at("GET", r"DATA/sobjects/(?P<name>\w+)/describe/?", StandIn._describe),
    _at("GET", "DATA/(?P<which>query|queryAll)/?", StandIn._query),
    _at("GET", r"DATA/(?P<which>query|queryAll)/(?P<identity>\w+)-(?P<start>\d+)", StandIn._more),
    _at("POST", "DATA/jobs/query/?", StandIn._make_job),
    _at("GET", r"DATA/jobs/query/(?P<job>\w+)", StandIn._look_at_job),
    _at("PATCH", r"DATA/jobs/query/(?P<job>\w+)", StandIn._change_job),
    _at("DELETE", r"DATA/jobs/query/(?P<job>\w+)", StandIn._forget_job),
    _at("GET", r"DATA/jobs/query/(?P<job>\w+)/results", StandIn._results),
)
