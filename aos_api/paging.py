"""Cursors of keyset pages: opaque words that say where a page ended and of what listing it was."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Annotated
from uuid import UUID

from fastapi import Query

from aos_core.errors import NotUnderstood

Limit = Annotated[int, Query(ge=1, le=500, description="Rows of a page at most.")]
After = Annotated[str | None, Query(alias="cursor", max_length=500, description="`next` of the page before.")]
_LARGEST = 2**62


def write_cursor(listing: str, at: UUID, number: int) -> str:
    """`at` and `number` place the page's end; `listing` is what was asked, filters included."""
    said = json.dumps([_mark(listing), at.hex, number], separators=(",", ":"))
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def read_cursor(listing: str, cursor: str) -> tuple[UUID, int]:
    """Where the page before ended.

    Raises:
        NotUnderstood: it is none of ours, or it belongs to another listing.
    """
    try:
        mark, at, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = UUID(at), int(number)
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as wrong:
        raise NotUnderstood("That cursor is none of ours", fix="Begin again without one.") from wrong
    if mark != _mark(listing) or not 0 <= place[1] <= _LARGEST:
        raise NotUnderstood("That cursor belongs to another listing", fix="Begin again without one.")
    return place


def _mark(listing: str) -> str:
    return hashlib.sha256(listing.encode()).hexdigest()[:12]
