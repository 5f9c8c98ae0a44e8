"""What changed in a collection since a point in its history, as the server tells it. Lands nothing and keeps no position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aos_resources.connectors.mongodb_client import Address, in_words
from aos_resources.connectors.mongodb_queries import read_back, written

if TYPE_CHECKING:
    from pymongo.collection import Collection

_WAIT_MS = 500
_MOST_BYTES = 4 * 1024 * 1024
# The history does not reach back so far, or cannot be gone on with; an event larger than a document may be.
_LOST = {136, 260, 280, 286, 10334}
# No history at all: a server alone, an old one, a view, a right that the user lacks.
_NONE = {13, 20, 40573, 166, 59, 40324, 115, 72}
_ENDS = {"drop", "rename", "dropDatabase", "invalidate"}


class HistoryLost(Exception):
    """The changes since then cannot be told: everything must be read anew. Says why."""


@dataclass
class Changes:
    """BSON of the documents as they are now; for those that are gone, `{_id: ...}`. By id: the last that happened to it counts."""

    there: dict[bytes, bytes] = field(default_factory=dict)
    gone: dict[bytes, bytes] = field(default_factory=dict)
    token: str = ""
    last: bool = False
    size: int = 0

    def take(self, event: Any) -> None:
        key = event["documentKey"].raw
        self.there.pop(key, None)
        self.gone.pop(key, None)
        if event["operationType"] == "delete":
            from bson import encode  # noqa: PLC0415

            self.gone[key] = encode({"_id": event["documentKey"]["_id"]})
        elif event.get("fullDocument") is not None:  # gone since then: its deletion follows
            self.there[key] = event["fullDocument"].raw
            self.size += len(self.there[key])


def history_now(collection: Collection[Any], address: Address) -> str:
    """A token to follow the changes from now on, "" where the server keeps no history of them."""
    from pymongo.errors import OperationFailure, PyMongoError  # noqa: PLC0415

    with in_words(address, collection.name):
        try:
            with collection.watch(max_await_time_ms=1) as stream:
                stream.try_next()
                return written(stream.resume_token) if stream.resume_token else ""
        except OperationFailure as refused:
            if refused.code in _NONE:
                return ""
            raise
        except PyMongoError as refused:
            if "replica set" in str(refused).lower():
                return ""
            raise


def changes_since(collection: Collection[Any], token: str, most: int, address: Address) -> Iterator[Changes]:
    """Slices of at most so many events, up to what had happened when this began; at least one.

    Raises:
        HistoryLost. What `in_words` raises.
    """
    from bson.codec_options import CodecOptions  # noqa: PLC0415
    from bson.raw_bson import RawBSONDocument  # noqa: PLC0415
    from pymongo.errors import OperationFailure  # noqa: PLC0415

    raw = collection.with_options(codec_options=CodecOptions(document_class=RawBSONDocument))
    with in_words(address, collection.name):
        until = collection.database.command("ping").get("operationTime")
        try:
            with raw.watch(resume_after=read_back(token), full_document="updateLookup", batch_size=min(most, 1_000), max_await_time_ms=_WAIT_MS) as stream:
                found, count = Changes(), 0
                while (event := stream.try_next()) is not None:
                    if event["operationType"] in _ENDS:
                        raise HistoryLost(f"the collection had a {event['operationType']}")
                    if "documentKey" in event:
                        found.take(event)
                        count += 1
                    if until is not None and event.get("clusterTime", until) > until:
                        break
                    if count >= most or found.size >= _MOST_BYTES:
                        found.token = written(stream.resume_token)
                        yield found
                        found, count = Changes(), 0
                found.token, found.last = written(stream.resume_token), True
        except OperationFailure as refused:
            if refused.code in _LOST or refused.has_error_label("NonResumableChangeStreamError"):
                raise HistoryLost("the server no longer has the changes that came after the sync before") from refused
            raise
    yield found
