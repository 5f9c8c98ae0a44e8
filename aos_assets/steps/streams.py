"""Streams as the control plane knows them: remembered at discovery, read back before each reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from aos_assets.steps.states import State
from aos_resources.discovered import remember as remember
from aos_resources.discovered import remember_dictionaries as remember_dictionaries
from aos_resources.world import Work


@dataclass(frozen=True)
class Pass:
    """A reading in slices that has begun and not ended. `seen`: files of the keys that it met, which its end needs to tell what is gone.

    `fresh`: nothing was landed before it, so nothing can be gone. `reset`: the person's word that it follows.
    """

    reading: str
    seen: tuple[Path, ...] = ()
    fresh: bool = False
    reset: str | None = None


@dataclass(frozen=True)
class Stored:
    """A stream as the control plane knows it before this reading.

    `going`: the pass to go on with. `reset`: when a person asked for a reading from zero that has not ended yet; until it has,
    every row lands again and what it does not meet is gone. `fields`: the names at the last fingerprint. `deletes`: whether what is
    gone from the source goes here.
    """

    id: UUID
    key: tuple[str, ...]
    key_origin: str
    state: State
    parts: dict[str, dict[str, Any]]
    cursor: str | None
    described: dict[str, str]
    fields: frozenset[str] | None
    selected: bool = True
    deletes: bool = True
    treated: dict[str, str] = field(default_factory=dict)
    may_vanish: int = 0
    going: Pass | None = None
    reset: str | None = None


def read_stored(work: Work, stream_id: UUID, name: str, connection_id: UUID) -> Stored:
    with work.database.transaction() as transaction:
        row = transaction.one(
            "stream",
            "select s.*, l.paths as state_paths, l.rows as state_rows, l.parts as parts, c.position as position,"
            " (select jsonb_path_query_array(f.fields, '$[*].name') from aos.fingerprints f where f.stream_id = s.id order by f.seq desc limit 1) as fields"
            " from aos.streams s left join aos.latest_states l on l.stream_id = s.id left join aos.cursors c on c.stream_id = s.id"
            " where s.id = :id",
            id=stream_id,
        )
        told = transaction.all("select entries from aos.dictionaries where connection_id = :id", id=connection_id)
    entries = [entry for one in told for entry in one["entries"]]
    position, reset = row["position"] or {}, row["reset_at"].isoformat() if row["reset_at"] else None
    going = _going(work, position.get("pass"))
    fresh_start = reset is not None and (going is None or going.reset != reset)  # what was read before the word counts no more
    return Stored(
        id=stream_id,
        key=tuple(row["key"]),
        key_origin=row["key_origin"],
        state=State(tuple(work.lake.absolute(path) for path in row["state_paths"] or ()), row["state_rows"] or 0),
        parts=row["parts"] or {},
        cursor=None if fresh_start else position.get("after"),
        described={entry["field"]: entry["description"] for entry in entries if entry["table"].lower() == name.lower()},
        fields=frozenset(row["fields"]) if row["fields"] is not None else None,
        selected=row["selected"],
        deletes=row["delete_mode"] != "unknown",
        treated=row["treated"],
        may_vanish=row["may_vanish"] or 0,
        going=None if fresh_start else going,
        reset=reset,
    )


def _going(work: Work, told: dict[str, Any] | None) -> Pass | None:
    if told is None:
        return None
    return Pass(told["reading"], tuple(work.lake.absolute(path) for path in told["seen"]), told["fresh"], told["reset"])
