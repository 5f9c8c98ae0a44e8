"""What only MongoDB does: ids of any type, changes as they happened, servers that name each other, cursors that are lost."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bson import DatetimeMS, ObjectId, Timestamp

from aos_cli.stand_ins import mongodb as stand_in
from aos_core.errors import CredentialsRefused, FixTheSource, NotAllowed, TryAgain
from aos_resources.connectors import connect, mongodb_client, mongodb_pieces
from aos_resources.connectors.mongodb import MongoDb
from aos_resources.connectors.mongodb_privileges import may_write
from aos_resources.connectors.source import Doors
from aos_resources.settings import Settings
from tests.resources.mongodb_proxy import Command, refusal
from tests.resources.source_mongodb import PASSWORD, MongoDbSource
from tests.resources.sources import Source, found

IDS = [float("nan"), 1, 2.5, 3, "1", "x", {"a": 1}, b"\0", ObjectId("0" * 24), True, DatetimeMS(5), Timestamp(1, 1)]


@pytest.fixture
def source(make: Callable[[str], Source], monkeypatch: pytest.MonkeyPatch) -> MongoDbSource:
    monkeypatch.setattr(mongodb_pieces, "_PAUSE", 0.001)
    made = make("mongodb")
    assert isinstance(made, MongoDbSource)
    made.small_slices()
    return made


def rows(connector: MongoDb, name: str = "orders", position: str | None = None, stop: int | None = None, then: Callable[[], None] | None = None, why: list[str] | None = None) -> tuple[list[tuple[str, dict[str, Any]]], str | None]:
    """(what a part holds, row) of each row, and the last position; `stop`: after so many parts; `then` happens once it is discovered;
    `why` takes what the parts say of themselves.
    """
    got, stream = list[tuple[str, dict[str, Any]]](), found(connector, name)
    if then is not None:
        then()
    for number, part in enumerate(connector.read(stream, position, {}), 1):
        got += [(part.holds, row) for batch in part.batches or () for row in batch.to_pylist()]
        position = part.position
        if why is not None:
            why.append(part.why)
        if number == stop:
            break
    return got, position


def fails(source: MongoDbSource, which: str, code: int, times: int = 1, after: int = 0) -> None:
    """The server answers so many commands of that name with an error, once it has answered some."""
    seen = [0]

    def answer(command: Command) -> Command | None:
        if next(iter(command), "") != which or command.get("collection", command.get(which)) != "orders":
            return None
        seen[0] += 1
        return refusal(code, "Failed for a test") if after < seen[0] <= after + times else None

    source.proxy.answers.append(answer)


def test_ids_of_every_type_are_read_once_wherever_the_reading_is_cut(source: MongoDbSource) -> None:
    source.owner[source.database]["orders"].insert_many([{"_id": one} for one in IDS])
    whole, _ = rows(source.bare())
    keys = [row["_id"] for _, row in whole]
    assert len(set(keys)) == len(keys) == len(IDS)
    for stop in range(1, 5):
        first, position = rows(source.bare(), stop=stop)
        rest, _ = rows(source.bare(), position=position) if stop < 4 else ([], None)
        assert [row["_id"] for _, row in first + rest] == keys, stop


def test_no_server_sorts_what_it_can_walk_by_its_index_of_ids(source: MongoDbSource) -> None:
    database = source.owner[source.database]
    database["orders"].insert_many([{"_id": n, "tag": n % 2} for n in range(20)])
    database.command("create", "odd", viewOn="orders", pipeline=[{"$match": {"tag": 1}}])
    asked = list[Command]()
    source.proxy.answers.append(lambda command: asked.append(command) if next(iter(command), "") == "find" else None)
    _, position = rows(source.bare(), stop=2)
    rows(source.bare(), position=position)
    rows(source.bare(), "odd")
    told = [(one["find"], one.get("sort"), one.get("hint")) for one in asked]
    assert {(str(hint), sort["_id"]) for name, sort, hint in told if name == "orders" and sort} == {(str({"_id": 1}), 1), (str({"_id": 1}), -1)}
    assert [one for one in told if one[0] == "odd"] and all((sort, hint) == (None, None) for name, sort, hint in told if name == "odd")


@pytest.mark.parametrize(("which", "code"), [("getMore", 43), ("getMore", 10107), ("getMore", 175), ("find", 11600), ("getMore", 237)])
def test_a_cursor_that_is_lost_is_gone_on_with_behind_its_last_document(source: MongoDbSource, which: str, code: int) -> None:
    source.owner[source.database]["orders"].insert_many([{"_id": n} for n in range(20)])
    got, _ = rows(source.bare(), then=lambda: fails(source, which, code, after=which == "getMore"))
    assert [row["_id"] for _, row in got] == [str(n) for n in range(20)]


def test_a_connection_that_is_cut_midway_is_gone_on_with(source: MongoDbSource) -> None:
    source.owner[source.database]["orders"].insert_many([{"_id": n} for n in range(20)])
    connector = source.bare(follow_changes=False)
    got, _ = rows(connector, then=lambda: setattr(source.proxy, "cut_after", 3))
    assert [row["_id"] for _, row in got] == [str(n) for n in range(20)]
    assert source.proxy.cut_after is None


def test_a_server_that_stays_away_midway_is_for_later_and_one_that_forbids_names_the_collection(source: MongoDbSource) -> None:
    source.owner[source.database]["orders"].insert_many([{"_id": n} for n in range(20)])
    def away() -> None:
        fails(source, "getMore", 11602, times=50)
        fails(source, "find", 11602, times=50, after=1)

    with pytest.raises(TryAgain, match="orders"):
        rows(source.bare(), then=away)
    source.proxy.answers.clear()
    with pytest.raises(FixTheSource, match=r"not let this user read it \(orders\)"):
        rows(source.bare(), then=lambda: fails(source, "getMore", 13, times=50, after=1))


def test_after_the_first_reading_only_changes_are_asked_for_and_deletions_come_as_such(source: MongoDbSource) -> None:
    orders = source.owner[source.database]["orders"]
    orders.insert_many([{"_id": n, "note": "a"} for n in range(6)])
    _, position = rows(source.bare())
    orders.update_one({"_id": 1}, {"$set": {"note": "b", "new": {"field": 1}}})
    orders.delete_one({"_id": 2})
    orders.insert_one({"_id": 9})
    orders.delete_one({"_id": 9})
    orders.replace_one({"_id": 3}, {"note": "c"})
    connector = source.bare()
    connector.slice_rows = 100
    got, position = rows(connector, position=position)
    there = {row["_id"]: row for holds, row in got if holds == "rows"}
    assert {holds + row["_id"] for holds, row in got} == {"rows1", "rows3", "gone2", "gone9"}
    assert (there["1"]["note"], there["1"]["new.field"], there["3"]["note"]) == ("b", "1", "c")
    assert rows(source.bare(), position=position)[0] == []


def test_where_the_history_is_lost_or_the_collection_was_made_anew_everything_is_read(source: MongoDbSource) -> None:
    orders = source.owner[source.database]["orders"]
    orders.insert_many([{"_id": n} for n in range(5)])
    _, position = rows(source.bare())
    why = list[str]()
    got, position = rows(source.bare(), position=position, then=lambda: fails(source, "aggregate", 286), why=why)
    assert [row["_id"] for _, row in got] == ["0", "1", "2", "3", "4"]
    assert set(why) == {"Read whole, since the server no longer has the changes that came after the sync before."}
    source.proxy.answers.clear()
    orders.drop()
    orders.insert_many([{"_id": n} for n in (7, 8)])
    why.clear()
    got, _ = rows(source.bare(), position=position, why=why)
    assert ([row["_id"] for _, row in got], set(why)) == (["7", "8"], {"Read whole, since the collection had a drop."})


def test_a_server_without_history_is_read_whole_each_time(source: MongoDbSource) -> None:
    source.owner[source.database]["orders"].insert_many([{"_id": n} for n in range(5)])
    source.proxy.answers.append(lambda command: refusal(40573, "Changes need a replica set") if "$changeStream" in str(command.get("pipeline")) else None)
    _, position = rows(source.bare())
    assert len(rows(source.bare(), position=position)[0]) == 5


def test_a_view_is_read_and_what_is_mongodbs_own_is_not(source: MongoDbSource) -> None:
    database = source.owner[source.database]
    database["orders"].insert_many([{"_id": n, "paid": n % 2 == 0} for n in range(8)])
    database.create_collection("paid", viewOn="orders", pipeline=[{"$match": {"paid": True}}])
    streams = {one.name: one for one in source.bare().discover().streams}
    assert {name: one.key for name, one in streams.items()} == {"orders": ("_id",), "paid": ()}
    assert sorted(row["_id"] for _, row in rows(source.bare(), "paid")[0]) == ["0", "2", "4", "6"]


def test_reading_by_id_wants_ids_that_grow(source: MongoDbSource) -> None:
    source.owner[source.database]["orders"].insert_many([{"_id": n} for n in range(3)])
    connector = source.bare(cursors={"orders": "_id"})
    _, position = rows(connector)
    with pytest.raises(FixTheSource, match="Only ids that MongoDB makes itself grow"):
        rows(connector, position=position)
    source.owner[source.database]["events"].insert_many([{"n": n} for n in range(3)])
    connector = source.bare(cursors={"events": "_id"})
    _, position = rows(connector, "events")
    source.owner[source.database]["events"].insert_one({"n": 4})
    assert {row["n"] for _, row in rows(connector, "events", position)[0]} >= {"4"}


def test_a_wrong_password_is_refused_credentials_and_a_port_without_a_server_is_for_later(source: MongoDbSource, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = connect(Doors(source.settings), "mongodb", source.config(), json.dumps({"password": "no " + PASSWORD}))
    with pytest.raises(CredentialsRefused, match="does not let us in") as refused:
        wrong.probe()
    assert PASSWORD not in refused.value.sentence
    monkeypatch.setattr(mongodb_client, "_SELECTION_MS", 300)
    with pytest.raises(TryAgain, match="does not answer"):
        source.bare(port=1).probe()


def test_no_server_is_dialled_that_another_names_where_no_source_may_be(source: MongoDbSource, monkeypatch: pytest.MonkeyPatch) -> None:
    def hello(command: Command) -> Command | None:
        if next(iter(command), "").lower() not in ("hello", "ismaster"):
            return None
        return {
            "ok": 1.0, "helloOk": True, "isWritablePrimary": False, "secondary": False, "ismaster": False, "setName": "rs", "setVersion": 1, "arbiterOnly": True,
            "hosts": ["169.254.169.254:27017", "10.1.2.3:27017"], "arbiters": [f"127.0.0.1:{source.proxy.port}"], "me": f"127.0.0.1:{source.proxy.port}",
            "maxWireVersion": 21, "minWireVersion": 0, "maxBsonObjectSize": 16_777_216, "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000,
        }  # fmt: skip

    dialled, connecting = list[Any](), socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: (dialled.append(to), connecting(self, to))[1])
    monkeypatch.setattr(mongodb_client, "_SELECTION_MS", 1_000)
    source.proxy.answers.append(hello)
    with pytest.raises(NotAllowed, match=r"169\.254|10\.1\.2\.3"):
        source.bare(replica_set="rs").probe()
    assert {to[0] for to in dialled} == {"127.0.0.1"}


def test_a_name_that_leads_elsewhere_the_second_time_is_refused_and_not_dialled(source: MongoDbSource, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, dialled, connecting = iter(["127.0.0.1"]), list[Any](), socket.socket.connect
    asking = socket.getaddrinfo

    def turning(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        return asking(next(answers, "10.9.9.9") if host == "turning.example.com" else host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", turning)
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: (dialled.append(to), connecting(self, to))[1])
    monkeypatch.setattr(mongodb_client, "_SELECTION_MS", 1_000)
    with pytest.raises(NotAllowed, match=r"10\.9\.9\.9"):
        source.bare(host="turning.example.com").probe()
    assert all(to[0] == "127.0.0.1" for to in dialled)


def test_srv_records_lead_to_servers_of_their_own_domain_and_each_is_checked(source: MongoDbSource, monkeypatch: pytest.MonkeyPatch) -> None:
    import dns.resolver

    class Record:
        def __init__(self, target: str) -> None:
            self.target, self.port = target, 27017

    def resolved(*targets: str) -> Callable[..., list[Record]]:
        def resolve(name: str, kind: str, **more: Any) -> list[Record]:
            assert name == ("_mongodb._tcp.cluster.example.com" if kind == "SRV" else "cluster.example.com")
            if kind == "TXT":
                raise dns.resolver.NoAnswer
            return [Record(one) for one in targets]

        return resolve

    monkeypatch.setattr(dns.resolver, "resolve", resolved("db.elsewhere.net."))
    with pytest.raises(FixTheSource, match="leads out of its own domain"):
        source.bare(srv=True, host="cluster.example.com").probe()
    asking = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **named: asking("10.1.1.1" if str(host).endswith("example.com") else host, *more, **named))
    monkeypatch.setattr(dns.resolver, "resolve", resolved("a.example.com.", "b.example.com."))
    with pytest.raises(NotAllowed, match=r"a\.example\.com: 10\.1\.1\.1|10\.1\.1\.1"):
        source.bare(srv=True, host="cluster.example.com").probe()


@pytest.mark.parametrize(
    ("privileges", "roles", "writes"),
    [
        ([({"db": "shop", "collection": ""}, ["find", "collStats"])], [], False),
        ([({"db": "shop", "collection": "orders"}, ["find", "insert"])], [], True),
        ([({"db": "other", "collection": ""}, ["insert"])], [], False),
        ([({"anyResource": True}, ["anyAction"])], [], True),
        ([({"db": "", "collection": ""}, ["remove"])], [], True),
        ([], [("read", "shop")], False),
        ([], [("readWrite", "shop")], True),
        ([], [("readWrite", "other"), ("read", "shop")], False),
        ([], [("our own role", "shop")], None),
        ([], [], None),
    ],
)
def test_what_a_user_may_write_is_read_from_what_the_server_says(privileges: list[Any], roles: list[Any], writes: bool | None) -> None:
    status = {
        "authenticatedUsers": [{"user": "reader", "db": "shop"}],
        "authenticatedUserPrivileges": [{"resource": resource, "actions": actions} for resource, actions in privileges],
        "authenticatedUserRoles": [{"role": role, "db": database} for role, database in roles],
    }
    assert may_write(status, "shop") is writes
    assert may_write({}, "shop") is None


def test_the_stand_in_serves_a_folder_of_documents_to_who_has_its_password(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text('{"_id": {"$oid": "0123456789abcdef01234567"}, "name": "Ann"}\n{"name": "Bo", "at": {"$date": "2026-01-01T00:00:00Z"}}\n')
    with stand_in.serving(data=tmp_path, password="quiet", fill=30) as port:
        config = {"host": "127.0.0.1", "port": port, "database": "demo", "user": stand_in.USER, "auth_database": "demo", "tls": False}
        connector = connect(Doors(settings), "mongodb", config, '{"password": "quiet"}')
        assert (connector.probe().writable, [one.name for one in connector.discover().streams]) == (False, ["orders", "people"])
        with pytest.raises(CredentialsRefused):
            connect(Doors(settings), "mongodb", config, '{"password": "loud"}').probe()
