"""Forms of connections and their syncs: what is asked with, and what is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from aos_api.routers.models import AT, ID, MADE, READ, MappingSeen, ReadingBalance, Trouble, example

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00/]*[^\x00/\s][^\x00/]*$", strip_whitespace=True)]
Source = Annotated[str, Field(max_length=60, description="The kind of source, as `GET /sources` lists them.")]
Config = Annotated[dict[str, Any], Field(description="Of the form that its kind says.")]
Secret = Annotated[dict[str, Any] | None, Field(description="Of the form that its kind says; sealed at once, and never shown.")]
Note = Annotated[str | None, Field(max_length=2_000)]
FreshMinutes = Annotated[int | None, Field(ge=1, le=525_600, description="How old its data may be; None: so long that two refreshes may be missed.")]

_CONFIG = {"host": "crm.example.com", "user": "reader"}
_LAST: dict[str, Any] = {
    "id": ID, "state": "succeeded", "started_at": AT, "ended_at": AT, "error": None, "read": 1200, "landed": 40, "deleted": 0,
    "balanced": True,
}  # fmt: skip
_PROBED = {"account": "reader at crm.example.com:5432/crm", "writable": False, "said": "", "at": AT}
CONNECTION: dict[str, Any] = {
    "id": ID, "name": "crm", "source": "postgres", "state": "active", "note": None, "config": _CONFIG, "has_secret": True, "created_at": AT,
    "streams": 3, "last_sync": _LAST, "drift": None, "next_sync_at": AT, "fresh_minutes": None, "lag_seconds": 320, "fresh": True,
    "probed": _PROBED, "syncing": None,
}  # fmt: skip
_POLICY: dict[str, Any] = {
    "id": ID, "name": "accounts", "delete_mode": "exact", "policy": {}, "selected": True, "treated": {"Phone": "hash"}, "key": ["Id"],
    "cursor_column": None, "reset_at": None, "may_vanish": None, "vanishing": None, "reading": READ, "mappings": [MADE],
}  # fmt: skip
SYNC: dict[str, Any] = {
    "id": ID, "connection_id": ID, "connection": "crm", "state": "succeeded", "started_at": AT, "ended_at": AT,
    "error": None, "run_id": None, "cancel_asked_at": None, "streams": [READ], "balanced": True, "external": None,
}  # fmt: skip
_FED = {"field": "name", "column": "Name", "confidence": 1.0, "applies": True}
SUGGESTED: dict[str, Any] = {"stream": "accounts", "entity": "account", "fields": [_FED], "complete": True}

SyncState = Literal["running", "succeeded", "failed", "cancelled"]


class LastSync(BaseModel):
    id: UUID
    state: SyncState
    started_at: datetime
    ended_at: datetime | None
    error: Trouble | None
    read: int = Field(description="Rows of all its streams; landed are those that were new or changed.")
    landed: int
    deleted: int
    balanced: bool = Field(description="Whether read = landed + unchanged + rejected in each stream.")


class Drift(BaseModel):
    streams: list[str] = Field(description="Streams whose last fingerprint has another shape than the one before.")
    seen_at: datetime


class Probed(BaseModel):
    """What the source said when it was last asked whom it lets in."""

    account: str
    writable: bool | None = Field(description="Whether these credentials may change the source; None where it cannot tell.")
    said: str = ""
    at: datetime


class Syncing(BaseModel):
    """A sync that is under way."""

    sync_id: UUID
    started_at: datetime
    read: int
    streams_done: int
    streams: int


class ConnectionSeen(BaseModel):
    """One access to one source. Its secret is never shown."""

    model_config = example(CONNECTION)

    id: UUID
    name: str
    source: str = Field(description="The kind of system.")
    state: Literal["onboarding", "active", "paused", "unauthorised"] = Field(
        description="`unauthorised`: the source does not let us in any more; a new secret makes it go on where it stopped."
    )
    note: str | None
    config: dict[str, Any]
    has_secret: bool
    created_at: datetime
    streams: int
    last_sync: LastSync | None
    drift: Drift | None
    next_sync_at: datetime | None = Field(description="By the schedule; None while the connection is not active.")
    fresh_minutes: int | None = Field(description="How old its data may be, where somebody said so.")
    lag_seconds: int | None = Field(description="Since the end of the last sync that succeeded.")
    fresh: bool
    probed: Probed | None
    syncing: Syncing | None


class ConnectionList(BaseModel):
    items: list[ConnectionSeen]


class Vanishing(BaseModel):
    """Rows that are not in the source any more, and are kept until somebody says that they may go."""

    rows: int
    of: int


class StreamBalances(BaseModel):
    """What a stream is read by, and both balances of it: of its last reading, and of each mapping that it feeds."""

    model_config = example(_POLICY)

    id: UUID
    name: str
    delete_mode: Literal["exact", "periodic", "unknown"]
    policy: dict[str, Any]
    selected: bool
    treated: dict[str, Literal["omit", "hash"]] = Field(description="Columns that do not land as they are.")
    key: list[str]
    cursor_column: str | None
    reset_at: datetime | None = Field(description="Since when it waits for being read anew from its beginning.")
    may_vanish: int | None = Field(description="So many rows may vanish at the next sync: somebody said so.")
    vanishing: Vanishing | None
    reading: ReadingBalance | None
    mappings: list[MappingSeen]


class ConnectionDetail(ConnectionSeen):
    model_config = example(CONNECTION | {"detail": []})

    detail: list[StreamBalances] = Field(description="Its streams.")


class SyncSeen(BaseModel):
    """One reading of a connection, with its balance per stream. One of an external server has no connection of ours."""

    model_config = example(SYNC)

    id: UUID
    connection_id: UUID | None
    connection: str
    state: SyncState
    started_at: datetime
    ended_at: datetime | None
    error: Trouble | None
    run_id: UUID | None
    cancel_asked_at: datetime | None = None
    streams: list[ReadingBalance]
    balanced: bool
    external: Literal["airbyte"] | None = None
    said: dict[str, Any] = Field(default={}, description="Of an external one: its rows and bytes, as the server counts them.")


class SyncList(BaseModel):
    items: list[SyncSeen]
    away: Trouble | None = Field(default=None, description="Why syncs of an external server are missing.")


class SyncShown(SyncSeen):
    model_config = example(SYNC | {"why": "the newest that moved data: 40 rows"})

    why: str


class StreamChosen(BaseModel):
    stream: str
    why: str


class Selection(BaseModel):
    """The little of much that is worth looking at."""

    model_config = example(
        syncs=[SYNC | {"why": "the newest that moved data: 40 rows"}], streams=[{"stream": "accounts", "why": "fills account: name"}], left_out=[]
    )

    syncs: list[SyncShown] = Field(description="The newest sync that moved data, and any newer that failed or was empty.")
    streams: list[StreamChosen] = Field(description="The fewest streams that fill of the ontology what all together would.")
    left_out: list[StreamChosen]


class ConnectionAsked(BaseModel):
    model_config = example(name="crm", source="postgres", config=_CONFIG, secret={"password": "..."}, note=None)

    name: Name
    source: Source
    config: Config
    secret: Secret = None
    note: Note = None


class ConnectionChange(BaseModel):
    """What is not named stays as it is."""

    model_config = example(name="sales", fresh_minutes=60)

    name: Name | None = None
    note: Note = None
    config: dict[str, Any] | None = None
    secret: Secret = None
    fresh_minutes: FreshMinutes = None


class SecretAsked(BaseModel):
    model_config = example(secret={"password": "..."})

    secret: dict[str, Any] = Field(description="Of the form that its kind says; sealed at once, and never shown.")


class Tried(BaseModel):
    """Settings that are tried out and stored nowhere."""

    model_config = example(source="postgres", config=_CONFIG, secret={"password": "..."})

    source: Source
    config: Config
    secret: Secret = None


class Refused(BaseModel):
    code: str
    what: str
    fix: str


class StreamFound(BaseModel):
    name: str
    columns: int
    key: list[str]
    cursor: str | None
    delete_mode: Literal["exact", "periodic", "unknown"]


class ProblemFound(BaseModel):
    name: str
    reason: str


class TriedSeen(BaseModel):
    """What the source said. That it refuses is an answer too."""

    model_config = example(
        account="reader at crm.example.com:5432/crm", writable=False, said="", refused=None, problems=[],
        streams=[{"name": "accounts", "columns": 12, "key": ["Id"], "cursor": None, "delete_mode": "exact"}],
    )  # fmt: skip

    account: str | None
    writable: bool | None = Field(description="Whether these credentials may change the source; None where it cannot tell.")
    said: str
    refused: Refused | None
    streams: list[StreamFound]
    problems: list[ProblemFound] = Field(description="What could not become a stream, and why.")


class PreviewAsked(BaseModel):
    model_config = example(stream="accounts", limit=20)

    stream: str = Field(min_length=1, max_length=1_000)
    limit: int = Field(default=20, ge=1, le=20)


class PreviewTried(Tried, PreviewAsked):
    model_config = example(source="postgres", config=_CONFIG, secret={"password": "..."}, stream="accounts", limit=20)


class ColumnFound(BaseModel):
    name: str
    type: str


class FedSeen(BaseModel):
    field: str
    column: str
    confidence: float
    applies: bool = Field(description="Without being asked.")


class SuggestedSeen(BaseModel):
    """What a stream would tell of an entity."""

    model_config = example(SUGGESTED)

    stream: str
    entity: str
    fields: list[FedSeen]
    complete: bool = Field(description="Every field that the entity must have applies by itself.")


class PreviewSeen(BaseModel):
    """A stream's first rows, which are stored nowhere, and what they would feed."""

    model_config = example(
        stream="accounts", columns=[{"name": "Id", "type": "integer"}], rows=[{"Id": 1}], masked=[], suggestion=[SUGGESTED]
    )

    stream: str
    columns: list[ColumnFound]
    rows: list[dict[str, Any]]
    masked: list[str] = Field(description="Columns that are masked for your role, or do not land as they are: null in every row.")
    suggestion: list[SuggestedSeen]


class CancelAsked(BaseModel):
    """The sync that ends at its next slice; what it has landed stays."""

    model_config = example(sync_id=ID)

    sync_id: UUID
