"""What every test may ask for: one real Postgres, the world of two tenants, a served API, clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aos_resources.settings import Settings

if TYPE_CHECKING:  # a test of a pure function should not wait for a server's imports
    import httpx

    from aos_resources.embedded import Cluster
    from aos_resources.embedded_valkey import Valkey
    from tests.api.serving import Served
    from tests.scenario import World


def pytest_configure() -> None:
    """No test is judged by its time: other work may share the machine."""
    import hypothesis

    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rows", type=int, default=400_000, help="rows of a large table: 1000000 is the full size")
    parser.addoption("--runs", type=int, default=25, help="syncs with faults at random: 10000 is the full size")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One embedded Postgres for the whole session."""
    from aos_resources.embedded import Cluster

    started = Cluster(tmp_path_factory.mktemp("cluster") / "postgres")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A Postgres that is somebody else's."""
    from aos_resources.embedded import Cluster

    started = Cluster(tmp_path_factory.mktemp("somebody-else") / "postgres")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """One embedded valkey for the whole session."""
    from aos_resources.embedded_valkey import Valkey

    started = Valkey(tmp_path_factory.mktemp("live") / "valkey")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def settings(cluster: Cluster, valkey: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A migrated home of its own, with Redis."""
    from aos_resources.migrate import prepare

    made = Settings(
        home=tmp_path_factory.mktemp("home"), open_versions=3, redis_url=valkey.url(), allowed_networks="127.0.0.0/8",
        file_roots=str(tmp_path_factory.mktemp("sources")),
    )  # fmt: skip
    prepare(made, cluster.url())
    return made


@pytest.fixture(scope="session")
def world(settings: Settings, cluster: Cluster) -> Iterator[World]:
    """Acme and Globex, each with a published version."""
    from tests.api.built_version import build_version
    from tests.scenario import SHARED, make_world, secret_words

    made = make_world(settings, cluster.url())
    for tenant, theirs in ((made.acme, 0), (made.globex, 5)):
        build_version(made.version_path(tenant, SHARED.version), secret_words(tenant), theirs=theirs)
        made.publish(tenant, SHARED.version, 100)
        _issue_ids(made, tenant.slug == "globex")
    yield made
    made.database.close()


def _issue_ids(world: World, globex: bool) -> None:
    """The first ten accounts, one that is gone, one that was merged twice; and for Globex some of its own."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from aos_resources.database import as_json
    from aos_resources.lake import Lake
    from tests.api.built_version import account_id
    from tests.scenario import SHARED, THEIRS

    tenant = world.globex if globex else world.acme
    issued = [account_id(number) for number in range(1, 11)] + [SHARED.gone, SHARED.merged, SHARED.merged_again]
    issued += [*(account_id(number, THEIRS) for number in range(1, 6)), THEIRS.gone] if globex else []
    lake = Lake(world.settings).of(tenant)
    lake.ids("account").mkdir(parents=True)
    table = pa.table({"entity_id": pa.array([one.bytes for one in issued], pa.uuid())})
    pq.write_table(table, lake.ids("account") / "ids.parquet")
    with world.database.of(tenant).transaction() as transaction:
        seq = transaction.next_seq()
        transaction.run(
            "insert into aos.issued_ids (entity, paths, rows, seq) values ('account', cast(:paths as jsonb), :rows, :seq)",
            paths=as_json([lake.relative(lake.ids("account") / "ids.parquet")]), rows=len(issued), seq=seq,
        )  # fmt: skip
        transaction.each(
            "insert into aos.redirects (from_id, to_id, cause, seq) values (:a, :b, 'merged', :seq)",
            [{"a": SHARED.merged, "b": SHARED.merged_again, "seq": seq}, {"a": SHARED.merged_again, "b": account_id(2), "seq": seq}],
        )


@pytest.fixture(scope="session")
def served(world: World) -> Iterator[Served]:
    from tests.api.serving import Served

    with Served(world.settings) as api:
        yield api


@pytest.fixture(scope="session")
def anonymous(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


@pytest.fixture(scope="session")
def caller(served: Served) -> Iterator[Callable[[str], httpx.Client]]:
    """A client of a signed-in person, by e-mail; signed in once."""
    from tests.scenario import sign_in

    clients: dict[str, httpx.Client] = {}

    def of(email: str) -> httpx.Client:
        if email not in clients:
            with served.client() as client:
                clients[email] = served.client(sign_in(client, email))
        return clients[email]

    yield of
    for client in clients.values():
        client.close()


@pytest.fixture(scope="session")
def acme(caller: Callable[[str], httpx.Client]) -> httpx.Client:
    return caller("engineer@acme.example")


@pytest.fixture(scope="session")
def globex(caller: Callable[[str], httpx.Client]) -> httpx.Client:
    return caller("engineer@globex.example")


@pytest.fixture
def empty_home(tmp_path: Path) -> Settings:
    """A home under which nothing was ever started."""
    return Settings(home=tmp_path / "home")
