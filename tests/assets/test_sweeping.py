"""Files that nobody lists go, files that somebody lists or may list stay."""

from __future__ import annotations

import os
import time
from pathlib import Path
from uuid import uuid4

import pytest

from aos_assets.steps.leases import holding
from aos_assets.steps.sweeping import sweep
from tests.assets.conftest import FIRST, Company


def orphans(company: Company) -> list[Path]:
    """What a worker that was killed leaves: in every folder a file that was never listed."""
    lake, left = company.work.lake, uuid4()
    with company.work.database.transaction() as transaction:
        stream = transaction.one("stream", "select id from aos.streams")["id"]
    paths = [
        lake.raw(company.connection, stream, left) / "1.parquet", lake.states(stream) / "1.parquet", lake.events("opportunity") / ".1.writing",
        lake.events("account") / "1.parquet", lake.quarantine("opportunity") / "1-row.parquet", lake.warehouse / "1.work",
        lake.warehouse / f"{left}.duckdb", lake.folder / "spill" / "old" / "1.tmp",
    ]  # fmt: skip
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"1234")
    long_ago = time.time() - 2 * 86_400
    os.utime(paths[-1], (long_ago, long_ago))
    os.utime(paths[-1].parent, (long_ago, long_ago))
    return paths


def test_what_nobody_lists_goes_and_every_listed_file_stays(mapped: Company) -> None:
    mapped.refresh()
    mapped.write("deals.csv", [FIRST[0] | {"worth": "plenty"}, *FIRST[1:]])
    mapped.refresh()
    files = {path for path in mapped.work.lake.folder.rglob("*") if path.is_file()}
    left, content = orphans(mapped), mapped.content()
    swept = sweep(mapped.work)
    assert swept.files == len(left)
    assert {path for path in mapped.work.lake.folder.rglob("*") if path.is_file()} == files
    mapped.file().unlink()
    mapped.publish()
    assert mapped.content() == content


@pytest.mark.parametrize(("lease", "spared"), [("sync", {0, 1}), ("events:opportunity", {2, 4}), ("publish", {5, 6})])
def test_a_file_that_a_slow_writer_may_yet_list_stays(mapped: Company, lease: str, spared: set[int]) -> None:
    mapped.refresh()
    paths = orphans(mapped)
    with holding(mapped.work.database, f"sync:{mapped.connection}" if lease == "sync" else lease, "slow"):
        sweep(mapped.work)
        assert {place for place, path in enumerate(paths) if path.exists()} == spared
    sweep(mapped.work)
    assert not any(path.exists() for path in paths)


def test_a_state_that_was_replaced_goes_with_its_sync(mapped: Company) -> None:
    mapped.write("deals.csv", FIRST[:2])
    mapped.sync()
    with mapped.work.database.transaction() as transaction:
        row = transaction.one("state", "select paths, stream_id from aos.latest_states")
    assert [path.name for path in mapped.work.lake.states(row["stream_id"]).iterdir()] == [Path(one).name for one in row["paths"]]
