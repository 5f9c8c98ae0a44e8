"""Mappings: for every stream, suggestion plus decisions as a stored, versioned document, and what is left as proposals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import RowMapping

import aos_core
from aos_core.fingerprint import read_columns
from aos_core.mapping import Mapping, write_mapping
from aos_core.matching import Stream
from aos_core.ontology import Ontology
from aos_core.suggesting import Applies, Proposed, every_exact_match, suggest
from aos_resources.database import Transaction, as_json
from aos_resources.decisions import decided_for
from aos_resources.world import Work


@dataclass(frozen=True)
class Mapped:
    """What the step left behind for one tenant: mappings that work, those that hold their rows, open proposals."""

    active: int
    held: int
    open: int
    changed: int


def suggest_mappings(work: Work) -> Mapped:
    """Brings the stored mappings and open proposals of a tenant up to its fingerprints and decisions.

    Doing it twice changes nothing: a version is added only where its document differs from the current one, and a
    stream is looked at only where something came that its mappings were not suggested from.
    """
    with work.database.transaction() as transaction:
        changed = 0
        if _due(transaction, work):
            # One at a time: two runs would both add the next version. The tenant's counter row is the lock.
            seq = transaction.next_seq()
            changed = sum(_stream(transaction, work, row, made_of, seq) for row, made_of in _due(transaction, work))
        counted = transaction.one(
            "count",
            "select count(*) filter (where state = 'active') as active, count(*) filter (where state = 'held') as held,"
            " (select count(*) from aos.proposals where state = 'open') as open from aos.mappings where state <> 'superseded'",
        )
        if changed:
            transaction.announce(seq, "mappings.changed", work.tenant.slug, {"changed": changed})
    return Mapped(counted["active"], counted["held"], counted["open"], changed)


def _due(transaction: Transaction, work: Work) -> list[tuple[RowMapping, str]]:
    """Streams of which something came since their mappings were suggested, each with what they are to be suggested from."""
    rows = transaction.all(
        "select s.id, s.name, s.key, s.suggested, c.name as connection, f.seq as taken, d.seq as decided from aos.streams s"
        " join aos.connections c on c.id = s.connection_id"
        " join lateral (select max(seq) as seq from aos.fingerprints where stream_id = s.id) f on f.seq is not null"
        " join lateral (select max(seq) as seq from aos.decisions where stream_id = s.id) d on true"
        " order by c.name, s.name"
    )
    asked = [] if _exact_apply(work) else ["exact matches are asked of"]
    read = [(row, as_json([row["connection"], row["name"], row["key"], row["taken"], row["decided"], _meaning(work.ontology), *asked])) for row in rows]
    return [(row, made_of) for row, made_of in read if row["suggested"] != made_of]


@cache
def _meaning(ontology: Ontology) -> str:
    """A hash of the ontology and of all that is written in the core, the ways of suggesting among it."""
    written = [path.read_bytes() for path in sorted(Path(aos_core.__file__).parent.rglob("*.py"))]
    return hashlib.sha256(b"".join([repr(ontology).encode(), *written])).hexdigest()


def _stream(transaction: Transaction, work: Work, row: RowMapping, made_of: str, seq: int) -> int:
    taken = transaction.one("fingerprint", "select fields from aos.fingerprints where stream_id = :id order by seq desc limit 1", id=row["id"])
    key = row["key"][0] if len(row["key"]) == 1 else None
    stream = Stream(row["connection"], row["name"], read_columns(taken["fields"]), key)
    decided = decided_for(transaction, work.ontology, row["id"])
    found = suggest(stream, work.ontology, decided, _applies(transaction, work, row["id"]))
    changed = sum(_store(transaction, work, row["id"], one, seq) for one in found.mappings)
    gone = [one.entity for one in found.mappings]
    changed += transaction.run(
        "update aos.mappings set state = 'superseded' where stream_id = :stream and state <> 'superseded' and not entity = any(:entities)",
        stream=row["id"], entities=gone,
    )  # fmt: skip
    transaction.run("update aos.streams set suggested = :made_of where id = :id", made_of=made_of, id=row["id"])
    return changed + _propose(transaction, row["id"], found.proposals, seq)


def _applies(transaction: Transaction, work: Work, stream_id: UUID) -> Applies:
    """Where the tenant wants to be asked of exact matches too, those that stand already go on standing."""
    if _exact_apply(work):
        return every_exact_match
    rows = transaction.all("select entity, document from aos.mappings where stream_id = :id and state <> 'superseded'", id=stream_id)
    standing: set[tuple[str, str | None, str | None]] = {(row["entity"], None, None) for row in rows}
    standing |= {(row["entity"], name, one.get("from")) for row in rows for name, one in row["document"]["fields"].items() if one.get("by") == "auto"}
    return lambda entity, field, column: (entity, field, column) in standing


def _exact_apply(work: Work) -> bool:
    return work.flags.on("AUTO_APPLY_EXACT_MATCHES", work.tenant)


def _store(transaction: Transaction, work: Work, stream_id: UUID, mapping: Mapping, seq: int) -> int:
    document = write_mapping(mapping)
    current = transaction.first(
        "select id, version, document from aos.mappings where stream_id = :stream and entity = :entity order by version desc limit 1",
        stream=stream_id, entity=mapping.entity,
    )  # fmt: skip
    standing = transaction.first(
        "select id from aos.mappings where stream_id = :stream and entity = :entity and state <> 'superseded'",
        stream=stream_id, entity=mapping.entity,
    )  # fmt: skip
    if current is not None and standing is not None and _same(current["document"], document):
        return 0
    transaction.run(
        "update aos.mappings set state = 'superseded' where stream_id = :stream and entity = :entity and state <> 'superseded'",
        stream=stream_id, entity=mapping.entity,
    )  # fmt: skip
    undecided = mapping.undecided(work.ontology.entity(mapping.entity))
    people = sorted({one.by for _, one in mapping.fields if one.by != "auto"})
    transaction.run(
        "insert into aos.mappings (id, stream_id, entity, version, document, state, made_by, seq)"
        " values (:id, :stream, :entity, :version, cast(:document as jsonb), :state, :by, :seq)",
        id=uuid4(), stream=stream_id, entity=mapping.entity, version=(current["version"] if current else 0) + 1,
        document=as_json(document), state="held" if undecided else "active", by=", ".join(people) or "auto", seq=seq,
    )  # fmt: skip
    return 1


def _same(stored: dict[str, Any], made: dict[str, Any]) -> bool:
    """Equal in what they do: evidence and scores may move without a new version."""
    return _effect(stored) == _effect(made)


def _effect(document: dict[str, Any]) -> dict[str, Any]:
    fields = {
        name: {word: said for word, said in one.items() if word not in ("evidence", "confidence")}
        for name, one in document["fields"].items()
    }
    return document | {"fields": fields}


def _propose(transaction: Transaction, stream_id: UUID, proposed: tuple[Proposed, ...], seq: int) -> int:
    standing = transaction.all("select id, change_hash from aos.proposals where stream_id = :stream and state = 'open'", stream=stream_id)
    wanted = {one.change_hash: one for one in proposed}
    stale = [row["id"] for row in standing if row["change_hash"] not in wanted]
    if stale:
        transaction.run("update aos.proposals set state = 'withdrawn', decided_at = now() where id = any(:ids)", ids=stale)
    fresh = [one for key, one in wanted.items() if key not in {row["change_hash"] for row in standing}]
    transaction.each(
        "insert into aos.proposals (id, kind, stream_id, entity, field, title, change, change_hash, evidence, confidence, seq)"
        " values (:id, 'mapping', :stream, :entity, :field, :title, cast(:change as jsonb), :hash, cast(:evidence as jsonb), :confidence, :seq)",
        [
            {
                "id": uuid4(), "stream": stream_id, "entity": one.entity, "field": one.field, "title": one.title,
                "change": as_json(one.change), "hash": one.change_hash, "evidence": as_json(list(one.evidence)),
                "confidence": one.confidence, "seq": seq,
            }
            for one in fresh
        ],
    )  # fmt: skip
    return len(fresh) + len(stale)
