"""Mappings with their balance, and the rows that one could not accept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping

from aos_api.masking import Mask
from aos_api.paging import read_cursor, write_cursor
from aos_api.reads.balances import balances_of_mappings
from aos_core.errors import NotFound
from aos_resources.database import TenantDatabase, Transaction
from aos_resources.landed import QuarantinedRow, TenantLanded

Kind = Literal["row", "cell"]


def all_mappings(transaction: Transaction) -> list[dict[str, Any]]:
    """Those in force or held, by stream; and an entry without a mapping for each stream that feeds nothing."""
    return balances_of_mappings(transaction)


def one_mapping(transaction: Transaction, mapping_id: UUID, mask: Mask) -> dict[str, Any]:
    """With its document; what that says of masked fields may repeat values.

    Raises:
        NotFound: no such mapping.
    """
    row = transaction.one(
        "mapping", "select stream_id, document, seq from aos.mappings where id = :id", id=mapping_id
    )
    made = balances_of_mappings(transaction, stream_id=row["stream_id"], mapping_id=mapping_id)
    found = next((one for one in made if one["mapping_id"] == mapping_id), None)
    if found is None:
        raise NotFound("No such mapping")
    return found | {"document": mask.document(row["stream_id"], row["document"]), "seq": row["seq"]}


def quarantine(
    database: TenantDatabase,
    landed: TenantLanded,
    mapping_id: UUID,
    kind: Kind,
    limit: int,
    cursor: str | None,
    mask: Mask,
) -> dict[str, Any]:
    """A page of refused rows (`row`) or of refused values whose rows went on (`cell`), in the order they came.

    Raises:
        NotFound: no such mapping. NotUnderstood: the cursor is not of this listing.
    """
    listing = f"quarantine {kind} of {mapping_id}"
    after, start = read_cursor(listing, cursor) if cursor is not None else (None, 0)
    with database.transaction() as transaction:
        mapping = transaction.one(
            "mapping",
            "select m.stream_id, m.entity, m.document, s.key from aos.mappings m join aos.streams s on s.id = m.stream_id where m.id = :id",
            id=mapping_id,
        )
        lists = transaction.all(
            "select q.id, q.path, q.rows from aos.quarantine_lists q where q.mapping_id = :mapping and q.kind = :kind"
            " and q.rows > 0 and (cast(:after as uuid) is null or (q.seq, q.id) >="
            " (select a.seq, a.id from aos.quarantine_lists a where a.id = :after and a.mapping_id = :mapping))"
            " order by q.seq, q.id limit :most",
            mapping=mapping_id, kind=kind, after=after, most=limit + 1,
        )  # fmt: skip
    hiding = _Hiding.of(mapping, mask)
    rows: list[dict[str, Any]] = []
    for one in lists:
        begin = start if one["id"] == after else 0
        if len(rows) == limit:
            return {"rows": rows, "next": write_cursor(listing, one["id"], begin), "masked": hiding.names}
        found = landed.quarantined(one["path"], skip=begin, limit=limit - len(rows))
        rows += [hiding.row(row) for row in found]
        if len(rows) == limit and begin + len(found) < one["rows"]:
            return {"rows": rows, "next": write_cursor(listing, one["id"], begin + len(found)), "masked": hiding.names}
    return {"rows": rows, "next": None, "masked": hiding.names}


@dataclass(frozen=True)
class _Hiding:
    """Refused values without those of fields that are masked, or that the mapping makes of masked columns."""

    names: list[str]
    seen: frozenset[str] | None  # None: every field
    sees_keys: bool

    @classmethod
    def of(cls, mapping: RowMapping, mask: Mask) -> _Hiding:
        if not mask.kinds:
            return cls([], None, True)
        stream, entity, document = mapping["stream_id"], mask.ontology.entity(mapping["entity"]), mapping["document"]
        fields = {entity.key.name: {"from": document["key"]}, **(document.get("fields") or {})}
        seen = frozenset(name for name, entry in fields.items() if mask.sees_entry(stream, entity.name, name, entry))
        sees_keys = mask.sees_keys(stream, mapping["key"])
        hidden = [name for name in fields if name not in seen] + ([] if sees_keys else ["source_key"])
        return cls(sorted(hidden), seen, sees_keys)

    def row(self, row: QuarantinedRow) -> dict[str, Any]:
        if self.seen is None:
            return vars(row)
        reasons = [one if one["field"] in self.seen else one | {"value": None} for one in row.reasons]
        return vars(row) | {"source_key": row.source_key if self.sees_keys else None, "reasons": reasons}
