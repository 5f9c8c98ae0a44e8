"""Everything a version is made of, as of one moment, and the fingerprint that says whether the one before can be kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from aos_assets.steps import dbt
from aos_assets.steps.issuing import Issued, read_issued
from aos_core.errors import TryAgain
from aos_core.metrics import standard_metrics
from aos_resources.database import Transaction
from aos_resources.world import Work

# Raised by hand where the code that shapes views changes without its SQL changing.
_SHAPE = 3


@dataclass(frozen=True)
class File:
    """A listed file of an entity: of which landings it tells, and whether the parent has not seen it yet."""

    entity: str
    path: str
    seq: int
    new: bool


@dataclass(frozen=True)
class Inputs:
    """Everything a version is made of, as of one moment.

    `shape` says how a version is made; where the parent's is another, nothing of the parent can be kept.
    """

    parent: UUID | None
    parent_path: Path | None
    parent_shape: str | None
    applied_seq: int
    mappings: list[dict[str, Any]]
    events: list[File]
    quarantined: list[File]
    issued: dict[str, Issued]
    shape: str

    @property
    def follows(self) -> bool:
        """Whether the parent's file can be copied and brought up to date."""
        return self.parent_shape == self.shape and self.parent_path is not None and self.parent_path.exists()

    @property
    def news(self) -> bool:
        return any(one.new for one in (*self.events, *self.quarantined))


def read_inputs(transaction: Transaction, work: Work) -> Inputs:
    """Raises TryAgain where landed rows are not events yet, or where more was listed while this was read."""
    last = _last(transaction)
    waiting = transaction.one(
        "count",
        "select count(*) as n from aos.mappings m join aos.landings l on l.stream_id = m.stream_id where m.state = 'active'"
        " and not exists (select 1 from aos.event_batches b where b.mapping_id = m.id and b.landing_id = l.id)",
    )["n"]
    if waiting:
        raise TryAgain("Rows landed that are not events yet", culprit=f"{waiting} landings", fix="Materialize the events first.")
    parent = transaction.first(
        "select v.id, v.path, v.fingerprint, v.applied_seq from aos.warehouses w join aos.versions v on v.id = w.current"
    )
    mappings = transaction.all(
        "select m.id, m.entity, m.document, m.stream_id, s.connection_id from aos.mappings m join aos.streams s on s.id = m.stream_id"
        " where m.state = 'active' order by m.seq, m.id"
    )
    batches = transaction.all(
        "select b.entity, b.path, b.seq_from, b.seq from aos.event_batches b join aos.mappings m on m.id = b.mapping_id"
        " where m.state = 'active' order by b.seq_from, b.id"
    )
    lists = transaction.all(
        "select b.entity, q.path, b.seq_from, b.seq from aos.quarantine_lists q join aos.event_batches b on b.id = q.batch_id"
        " join aos.mappings m on m.id = q.mapping_id where m.state = 'active' and q.kind = 'row' order by b.seq_from, q.id"
    )
    # The counter is taken by whoever lists or maps anything: where it stands still, the answers above fit together.
    if _last(transaction) != last:
        raise TryAgain("More was listed meanwhile", culprit=work.tenant.slug, fix="Refresh again.")
    made_by = [_SHAPE, duckdb.__version__, dbt.nodes_fingerprint(), repr(work.ontology), repr(standard_metrics())]
    made_by += [str(row["id"]) for row in mappings]
    applied = parent["applied_seq"] if parent else 0
    events, quarantined = (
        [File(row["entity"], str(work.lake.absolute(row["path"])), row["seq_from"], row["seq"] > applied) for row in rows]
        for rows in (batches, lists)
    )
    return Inputs(
        parent=parent["id"] if parent else None,
        parent_path=work.lake.absolute(parent["path"]) if parent else None,
        parent_shape=parent["fingerprint"] if parent else None,
        applied_seq=last,
        mappings=[dict(row) for row in mappings],
        events=events,
        quarantined=quarantined,
        issued=read_issued(transaction, work),
        shape=hashlib.sha256(json.dumps(made_by).encode()).hexdigest(),
    )


def _last(transaction: Transaction) -> int:
    row = transaction.first("select last from aos.sequences")
    return int(row["last"]) if row else 0


def scratch(work: Work) -> Path:
    return work.settings.home / "dbt"
