"""Secrets of connections whose syncs fail in many ways: looked for in every place that is told of a failure, in every way a text can hold them."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, product
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from dagster import AssetSelection, DagsterInstance
from dagster import materialize as run
from psycopg import sql

from aos_assets.definitions import defs
from aos_assets.steps.land import sync_connection
from aos_core.errors import AosError
from aos_core.hiding import hidden
from aos_resources import connectors
from aos_resources.connectors import read_model
from aos_resources.connectors.source import Connector, Doors
from aos_resources.database import as_json
from aos_resources.embedded import Cluster
from aos_resources.people import add_member, create_user
from aos_resources.postgres_programs import program
from aos_resources.world import World
from tests.api.serving import Served
from tests.api.test_doors import PATH_IDS, operations
from tests.assets.conftest import Company
from tests.resources import test_guarded
from tests.scenario import PASSWORD, sign_in

# Telling errors that are to be come back for would be waited for.
TELLING = [one for one in test_guarded.ERRORS if one != "one to come back for"]
MOMENTS = ("made", "discovering", "reading", "a batch")
KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49uniqueKeyOfAConnection0193AgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----"


class Planted:
    """Connections of one company, each with a secret of its own that occurs nowhere else."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.secrets: list[str] = []
        self.connections: list[UUID] = []

    def connect(self, config: dict[str, Any], secret: str | None = None) -> None:
        """A connection to a Postgres, which may be one that tells all it knows."""
        made, secret = uuid4(), secret or as_json({"password": f"pl@nted/{uuid4().hex[:12]} 'ö%"})
        work = self.company.work
        with work.database.transaction() as transaction:
            transaction.run(
                "insert into aos.connections (id, name, source, config, sealed) values (:id, :name, 'postgres', cast(:config as jsonb), :sealed)",
                id=made, name=f"planted {len(self.connections)}", config=as_json(config), sealed=work.secrets.seal(transaction, work.tenant, made, secret),
            )  # fmt: skip
        self.secrets.append(secret)
        self.connections.append(made)

    def found(self, *texts: str) -> list[str]:
        """Lines in which one of them stands, in whatever way."""
        secrets = set(self.secrets)
        return [line[:2000] for text in texts if hidden(text, secrets) != text for line in text.splitlines() if hidden(line, secrets) != line]


@pytest.fixture
def planted(acme: Company, second: Cluster, monkeypatch: pytest.MonkeyPatch) -> Planted:
    made = Planted(acme)
    there = {"host": "127.0.0.1", "port": second.port(), "database": "postgres", "user": "postgres"}
    for wrong in (
        {"user": "nobody there"}, {"port": 1}, {"database": "no such one"}, {"sslmode": "whatever"}, {"sslmode": "verify-full"},
        {"host": "no-such-host.invalid"}, {"host": "127.0.0.1,127.0.0.2"}, {"user": "us er:@/"}, {"port": 99999}, {"host": "[::1"},
    ):  # fmt: skip
        made.connect(there | wrong)
    made.connect(there | _with_a_broken_view(second, "right-and-unique-5521"), as_json({"password": "right-and-unique-5521"}))
    ordinary = connectors.CONNECTORS["postgres"]

    def make(doors: Doors, config: test_guarded.Anything, secret: test_guarded.Anything) -> Connector:
        asked = config.model_dump()
        if "kind" in asked:
            return test_guarded.Telling(asked["moment"], test_guarded.ERRORS[asked["kind"]])
        assert ordinary.secret is not None
        return ordinary.make(doors, *(read_model(*one, "postgres") for one in ((ordinary.config, asked), (ordinary.secret, secret.model_dump()))))

    monkeypatch.setitem(connectors.CONNECTORS, "postgres", replace(ordinary, config=test_guarded.Anything, secret=test_guarded.Anything, make=make))
    document = json.loads(test_guarded.SECRET) | {"private_key": KEY}
    for kind, moment in zip(TELLING, cycle(MOMENTS), strict=False):
        made.connect({"kind": kind, "moment": moment}, json.dumps(document))
    return made


def _with_a_broken_view(cluster: Cluster, password: str) -> dict[str, Any]:
    """A database where the password is right and reading goes wrong."""
    name = f"told {uuid4().hex[:8]}"
    with psycopg.connect(cluster.url(), autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(name), sql.Literal(password)))
    with psycopg.connect(cluster.url(), dbname=name, autocommit=True) as owner:
        owner.execute("create view broken as select 1 / (random() * 0)::int as n")
        owner.execute("grant select on broken to public")
    return {"database": name, "user": name}


@pytest.fixture
def told(planted: Planted, opened: World, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], dict[str, str]]]:
    """Every sync by itself and all of them by the orchestrator; then what each place was told."""
    caplog.set_level(logging.DEBUG)
    raised = []
    for connection in planted.connections:
        try:
            synced = sync_connection(planted.company.work, connection)
            assert synced.error, connection
            raised.append(repr(synced))
        except AosError as refused:
            raised.append(f"{refused!r} {refused.__cause__!r} {refused.__context__!r}")
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        slug = planted.company.work.tenant.slug
        instance.add_dynamic_partitions("tenant", [slug])
        done = run(list(defs.assets or ()), selection=AssetSelection.assets(["raw", "postgres"]), partition_key=slug, instance=instance, resources={"world": opened}, raise_on_error=False)
        events = "\n".join(one.to_json() + repr(one) for one in instance.all_logs(done.run_id))
        runs = "\n".join(f"{one.run_config} {one.tags} {one!r}" for one in instance.get_runs())

    def all_of_it() -> dict[str, str]:
        out, err = capfd.readouterr()
        files = "\n".join(path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file())
        return {"errors": "\n".join(raised), "events": events, "runs": runs, "files": files, "logs": "\n".join((out, err, caplog.text))}

    yield all_of_it


def test_no_secret_is_told_anywhere(planted: Planted, told: Callable[[], dict[str, str]], opened: World, cluster: Cluster) -> None:
    copy = subprocess.run([str(program("pg_dump")), "--schema", "aos", "--dbname", cluster.url()], capture_output=True, text=True, check=True).stdout
    answers = _answers(planted, opened)
    places = told() | {"database": copy, "answers": answers}
    assert {place: planted.found(text) for place, text in places.items()} == {place: [] for place in places}
    # And each was told of the failures: what was looked through is where a secret would stand.
    for place, word in {"errors": "password", "events": "planted 12", "database": "planted 12", "answers": "planted 12", "files": "planted 12", "logs": "RUN_SUCCESS"}.items():
        assert word in places[place], place
    failed = planted.company.work
    with failed.database.transaction() as transaction:
        ended = transaction.all("select c.name, s.error ->> 'what' as what from aos.syncs s join aos.connections c on c.id = s.connection_id")
        refused = transaction.all("select id from aos.connections where state = 'unauthorised'")
    assert len(refused) >= 3  # what was refused once is not asked again
    assert len(ended) == 2 * len(planted.connections) - len(refused) and all(one["what"] for one in ended)
    assert sum("•••" in one["what"] for one in ended) >= len(TELLING)


def _answers(planted: Planted, opened: World) -> str:
    """Whatever an owner can read by the API, of every connection, sync, stream and run that there is."""
    tenant, email = planted.company.work.tenant, f"{uuid4().hex[:8]}@told.example"
    add_member(opened.database, tenant, create_user(opened.database, email, "Owner", PASSWORD), "owner")
    with planted.company.work.database.transaction() as transaction:
        there = {table: [row["id"] for row in transaction.all(f"select id from aos.{table}")] for table in ("connections", "syncs", "streams", "runs")}
    known = {"connection_id": there["connections"], "sync_id": there["syncs"], "stream_id": there["streams"], "step_id": there["runs"]}
    other = {"name": "contact", "kind": "personal", "entity_id": uuid4(), "field": "email"} | {name: uuid4() for name in PATH_IDS}
    said = []
    with Served(opened.settings) as served:
        with served.client() as client:
            token = sign_in(client, email)
        with served.client(token) as client:
            for method, path, _ in operations(served):
                if method != "get" or path.endswith("/events"):
                    continue
                places = {name: known.get(name, [one]) for name, one in (other | known).items() if f"{{{name}}}" in path}
                for filled in product(*places.values()):
                    answer = client.get(path.removeprefix("/api/v1").format(**dict(zip(places, filled, strict=True))))
                    assert answer.status_code < 500, answer.text
                    said.append(f"{answer.text} {answer.headers}")
    return "\n".join(said)
