"""What the benchmarks stand on: an installation of its own, a table of deals, and how time and memory are read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil

DEALS = """
select i as deal_id, ['Won','Lost','Open'][i % 3 + 1] as state, round(i * 1.37, 2) as worth, 'company ' || i % 5000 as company,
  date '2020-01-01' + (i % 1500)::int as close_date, 'agent ' || i % 300 as owner, 'product ' || i % 40 as product,
  'lead ' || i % 7 as lead_source, 'step ' || i % 9 as next_step, 'text of deal ' || i as description, i % 36 as contract_term,
  (i % 100) / 100.0 as probability, round(i * .11, 2) as mrr, round(i * 1.32, 2) as arr, 'type ' || i % 4 as type,
  timestamp '2020-01-01' + to_seconds(i) as created_at, timestamp '2021-01-01' + to_seconds(i) as updated_at,
  'competitor ' || i % 11 as competitors, 'EUR' as currency, 'note ' || i as note
from range({rows}) t(i)
"""
DECISION = {
    "stream": "crm/deals",
    "entity": "opportunity",
    "key": "deal_id",
    "fields": {
        "status": {"from": "state", "values": {"Won": "won", "Lost": "lost", "Open": "open"}},
        "amount": "worth",
        "account_name": "company",
    },
}


@contextmanager
def installation(folder: Path) -> Iterator[Any]:
    """The world of a fresh installation with its own Postgres, dbt's manifest already read."""
    from aos_assets.steps import dbt

    with bare_installation(folder) as world:
        dbt.load(world.settings.home / "dbt")
        yield world


@contextmanager
def bare_installation(folder: Path) -> Iterator[Any]:
    """The same without dbt, which landing does without."""
    from aos_resources.embedded import Cluster
    from aos_resources.migrate import prepare
    from aos_resources.settings import Settings
    from aos_resources.world import open_world

    settings = Settings(home=folder / "home", file_roots=str((folder / "files").resolve()), allowed_networks="localhost")
    cluster = Cluster(settings.home / "postgres")
    settings.home.mkdir()
    prepare(settings, cluster.start())
    world = open_world(settings)
    try:
        yield world
    finally:
        world.close()
        cluster.stop()


def tenant(world: Any, slug: str = "bench") -> Any:
    """The work of a new tenant."""
    from aos_resources.people import create_tenant

    return world.of(create_tenant(world.database, slug, slug.title()))


def connect(work: Any, source: str, config: dict[str, Any], secret: str | dict[str, str] | None = None) -> UUID:
    """`secret`: what is sealed, or a password alone."""
    from aos_resources.database import as_json

    made = uuid4()
    with work.database.transaction() as transaction:
        sealed = work.secrets.seal(transaction, work.tenant, made, as_json({"password": secret} if isinstance(secret, str) else secret)) if secret else None
        transaction.run(
            "insert into aos.connections (id, name, source, config, sealed) values (:id, 'crm', :source, cast(:config as jsonb), :sealed)",
            id=made, source=source, config=as_json(config), sealed=sealed,
        )  # fmt: skip
    return made


def decide(work: Any) -> None:
    """The mapping of the deals as a person would state it."""
    from aos_assets.steps.map import suggest_mappings
    from aos_resources.decisions import state_decision

    suggest_mappings(work)
    with work.database.transaction() as transaction:
        state_decision(transaction, work.ontology, DECISION, "bench@example.com")
    suggest_mappings(work)


@contextmanager
def timed(measured: dict[str, float], name: str) -> Iterator[None]:
    """CPU seconds of this process, threads included, and wall seconds."""
    cpu, wall = time.process_time(), time.monotonic()
    yield
    measured[f"cpu_{name}"], measured[f"wall_{name}"] = round(time.process_time() - cpu, 3), round(time.monotonic() - wall, 3)


def peak() -> float:
    """Of this process so far, in MB: Linux's own mark, since getrusage's begins where the process that started it stood."""
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return round(int(line.split()[1]) / 1024)


def cpu_of_postgres(settings: Any) -> float:
    """Seconds that the installation's own server has used: the postmaster, its children that ended and those that live."""
    postmaster = psutil.Process(int((settings.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[0]))
    own = postmaster.cpu_times()
    living = [one.cpu_times() for one in postmaster.children(recursive=True)]
    return float(sum(own[:4]) + sum(one.user + one.system for one in living))
