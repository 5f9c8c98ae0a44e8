"""What is kept of the audit log outside the database, by several processes at once."""

from __future__ import annotations

import threading
from pathlib import Path
from uuid import UUID, uuid4

from aos_resources.anchors import Anchor, Anchors
from aos_resources.settings import Settings


def test_the_newest_entry_is_read_whole_while_it_is_written(tmp_path: Path) -> None:
    anchors = Anchors(Settings(home=tmp_path))
    newest: list[UUID] = []
    torn: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            try:
                for tenant in newest[-1:]:
                    anchors.newest(tenant)
            except ValueError as half:
                torn.append(str(half))

    looking = [threading.Thread(target=look) for _ in range(3)]
    for one in looking:
        one.start()
    for _ in range(400):
        tenant = uuid4()
        anchors.note(Anchor(tenant, 9, bytes(32)))
        newest.append(tenant)
        for seq in (10, 100, 1_000, 10_000):  # each a longer line than the one before
            anchors.note(Anchor(tenant, seq, bytes([seq % 256]) * 32))
    done.set()
    for one in looking:
        one.join()
    assert torn == []
    assert anchors.newest(newest[0]) == Anchor(newest[0], 10_000, bytes([16]) * 32)


def test_an_older_entry_noted_late_does_not_replace_a_newer_one(tmp_path: Path) -> None:
    anchors, mine, neighbour = Anchors(Settings(home=tmp_path)), uuid4(), uuid4()
    anchors.note(Anchor(mine, 12, b"\x01" * 32))
    anchors.note(Anchor(mine, 11, b"\x02" * 32))
    assert anchors.newest(mine) == Anchor(mine, 12, b"\x01" * 32)
    assert anchors.newest(neighbour) is None


def test_the_first_cut_that_was_noticed_is_the_one_that_is_kept(tmp_path: Path) -> None:
    anchors, mine, neighbour = Anchors(Settings(home=tmp_path)), uuid4(), uuid4()
    anchors.note(Anchor(mine, 12, b"\x01" * 32))
    anchors.look_back(mine, 12)
    assert anchors.cut_at(mine) is None
    anchors.look_back(mine, 4)
    anchors.look_back(mine, 2)
    assert (anchors.cut_at(mine), anchors.cut_at(neighbour)) == (5, None)
    anchors.forget(mine)
    assert (anchors.cut_at(mine), anchors.newest(mine)) == (None, None)
