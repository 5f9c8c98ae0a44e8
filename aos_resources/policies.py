"""How a stream is read, as people say it: which key, which columns, what may vanish, and reading it anew. Landing does the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping

from aos_core.errors import NeedsADecision, NotUnderstood
from aos_resources.database import Transaction, as_json

Treatment = Literal["keep", "omit", "hash"]
_STREAM = """
select s.*, (select f.fields from aos.fingerprints f where f.stream_id = s.id order by f.seq desc limit 1) as seen
from aos.streams s where s.id = :id for update of s
"""


@dataclass(frozen=True)
class Asked:
    """What is to change; what is not named stays. `cursor_column` may be named as None: the stream is then read whole."""

    named: frozenset[str]
    selected: bool | None = None
    key: list[str] | None = None
    cursor_column: str | None = None
    delete_mode: str | None = None
    treated: dict[str, Treatment] | None = None


def change(transaction: Transaction, stream_id: UUID, asked: Asked) -> tuple[dict[str, Any], dict[str, Any]]:
    """The stream's policy before and after. With another key, other treated columns or another cursor it is read anew from its beginning.

    Raises:
        NotFound: no such stream. NotUnderstood: it has no such column, or a column of its key would be left out.
    """
    row = transaction.one("stream", _STREAM, id=stream_id)
    before = {name: row[name] for name in ("selected", "key", "key_origin", "cursor_column", "delete_mode", "treated")}
    after = before | _after(row, asked)
    _check(row, asked, after)
    if before["cursor_column"] != after["cursor_column"]:
        _read_by(transaction, row, after["cursor_column"])
    reset = any(before[name] != after[name] for name in ("key", "treated", "cursor_column"))
    transaction.run(
        "update aos.streams set selected = :selected, key = cast(:key as jsonb), key_origin = :key_origin, cursor_column = :cursor_column,"
        " delete_mode = :delete_mode, treated = cast(:treated as jsonb), reset_at = case when :reset then now() else reset_at end where id = :id",
        id=stream_id, reset=reset, **(after | {"key": as_json(after["key"]), "treated": as_json(after["treated"])}),
    )  # fmt: skip
    _tell(transaction, row)
    return before, after


def _read_by(transaction: Transaction, row: RowMapping, column: str | None) -> None:
    """The connection's own setting, where its connector looks for it."""
    from aos_resources.connectors import kind_named  # noqa: PLC0415 brings Arrow along, which most of the API does without

    source = transaction.one("connection", "select source from aos.connections where id = :id", id=row["connection_id"])["source"]
    if "cursors" not in kind_named(source).config.model_fields:
        raise NotUnderstood("By what this kind of source is read is not to be chosen", culprit=row["name"], fix="It finds by itself what changed.")
    cursors = "coalesce(config -> 'cursors', '{}') - cast(:stream as text)"
    told = f"{cursors} || jsonb_build_object(cast(:stream as text), cast(:column as text))" if column else cursors
    transaction.run(
        f"update aos.connections set config = config || jsonb_build_object('cursors', {told}) where id = :id",
        id=row["connection_id"], stream=row["name"], **({"column": column} if column else {}),
    )  # fmt: skip


def _after(row: RowMapping, asked: Asked) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if asked.selected is not None:
        said["selected"] = asked.selected
    if asked.key is not None and asked.key != row["key"]:
        said |= {"key": asked.key, "key_origin": "declared" if asked.key else "unknown"}
    if "cursor_column" in asked.named:
        said["cursor_column"] = asked.cursor_column
    if asked.delete_mode is not None:
        said["delete_mode"] = asked.delete_mode
    if asked.treated is not None:
        treated = row["treated"] | asked.treated
        said["treated"] = {name: how for name, how in treated.items() if how != "keep"}
    return said


def _check(row: RowMapping, asked: Asked, after: dict[str, Any]) -> None:
    known = {one["name"] for one in row["columns"]} | {one["name"] for one in row["seen"] or ()}
    named = [*(asked.key or ()), *(asked.treated or ()), *([asked.cursor_column] if asked.cursor_column else ())]
    if strangers := [name for name in named if name not in known]:
        raise NotUnderstood("The stream has no such column", culprit=f"{row['name']}: {', '.join(strangers)[:200]}", fix="Name columns as they land.")
    if len(set(after["key"])) < len(after["key"]):
        raise NotUnderstood("A key names each column once", culprit=row["name"])
    if lost := [name for name in (*after["key"], after["cursor_column"]) if after["treated"].get(name or "") == "omit"]:
        raise NotUnderstood(
            "What the stream is known or read by cannot be left out", culprit=f"{row['name']}: {', '.join(map(str, lost))}", fix="Let it land hashed, or name another key."
        )


def reset(transaction: Transaction, stream_id: UUID) -> None:
    """The next sync reads everything from its beginning; what is gone from the source goes. Raises NotFound."""
    row = transaction.one("stream", _STREAM, id=stream_id)
    transaction.run("update aos.streams set reset_at = coalesce(reset_at, now()) where id = :id", id=stream_id)
    _tell(transaction, row)


def allow_vanishing(transaction: Transaction, stream_id: UUID, rows: int) -> None:
    """The next sync may delete up to so many rows.

    Raises:
        NotFound: no such stream. NeedsADecision: its deletions never show, so none could be let through.
    """
    row = transaction.one("stream", _STREAM, id=stream_id)
    if row["delete_mode"] == "unknown":
        raise NeedsADecision("What is gone from this stream never shows", culprit=row["name"], fix="Let it be read whole, or by its keys.")
    transaction.run("update aos.streams set may_vanish = :rows where id = :id", id=stream_id, rows=rows)
    _tell(transaction, row)


def ask_to_cancel(transaction: Transaction, connection_id: UUID) -> UUID:
    """The sync that is under way; it looks after each slice whether somebody asked.

    Raises:
        NotFound: no such connection. NeedsADecision: nothing is under way.
    """
    name = transaction.one("connection", "select name from aos.connections where id = :id", id=connection_id)["name"]
    row = transaction.first(
        "update aos.syncs set cancel_asked_at = coalesce(cancel_asked_at, now()) where connection_id = :id and state = 'running' returning id",
        id=connection_id,
    )
    if row is None:
        raise NeedsADecision("No sync of this connection is under way", culprit=name, fix="There is nothing to cancel.")
    transaction.announce(transaction.next_seq(), "sync.cancelling", str(connection_id), {"sync": str(row["id"])})
    found: UUID = row["id"]
    return found


def _tell(transaction: Transaction, row: RowMapping) -> None:
    transaction.announce(transaction.next_seq(), "stream.changed", str(row["id"]), {"stream": row["name"]})
