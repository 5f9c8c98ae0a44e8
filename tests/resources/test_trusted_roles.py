"""A process refuses to work as a role that row-level security does not bind, or on a server that is known to leak what it hides."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from aos_core.errors import FixTheSource, NotAllowed
from aos_core.tenancy import tenant_named
from aos_resources import database as module
from aos_resources.database import Database, hides_rows
from aos_resources.embedded import Cluster
from aos_resources.settings import Settings

MAKING = {
    "superuser": ("create role {name} login superuser password 'x'", "may go round policies"),
    "bypassing": ("create role {name} login bypassrls password 'x'", "may go round policies"),
    "owning": ("create role {name} login password 'x'; create table public.{name}_things (); alter table public.{name}_things owner to {name}", "owns"),
}


@pytest.fixture(params=MAKING)
def unbound(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[tuple[str, str]]:
    """The URL of a role that policies do not bind, and what is said of it."""
    name = f"unbound_{request.param}"
    making, said = MAKING[request.param]
    with psycopg.connect(cluster.url(), autocommit=True) as owner:
        owner.execute(making.format(name=name).encode())
        info = owner.info
        yield f"postgresql://{name}:x@{info.host}:{info.port}/{info.dbname}", said
        owner.execute(f"drop table if exists public.{name}_things; drop role {name}".encode())


def test_a_role_that_policies_do_not_bind_is_refused_each_time(settings: Settings, unbound: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    url, said = unbound
    monkeypatch.setattr(Settings, "url", lambda *_: url)
    database = Database(settings)
    for _ in range(2):
        with pytest.raises(NotAllowed, match=said), database.of(tenant_named("acme")).transaction():
            raise AssertionError("it was let in")
        with pytest.raises(NotAllowed, match=said), database.people():
            raise AssertionError("it was let in")
    database.close()


def test_a_server_that_is_known_to_leak_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "hides_rows", lambda version: False)
    database = Database(settings)
    with pytest.raises(FixTheSource, match="Upgrade it"), database.dispatch():
        raise AssertionError("it was let in")
    monkeypatch.undo()
    with database.dispatch() as transaction:
        assert transaction.one("word", "select 1 as n")["n"] == 1
    database.close()


@pytest.mark.parametrize(
    ("version", "sound"),
    [(130_022, False), (140_018, False), (140_019, True), (150_013, False), (150_018, True), (160_009, False), (170_005, False), (170_006, True), (180_000, True), (190_001, True)],
)
def test_the_first_minor_without_a_known_leak_is_known_for_each_major(version: int, sound: bool) -> None:
    assert hides_rows(version) is sound
