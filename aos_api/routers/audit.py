"""The audit log of a tenant, over HTTP: read, and checked. Nothing here writes to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from aos_api.dependencies import Held, Workspace, who_may
from aos_api.errors import problems
from aos_api.paging import After, Limit
from aos_api.reads import audit as read
from aos_api.routers.models import AT, ID, example
from aos_resources.audit_check import verify

router = APIRouter(prefix="/audit", tags=["audit"])
Reading = Annotated[Workspace, Depends(who_may("read", "audit"))]
Word = Annotated[str | None, Query(max_length=320, pattern=r"^[^\x00]*$")]

_ENTRY: dict[str, Any] = {
    "seq": 41, "id": ID, "at": AT, "actor_kind": "person", "actor_id": ID, "actor": "ada@acme.example", "verb": "decide", "noun": "proposals",
    "subject": ID, "address": "203.0.113.7", "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "before": None, "after": "9f86d081884c7d65",
    "detail": {"verdict": "approved"}, "hash": "2c26b46b68ffc68f",
}  # fmt: skip


class EntrySeen(BaseModel):
    """One act: who did what to which thing, when and from where."""

    model_config = example(_ENTRY)

    seq: int = Field(description="Its place in the tenant's log, without gaps.")
    id: UUID
    at: datetime
    actor_kind: Literal["person", "key", "operator", "process"]
    actor_id: str
    actor: str
    verb: str
    noun: str
    subject: str
    address: str
    trace: str
    before: str | None = Field(description="sha256 of what it was, as hexadecimal.")
    after: str | None = Field(description="sha256 of what it became.")
    detail: dict[str, Any]
    hash: str = Field(description="Its seal, over all of it and the seal before.")


class EntryList(BaseModel):
    items: list[EntrySeen]
    next: str | None = Field(description="Cursor of the next, older page; None at the end.")


class LogChecked(BaseModel):
    model_config = example(sound=True, entries=1412, noted=1412, first_bad=None, why="")

    sound: bool
    entries: int = Field(description="Entries from the first on that are as they were written.")
    noted: int | None = Field(description="The newest entry that was noted outside the database.")
    first_bad: int | None = Field(description="The first entry that is wrong or missing.")
    why: str


@router.get("", summary="Entries of the audit log, newest first", responses=problems(401, 403, 422, 503))
def list_audit_entries(
    here: Reading, limit: Limit = 100, cursor: After = None, actor: Word = None, noun: Word = None, verb: Word = None,
    since: AwareDatetime | None = None, until: AwareDatetime | None = None,
) -> EntryList:
    """Filtered by who acted (a name or an id), on which kind of thing, how and when."""
    with here.database.transaction() as transaction:
        found = read.entries(transaction, limit, cursor, actor=actor, noun=noun, verb=verb, since=since, until=until)
        return EntryList.model_validate(found)


@router.get("/verify", summary="Is the audit log as it was written?", responses=problems(401, 403, 503))
def verify_audit_log(here: Reading, held: Held) -> LogChecked:
    """Follows the tenant's log from its first entry to its last."""
    found = verify(held.database, here.caller.tenant)
    return LogChecked(sound=found.sound, entries=found.entries, noted=found.noted, first_bad=found.first_bad, why=found.why)
