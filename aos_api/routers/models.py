"""Forms that several nouns answer with: versions, balances, a mapping beside its balance."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

ID = "0b8e7a52-6a0e-4a9b-9a54-0f5c2c6f9d10"
AT = "2026-03-02T09:30:00Z"


def example(given: dict[str, Any] | None = None, /, **values: Any) -> ConfigDict:
    """A form's example, shown in the API's documentation."""
    return ConfigDict(json_schema_extra={"example": (given or {}) | values})


class VersionSeen(BaseModel):
    """Which published version of the tenant's warehouse the answer is of."""

    model_config = example(id=ID, published_at=AT, applied_seq=412)

    id: UUID
    published_at: datetime
    applied_seq: int = Field(description="Everything up to this number of the tenant is in it.")


class Trouble(BaseModel):
    """Why something failed, in a sentence. `masked`: the reason may quote values that are masked for your role."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"example": {"what": "The file could not be parsed."}}
    )

    what: str = ""


READ: dict[str, Any] = {
    "stream_id": ID, "stream": "accounts", "read": 1200, "landed": 40, "unchanged": 1158, "rejected": 2, "deleted": 3,
    "rejects": [{"line": 17, "reason": "too many columns", "text": "a,b,c,d"}], "error": None, "balanced": True,
    "state": "done", "bytes": 20480, "seconds": 1.4, "said": {}, "changed": ["Sector is new"],
}  # fmt: skip


class ReadingBalance(BaseModel):
    """One stream of one sync: read = landed + unchanged + rejected; deletions are counted apart."""

    model_config = example(READ)

    stream_id: UUID
    stream: str
    read: int
    landed: int
    unchanged: int
    rejected: int
    deleted: int
    rejects: list[dict[str, Any]] = Field(
        description="Rows that could not be parsed, a sample; only their places where your role sees anything masked."
    )
    error: Trouble | None
    balanced: bool
    state: Literal["reading", "done", "failed", "held", "cancelled"] = Field(
        description="`held`: so many rows would vanish that somebody must say so first."
    )
    bytes: int = Field(description="Of what landed.")
    seconds: float
    said: dict[str, Any] = Field(description="What the reading says of itself beyond its figures.")
    changed: list[str] = Field(description="What became of the stream's columns since the sync before, in words.")


class MappingBalance(BaseModel):
    """landed = canonical + quarantined + held + unmapped + duplicate; deletions are counted apart."""

    landed: int
    canonical: int
    quarantined: int
    held: int
    unmapped: int
    duplicate: int
    deleted: int
    cell_issues: int = Field(description="Values that could not be read in rows that went on without them.")
    waiting: int = Field(description="Rows that have landed and that the next run will map.")
    balanced: bool


MADE: dict[str, Any] = {
    "stream_id": ID, "stream": "crm/accounts", "mapping_id": ID, "entity": "account", "version": 3, "state": "active",
    "made_by": "auto", "created_at": AT,
    "balance": {
        "landed": 40, "canonical": 37, "quarantined": 2, "held": 0, "unmapped": 1, "duplicate": 0, "deleted": 3,
        "cell_issues": 5, "waiting": 0, "balanced": True,
    },
}  # fmt: skip


class MappingSeen(BaseModel):
    """What a mapping makes of a stream. Without a mapping, everything of the stream is unmapped."""

    model_config = example(MADE)

    stream_id: UUID
    stream: str
    mapping_id: UUID | None
    entity: str | None
    version: int | None
    state: Literal["active", "held", "superseded"] | None
    made_by: str | None
    created_at: datetime | None
    balance: MappingBalance
