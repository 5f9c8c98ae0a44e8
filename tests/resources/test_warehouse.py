"""Published versions: which is current, what an open one may do, how many stay open."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from aos_core.errors import NotFound
from aos_resources.landed import Landed
from aos_resources.people import create_tenant
from aos_resources.settings import Settings
from aos_resources.warehouse import OpenVersions, Warehouse
from tests.api.built_version import build_version
from tests.scenario import SHARED, THEIRS, World, made_id, secret_words


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Six small databases, each holding its own number."""
    paths = [tmp_path / f"{number}.duckdb" for number in range(6)]
    for number, path in enumerate(paths):
        with duckdb.connect(str(path)) as connection:
            connection.execute(f"create table t as select {number} as n, i from range(1000) r(i)")
    return paths


def test_the_current_version_is_the_tenants_own(world: World) -> None:
    warehouse = Warehouse(world.settings, world.database)
    for tenant in (world.acme, world.globex):
        with warehouse.of(tenant).current() as version:
            assert (version.id, version.applied_seq) == (SHARED.version, 100)
            row = version.first("select name from unified.accounts where _ordinal = ?", 7)
            assert row == (f"{secret_words(tenant)} 7",)
    warehouse.close()
    assert len(warehouse.open) == 0


def test_nothing_published_unknown_and_the_neighbours_versions_are_not_found(world: World) -> None:
    warehouse = Warehouse(world.settings, world.database)
    empty = create_tenant(world.database, "empty-handed", "Empty")
    only_theirs: UUID = made_id("only globex has this version")
    build_version(world.version_path(world.globex, only_theirs), "x", accounts=1)
    world.publish(world.globex, only_theirs, 1, current=False)
    with pytest.raises(NotFound, match="Nothing has been published"), warehouse.of(empty).current():
        pass
    for version in (only_theirs, THEIRS.version):
        with pytest.raises(NotFound), warehouse.of(world.acme).version(version):
            pass
    with warehouse.of(world.globex).version(only_theirs) as opened:
        assert opened.first("select count(*) from unified.accounts") == (1,)
    warehouse.close()


def test_what_describes_a_version_is_derived_once_while_it_is_open_and_for_no_other(world: World) -> None:
    warehouse = Warehouse(world.settings, world.database)
    derived: list[str] = []

    def derive(whose: str) -> str:
        derived.append(whose)
        return whose

    for _ in range(2):
        for tenant in (world.acme, world.globex):
            with warehouse.of(tenant).current() as version:
                assert version.once("word", lambda whose=tenant.slug: derive(whose)) == tenant.slug
    assert derived == ["acme", "globex"]
    warehouse.close()


def test_a_path_that_leads_out_of_the_tenants_folder_is_refused(world: World) -> None:
    escape = made_id("escape")
    with world.database.of(world.acme).transaction() as transaction:
        transaction.run(
            "insert into aos.versions (id, path, applied_seq, fingerprint, tables, bytes, seq) values (:id, :path, 0, 'f', '{}', 0, 0)",
            id=escape,
            path=f"{world.acme.id}/../{world.globex.id}/warehouse/{SHARED.version}.duckdb",
        )
    warehouse = Warehouse(world.settings, world.database)
    with pytest.raises(ValueError, match="not in the folder"), warehouse.of(world.acme).version(escape):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/*')",
        "select * from '/etc/passwd'",
        "attach '/tmp/other.duckdb'",
        "copy (select 1) to '/tmp/out.csv'",
        "set enable_external_access = true",
        "set threads = 8",
        "reset memory_limit",
        "set lock_configuration = false",
        "install httpfs",
        "load httpfs",
        "create table unified.accounts2 as select 1",
        "delete from unified.accounts",
        "select getenv('HOME')",
    ],
)
def test_an_open_version_reads_itself_and_nothing_else(world: World, statement: str) -> None:
    warehouse = Warehouse(world.settings, world.database)
    with warehouse.of(world.acme).current() as version, pytest.raises(duckdb.Error):
        version.all(statement)
    warehouse.close()


def test_a_landed_file_is_read_by_an_instance_that_sees_nothing_else(world: World) -> None:
    with world.database.of(world.acme).transaction() as transaction:
        path = str(transaction.one("landing", "select path from aos.landings where id = :id", id=SHARED.landing)["path"])
    landed = Landed(world.settings).of(world.acme)
    assert landed.row(path, 2).values == {"Id": "A-2", "Name": "Acme-only 2", "AnnualRevenue": "0.0000025", "Parent": None}
    with pytest.raises(NotFound):
        landed.row(path, 3)
    with pytest.raises(ValueError, match="not in the folder"):
        landed.row(path.replace(str(world.acme.id), str(world.globex.id)), 0)
    with landed._reading(path) as (connection, _):
        for statement in ("select * from read_text('/etc/passwd')", "select * from glob('/*')", "set threads = 4"):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_decimals_floats_and_odd_types_of_a_landing_survive_as_json(tmp_path: Path, world: World) -> None:
    stored = f"{world.acme.id}/raw/odd.parquet"
    path = world.settings.lake / stored
    duckdb.sql(
        "copy (select 12345678901234567890.123456789012345::decimal(38,15) as d, 'nan'::double as f, 1::bigint as i, true as b,"
        " '\\xAA'::blob as x, [1.10::decimal(4,2)] as l, timestamptz '2026-01-01 00:00:00+02' as t, 'a\"b' as \"q\"\"uote\","
        " null::integer as n, 'k' as _key, 'upsert' as _op, now() as _at)"
        f" to '{path}' (format parquet)"
    )
    values = Landed(world.settings).of(world.acme).row(stored, 0).values
    assert values == {
        "d": "12345678901234567890.123456789012345", "f": "nan", "i": 1, "b": True, "x": "\\xAA", "l": "[1.10]",
        "t": "2025-12-31 22:00:00+00", 'q"uote': 'a"b', "n": None,
    }  # fmt: skip


def test_no_more_versions_stay_open_than_may(files: list[Path]) -> None:
    versions = OpenVersions(Settings(open_versions=2))
    for number, path in enumerate(files):
        with versions.cursor(path) as cursor:
            assert cursor.execute("select max(n) from t").fetchone() == (number,)
        assert len(versions) <= 2
    versions.close()


def test_the_least_recently_used_is_closed_first(files: list[Path]) -> None:
    versions = OpenVersions(Settings(open_versions=2))
    for number in (0, 1, 0, 2):
        with versions.cursor(files[number]):
            pass
    assert [path.name for path in versions._instances] == ["0.duckdb", "2.duckdb"]
    versions.close()


def test_a_reader_in_progress_is_never_cut(files: list[Path]) -> None:
    versions = OpenVersions(Settings(open_versions=1))
    with versions.cursor(files[0]) as held:
        reading = held.execute("select i from t order by i")
        assert reading.fetchone() == (0,)
        for path in files[1:]:
            with versions.cursor(path) as cursor:
                cursor.execute("select 1")
        versions.close()
        assert len(reading.fetchall()) == 999
    assert len(versions) == 0


def test_many_threads_share_few_instances_and_each_reads_its_own(files: list[Path]) -> None:
    versions = OpenVersions(Settings(open_versions=2))
    most: list[int] = []
    gate = threading.Barrier(8)

    def read(worker: int) -> bool:
        gate.wait()
        right = True
        for step in range(20):
            number = (worker + step) % len(files)
            with versions.cursor(files[number]) as cursor:
                right &= cursor.execute("select min(n), max(n), count(*) from t").fetchone() == (number, number, 1000)
            most.append(len(versions))
        return right

    with ThreadPoolExecutor(8) as together:
        assert all(together.map(read, range(8)))
    assert max(most) <= 8
    assert len(versions) <= 2
    versions.close()
