"""The guards that hold everything: the fence of a lease, its epoch, and that a file is durable before it is listed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from aos_assets.steps import events, publish, reading
from aos_assets.steps.leases import holding
from aos_core.errors import TryAgain
from aos_resources.database import Transaction
from tests.assets.conftest import FIRST, Company

LISTED = ("landings", "latest_states", "event_batches", "quarantine_lists", "versions")


def overtake(company: Company) -> None:
    """Every lease is held by somebody else, as after a sleep that was too long."""
    with company.work.database.transaction() as transaction:
        transaction.run("update aos.leases set held_until = now() - interval '1 second'")
        names = [row["name"] for row in transaction.all("select name from aos.leases")]
    for name in names:
        with company.work.database.transaction() as transaction:
            transaction.run("update aos.leases set epoch = epoch + 1, holder = 'faster', held_until = now() + interval '1 minute' where name = :name", name=name)


def give_back(company: Company) -> None:
    with company.work.database.transaction() as transaction:
        transaction.run("update aos.leases set held_until = now() - interval '1 second'")


@pytest.mark.parametrize(
    ("module", "before", "step"),
    [(reading, "list_reading", Company.sync), (events, "_write_events", Company.events), (publish, "_publish", lambda one: publish.refresh(one.work))],
    ids=["landing", "events", "publication"],
)
def test_a_worker_that_was_overtaken_lists_nothing_and_the_next_one_does_it_once(
    mapped: Company, monkeypatch: pytest.MonkeyPatch, module: ModuleType, before: str, step: Callable[[Company], object]
) -> None:
    mapped.refresh()
    mapped.write("deals.csv", [FIRST[0] | {"worth": "11"}, *FIRST[1:]])
    if module is not reading:
        mapped.sync()
    if module is publish:
        mapped.events()
    listed, read = [mapped.count(table) for table in LISTED], mapped.content()
    real = getattr(module, before)

    def overtaken(*given: object) -> object:
        overtake(mapped)
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(module, before, overtaken)
        with pytest.raises(TryAgain, match="took over"):
            step(mapped)
    assert ([mapped.count(table) for table in LISTED], mapped.content()) == (listed, read)
    give_back(mapped)
    mapped.refresh()
    assert [str(row[0]) for row in mapped.view("opportunities", "amount")] == ["11.000000000000000", "None", "7.000000000000000"]


def test_whoever_takes_a_lease_over_fences_the_one_before_for_ever(acme: Company) -> None:
    """The epoch only grows: giving back and taking again is no way round it."""
    with pytest.raises(TryAgain, match="took over"), holding(acme.work.database, "sync:x", "slow") as slow:
        give_back(acme)
        with holding(acme.work.database, "sync:x", "faster") as faster:
            assert faster.epoch == slow.epoch + 1
        give_back(acme)
        with acme.work.database.transaction() as transaction:
            slow.prove(transaction)


def test_what_is_listed_was_synced_before_the_file_and_its_folder_with_it(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that loses its power after the commit still has the file under its name."""
    mapped.refresh()
    files, folders, checked = set[int](), dict[int, set[str]](), list[Path]()
    sync, run, each = os.fsync, Transaction.run, Transaction.each

    def recorded(descriptor: int) -> None:
        sync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        if path.is_dir():
            folders[path.stat().st_ino] = {one.name for one in path.iterdir()}
        else:
            files.add(os.fstat(descriptor).st_ino)

    def prove_synced(values: dict[str, object]) -> None:
        for path in _named(mapped, values):
            assert path.stat().st_ino in files, f"{path} was not synced"
            assert path.name in folders.get(path.parent.stat().st_ino, ()), f"the folder of {path} was not synced"
            checked.append(path)

    def run_proven(self: Transaction, statement: str, **values: object) -> int:
        prove_synced(values)
        return run(self, statement, **values)

    def each_proven(self: Transaction, statement: str, rows: list[dict[str, object]]) -> None:
        for row in rows:
            prove_synced(row)
        each(self, statement, rows)

    monkeypatch.setattr(os, "fsync", recorded)
    monkeypatch.setattr(Transaction, "run", run_proven)
    monkeypatch.setattr(Transaction, "each", each_proven)
    mapped.write("deals.csv", [FIRST[0] | {"worth": "unreadable"}, *FIRST[1:]])
    mapped.refresh()
    folder = mapped.work.lake.folder
    assert {path.relative_to(folder).parts[0] for path in checked} == {"raw", "states", "events", "quarantine", "warehouse"}


def _named(company: Company, values: dict[str, object]) -> list[Path]:
    """Files of the lake that a statement lists, by one path or by several in JSON."""
    found = [values["path"]] if isinstance(values.get("path"), str) else json.loads(str(values["paths"])) if "paths" in values else []
    return [company.work.lake.absolute(str(one)) for one in found]
