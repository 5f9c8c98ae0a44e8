"""Landing: what a reading changes, that both sides of the first balance agree, and that nothing lands twice."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import duckdb
import pytest

from aos_assets.steps import states
from aos_assets.steps.land import sync_connection
from aos_assets.steps.leases import holding
from aos_assets.steps.stages import land
from aos_assets.steps.sweeping import sweep
from aos_core.errors import AosError, TryAgain
from aos_resources.connectors.files import Files
from aos_resources.database import as_json
from tests.assets.conftest import FIRST, Company
from tests.assets.ledger import Ledger, known_as_a_source, numbered


def raw(acme: Company, stream: str = "deals") -> list[tuple[str, str]]:
    """(_op, _key) of every landed row, in the order in which they landed."""
    with acme.work.database.transaction() as transaction:
        paths = transaction.all(
            "select path from aos.landings l join aos.streams s on s.id = l.stream_id where s.name = :name order by l.seq", name=stream
        )
    found = []
    for row in paths:
        found += duckdb.sql(f"select _op, _key from read_parquet('{acme.work.lake.absolute(row['path'])}')").fetchall()
    return found


def in_parts(acme: Company) -> Path:
    """The folder from which stream `deals` is read in several files from now on."""
    parts = acme.folder / "parts"
    parts.mkdir()
    with acme.work.database.transaction() as transaction:
        told = as_json({"folder": str(parts), "patterns": {"deals": "deals-*.csv"}})
        transaction.run("update aos.connections set config = cast(:config as jsonb) where id = :id", config=told, id=acme.connection)
    return parts


def test_every_row_lands_once_and_a_second_reading_lands_nothing(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    first, second = acme.stream("deals"), acme.stream("deals")
    assert first.error is None
    assert (first.read, first.landed, first.unchanged, first.rejected) == (3, 3, 0, 0)
    assert (second.read, second.landed, second.unchanged, second.rejected) == (3, 0, 3, 0)
    assert raw(acme) == [("i", "1"), ("i", "2"), ("i", "3")]


def test_there_and_back_again_is_two_changes(acme: Company) -> None:
    changed = [FIRST[0] | {"worth": "11"}, *FIRST[1:]]
    landed = []
    for rows in (FIRST, changed, FIRST):
        acme.write("deals.csv", rows)
        landed.append(acme.stream("deals").landed)
    assert landed == [3, 1, 1]
    assert raw(acme)[3:] == [("u", "1"), ("u", "1")]


def test_a_row_that_is_gone_leaves_a_tombstone_before_the_rows_of_its_sync(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    acme.write("deals.csv", [*FIRST[1:], FIRST[0] | {"deal_id": "4"}])
    one = acme.stream("deals")
    assert (one.read, one.landed, one.unchanged, one.deleted) == (3, 1, 2, 1)
    assert raw(acme)[3:] == [("d", "1"), ("i", "4")]


def test_a_column_moved_is_no_change_and_a_column_more_is_one(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    acme.write("deals.csv", [dict(reversed(row.items())) for row in FIRST])
    assert acme.stream("deals").unchanged == 3
    acme.write("deals.csv", [row | {"note": "new"} for row in FIRST])
    assert acme.stream("deals").landed == 3


def test_twins_without_a_key_stay_two_and_one_may_leave(acme: Company) -> None:
    twins = [{"what": "bolt"}, {"what": "bolt"}, {"what": "nut"}]
    acme.write("parts.csv", twins)
    assert acme.stream("parts").landed == 3
    acme.write("parts.csv", twins[1:])
    one = acme.stream("parts")
    assert (one.unchanged, one.landed, one.deleted) == (2, 0, 1)


def test_a_row_repeated_under_its_key_lands_as_a_repetition_and_rests_afterwards(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    acme.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "4"}, FIRST[0] | {"deal_id": "4"}])
    assert acme.stream("deals").landed == 2
    assert raw(acme)[3:] == [("i", "4"), ("r", "4")]
    acme.write("deals.csv", [FIRST[0] | {"deal_id": "4"}, *FIRST, FIRST[0] | {"deal_id": "4"}])
    assert acme.stream("deals").landed == 0


def test_two_rows_of_one_key_keep_their_order_so_that_the_last_stays_the_last(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    both = [*FIRST, FIRST[0] | {"worth": "99"}]
    acme.write("deals.csv", both)
    assert acme.stream("deals").landed == 2
    assert acme.stream("deals").landed == 0


def test_each_file_of_a_pattern_is_a_reading_of_its_own_part(acme: Company) -> None:
    with acme.work.database.transaction() as transaction:
        transaction.run("update aos.connections set config = config || '{\"patterns\": {\"deals\": \"deals-*.csv\"}}'")
    acme.write("deals-1.csv", FIRST)
    acme.write("deals-2.csv", [row | {"deal_id": "1" + row["deal_id"]} for row in FIRST])
    assert acme.stream("deals").landed == 6
    acme.write("deals-2.csv", [FIRST[0] | {"deal_id": "11"}])
    one = acme.stream("deals")
    assert (one.read, one.unchanged, one.landed, one.deleted) == (4, 4, 0, 2)
    (acme.folder / "deals-1.csv").unlink()
    assert acme.stream("deals").deleted == 3


def test_a_ragged_row_is_rejected_with_its_line_and_the_others_land(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    with (acme.folder / "deals.csv").open("a") as file:
        file.write("5,Won\n6,Won,1,Hooli,2024-01-01\n")
    one = acme.stream("deals")
    assert (one.read, one.landed, one.rejected, one.balanced) == (5, 4, 1, True)
    with acme.work.database.transaction() as transaction:
        (reject,) = transaction.one("rejects", "select rejects from aos.sync_streams where rejected > 0")["rejects"]
    assert (reject["part"], reject["line"], reject["reason"], reject["text"]) == ("deals.csv", 5, "missing columns", "5,Won")


def test_a_file_that_cannot_be_read_stops_nothing_else(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    (acme.folder / "empty.csv").touch()
    sync = acme.sync()
    assert {one.stream: (one.landed, one.error) for one in sync.streams} == {
        "deals": (3, None),
        "empty": (0, "The file is empty, without even a header (empty.csv)."),
    }


def test_a_source_that_is_away_is_recorded_and_lands_nothing(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    (acme.folder / "deals.csv").unlink()
    acme.folder.rmdir()
    assert "no such file or folder" in str(acme.sync().error)
    assert raw(acme) == [("i", "1"), ("i", "2"), ("i", "3")]


def test_a_source_that_does_not_answer_fails_a_check_and_stops_no_other(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([TryAgain("The source does not answer")])

    def fails(page: int) -> None:
        for away in answers:
            raise away

    known_as_a_source(monkeypatch, Ledger(numbered(3), fails=fails))
    acme.connect("a ledger", "ledger", {})
    acme.connect("another", "ledger", {})
    report = land(acme.work, "ledger", str(uuid4()))
    assert [(check.name, check.passed) for check in report.checks] == [("balance", True), ("readable", False), ("freshness", True)]
    assert [(one["connection"], one["landed"]) for one in report.said["streams"]] == [("another", 3)]


def test_a_path_outside_the_allowed_folders_is_refused(acme: Company, tmp_path: Path) -> None:
    (acme.folder / "passwords.csv").symlink_to("/etc/passwd")
    assert "outside the folders" in str(acme.sync().error)


def test_two_workers_never_read_one_connection_at_once(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    barrier, outcomes = Barrier(2), list[object]()

    def work() -> None:
        barrier.wait()
        try:
            outcomes.append(sync_connection(acme.work, acme.connection).streams[0].landed)
        except TryAgain as later:
            outcomes.append(later.what)

    threads = [Thread(target=work) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(map(str, outcomes)) in (["3", "Another worker is at it"], ["0", "3"])
    assert len(raw(acme)) == 3


def test_a_worker_that_slept_through_its_lease_lists_nothing(acme: Company) -> None:
    with pytest.raises(TryAgain, match="took over"), holding(acme.work.database, "sync:x", "slow") as lease:
        with acme.work.database.transaction() as transaction:
            transaction.run("update aos.leases set held_until = now() - interval '1 second' where name = 'sync:x'")
        with holding(acme.work.database, "sync:x", "fast"), acme.work.database.transaction() as transaction:
            lease.prove(transaction)


def test_a_sync_that_was_killed_is_closed_by_the_next_one(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    with acme.work.database.transaction() as transaction:
        transaction.run(
            "insert into aos.syncs (id, connection_id, epoch, state) values (gen_random_uuid(), :connection, 0, 'running')",
            connection=acme.connection,
        )
    acme.sync()
    with acme.work.database.transaction() as transaction:
        states = transaction.all("select state, error from aos.syncs order by started_at")
    assert [row["state"] for row in states] == ["failed", "succeeded"]
    assert "nothing was lost" in states[0]["error"]["what"]


def test_a_paused_or_foreign_connection_is_not_there(acme: Company) -> None:
    from uuid import uuid4

    with pytest.raises(AosError, match="No such connection"):
        sync_connection(acme.work, uuid4())


def test_a_lease_lasts_as_long_as_its_worker_lives(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from time import sleep

    monkeypatch.setattr("aos_assets.steps.leases.SECONDS", 0.6)
    with holding(acme.work.database, "sync:x", "slow") as lease:
        sleep(1.5)
        with pytest.raises(TryAgain, match="Another worker is at it"), holding(acme.work.database, "sync:x", "fast"):
            pass
        with acme.work.database.transaction() as transaction:
            lease.prove(transaction)


def test_a_key_that_only_the_first_rows_suggest_is_dropped_and_every_row_lands_under_the_one_that_holds(acme: Company) -> None:
    rows = [{"a_id": str(min(n, 65_000)), "b_id": f"b{n}", "said": str(n % 7)} for n in range(70_000)]
    acme.write("deals.csv", rows)
    assert acme.stream("deals").landed == 70_000
    landed = raw(acme)
    assert landed == [("i", row["b_id"]) for row in rows]
    acme.write("deals.csv", [rows[0] | {"said": "new"}, *rows[1:]])
    one = acme.stream("deals")
    assert (one.landed, one.unchanged, one.deleted) == (1, 69_999, 0)
    assert raw(acme)[70_000:] == [("u", "b0")]


def test_a_file_that_lost_the_key_of_its_stream_is_refused_in_words(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    acme.write("deals.csv", [{"state": row["state"], "worth": row["worth"]} for row in FIRST])
    one = acme.stream("deals")
    assert "key of the stream is not among its columns (deals: deal_id)" in (one.error or "")
    assert (one.read, one.deleted) == (0, 0)


@pytest.mark.parametrize("most_files", [3, 32])
def test_landings_tell_the_latest_state_of_their_files_however_many_there_are(acme: Company, monkeypatch: pytest.MonkeyPatch, most_files: int) -> None:
    """Every file holds the same keys, so that one file's state never stands for another's."""
    monkeypatch.setattr(states, "_MOST_FILES", most_files)
    parts = in_parts(acme)
    for n in range(5):
        acme.write(f"deals-{n}.csv", [row | {"worth": str(n)} for row in FIRST], parts)

    def counted() -> tuple[int, int, int, int]:
        one = acme.stream("deals")
        assert one.balanced
        return one.read, one.landed, one.unchanged, one.deleted

    assert counted() == (15, 15, 0, 0)
    assert counted() == (15, 0, 15, 0)
    acme.write("deals-2.csv", [FIRST[0] | {"worth": "new"}, FIRST[1] | {"worth": "2"}], parts)
    assert counted() == (14, 1, 13, 1)
    acme.write("deals-2.csv", [FIRST[0] | {"worth": "2"}, FIRST[1] | {"worth": "2"}, FIRST[2] | {"worth": "2"}], parts)
    (parts / "deals-4.csv").unlink()
    assert counted() == (12, 2, 10, 3)
    sweep(acme.work)
    assert counted() == (12, 0, 12, 0)


def test_a_new_file_whose_keys_are_missing_or_twice_is_judged_row_by_row(acme: Company) -> None:
    """The key was proven by the file before; only a file that keeps it too becomes its landing as it was read."""
    parts = in_parts(acme)
    acme.write("deals-1.csv", FIRST, parts)
    assert acme.stream("deals").landed == 3
    one, other = FIRST[0], FIRST[0] | {"worth": "2"}
    acme.write("deals-2.csv", [one, other, other, FIRST[0] | {"deal_id": ""}], parts)
    second = acme.stream("deals")
    assert (second.read, second.landed, second.unchanged, second.balanced) == (7, 4, 3, True)
    landed = raw(acme)[3:]
    assert [op for op, _ in landed] == ["i", "i", "r", "i"]
    assert ([key for _, key in landed[:3]], landed[3][1] is None) == (["1", "1", "1"], False)
    assert acme.stream("deals").unchanged == 7


def test_a_file_that_left_an_appending_stream_and_came_back_lands_nothing_twice(acme: Company) -> None:
    """Where rows are kept when their file is gone, a part that nobody knows any more may have landed all the same."""
    parts = in_parts(acme)
    with acme.work.database.transaction() as transaction:
        transaction.run("update aos.connections set config = config || '{\"append\": true}'")
    acme.write("deals-1.csv", FIRST, parts)
    acme.write("deals-2.csv", [row | {"deal_id": "1" + row["deal_id"]} for row in FIRST], parts)
    assert acme.stream("deals").landed == 6
    away = (parts / "deals-2.csv").rename(acme.folder / "away")
    gone = acme.stream("deals")
    assert (gone.read, gone.deleted) == (3, 0)
    away.rename(parts / "deals-2.csv")
    back = acme.stream("deals")
    assert (back.read, back.landed, back.unchanged) == (6, 0, 6)


def test_a_reading_that_showed_no_file_forgets_none(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be away for the moment between being found and being read. What is gone when it is back is told by its next reading."""
    acme.write("deals.csv", FIRST)
    assert acme.stream("deals").landed == 3
    with monkeypatch.context() as patch:
        patch.setattr(Files, "read", lambda *_: iter(()))
        away = acme.stream("deals")
        assert (away.read, away.landed, away.deleted, away.error) == (0, 0, 0, None)
    assert acme.stream("deals").unchanged == 3
    acme.write("deals.csv", FIRST[:2])
    assert acme.stream("deals").deleted == 1
