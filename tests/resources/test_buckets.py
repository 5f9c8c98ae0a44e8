"""Objects of a store that speaks S3, on a real port: signed, read by what changed, and never two versions as one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aos_core.errors import CredentialsRefused, FixTheSource, NotAllowed, NotUnderstood, TryAgain
from aos_resources.connectors import connect
from aos_resources.connectors.buckets import Bucket, _read_page
from aos_resources.connectors.source import Connector, Doors
from aos_resources.outbound import Http, Refused
from aos_resources.settings import Settings
from tests.resources.sources import found, read


class Store:
    """A bucket of a store, and a user whose key may list and read it."""

    def __init__(self, address: str, settings: Settings) -> None:
        import boto3

        self.address, self.settings = address, settings.model_copy(update={"allowed_networks": "localhost"})
        self.name = f"bucket-{uuid4().hex[:10]}"
        self.admin = boto3.client("s3", endpoint_url=address, region_name="eu-central-1", aws_access_key_id="admin", aws_secret_access_key="admin")
        self.admin.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def put(self, key: str, content: bytes) -> None:
        self.admin.put_object(Bucket=self.name, Key=key, Body=content)

    def connector(self, secret: dict[str, str] | None = None, settings: Settings | None = None, **more: Any) -> Connector:
        config = {"bucket": self.name, "prefix": "exports/", "endpoint": self.address, "region": "eu-central-1"} | more
        return connect(Doors(settings or self.settings), "files", config, json.dumps(secret or {"access_key": "admin", "secret_key": "admin"}))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(address: str, settings: Settings) -> Store:
    return Store(address, settings)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is fetched whole."""
    asked: list[str] = []
    save = Http.save
    monkeypatch.setattr(Http, "save", lambda self, path, *given, **more: (asked.append(path.rpartition("/")[2]), save(self, path, *given, **more))[1])
    return asked


def test_objects_under_a_prefix_are_streams_whatever_they_are_called(store: Store) -> None:
    for key, content in {"exports/orders.csv": b"id\n1\n", "exports/2024/a+b ü &.csv": b"id\n2\n", "exports/notes.txt": b"x", "other/o.csv": b"id\n3\n", "exports/": b""}.items():
        store.put(key, content)
    connector = store.connector()
    assert [one.name for one in connector.discover().streams] == ["2024/a+b ü &", "orders"]
    assert read(connector, found(connector, "2024/a+b ü &"))[0] == [["2"]]
    assert connector.probe().account == f"{store.name}/exports/"
    store.put("exports/../up.csv", b"id\n1\n")
    assert [name for name, _ in connector.discover().problems] == ["../up"]


def test_an_object_that_did_not_change_is_not_fetched_again(store: Store, fetched: list[str]) -> None:
    large = b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"x" * 50) for n in range(30_000))
    store.put("exports/orders.csv", large)
    store.put("exports/small.csv", b"id\n1\n")
    connector = store.connector(patterns={"all": "*.csv"})
    stream = found(connector, "all")
    fetched.clear()
    rows, parts = read(connector, stream)
    assert (len(rows), sorted(fetched)) == (30_001, ["orders.csv", "small.csv"])
    known = {part.name: str(part.source_hash) for part in parts}
    store.put("exports/small.csv", b"id\n2\n")
    fetched.clear()
    again, parts = read(connector, stream, None, known)
    assert (again, fetched, [part.batches is None for part in parts]) == ([["2"]], ["small.csv"], [True, False])


def test_a_list_of_several_pages_is_read_to_its_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from aos_resources.connectors import buckets

    monkeypatch.setattr(buckets, "_PAGE", 3)
    for number in range(10):
        store.put(f"exports/{number}.csv", b"id\n%d\n" % number)
    connector = store.connector(patterns={"all": "*.csv"})
    assert [row for (row,) in read(connector, found(connector, "all"))[0]] == [str(n) for n in range(10)]
    monkeypatch.setattr(buckets, "_MOST_OBJECTS", 5)
    with pytest.raises(FixTheSource, match="more than 5 objects"):
        connector.discover()


def test_an_object_that_is_replaced_between_list_and_fetch_is_put_off(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("exports/orders.csv", b"id\n1\n")
    connector = store.connector()
    stream = found(connector, "orders")
    items = Bucket.items

    def replaced(self: Bucket) -> Any:
        listed = items(self)
        store.put("exports/orders.csv", b"id\n2\n")
        return listed

    monkeypatch.setattr(Bucket, "items", replaced)
    with pytest.raises(TryAgain, match="replaced"):
        read(connector, stream)
    monkeypatch.setattr(Bucket, "items", items)
    assert read(connector, stream)[0] == [["2"]]


def test_a_wrong_key_is_refused_as_such_and_stands_in_no_message(address: str, store: Store) -> None:
    """The store checks signatures once it is told to: a right one shows that ours are."""
    import httpx

    iam = __import__("boto3").client("iam", endpoint_url=address, region_name="us-east-1", aws_access_key_id="admin", aws_secret_access_key="admin")
    iam.create_user(UserName="reader")
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}]}
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(rights))
    store.put("exports/a b+ü.csv", b"id\n1\n")
    right = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    try:
        httpx.post(f"{address}/moto-api/reset-auth", content="0").raise_for_status()
        connector = store.connector(right)
        assert read(connector, found(connector, "a b+ü"))[0] == [["1"]]
        for wrong in (right | {"secret_key": "not the secret"}, right | {"access_key": "AKIAUNKNOWN"}):
            with pytest.raises(CredentialsRefused) as refused:
                store.connector(wrong).probe()
            assert "not the secret" not in str(refused.value) + repr(vars(store.connector(wrong)))
    finally:
        httpx.post(f"{address}/moto-api/reset-auth", content="1000000000").raise_for_status()


@pytest.mark.parametrize(
    ("status", "code", "error"), [(503, "SlowDown", TryAgain), (500, "InternalError", TryAgain), (404, "NoSuchBucket", FixTheSource), (400, "ExpiredToken", CredentialsRefused), (400, "Odd", FixTheSource)]
)
def test_what_a_store_refuses_with_is_told_apart(store: Store, monkeypatch: pytest.MonkeyPatch, status: int, code: str, error: type[Exception]) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise Refused("no", status=status, body=f"<Error><Code>{code}</Code></Error>".encode(), culprit="x", fix="")

    monkeypatch.setattr(Http, "get", refuse)
    with pytest.raises(error, match=code):
        store.connector().probe()


def test_a_store_that_asks_for_patience_is_asked_again_and_then_put_off(settings: Settings, tmp_path: Path) -> None:
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked: list[str] = []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = b"<Error><Code>SlowDown</Code></Error>"
            self.send_response(503)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    config = {"bucket": "abc", "endpoint": f"http://127.0.0.1:{server.server_port}"}
    told = settings.model_copy(update={"allowed_networks": "localhost"})
    with pytest.raises(TryAgain):
        connect(Doors(told), "files", config, json.dumps({"access_key": "a", "secret_key": "b"})).probe()
    server.shutdown()
    assert len(asked) == 5


def test_an_address_of_our_own_network_and_a_bucket_without_a_key_are_refused(store: Store, settings: Settings) -> None:
    for endpoint in (store.address, "http://169.254.169.254", "http://localhost:9000", "http://[::1]:9000"):
        with pytest.raises(NotAllowed):
            store.connector(settings=settings.model_copy(update={"allowed_networks": ""}), endpoint=endpoint).probe()
    with pytest.raises(NotUnderstood, match="access key"):
        store.connector({"access_key": "", "secret_key": ""})


@pytest.mark.parametrize("body", [b"<html/>", b"", b"x", b'<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult/>', b"<ListBucketResult>", b"<ListBucketResult><a>" * 5])
def test_an_answer_that_is_no_list_of_objects_ends_nothing_as_if_it_were_empty(body: bytes) -> None:
    with pytest.raises(FixTheSource, match="none of an object store"):
        _read_page(body, "b")
