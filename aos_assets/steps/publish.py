"""A tenant's next version: made in a work file, published by compare-and-swap, or thrown away.

Readers see whole versions only. Whoever publishes second finds that the parent has moved and begins again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb

from aos_assets.steps.building import Built, build_fresh, build_next
from aos_assets.steps.inputs import Inputs, read_inputs
from aos_assets.steps.issuing import list_issued
from aos_assets.steps.leases import Lease, holding
from aos_assets.steps.sweeping import drop_versions
from aos_core.errors import TryAgain
from aos_resources.database import Transaction, as_json
from aos_resources.lake import sync_file, sync_folder
from aos_resources.world import Work


@dataclass(frozen=True)
class Version:
    """A published version: its tables with row counts and columns. `fresh` is false where nothing was new."""

    id: UUID
    fresh: bool
    applied_seq: int
    tables: dict[str, dict[str, Any]]

    @property
    def things(self) -> dict[str, int]:
        """Living things by entity, counted apart from the views."""
        return {key.partition("/")[2]: int(one["things"]) for key, one in self.tables.items() if "things" in one}

    @property
    def dangling(self) -> dict[str, int]:
        """References that lead to nothing, by entity."""
        return {key.partition("/")[2]: int(one["dangling"]) for key, one in self.tables.items() if "dangling" in one}


def refresh(work: Work, run_id: UUID | None = None) -> Version:
    """The current version, brought up to date where anything came since; built anew where it is made otherwise now.

    Raises:
        TryAgain: another worker publishes this tenant, or rows landed that are not events yet.
    """
    with holding(work.database, "publish", str(run_id or uuid4())) as lease:
        with work.database.transaction() as transaction:
            inputs = read_inputs(transaction, work)
            unchanged = _standing(transaction, inputs)
        if unchanged is not None:
            return unchanged
        version_id = uuid4()
        file = work.lake.made(work.lake.warehouse) / f"{version_id}.work"
        try:
            built = (build_next if inputs.follows else build_fresh)(work, inputs, file)
            sync_file(file)
            file.rename(file.with_suffix(".duckdb"))
            sync_folder(work.lake.warehouse)
            _publish(work, lease, inputs, version_id, file.with_suffix(".duckdb"), built)
        except BaseException as broken:
            for left in (file, file.with_name(file.name + ".wal")):
                left.unlink(missing_ok=True)
            if isinstance(broken, Exception):
                _discard(work, lease, version_id, file.with_suffix(".duckdb"))
                if isinstance(broken, duckdb.IOException | duckdb.OutOfMemoryException | OSError):
                    raise TryAgain("The next version could not be written", culprit=work.tenant.slug, fix=f"{str(broken).splitlines()[0]}.") from broken
            raise
        with work.database.transaction() as transaction:
            drop_versions(work, transaction)
    return Version(version_id, True, inputs.applied_seq, built.tables)


def standing(work: Work) -> Version | None:
    """The published version where nothing came since: no lease is needed to see that.

    Raises:
        TryAgain: rows landed that are not events yet, or more was listed meanwhile.
    """
    with work.database.transaction() as transaction:
        return _standing(transaction, read_inputs(transaction, work))


def _discard(work: Work, lease: Lease, version_id: UUID, file: Path) -> None:
    """The file goes only where its listing failed for certain: the answer to a commit may be lost, and what was committed is read.

    Raises:
        TryAgain: somebody else holds the lease now and has swept the file from under this one.
    """
    with work.database.transaction() as transaction:
        transaction.next_seq()  # waits for a listing that is still under way
        listed = transaction.first("select id from aos.versions where id = :id", id=version_id)
        if listed is None:
            file.unlink(missing_ok=True)
        lease.prove(transaction)


def _standing(transaction: Transaction, inputs: Inputs) -> Version | None:
    """The parent, where it can be kept and nothing came since."""
    if not inputs.follows or inputs.news:
        return None
    row = transaction.one("version", "select * from aos.versions where id = :id", id=inputs.parent)
    return Version(row["id"], False, row["applied_seq"], row["tables"])


def _publish(work: Work, lease: Lease, inputs: Inputs, version_id: UUID, file: Path, built: Built) -> None:
    """The one transaction that readers see. Raises TryAgain where somebody else published since."""
    with work.database.transaction() as transaction:
        seq = transaction.next_seq()
        lease.prove(transaction)
        transaction.run(
            "insert into aos.versions (id, parent, path, applied_seq, fingerprint, tables, bytes, seq)"
            " values (:id, :parent, :path, :applied, :fingerprint, cast(:tables as jsonb), :bytes, :seq)",
            id=version_id, parent=inputs.parent, path=work.lake.relative(file), applied=inputs.applied_seq,
            fingerprint=inputs.shape, tables=as_json(built.tables), bytes=file.stat().st_size, seq=seq,
        )  # fmt: skip
        list_issued(transaction, work, built.issued, seq)
        moved = transaction.run(
            "update aos.warehouses set current = :new where current is not distinct from cast(:parent as uuid)",
            new=version_id, parent=inputs.parent,
        )  # fmt: skip
        if moved != 1:
            raise TryAgain("Somebody else published first", culprit=work.tenant.slug, fix="Refresh again.")
        transaction.each(
            "insert into aos.redirects (from_id, to_id, cause, seq) values (:old, :new, :cause, :seq)",
            [{"old": old, "new": new, "cause": "split" if old == new else "merged", "seq": seq} for old, new in built.redirected],
        )
        transaction.announce(seq, "version.published", str(version_id), {"applied_seq": inputs.applied_seq})
