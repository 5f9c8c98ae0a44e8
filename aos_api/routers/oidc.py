"""Signing in with an OpenID Connect provider: a browser's way there and back. No token ever stands in an address of ours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import RedirectResponse

from aos_api.dependencies import Held, set_cookie
from aos_api.errors import problems
from aos_api.sign_in_elsewhere import COOKIE, PATH, SECONDS, come_back, leave
from aos_core.errors import AosError, NotAllowed, TryAgain

router = APIRouter(prefix="/auth/oidc", tags=["session"])
_TEXT = Query(max_length=4096)


@router.get(
    "/start", summary="Leave for the sign-in provider", status_code=303, response_class=RedirectResponse, responses=problems(404, 422, 503)
)
def start_oidc(request: Request, held: Held) -> RedirectResponse:
    url, kept = leave(held, _back(request))
    answer = RedirectResponse(url, status_code=303)
    # Lax: the provider's answer comes from another site, as a navigation.
    answer.set_cookie(COOKIE, kept, max_age=SECONDS, path=PATH, httponly=True, samesite="lax", secure=request.url.scheme == "https")
    return answer


@router.get(
    "/callback", summary="Come back from the sign-in provider", status_code=303, response_class=RedirectResponse, responses=problems(404, 422)
)
def finish_oidc(
    request: Request, held: Held, state: Annotated[str | None, _TEXT] = None, code: Annotated[str | None, _TEXT] = None,
    kept: Annotated[str | None, Cookie(alias=COOKIE)] = None,
) -> RedirectResponse:  # fmt: skip
    """The browser goes on to the app, signed in, or to the page for signing in, which says why not."""
    try:
        started = come_back(held, request, kept, state, code, _back(request))
    except AosError as refused:
        answer = RedirectResponse(f"/sign-in?problem={_problem(refused)}", status_code=303)
    else:
        answer = RedirectResponse("/", status_code=303)
        left = started.issued.claims.expires_at - datetime.now(UTC)
        set_cookie(request, answer, started.issued, max(0, int(left.total_seconds())))
    answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax")
    return answer


def _back(request: Request) -> str:
    return str(request.url_for("finish_oidc"))


def _problem(refused: AosError) -> str:
    """One of three words: nobody here is that person, the provider is away, the sign-in did not hold."""
    if isinstance(refused, NotAllowed):
        return "not_let_in"
    return "try_again" if isinstance(refused, TryAgain) else "refused"
