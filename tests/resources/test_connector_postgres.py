"""What a Postgres source does beyond what every source does: our own database, sockets, read only, cursors."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import certifi
import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from aos_core.errors import AosError, CredentialsRefused, FixTheSource, NotAllowed, TryAgain
from aos_resources.connectors import connect
from aos_resources.connectors.postgres_address import Address
from aos_resources.connectors.source import Doors, Probe, SourceColumn, SourceStream
from aos_resources.outbound import Pinned
from aos_resources.settings import Settings
from tests.resources.pooler import pooled
from tests.resources.source_postgres import PASSWORD, PostgresSource
from tests.resources.sources import Landing, Source, found, read

X = '{"password": "x"}'


@pytest.fixture
def postgres(make: Callable[[str], Source]) -> PostgresSource:
    made = make("postgres")
    assert isinstance(made, PostgresSource)
    return made


def test_the_installations_own_database_is_refused_by_whatever_name(settings: Settings, tmp_path: Path) -> None:
    own = conninfo_to_dict(settings.url("aos_app"))
    cards = {one.address for card in psutil.net_if_addrs().values() for one in card if one.family in (socket.AF_INET, socket.AF_INET6) and "%" not in one.address}
    names = {"127.0.0.1", "localhost", "LocalHost", "127.1", "127.8.8.8", "2130706433", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0", "::1", "::",
             "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:0:0:1", socket.gethostname(), *cards}  # fmt: skip
    allowed = []
    for host in names:
        config: dict[str, Any] = {"host": host, "port": int(str(own["port"])), "database": "postgres", "user": "aos_app"}
        try:
            connect(Doors(settings), "postgres", config, X)
        except NotAllowed as refused:
            assert "own database" in str(refused)
            continue
        allowed.append(host)
    assert allowed == []
    for card in cards:  # and the other way round, where the installation knows it by a card's address
        elsewhere = settings.model_copy(update={"home": tmp_path})
        elsewhere.keys.mkdir(exist_ok=True)
        elsewhere.roles_file.write_text(json.dumps({"aos_app": f"postgresql://u@[{card}]/d" if ":" in card else f"postgresql://u@{card}/d"}))
        with pytest.raises(NotAllowed, match="own database"):
            connect(Doors(elsewhere), "postgres", {"host": "localhost", "port": 5432, "database": "d", "user": "u"}, X)


@pytest.mark.parametrize("host", ["/tmp", "/var/run/postgresql", "@abstract", "%2Ftmp", "", " ", "a,127.0.0.1", "x?host=127.0.0.1", "u@127.0.0.1"])
def test_sockets_and_addresses_of_several_parts_are_refused(settings: Settings, host: str) -> None:
    with pytest.raises(AosError):
        connect(Doors(settings), "postgres", {"host": host, "port": 1, "database": "d", "user": "u"}, X)


def test_no_setting_of_a_connection_can_lead_elsewhere() -> None:
    plain, pinned = Address("db.example", 6000, "d", "u", "p"), Pinned("db.example", 6000, ("93.184.215.14",))
    for name in ("database", "user", "password", "sslmode"):
        for text in ("x&host=127.0.0.1&port=5470", "x?host=127.0.0.1", "x@127.0.0.1:1/y", "/x#y", "a b%20c"):
            read_back = conninfo_to_dict(replace(plain, **{name: text}).url(pinned, "/ca.pem"))
            assert (read_back["host"], read_back["hostaddr"], str(read_back["port"])) == ("db.example", "93.184.215.14", "6000")
            assert read_back[{"database": "dbname"}.get(name, name)] == text
    assert "p@ss" not in repr(replace(plain, password="p@ss"))
    many = conninfo_to_dict(plain.url(Pinned("h", 6000, ("2a00::1", "93.184.215.14")), "/ca.pem"))
    assert (many["host"], many["hostaddr"], many["port"]) == ("h,h", "2a00::1,93.184.215.14", "6000,6000")
    for file in ("passfile", "sslcertmode", "gssencmode"):  # nothing of our own home is shown to a source
        assert many[file] in ("/dev/null", "disable")


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
    postgres.owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename like 'reader%'")
    with pytest.raises(TryAgain, match="could not be read"):
        list(part.batches)


def test_two_tables_never_share_a_stream(postgres: PostgresSource) -> None:
    postgres.make("s.t", {"a": "text"}, [["public"]])
    postgres.owner.execute("create schema s; create table s.t (a text); insert into s.t values ('s'); grant usage on schema s to public; grant select on s.t to public")
    postgres.owner.execute('create schema "s.t"; create table "s.t".t (a text); grant usage on schema "s.t" to public; grant select on "s.t".t to public')
    connector = postgres.connector()
    streams = {one.name: one for one in connector.discover().streams}
    assert sorted(streams) == ['"s.t"', '"s.t".t', "s.t"]
    assert [read(connector, streams[name])[0] for name in ('"s.t"', "s.t")] == [[["public"]], [["s"]]]


def test_a_table_or_a_cursor_that_is_not_there_is_named(postgres: PostgresSource) -> None:
    postgres.make("t", {"a": "text"}, [])
    discovered = postgres.connector(tables=["t", "missing"]).discover()
    assert [one.name for one in discovered.streams] == ["t"]
    assert discovered.problems == (("missing", "there is no such table, or it may not be read"),)
    connector = postgres.connector(cursors={"t": "gone"})
    with pytest.raises(FixTheSource, match=r"t\.gone"):
        read(connector, found(connector, "t"))


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"database": "nowhere"}, FixTheSource), ({"user": "nobody"}, CredentialsRefused), ({"port": 1}, TryAgain), ({"sslmode": "require"}, FixTheSource),
        ({"password": "wrong"}, CredentialsRefused), ({"password": ""}, CredentialsRefused),
    ],
)  # fmt: skip
def test_a_database_that_does_not_let_us_in_is_named_without_its_password(postgres: PostgresSource, wrong: dict[str, Any], kind: type[AosError]) -> None:
    told = {name: value for name, value in wrong.items() if name != "password"}
    password = str(wrong.get("password", PASSWORD))
    connector = connect(Doors(postgres.settings), "postgres", postgres.config(**told), json.dumps({"password": password}))
    stream = SourceStream("t", (SourceColumn("a", "text"),))
    for ask in (connector.discover, connector.probe, lambda: read(connector, stream)):
        with pytest.raises(AosError) as refused:
            ask()
        assert type(refused.value) is kind
        where = {"port": postgres.port, "database": postgres.database} | told
        assert refused.value.culprit == f"127.0.0.1:{where['port']}/{where['database']}"
        assert PASSWORD not in refused.value.sentence
        assert "p%40ss" not in refused.value.sentence


@pytest.mark.parametrize(
    ("happens", "kind"),
    [
        ("alter role {reader} connection limit 0", TryAgain), ("alter role {reader} nologin", CredentialsRefused), ("alter role {reader} password 'other'", CredentialsRefused),
        ("revoke connect on database {database} from public", CredentialsRefused),
        ("alter role {reader} valid until '2020-01-01'", CredentialsRefused), ("revoke usage on schema public from public", FixTheSource),
        ("revoke select on t from {reader}", FixTheSource), ("alter table t rename to u", FixTheSource), ("alter table t rename a to b", FixTheSource),
        ("drop table t; create materialized view t as select 1 as id, ''::text as a with no data; grant select on t to public", FixTheSource),
    ],
)  # fmt: skip
def test_what_happens_between_two_slices_is_said_as_what_it_is(postgres: PostgresSource, happens: str, kind: type[AosError]) -> None:
    postgres.make("t", {"id": "integer", "a": "text"}, [[str(n), "a"] for n in range(9)], key=["id"])
    postgres.small_slices()
    connector, landing = postgres.connector(), Landing()
    stream = found(connector, "t")

    def happening() -> None:
        postgres._run(happens)
        postgres.owner.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where usename = '{postgres.reader}'")

    with suppress(TryAgain):  # the connection that is open ends; the next one meets what happened
        landing.follow(connector, stream, then=happening)
    with pytest.raises(AosError) as refused:
        landing.follow(postgres.connector(), stream)
    assert type(refused.value) is kind, refused.value
    assert landing.listed in (3, 6)
    assert landing.deleted == []


def test_reading_is_right_through_a_pooler_that_keeps_no_session(postgres: PostgresSource) -> None:
    """PgBouncer in transaction mode: settings of a connection are refused or lost there, as by Supabase's."""
    at = "2026-01-01 00:00:00+00"
    postgres.make("orders", {"id": "integer", "changed": "timestamp with time zone"}, [[str(n), at] for n in range(1, 10)], key=["id"])
    postgres.small_slices()
    postgres._run("alter role {reader} set timezone to 'Asia/Tokyo'; alter role {reader} set datestyle to 'German'")
    with pooled("127.0.0.1", postgres.port, [(postgres.reader, PASSWORD)], servers=2) as port:
        for cursors in ({}, {"orders": "changed"}, {"orders": "xmin"}):
            connector, landing = postgres.connector(port=port, cursors=cursors, compare_hours=0), Landing()
            stream = found(connector, "orders")
            landing.follow(connector, stream)
            landing.follow(connector, stream)
            assert landing.table == [{"id": str(n), "changed": at} for n in range(1, 10)]
            assert connector.probe().writable is False


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("alter role {reader} superuser", "is a superuser"), ("alter role {reader} createrole", "may make roles"), ("alter role {reader} createdb", "may make databases"),
        ("grant insert on t to {reader}", "may write to public.t"), ("grant update (a) on t to {reader}", "may write to public.t"), ("grant truncate on t to {reader}", "may write to public.t"),
        ("grant delete on t to public", "may write to public.t"), ("grant pg_write_all_data to {reader}", "belongs to pg_write_all_data"),
        ("grant pg_write_all_data to {reader} with inherit false", "belongs to pg_write_all_data"), ("alter table t owner to {reader}", "owns public.t"),
        ("alter database {database} owner to {reader}", "owns the database"), ("grant create on database {database} to {reader}", "may make schemas"),
        ("grant create on schema public to {reader}", "may make tables in public"), ("create sequence s; grant update on s to {reader}", "may set public.s"),
    ],
)  # fmt: skip
def test_a_probe_says_what_these_credentials_may_change(postgres: PostgresSource, given: str, says: str) -> None:
    postgres.make("t", {"a": "text"}, [])
    assert postgres.connector().probe() == Probe(postgres.account, writable=False, said="")
    postgres._run(given)
    probe = postgres.connector().probe()
    assert probe.writable is True
    assert says in probe.said


def test_a_probe_says_of_what_it_cannot_tell(postgres: PostgresSource) -> None:
    postgres.owner.execute("create function f() returns int language sql security definer as 'select 1'")
    probe = postgres.connector().probe()
    assert (probe.writable, probe.said) == (False, "1 function runs with another's rights; what it changes cannot be told.")


def test_nothing_goes_in_the_clear_over_the_internet_unless_it_is_said() -> None:
    def asked(address: str, ca: str | None, sslmode: str = "automatic") -> tuple[str, str]:
        read_back = conninfo_to_dict(Address("h", 5432, "d", "u", "p", sslmode).url(Pinned("h", 5432, (address,)), ca))
        return str(read_back["sslmode"]), str(read_back["sslrootcert"])

    assert asked("10.0.0.7", None) == ("prefer", "/dev/null/none")
    assert asked("93.184.215.14", None) == ("require", "/dev/null/none")
    assert asked("93.184.215.14", None, "prefer") == ("prefer", "/dev/null/none")
    assert asked("10.0.0.7", "/ca.pem") == ("verify-full", "/ca.pem")
    assert asked("93.184.215.14", None, "verify-full") == ("verify-full", certifi.where())
    assert asked("93.184.215.14", "/ca.pem", "require") == ("require", "/ca.pem")


def test_columns_named_like_ours_or_apart_by_case_alone_land_under_names_of_their_own(postgres: PostgresSource) -> None:
    postgres.owner.execute("""create table odd ("_key" int primary key, "_At" timestamptz, "Id" text, "ID" text)""")
    postgres.owner.execute("insert into odd values (1, '2026-01-01', 'a', 'b'), (2, '2026-01-02', 'c', 'd')")
    connector = postgres.connector(cursors={"odd": "_At"})
    stream = found(connector, "odd")
    assert [one.name for one in stream.columns] == ["_key_1", "_At_1", "Id", "ID_1"]
    assert (stream.key, stream.cursor) == (("_key_1",), "_At_1")
    landing = Landing()
    for _ in range(2):
        landing.follow(connector, stream)
    assert landing.listed == 3
    assert [row["Id"] for row in landing.rows[""].values()] == ["a", "c"]
