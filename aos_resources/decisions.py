"""What people decided, as rows: appended, never changed, and read back as the mappings' other half."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from aos_core.errors import NeedsADecision, NotFound, NotUnderstood
from aos_core.ontology import Ontology
from aos_core.suggesting import Decided, read_change, read_decision, read_settings, write_change
from aos_resources.database import Transaction, as_json

_ADD = """
insert into aos.decisions (id, proposal_id, stream_id, entity, field, verdict, change, reason, decided_by, seq)
values (:id, :proposal_id, :stream_id, :entity, :field, :verdict, cast(:change as jsonb), :reason, :decided_by, :seq)
"""


def decide(
    transaction: Transaction,
    ontology: Ontology,
    proposal_id: UUID,
    verdict: str,
    change: dict[str, Any] | None,
    reason: str | None,
    by: str,
) -> int:
    """A person's answer to an open proposal; asks for a run that applies it. Gives the decision's seq.

    Raises:
        NotFound: no such proposal. NeedsADecision: it was decided already.
        NotUnderstood: the change is not one that a mapping can take.
    """
    seq = transaction.next_seq()
    asked = transaction.one("proposal", "select * from aos.proposals where id = :id for update", id=proposal_id)
    if asked["state"] != "open":
        raise NeedsADecision(f"This proposal is {asked['state']} already", culprit=asked["title"], fix="Look at what is open now.")
    exact = asked["change"] if change is None else change
    if verdict == "approved":
        exact = _checked(ontology, asked["entity"], asked["field"], exact)
    transaction.run(
        "update aos.proposals set state = :state, decided_at = now() where id = :id", state=verdict, id=proposal_id
    )
    _add(transaction, seq, asked["stream_id"], asked["entity"], asked["field"], verdict, exact, by, reason, proposal_id)
    transaction.announce(seq, "proposal.decided", str(proposal_id), {"verdict": verdict})
    return seq


def state_decision(transaction: Transaction, ontology: Ontology, document: dict[str, Any], by: str) -> int:
    """A decision document's answers, each closing the open proposal it answers. Gives how many answers there were.

    Raises:
        NotFound: no such stream. NotUnderstood: a word of it is not known.
    """
    label, entity, said = read_decision(document, ontology)
    stream_id = stream_named(transaction, label)
    seq = transaction.next_seq()
    settings = {"accepted": True} | said.settings
    answers: list[tuple[str | None, str, dict[str, Any]]] = [(None, "stated", settings)]
    answers += [(name, "stated", write_change(one)) for name, one in said.fields.items()]
    answers += [(name, "rejected", {}) for name in sorted(said.rejected)]
    for name, verdict, change in answers:
        answered = transaction.first(
            "update aos.proposals set state = :state, decided_at = now() where state = 'open' and stream_id = :stream"
            " and entity = :entity and field is not distinct from :field returning id",
            state="rejected" if verdict == "rejected" else "approved",
            stream=stream_id,
            entity=entity,
            field=name,
        )
        _add(transaction, seq, stream_id, entity, name, verdict, change, by, None, answered["id"] if answered else None)
    transaction.announce(seq, "mapping.decided", label, {"entity": entity})
    return len(answers)


def stream_named(transaction: Transaction, label: str) -> UUID:
    """The id of `connection/stream`.

    Raises:
        NotFound: no such stream, with those there are.
    """
    rows = transaction.all(
        "select s.id, c.name || '/' || s.name as label from aos.streams s join aos.connections c on c.id = s.connection_id"
    )
    known = {row["label"]: row["id"] for row in rows}
    if label not in known:
        raise NotFound("No such stream", culprit=label, fix=f"There are {', '.join(sorted(known)) or 'none yet'}.")
    found: UUID = known[label]
    return found


def decided_for(transaction: Transaction, ontology: Ontology, stream_id: UUID) -> dict[str, Decided]:
    """The decisions on a stream, by entity; later ones outrank earlier ones."""
    rows = transaction.all(
        "select entity, field, verdict, change, decided_by from aos.decisions where stream_id = :stream"
        " and entity is not null order by seq, decided_at, id",
        stream=stream_id,
    )
    return {entity: _fold(ontology, entity, [row for row in rows if row["entity"] == entity]) for entity in {row["entity"] for row in rows}}


def _fold(ontology: Ontology, entity: str, rows: Iterable[Any]) -> Decided:
    accepted: bool | None = None
    settings: dict[str, Any] = {}
    fields = {}
    rejected: set[str] = set()
    for row in rows:
        name, taken = row["field"], row["verdict"] != "rejected"
        if name is None:
            accepted = taken
            settings |= {word: said for word, said in row["change"].items() if word != "accepted"}
        elif taken:
            said = row["change"] | {"by": row["decided_by"]}
            fields[name] = read_change(ontology.entity(entity), name, said)
            rejected.discard(name)
        else:
            fields.pop(name, None)
            rejected.add(name)
    return Decided(accepted, settings, fields, frozenset(rejected))


def _checked(ontology: Ontology, entity: str, field: str | None, change: dict[str, Any]) -> dict[str, Any]:
    if field is None:
        if not change.get("key"):
            raise NotUnderstood("Say which column is the key", culprit=entity, fix='Approve with {"key": "<column>"}.')
        read_settings(change)
        return change
    if not change:
        raise NotUnderstood("Say what feeds the field", culprit=f"{entity}.{field}", fix='Approve with {"from": "<column>"}.')
    return write_change(read_change(ontology.entity(entity), field, change))


def _add(
    transaction: Transaction,
    seq: int,
    stream_id: UUID,
    entity: str,
    field: str | None,
    verdict: str,
    change: dict[str, Any],
    by: str,
    reason: str | None,
    proposal_id: UUID | None,
) -> None:
    transaction.run(
        _ADD,
        id=uuid4(), proposal_id=proposal_id, stream_id=stream_id, entity=entity, field=field, verdict=verdict,
        change=as_json(change), reason=reason, decided_by=by, seq=seq,
    )  # fmt: skip
