"""Our own servers and a source's Postgres by TLS: the right CA and name go through; a wrong one, another name and no TLS do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, text

from aos_core.errors import FixTheSource
from aos_core.tenancy import Tenant, tenant_named
from aos_resources.connectors import connect
from aos_resources.connectors.source import Doors
from aos_resources.database import Database
from aos_resources.embedded import Cluster
from aos_resources.embedded_valkey import Valkey
from aos_resources.live import Away, Entry, Live
from aos_resources.migrate import prepare
from aos_resources.settings import ROLES, Settings
from tests.resources.certificates import Authority
from tests.resources.sources import found, read
from tests.resources.tls_front import in_front_of


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Authority]:
    folder = tmp_path_factory.mktemp("authorities and more")  # a blank in a path must survive every URL
    return {name: Authority(folder, name) for name in ("ours", "theirs")}


@pytest.fixture(scope="module")
def by_tls(second: Cluster, authorities: dict[str, Authority]) -> Iterator[str]:
    """The superuser's URL of a Postgres named `localhost` that nobody speaks to in the clear."""
    with in_front_of(second.port(), authorities["ours"].issue("localhost"), postgres=True) as port:
        yield second.url().replace(f"127.0.0.1:{second.port()}", f"localhost:{port}")


def asking(url: str, ca: Path | str, host: str = "localhost", mode: str = "verify-full") -> str:
    return f"{url.replace('localhost', host)}?sslmode={mode}&sslrootcert={quote(str(ca), safe='')}"


def test_every_role_of_ours_asks_postgres_who_it_is(by_tls: str, authorities: dict[str, Authority], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = authorities["ours"].file
    settings = Settings(home=tmp_path / "home")
    monkeypatch.chdir(ours.parent)
    prepare(settings, asking(by_tls, ours.name))  # a path from here, in an URL for processes that stand elsewhere; by Alembic too
    monkeypatch.chdir("/")
    for role in ROLES:
        with psycopg.connect(settings.url(role)) as connection:
            asked = connection.info.get_parameters() | {"in use": connection.pgconn.ssl_in_use}
            assert (asked["sslmode"], asked["sslrootcert"], asked["host"], asked["in use"]) == ("verify-full", str(ours), "localhost", True)
    database = Database(settings)
    with database.dispatch() as transaction:
        held: Any = transaction.connection.connection.driver_connection
        assert (transaction.one("role", "select current_user as name")["name"], held.pgconn.ssl_in_use) == ("aos_dispatch", True)
    database.close()
    dagster = create_engine(settings.url("dagster").replace("postgresql://", "postgresql+psycopg2://", 1))  # as its storage is told
    with dagster.connect() as connection:
        theirs: Any = connection.connection.driver_connection
        assert (connection.execute(text("select current_user")).scalar_one(), theirs.info.ssl_in_use) == ("dagster", True)
    dagster.dispose()


@pytest.mark.parametrize(("host", "whose", "mode", "words"), [("localhost", "theirs", "verify-full", "certificate verify failed"), ("127.0.0.1", "ours", "verify-full", "does not match host name"), ("localhost", "ours", "disable", "no encryption")])
def test_no_role_of_ours_speaks_to_a_postgres_that_is_another(by_tls: str, authorities: dict[str, Authority], tmp_path: Path, host: str, whose: str, mode: str, words: str) -> None:
    url = asking(by_tls, authorities[whose].file, host, mode)
    with pytest.raises(psycopg.OperationalError, match=words):
        prepare(Settings(home=tmp_path / "home"), url)
    for driver in ("postgresql+psycopg", "postgresql+psycopg2"):
        with pytest.raises(Exception, match=words):
            create_engine(url.replace("postgresql", driver, 1)).connect()


@pytest.mark.parametrize("given", ["as a text", "as a file"])
def test_a_source_proves_who_it_is(by_tls: str, authorities: dict[str, Authority], tmp_path: Path, given: str) -> None:
    (tmp_path / "ca.pem").write_text(authorities["ours"].pem)
    (tmp_path / "theirs.pem").write_text(authorities["theirs"].pem)
    settings = Settings(home=tmp_path / "home", allowed_networks="localhost", file_roots=str(tmp_path))
    with psycopg.connect(by_tls, autocommit=True) as source:
        source.execute("drop table if exists public.deals")
        source.execute("create table public.deals (id int primary key, name text); insert into public.deals values (1, 'a')")
        secret, port = source.info.password, source.info.port

    def rows(**told: Any) -> Any:
        config = {"host": "localhost", "port": port, "database": "postgres", "user": "postgres", "sslmode": "verify-full", "tables": ["deals"]} | told
        connector = connect(Doors(settings), "postgres", config, json.dumps({"password": secret}))
        return read(connector, found(connector, "deals"))[0]

    ours, theirs = (authorities["ours"].pem, authorities["theirs"].pem) if given == "as a text" else (str(tmp_path / "ca.pem"), str(tmp_path / "theirs.pem"))
    assert rows(ca=ours) == [["1", "a"]]
    refused = {"wrong CA": {"ca": theirs}, "the world's": {}, "another name": {"ca": ours, "host": "127.0.0.1"}, "plain": {"ca": ours, "sslmode": "disable"}}
    for what, told in refused.items():
        with pytest.raises(FixTheSource, match=r"certificate verify failed|does not match host name|no encryption") as words:
            rows(**told)
        assert secret not in words.value.sentence, what


def test_redis_proves_who_it_is(valkey: Valkey, authorities: dict[str, Authority], tmp_path: Path) -> None:
    tenant: Tenant = tenant_named("by-tls")

    def through(**told: Any) -> int:
        live = Live(Settings(home=tmp_path, **told))
        try:
            added = live.append(tenant, [Entry(1, 0, b"{}")], patient=True)
            counted = live.count("by-tls:count", 1, seconds=60)  # by another library, over the same connections
            followed = asyncio.run(_followed(live, tenant))
            return added + counted + followed
        finally:
            live.close()

    with in_front_of(valkey.port(), authorities["ours"].issue("localhost")) as port:
        url = valkey.url().replace("redis://", "rediss://").replace(f"127.0.0.1:{valkey.port()}", f"localhost:{port}")
        ours, theirs = authorities["ours"].file, authorities["theirs"].file
        assert through(redis_url=url, redis_ca=ours) == 3
        refused: dict[str, dict[str, Any]] = {
            "wrong CA": {"redis_url": url, "redis_ca": theirs}, "the world's": {"redis_url": url}, "plain": {"redis_url": url.replace("rediss", "redis")},
            "another name": {"redis_url": url.replace("localhost", "127.0.0.1"), "redis_ca": ours},
            "told not to look": {"redis_url": f"{url}?ssl_cert_reqs=none&ssl_check_hostname=false", "redis_ca": theirs},
        }  # fmt: skip
        went = []
        for what, told in refused.items():
            with suppress(Away):
                through(**told)
                went.append(what)
        assert went == []
    plain = Live(Settings(home=tmp_path, redis_url=valkey.url()))
    plain.forget(tenant)
    plain.close()


async def _followed(live: Live, tenant: Tenant) -> int:
    found = await live.follow({tenant: 0}, wait=0.5)
    await live.close_followed()
    return len(found[tenant])


def test_a_ca_for_a_redis_that_is_asked_in_the_clear_is_a_mistake(authorities: dict[str, Authority]) -> None:
    for url in (None, "redis://localhost:1/0"):
        with pytest.raises(ValidationError, match="rediss://"):
            Settings(redis_url=url, redis_ca=authorities["ours"].file)
    assert Settings(redis_url="rediss://:a%26b@h:1/0?protocol=3", redis_ca=Path("/a b.pem")).redis() == (
        "rediss://:a%26b@h:1/0?protocol=3&ssl_ca_certs=%2Fa+b.pem&ssl_cert_reqs=required&ssl_check_hostname=true"
    )
