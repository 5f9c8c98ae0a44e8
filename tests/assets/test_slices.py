"""A long reading comes in slices: each is listed by itself, a cut costs one of them, and only a whole pass deletes."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import duckdb
import pytest

from aos_assets.steps.land import Sync, sync_connection
from aos_assets.steps.sweeping import sweep
from aos_core.errors import CredentialsRefused, FixTheSource, TryAgain
from aos_core.tenancy import Tenant
from tests.assets.conftest import Company
from tests.assets.ledger import Ledger, known_as_a_source, numbered


@dataclass
class Read:
    """A ledger as a connection of Acme's."""

    acme: Company
    ledger: Ledger
    connection: UUID

    def sync(self) -> Sync:
        return sync_connection(self.acme.work, self.connection)

    def run(self, statement: str, **values: object) -> list[dict[str, object]]:
        with self.acme.work.database.transaction() as transaction:
            return [dict(row) for row in transaction.all(statement, **({"id": self.connection} | values))]

    def change(self, statement: str, **values: object) -> None:
        with self.acme.work.database.transaction() as transaction:
            transaction.run(statement, **({"id": self.connection} | values))

    def operations(self) -> list[tuple[str, str]]:
        """(_op, _key) of every landed row in the order in which they landed."""
        found: list[tuple[str, str]] = []
        for row in self.run("select l.path from aos.landings l join aos.streams s on s.id = l.stream_id where s.connection_id = :id order by l.seq"):
            path = self.acme.work.lake.absolute(str(row["path"]))
            found += duckdb.sql(f"select _op, _key from read_parquet('{path}', file_row_number = true) order by file_row_number").fetchall()
        return found

    def living(self) -> dict[str, tuple[str, str]]:
        """What the landings say there is, folded in their order."""
        found: dict[str, tuple[str, str]] = {}
        for row in self.run("select l.path from aos.landings l join aos.streams s on s.id = l.stream_id where s.connection_id = :id order by l.seq"):
            path = self.acme.work.lake.absolute(str(row["path"]))
            for op, key, worth, note in duckdb.sql(f"select _op, _key, worth, note from read_parquet('{path}', file_row_number = true) order by file_row_number").fetchall():
                found.pop(key, None)
                found |= {} if op == "d" else {key: (worth, note)}
        return found

    def unbalanced(self, newest: int | None = None) -> list[dict[str, object]]:
        """Balances that leave a row unaccounted for, of the newest syncs or of all."""
        return self.run(
            "select * from (select t.* from aos.sync_streams t join aos.syncs y on y.id = t.sync_id where y.connection_id = :id order by y.started_at desc"
            " limit :newest) as told where read <> landed + unchanged + rejected",
            newest=newest,
        )

    def doubled(self) -> int:
        """Keys that a file of the latest state names more than once."""
        states = self.run("select paths from aos.latest_states l join aos.streams s on s.id = l.stream_id where s.connection_id = :id")
        paths = [self.acme.work.lake.absolute(path) for row in states for path in row["paths"]]  # type: ignore[attr-defined]
        own = [path for path in paths if "key" in duckdb.sql(f"select * from read_parquet('{path}') limit 0").columns]
        return sum(int(duckdb.sql(f"select count(*) - count(distinct (part, key)) from read_parquet('{path}')").fetchall()[0][0]) for path in own)

    def told(self) -> list[dict[str, object]]:
        """Every sync's balance of the stream, the oldest first."""
        return self.run(
            "select t.* from aos.sync_streams t join aos.syncs y on y.id = t.sync_id where y.connection_id = :id order by y.started_at"
        )


@pytest.fixture
def read(acme: Company, monkeypatch: pytest.MonkeyPatch) -> Read:
    ledger = Ledger()
    known_as_a_source(monkeypatch, ledger)
    return Read(acme, ledger, acme.connect("ledger", "ledger", {}))


def failing_at(page: int, error: Exception) -> Callable[[int], None]:
    def fails(now: int) -> None:
        if now == page:
            raise error

    return fails


def test_a_whole_reading_lands_every_row_once_and_again_nothing(read: Read) -> None:
    read.ledger.rows = numbered(10)
    first, again = read.sync().streams[0], read.sync().streams[0]
    assert (first.read, first.landed, again.read, again.landed, again.unchanged) == (10, 10, 10, 0, 10)
    assert read.operations() == [("i", key) for key in read.ledger.rows]
    assert [one["said"]["why"] for one in read.told()] == ["first", "whole"]  # type: ignore[index]
    read.ledger.rows |= {"0003": ("2", "other"), "0100": ("1", "new")}
    del read.ledger.rows["0007"]
    read.ledger.why = "Read whole, since the changes were lost."
    assert (read.sync().streams[0].landed, read.living()) == (2, read.ledger.rows)
    assert read.told()[-1]["said"]["why"] == "Read whole, since the changes were lost."  # type: ignore[index]


@pytest.mark.parametrize("error", [TryAgain("The source is away"), FixTheSource("The page is broken"), CredentialsRefused("The token has expired")])
def test_a_reading_that_is_cut_at_any_page_leaves_a_clean_prefix_and_goes_on_from_there(read: Read, error: Exception) -> None:
    """Every page in turn, first over nothing, then over what stands: never emptied, and no error is a deletion."""
    every = numbered(11)
    for stand, worth in (({}, "1"), (every, "2")):
        for page in range(4):
            read.change("update aos.streams set reset_at = now() where connection_id = :id")
            read.ledger.rows, read.ledger.fails = dict(stand), failing_at(-1, error)
            read.acme.allow()
            read.sync()
            read.ledger.rows = numbered(11, worth)
            del read.ledger.rows["0010"]
            before = read.living()
            read.ledger.fails = failing_at(page, error)
            with contextlib.suppress(TryAgain):
                read.sync()
            cut = read.told()[-1]
            assert (cut["state"], cut["read"], cut["deleted"]) == ("failed", 3 * page, 0)
            prefix = dict(list(read.ledger.rows.items())[: 3 * page])
            assert read.living() == {**before, **prefix}
            read.ledger.fails = failing_at(-1, error)
            read.change("update aos.connections set state = 'active' where id = :id")
            rest = read.sync().streams[0]
            assert (rest.read, rest.deleted) == (10 - 3 * page, 1 if stand else 0)
            assert read.living() == read.ledger.rows


def test_credentials_that_are_refused_are_not_tried_again_and_lose_nothing(read: Read) -> None:
    read.ledger.rows = numbered(7)
    read.ledger.fails = failing_at(1, CredentialsRefused("The token has expired", fix="Authorise anew."))
    assert "token has expired" in str(read.sync().error)
    assert read.run("select state from aos.connections where id = :id") == [{"state": "unauthorised"}]
    assert read.run("select type from aos.outbox where type = 'connection.unauthorised'")
    read.ledger.fails = failing_at(-1, ValueError())
    assert read.sync().streams[0].read == 4
    assert read.living() == read.ledger.rows


def test_only_a_whole_pass_deletes_however_often_it_was_cut(read: Read) -> None:
    read.ledger.rows = numbered(20)
    read.sync()
    for key in ("0001", "0010", "0019"):
        del read.ledger.rows[key]
    for page in (2, 1, 1):
        read.ledger.fails = failing_at(page, FixTheSource("The page is broken"))
        assert "broken" in str(read.sync().error)
        assert [one for one in read.operations() if one[0] == "d"] == []
        assert sweep(read.acme.work).files == 0
    read.ledger.fails = failing_at(-1, ValueError())
    assert read.sync().streams[0].deleted == 3
    assert read.living() == read.ledger.rows
    assert {row["cause"] for row in read.run("select cause from aos.landings")} == {None, "absent"}
    assert sweep(read.acme.work).files > 0  # keys that the pass had met
    assert read.sync().streams[0].unchanged == 17


def test_what_the_last_slice_changes_and_deletes_is_known_once(read: Read) -> None:
    read.ledger.rows, read.ledger.page = numbered(10), 4
    read.sync()
    for gone, changed, left in (("0001", "0009", 9), ("0002", "0008", 8)):  # over landings that tell the state, and over a file of it
        del read.ledger.rows[gone]
        read.ledger.rows[changed] = ("2", "changed")
        one, again = read.sync().streams[0], read.sync().streams[0]
        assert (one.landed, one.deleted, again.landed, again.unchanged) == (1, 1, 0, left)
    assert read.unbalanced() == []


def test_a_source_that_says_what_is_gone_and_one_whose_keys_are_compared(read: Read) -> None:
    read.ledger.rows = numbered(10)
    read.sync()
    read.ledger.shows = "changes"
    del read.ledger.rows["0004"]
    assert read.sync().streams[0].deleted == 0
    read.ledger.gone = ["0004", "0004", "9999"]
    one = read.sync().streams[0]
    assert (one.read, one.landed, one.deleted, one.balanced) == (0, 0, 1, True)
    read.ledger.gone = ["0004"]
    assert read.sync().streams[0].deleted == 0
    del read.ledger.rows["0005"]
    read.ledger.keys, read.ledger.changed, read.ledger.rows["0006"] = True, {"0006"}, ("9", "changed")
    one = read.sync().streams[0]
    assert (one.read, one.landed, one.deleted) == (1, 1, 1)
    assert read.living() == read.ledger.rows
    assert sorted({str(row["cause"]) for row in read.run("select cause from aos.landings where cause is not null")}) == ["absent", "deleted"]


def test_more_than_a_fifth_of_the_rows_does_not_vanish_without_a_word(read: Read) -> None:
    read.ledger.rows = numbered(30)
    read.sync()
    read.ledger.rows = numbered(24) | {"0000": ("2", "changed")}
    assert read.sync().streams[0].deleted == 6  # a fifth and no more
    read.ledger.rows = numbered(19)
    read.ledger.page = 100
    held = read.sync()
    assert "5 of 24 rows vanished from the source, so this reading is held. Look" in str(held.error)
    told = read.told()[-1]
    assert (told["state"], told["said"]["vanished"], told["said"]["of"], told["deleted"]) == ("held", 5, 24, 0)  # type: ignore[index]
    assert len(read.living()) == 24
    read.acme.allow(4)
    assert "vanished" in str(read.sync().error)
    assert read.run("select may_vanish from aos.streams where connection_id = :id") == [{"may_vanish": None}]  # asked anew

    def says(page: int) -> None:
        read.acme.allow(5)

    read.ledger.fails = says
    assert "vanished" in str(read.sync().error)  # it had begun before anybody said so
    read.ledger.fails = failing_at(-1, ValueError())
    assert read.run("select may_vanish from aos.streams where connection_id = :id") == [{"may_vanish": 5}]
    assert read.sync().streams[0].deleted == 5
    assert read.living() == read.ledger.rows
    read.ledger.rows = {}
    assert "19 of 19 rows vanished" in str(read.sync().error)  # the word was for once


def test_a_stream_that_is_reset_lands_again_and_keeps_only_what_the_source_has_now(read: Read) -> None:
    read.ledger.rows = numbered(8)
    read.sync()
    read.ledger.shows, read.ledger.changed = "changes", set()
    read.ledger.rows = {key: row for key, row in numbered(10).items() if key > "0006"}
    assert read.sync().streams[0].read == 0
    read.change("update aos.streams set reset_at = now() where connection_id = :id")
    read.ledger.fails, read.ledger.page = failing_at(1, FixTheSource("broken")), 2
    assert "broken" in str(read.sync().error)
    assert len(read.living()) == 9
    read.ledger.fails = failing_at(-1, ValueError())
    one = read.sync().streams[0]
    assert (one.read, one.deleted) == (1, 7)
    assert read.living() == read.ledger.rows
    assert read.run("select reset_at from aos.streams where connection_id = :id") == [{"reset_at": None}]
    assert read.run("select cause from aos.landings where cause is not null") == [{"cause": "out of scope"}]
    assert read.sync().streams[0].read == 0


def test_another_key_is_a_reading_from_zero_whose_old_keys_are_gone(read: Read) -> None:
    read.ledger.rows = numbered(6)
    read.sync()
    read.change("update aos.streams set key = '[\"note\", \"id\"]', key_origin = 'declared', reset_at = now() where connection_id = :id")
    one = read.sync().streams[0]
    assert (one.landed, one.deleted) == (6, 6)
    assert sorted(read.living()) == [f'["note {n}","{n:04}"]' for n in range(6)]
    assert read.sync().streams[0].unchanged == 6


def test_a_sync_that_is_asked_to_end_ends_and_the_next_one_goes_on(read: Read) -> None:
    read.ledger.rows = numbered(9)

    def ask(page: int) -> None:
        if page == 1:
            read.change("update aos.syncs set cancel_asked_at = now() where state = 'running'")

    read.ledger.fails = ask
    assert read.sync().error is None
    assert [row["state"] for row in read.run("select state from aos.syncs where connection_id = :id")] == ["cancelled"]
    assert (read.told()[-1]["state"], len(read.living())) == ("cancelled", 6)
    read.ledger.fails = failing_at(-1, ValueError())
    assert read.sync().streams[0].read == 3
    assert read.living() == read.ledger.rows


def test_columns_are_left_out_or_hashed_before_anything_lands(read: Read) -> None:
    read.ledger.rows, read.ledger.torn, read.ledger.page = numbered(4), 1, 10
    read.sync()
    read.change("update aos.streams set treated = '{\"note\": \"hash\", \"worth\": \"omit\"}', reset_at = now() where connection_id = :id")
    one = read.sync().streams[0]
    assert (one.landed, one.deleted, one.balanced) == (4, 0, True)
    (path,) = [row["path"] for row in read.run("select l.path from aos.landings l join aos.streams s on s.id = l.stream_id where s.connection_id = :id order by l.seq desc limit 1")]
    rows = duckdb.sql(f"select * from read_parquet('{read.acme.work.lake.absolute(str(path))}') order by id").fetchall()
    names = [one[0] for one in duckdb.sql(f"describe select * from read_parquet('{read.acme.work.lake.absolute(str(path))}')").fetchall()]
    assert "worth" not in names
    hashed = [dict(zip(names, row, strict=True))["note"] for row in rows]
    assert len({*hashed}) == 4
    assert all(len(one) == 64 and "note" not in one for one in hashed)
    assert read.acme.work.secrets.salt(read.acme.work.tenant) != read.acme.work.secrets.salt(Tenant(uuid4(), "another"))
    assert "a torn line" not in str(read.told()[-1]["rejects"])
    assert "torn" in str(read.told()[-1]["rejects"])
    assert read.sync().streams[0].landed == 0


def test_a_stream_that_was_not_chosen_is_not_read(read: Read) -> None:
    read.ledger.rows = numbered(4)
    read.sync()
    read.change("update aos.streams set selected = false where connection_id = :id")
    assert (read.sync().streams, len(read.ledger.asked)) == ((), 1)


def test_a_stream_that_is_to_keep_what_is_gone_keeps_it(read: Read) -> None:
    read.ledger.rows = numbered(5)
    read.sync()
    read.change("update aos.streams set delete_mode = 'unknown' where connection_id = :id")
    read.ledger.rows, read.ledger.gone, read.ledger.keys = {"0001": ("2", "changed")}, ["0002"], True
    one = read.sync().streams[0]
    assert (one.landed, one.deleted, len(read.living())) == (1, 0, 5)


def test_whatever_fails_when_every_sync_balances_and_the_end_is_what_the_source_has(read: Read, pytestconfig: pytest.Config) -> None:
    """Random changes, pages, faults and causes; a sync that says that all is well has accounted for every row.

    Many more of them: pytest tests/assets/test_slices.py -k whatever --runs 10000
    """
    chance = random.Random(7)
    for _ in range(pytestconfig.getoption("--runs")):
        for key in chance.sample(range(60), chance.choice([1, 8, 60])):
            read.ledger.rows[f"{key:04}"] = (str(chance.randrange(9)), "note")
        for key in chance.sample(sorted(read.ledger.rows), 1):
            del read.ledger.rows[key]
        read.ledger.page, read.ledger.torn = chance.choice([1, 3, 8, 25]), chance.randrange(2)
        read.ledger.fails = failing_at(chance.randrange(12), chance.choice([FixTheSource("broken"), TryAgain("away")]))
        with contextlib.suppress(TryAgain):
            read.sync()
        assert (read.unbalanced(newest=1), read.doubled()) == ([], 0)
    read.ledger.fails = failing_at(-1, ValueError())
    read.sync()
    read.sync()
    assert read.unbalanced() == []
    assert read.living() == read.ledger.rows
    assert read.sync().streams[0].landed == 0
