"""Every error as one form (RFC 9457): the only translation of the error tree into HTTP."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from aos_api.protection import security_headers, trace_of
from aos_core.errors import (
    AosError,
    FixTheSource,
    Gone,
    NeedsADecision,
    NotAllowed,
    NotFound,
    NotSignedIn,
    NotUnderstood,
    QuotaReached,
    TryAgain,
)
from aos_resources.idempotency import Twin

_LOG = logging.getLogger(__name__)
PROBLEM_TYPE = "application/problem+json"
_PAUSE = "2"  # seconds


class TooMany(TryAgain):
    """Asked too often; `seconds` says when to come back."""

    code = "too_many"

    def __init__(self, what: str, *, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(what, fix=f"Try again in {seconds} seconds.")


class Problem(BaseModel):
    """What went wrong, which thing it was, and what to do about it."""

    type: str = Field(description="A name for this kind of problem.", examples=["urn:aos:problem:not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="A sentence for people.", examples=["No such connection."])
    code: str = Field(description="A stable word for programs.", examples=["not_found"])
    culprit: str = Field(default="", description="The thing that it is about.", examples=[""])
    fix: str = Field(default="", description="What to do about it.", examples=[""])
    trace_id: str = Field(
        description="Also in the server's log.", examples=["4bf92f3577b34da6a3ce929d0e0e4736"]
    )
    errors: list[dict[str, str]] = Field(
        default_factory=list,
        description="Each part of the request that is not of the asked form.",
        examples=[[]],
    )


# The most special first: the first that fits decides.
_STATUS: tuple[tuple[type[AosError], int], ...] = (
    (Gone, 410),
    (TooMany, 429),
    (QuotaReached, 429),
    (NotFound, 404),
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotUnderstood, 422),
    (NeedsADecision, 409),
    (FixTheSource, 424),
    (Twin, 409),
    (TryAgain, 503),
)


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    code: str,
    culprit: str = "",
    fix: str = "",
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    said = Problem(
        type=f"urn:aos:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        culprit=culprit,
        fix=fix,
        trace_id=trace_of(request.scope),
        errors=errors or [],
    )
    return JSONResponse(said.model_dump(), status_code=status, media_type=PROBLEM_TYPE, headers=headers)


def answer_known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AosError)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TryAgain):
        headers["Retry-After"] = str(error.seconds) if isinstance(error, TooMany) else _PAUSE
    if isinstance(error, QuotaReached) and error.resets_at is not None:
        headers["Retry-After"] = str(max(1, math.ceil((error.resets_at - datetime.now(UTC)).total_seconds())))
    return problem(
        request,
        status,
        error.sentence,
        code=error.code,
        culprit=error.culprit,
        fix=error.fix,
        headers=headers,
    )


def answer_invalid(request: Request, error: Exception) -> JSONResponse:
    """What was sent is never repeated: it may hold a password."""
    assert isinstance(error, RequestValidationError)
    errors = [{"where": ".".join(map(str, one["loc"])), "what": str(one["msg"])} for one in error.errors()]
    first = errors[0]["where"] if errors else ""
    return problem(
        request,
        422,
        "The request is not of the asked form.",
        code="not_understood",
        culprit=first,
        errors=errors,
    )


def answer_http(request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: no such path, wrong verb, broken JSON."""
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    headers = dict(error.headers) if error.headers else None
    return problem(request, error.status_code, f"{error.detail}.", code=code, headers=headers)


def answer_away(request: Request, error: Exception) -> JSONResponse:
    return answer_known(request, TryAgain("The database did not answer", fix="Try again in a moment."))


def answer_unreadable(request: Request, error: Exception) -> JSONResponse:
    """A value that Postgres cannot hold, such as a text with a zero byte."""
    return answer_known(request, NotUnderstood("A value of the request cannot be stored"))


def answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    """Logged with its trace id; nothing of it leaves. Outside the middleware, so it carries the headers itself."""
    _LOG.error("unexpected error, trace %s", trace_of(request.scope), exc_info=error)
    headers = security_headers(request.scope)
    return problem(request, 500, "Something went wrong here.", code="unexpected", headers=headers)


async def answer_nobody(request: Request, error: Exception) -> Response:
    """Whoever asked hung up in the middle: no fault of ours, and nobody reads this."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def install(app: FastAPI) -> None:
    app.add_exception_handler(AosError, answer_known)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(HTTPException, answer_http)
    app.add_exception_handler(OperationalError, answer_away)
    app.add_exception_handler(PoolTimeout, answer_away)
    app.add_exception_handler(DataError, answer_unreadable)
    app.add_exception_handler(ClientDisconnect, answer_nobody)
    app.add_exception_handler(Exception, answer_unexpected)


_EXAMPLES: dict[int, tuple[str, str]] = {
    401: ("not_signed_in", "There are no credentials."),
    403: ("not_allowed", "Your role may not decide proposals (viewer)."),
    404: ("not_found", "There is no such thing here."),
    409: ("needs_a_decision", "This proposal is approved already (crm/Account)."),
    410: ("gone", "This id was issued, but nothing stands under it any more."),
    413: ("too_large", "A request has at most 1,048,576 bytes and says how many."),
    422: ("not_understood", "The request is not of the asked form."),
    424: ("fix_the_source", "The database could not be read (crm.example.com). Its password was refused."),
    429: ("too_many", "Too many attempts. Try again in 8 seconds."),
    503: ("try_again", "The database did not answer. Try again in a moment."),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How an operation documents the errors it may answer with."""
    return {status: _documented(status) for status in statuses}


def _documented(status: int) -> dict[str, Any]:
    code, detail = _EXAMPLES[status]
    title = HTTPStatus(status).phrase
    example = {
        "type": f"urn:aos:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "culprit": "",
        "fix": "",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "errors": [],
    }
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}}
    return {"description": title, "content": content}
