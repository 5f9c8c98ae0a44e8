"""Everything a version is made of, as of one moment, and the fingerprint that says whether anything changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from aos_assets.steps import dbt
from aos_core.errors import TryAgain
from aos_core.metrics import standard_metrics
from aos_resources.database import Transaction
from aos_resources.world import Work

# Raised by hand where the code that shapes views changes without its SQL changing.
_SHAPE = 1


@dataclass(frozen=True)
class Inputs:
    """Everything a version is made of, as of one moment."""

    parent: UUID | None
    parent_path: Path | None
    applied_seq: int
    mappings: list[dict[str, Any]]
    events: dict[str, list[str]]
    quarantined: dict[str, list[str]]
    fingerprint: str


def read_inputs(transaction: Transaction, work: Work) -> Inputs:
    waiting = transaction.one(
        "count",
        "select count(*) as n from aos.mappings m join aos.landings l on l.stream_id = m.stream_id where m.state = 'active'"
        " and not exists (select 1 from aos.event_batches b where b.mapping_id = m.id and b.landing_id = l.id)",
    )["n"]
    if waiting:
        raise TryAgain("Rows landed that are not events yet", culprit=f"{waiting} landings", fix="Materialize the events first.")
    parent = transaction.first(
        "select v.id, v.path from aos.warehouses w join aos.versions v on v.id = w.current"
    )
    last = transaction.first("select last from aos.sequences")
    mappings = transaction.all(
        "select m.id, m.entity, m.document, m.stream_id, s.connection_id from aos.mappings m join aos.streams s on s.id = m.stream_id"
        " where m.state = 'active' order by m.seq, m.id"
    )
    batches = transaction.all(
        "select b.id, b.entity, b.path from aos.event_batches b join aos.mappings m on m.id = b.mapping_id where m.state = 'active' order by b.seq_from, b.id"
    )
    lists = transaction.all(
        "select q.path, m.entity from aos.quarantine_lists q join aos.mappings m on m.id = q.mapping_id"
        " where m.state = 'active' and q.kind = 'row' order by q.seq, q.id"
    )
    entities = [entity.name for entity in work.ontology.entities]
    made_of = [_SHAPE, duckdb.__version__, dbt.nodes_fingerprint(scratch(work)), repr(work.ontology), repr(standard_metrics())]
    made_of += [str(row["id"]) for row in mappings] + [str(row["id"]) for row in batches]
    return Inputs(
        parent=parent["id"] if parent else None,
        parent_path=work.lake.absolute(parent["path"]) if parent else None,
        applied_seq=last["last"] if last else 0,
        mappings=[dict(row) for row in mappings],
        events={name: [str(work.lake.absolute(row["path"])) for row in batches if row["entity"] == name] for name in entities},
        quarantined={name: [str(work.lake.absolute(row["path"])) for row in lists if row["entity"] == name] for name in entities},
        fingerprint=hashlib.sha256(json.dumps(made_of).encode()).hexdigest(),
    )


def scratch(work: Work) -> Path:
    return work.settings.home / "dbt"
