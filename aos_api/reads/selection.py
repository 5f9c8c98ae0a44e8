"""Of a connection the little that is worth looking at: its telling syncs, and the fewest streams that fill the ontology."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from aos_api.masking import Mask
from aos_api.reads.syncs import selected
from aos_core.ontology import Ontology
from aos_core.selecting import Feeding, fewest
from aos_resources.database import Transaction

_STREAMS = """
select s.name, coalesce(l.rows, 0)::bigint as rows,
       (select coalesce(jsonb_agg(jsonb_build_object('entity', m.entity, 'document', m.document)), '[]')
        from aos.mappings m where m.stream_id = s.id and m.state <> 'superseded') as mappings,
       (select coalesce(jsonb_agg(jsonb_build_object('entity', p.entity, 'field', p.field, 'confidence', p.confidence, 'change', p.change)), '[]')
        from aos.proposals p where p.stream_id = s.id and p.state = 'open') as proposals
from aos.streams s left join aos.latest_states l on l.stream_id = s.id
where s.connection_id = :id order by s.name
"""


def of_connection(transaction: Transaction, connection_id: UUID, ontology: Ontology, mask: Mask) -> dict[str, Any]:
    """Raises NotFound where there is no such connection."""
    shown = selected(transaction, connection_id, mask)
    told = _told_at_onboarding(transaction, connection_id)
    choice = fewest(_feeding(dict(row), ontology, told) for row in transaction.all(_STREAMS, id=connection_id))
    return {"syncs": shown} | {name: [asdict(one) for one in getattr(choice, name)] for name in ("streams", "left_out")}


def _feeding(row: dict[str, Any], ontology: Ontology, told: dict[str, dict[tuple[str, str], float]]) -> Feeding:
    """By its mappings and what is proposed of it; of a stream that was never read, by what its first rows looked like."""
    fields: dict[tuple[str, str], float] = {}
    for one in row["mappings"]:
        fields[one["entity"], _key(ontology, one["entity"])] = 1.0
        fields |= {(one["entity"], name): _sure(said) for name, said in one["document"]["fields"].items()}
    for one in row["proposals"]:
        if one["change"]:
            fields.setdefault((one["entity"], one["field"] or _key(ontology, one["entity"])), float(one["confidence"]))
    return Feeding(row["name"], fields or told.get(row["name"], {}), row["rows"])


def _sure(said: Any) -> float:
    """What a person said is as sure as can be."""
    return float(said.get("confidence") or 1.0) if isinstance(said, dict) else 1.0


def _key(ontology: Ontology, entity: str) -> str:
    return ontology.entity(entity).key.name


def _told_at_onboarding(transaction: Transaction, connection_id: UUID) -> dict[str, dict[tuple[str, str], float]]:
    row = transaction.first("select found from aos.intents where connection_id = :id order by created_at limit 1", id=connection_id)
    found: dict[str, dict[tuple[str, str], float]] = {}
    for one in (row["found"].get("suggested") or []) if row is not None else []:
        found.setdefault(one["stream"], {}).update({(one["entity"], fed["field"]): float(fed["confidence"]) for fed in one["fields"]})
    return found
