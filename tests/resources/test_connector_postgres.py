"""What a Postgres source does beyond what every source does: our own database, sockets, read only, cursors."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from aos_core.errors import AosError, FixTheSource, NotAllowed
from aos_resources.connectors import connect
from aos_resources.connectors.postgres import Address, Postgres
from aos_resources.settings import Settings
from tests.resources.sources import PASSWORD, PostgresSource, Source, found, read


@pytest.fixture
def postgres(make: Callable[[str], Source]) -> PostgresSource:
    made = make("postgres")
    assert isinstance(made, PostgresSource)
    return made


def test_the_installations_own_database_is_refused_by_whatever_name(settings: Settings) -> None:
    own = conninfo_to_dict(settings.url("aos_app"))
    cards = {one.address for card in psutil.net_if_addrs().values() for one in card if one.family in (socket.AF_INET, socket.AF_INET6) and "%" not in one.address}
    names = {"127.0.0.1", "localhost", "LocalHost", "127.1", "127.8.8.8", "2130706433", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0", "::1", "::",
             "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:0:0:1", socket.gethostname(), *cards}  # fmt: skip
    allowed = []
    for host in names:
        config: dict[str, Any] = {"host": host, "port": str(own["port"]), "database": "postgres", "user": "aos_app"}
        try:
            connect(settings, "postgres", config, "x")
        except NotAllowed as refused:
            assert "own database" in str(refused)
            continue
        allowed.append(host)
    assert allowed == []
    for card in cards:  # and the other way round, where the installation knows it by a card's address
        with pytest.raises(NotAllowed):
            Postgres(Address("localhost", 5432, "d", "u", "p"), {}, (), f"postgresql://u@[{card}]/d" if ":" in card else f"postgresql://u@{card}/d")


@pytest.mark.parametrize("host", ["/tmp", "/var/run/postgresql", "@abstract", "%2Ftmp", "", " ", "a,127.0.0.1", "x?host=127.0.0.1", "u@127.0.0.1"])
def test_sockets_and_addresses_of_several_parts_are_refused(settings: Settings, host: str) -> None:
    with pytest.raises(AosError):
        connect(settings, "postgres", {"host": host, "port": 1, "database": "d", "user": "u"}, "x")


def test_no_setting_of_a_connection_can_lead_elsewhere() -> None:
    plain = Address("db.example", 6000, "d", "u", "p")
    for name in ("database", "user", "password", "sslmode"):
        for text in ("x&host=127.0.0.1&port=5470", "x?host=127.0.0.1", "x@127.0.0.1:1/y", "/x#y", "a b%20c"):
            read_back = conninfo_to_dict(replace(plain, **{name: text}).url)
            assert (read_back["host"], str(read_back["port"])) == ("db.example", "6000")
            assert read_back[{"database": "dbname"}.get(name, name)] == text
    assert "p@ss" not in repr(replace(plain, password="p@ss"))
    assert conninfo_to_dict(replace(plain, host="::1").url)["host"] == "::1"


def test_reads_are_read_only_and_say_so(postgres: PostgresSource) -> None:
    postgres.make("written", {"a": "text"}, [])
    postgres.owner.execute("create function writes() returns int language plpgsql volatile security definer as $$ begin insert into written values ('x'); return 1; end $$")
    postgres.owner.execute("create view trap as select writes() as a")
    connector = postgres.connector()
    with pytest.raises(FixTheSource, match="read-only transaction"):
        read(connector, found(connector, "trap"))
    assert postgres.owner.execute("select count(*) from written").fetchall() == [(0,)]


def test_a_connection_lost_midway_is_an_error_and_never_a_shorter_table(postgres: PostgresSource) -> None:
    postgres.fill("many", 150_000)
    connector = postgres.connector()
    (part,) = connector.read(found(connector, "many"), None, {})
    assert part.batches is not None
    assert next(part.batches).num_rows < 150_000
    postgres.owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'reader'")
    with pytest.raises(FixTheSource, match="could not be read"):
        list(part.batches)


def test_two_tables_never_share_a_stream(postgres: PostgresSource) -> None:
    postgres.make("s.t", {"a": "text"}, [["public"]])
    postgres.owner.execute("create schema s; create table s.t (a text); insert into s.t values ('s'); grant usage on schema s to reader; grant select on s.t to reader")
    postgres.owner.execute('create schema "s.t"; create table "s.t".t (a text); grant usage on schema "s.t" to reader; grant select on "s.t".t to reader')
    connector = postgres.connector()
    streams = {one.name: one for one in connector.discover().streams}
    assert sorted(streams) == ['"s.t"', '"s.t".t', "s.t"]
    assert [read(connector, streams[name])[0] for name in ('"s.t"', "s.t")] == [[["public"]], [["s"]]]


@pytest.mark.parametrize(("kind", "values"), [("bigint", ["1", "2", "10"]), ("numeric", ["0.5", "2", "10.25"]), ("date", ["2026-01-01", "2026-01-02", "2026-01-10"]), ("text", ["a", "b", "c'--"])])
def test_a_cursor_of_any_ordered_type_is_compared_as_that_type(postgres: PostgresSource, kind: str, values: list[str]) -> None:
    postgres.make("t", {"Grows": kind}, [[one] for one in values])
    connector = postgres.connector(cursors={"t": "Grows"})
    stream = found(connector, "t")
    assert read(connector, stream, values[1])[0] == [[values[1]], [values[2]]]
    assert read(connector, stream, values[2])[1][0].position == values[2]


def test_a_table_or_a_cursor_that_is_not_there_is_named(postgres: PostgresSource) -> None:
    postgres.make("t", {"a": "text"}, [])
    discovered = postgres.connector(tables=["t", "missing"]).discover()
    assert [one.name for one in discovered.streams] == ["t"]
    assert discovered.problems == (("missing", "there is no such table, or it may not be read"),)
    connector = postgres.connector(cursors={"t": "gone"})
    with pytest.raises(FixTheSource, match=r"t\.gone"):
        read(connector, found(connector, "t"))


@pytest.mark.parametrize("wrong", [{"database": "nowhere"}, {"user": "nobody"}, {"port": 1}, {"sslmode": "require"}, {"sslmode": "bogus"}])
def test_a_database_that_cannot_be_reached_is_named_without_its_password(postgres: PostgresSource, wrong: dict[str, Any]) -> None:
    with pytest.raises(FixTheSource) as refused:
        postgres.connector(**wrong).discover()
    where = {"port": postgres.port, "database": postgres.database} | wrong
    assert refused.value.culprit == f"127.0.0.1:{where['port']}/{where['database']}"
    assert PASSWORD not in refused.value.sentence
    assert "p%40ss" not in refused.value.sentence


def test_columns_named_like_ours_or_apart_by_case_alone_land_under_names_of_their_own(postgres: PostgresSource) -> None:
    postgres.owner.execute("""create table odd ("_key" int primary key, "_At" timestamptz, "Id" text, "ID" text)""")
    postgres.owner.execute("insert into odd values (1, '2026-01-01', 'a', 'b'), (2, '2026-01-02', 'c', 'd')")
    connector = postgres.connector(cursors={"odd": "_At"})
    stream = found(connector, "odd")
    assert [one.name for one in stream.columns] == ["_key_1", "_At_1", "Id", "ID_1"]
    assert (stream.key, stream.cursor) == (("_key_1",), "_At_1")
    assert read(connector, stream, "2026-01-02 00:00:00+00")[0] == [["2", "2026-01-02 00:00:00+00", "c", "d"]]
