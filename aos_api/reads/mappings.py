"""Mappings with their balance, and the rows that one could not accept."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from aos_api.paging import read_cursor, write_cursor
from aos_api.reads.balances import balances_of_mappings
from aos_core.errors import NotFound
from aos_resources.database import TenantDatabase, Transaction
from aos_resources.landed import TenantLanded

Kind = Literal["row", "cell"]


def all_mappings(transaction: Transaction) -> list[dict[str, Any]]:
    """Those in force or held, by stream; and an entry without a mapping for each stream that feeds nothing."""
    return balances_of_mappings(transaction)


def one_mapping(transaction: Transaction, mapping_id: UUID) -> dict[str, Any]:
    """With its document.

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
    return found | {"document": row["document"], "seq": row["seq"]}


def quarantine(
    database: TenantDatabase,
    landed: TenantLanded,
    mapping_id: UUID,
    kind: Kind,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """A page of refused rows (`row`) or of refused values whose rows went on (`cell`), in the order they came.

    Raises:
        NotFound: no such mapping. NotUnderstood: the cursor is not of this listing.
    """
    listing = f"quarantine {kind} of {mapping_id}"
    after, start = read_cursor(listing, cursor) if cursor is not None else (None, 0)
    with database.transaction() as transaction:
        transaction.one("mapping", "select 1 from aos.mappings where id = :id", id=mapping_id)
        lists = transaction.all(
            "select q.id, q.path, q.rows from aos.quarantine_lists q where q.mapping_id = :mapping and q.kind = :kind"
            " and q.rows > 0 and (cast(:after as uuid) is null or (q.seq, q.id) >="
            " (select a.seq, a.id from aos.quarantine_lists a where a.id = :after and a.mapping_id = :mapping))"
            " order by q.seq, q.id limit :most",
            mapping=mapping_id, kind=kind, after=after, most=limit + 1,
        )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for one in lists:
        begin = start if one["id"] == after else 0
        if len(rows) == limit:
            return {"rows": rows, "next": write_cursor(listing, one["id"], begin)}
        found = landed.quarantined(one["path"], skip=begin, limit=limit - len(rows))
        rows += [vars(row) for row in found]
        if len(rows) == limit and begin + len(found) < one["rows"]:
            return {"rows": rows, "next": write_cursor(listing, one["id"], begin + len(found))}
    return {"rows": rows, "next": None}
