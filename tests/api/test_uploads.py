"""Files that people send: kept whole under their own name or not at all, bounded, seen by nobody else, and read like any other."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from aos_api.protection import LARGEST_UPLOAD
from aos_core.errors import NotUnderstood, QuotaReached
from aos_resources import uploads
from aos_resources.connectors import connect
from aos_resources.connectors.source import Doors
from aos_resources.exporting import export
from aos_resources.lake import Lake, TenantLake
from tests.api.people import Company, entries, found
from tests.api.serving import Served
from tests.resources.sources import found as stream_of
from tests.resources.sources import read
from tests.scenario import World


@pytest.fixture
def stage(world: World, served: Served) -> Company:
    return found(world, served)


@pytest.fixture
def lake(stage: Company) -> TenantLake:
    return Lake(stage.world.settings).of(stage.tenant)


@pytest.fixture
def connection(stage: Company) -> UUID:
    return connected(stage, '{"uploads": true}')


def connected(stage: Company, config: str) -> UUID:
    made = uuid4()
    with stage.world.database.of(stage.tenant).transaction() as transaction:
        transaction.run("insert into aos.connections (id, name, source, config) values (:id, :name, 'files', cast(:config as jsonb))", id=made, name=f"c {made}", config=config)
    return made


def kept(lake: TenantLake) -> list[str]:
    folder = lake.folder / "uploads"
    return sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def test_what_is_sent_is_listed_replaced_read_and_removed(stage: Company, lake: TenantLake, connection: UUID) -> None:
    client, path = stage.owner.client, f"/connections/{connection}/files"
    assert client.get(path).json() == {"items": []}
    sent = client.post(f"{path}/orders ü.csv", content=b"id\n1\n")
    assert (sent.status_code, sent.json()["name"], sent.json()["bytes"]) == (201, "orders ü.csv", 5)
    assert client.post(f"{path}/orders ü.csv", content=b"id\n1\n2\n").status_code == 201
    assert client.post(f"{path}/more.csv.gz", content=gzip.compress(b"id\n3\n")).status_code == 201
    assert [(one["name"], one["bytes"]) for one in client.get(path).json()["items"]][1] == ("orders ü.csv", 7)
    connector = connect(Doors(stage.world.settings, lake.uploads(connection)), "files", {"uploads": True}, None)
    assert read(connector, stream_of(connector, "orders ü"))[0] == [["1"], ["2"]]
    assert read(connector, stream_of(connector, "more"))[0] == [["3"]]
    assert client.delete(f"{path}/orders ü.csv").status_code == 204
    assert client.delete(f"{path}/orders ü.csv").status_code == 404
    assert kept(lake) == ["more.csv.gz"]
    said = [(one["verb"], one["noun"], one["detail"].get("file")) for one in entries(stage.world, stage.tenant) if one["noun"] == "connections"]
    assert said == [("change", "connections", name) for name in ("orders ü.csv", "orders ü.csv", "more.csv.gz", "orders ü.csv")]


NAMES = ["../up.csv", "..%2Fup.csv", "%2Fetc%2Fpasswd.csv", "a%5Cb.csv", ".hidden.csv", "a%00.csv", "a%0A.csv", "a\u202ecsv.csv", "x.exe", "noending", "a.csv.", "%20a.csv", "a:b.csv", "n" * 201 + ".csv", "ü" * 150 + ".csv", ".csv"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_be_a_path_or_is_of_no_format_is_refused(stage: Company, lake: TenantLake, connection: UUID, name: str) -> None:
    answer = stage.owner.client.post(httpx.URL(f"{str(stage.owner.client.base_url).rstrip('/')}/connections/{connection}/files/{name}"), content=b"id\n1\n")
    # With a slash it is another path, where there is nothing, or nothing to send to.
    assert answer.status_code in ((404, 405) if name.startswith("../") or "%2F" in name else (422,)), answer.text
    assert kept(lake) == []


CONTENTS = {
    "picture.csv": b"\x89PNG\r\n\x1a\n", "program.csv": b"\x7fELF", "packed.csv": gzip.compress(b"id\n"), "zip.json": b"PK\x03\x04", "text.xlsx": b"id\n1\n",
    "text.parquet": b"id\n1\n", "text.csv.gz": b"id\n1\n", "page.csv": b"<html>", "old.csv": b"\xd0\xcf\x11\xe0\xa1", "zeros.csv": bytes(100), "empty.csv": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_bytes_that_are_not_what_the_name_says_are_refused_and_nothing_is_kept(stage: Company, lake: TenantLake, connection: UUID, name: str) -> None:
    answer = stage.owner.client.post(f"/connections/{connection}/files/{name}", content=CONTENTS[name] + (b"x" * 5_000 if CONTENTS[name] else b""))
    assert (answer.status_code, answer.json()["code"]) == (422, "not_understood"), answer.text
    assert kept(lake) == []
    assert [one for one in entries(stage.world, stage.tenant) if one["noun"] == "connections"] == []


def test_only_who_may_sends_and_only_where_files_are_taken(stage: Company, connection: UUID) -> None:
    path = f"/connections/{connection}/files/a.csv"
    for role, status in (("viewer", 403), ("analyst", 403), ("engineer", 201)):
        assert stage.join(role).client.post(path, content=b"id\n1\n").status_code == status  # type: ignore[arg-type]
    elsewhere = connected(stage, '{"folder": "/data"}')
    assert stage.owner.client.post(f"/connections/{elsewhere}/files/a.csv", content=b"id\n1\n").status_code == 422
    assert stage.owner.client.get(f"/connections/{elsewhere}/files").json() == {"items": []}
    assert stage.owner.client.post(f"/connections/{uuid4()}/files/a.csv", content=b"id\n1\n").status_code == 404


def test_a_large_file_comes_piece_by_piece_and_one_that_is_cut_off_leaves_nothing(stage: Company, lake: TenantLake, connection: UUID) -> None:
    path, size = f"/connections/{connection}/files/large.csv", 24 * 1024 * 1024

    def pieces(cut: int) -> Iterator[bytes]:
        for number in range(size // 65_536):
            if number == cut:
                raise ConnectionError("gone")
            yield (b"x" * 65_535 + b"\n")

    with pytest.raises(ConnectionError):
        stage.owner.client.post(path, content=pieces(100), headers={"Content-Length": str(size)})
    for _ in range(100):
        if kept(lake) == []:
            break
        threading.Event().wait(0.05)
    assert kept(lake) == []
    assert stage.owner.client.post(path, content=pieces(-1), headers={"Content-Length": str(size)}).json()["bytes"] == size
    keyed = stage.owner.client.post(path, content=pieces(-1), headers={"Content-Length": str(size), "Idempotency-Key": "k"})
    assert (keyed.status_code, keyed.json()["code"]) == (422, "not_understood")
    assert stage.served.status_of_declared("post", path, stage.owner.client.headers["Authorization"], LARGEST_UPLOAD + 1) == 413


def test_a_connection_keeps_so_many_files_and_bytes(lake: TenantLake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_MOST_FILES", 2)
    monkeypatch.setattr(uploads, "_MOST_TOGETHER", 10)
    monkeypatch.setattr(uploads, "MOST_BYTES", 8)
    connection = uuid4()

    def send(name: str, content: bytes) -> None:
        with uploads.receiving(lake, connection, name) as receiving:
            receiving.write(content)
            receiving.keep()

    send("a.csv", b"id\n1\n")
    send("b.csv", b"id\n1\n")
    send("b.csv", b"id\n2\n")  # replaced: no third
    for name, content, refused in (("c.csv", b"i", QuotaReached), ("b.csv", b"id\n123\n", QuotaReached), ("a.csv", b"id\n123456", NotUnderstood)):
        with pytest.raises(refused):
            send(name, content)
    assert [(one.name, one.bytes) for one in uploads.files_of(lake, connection)] == [("a.csv", 5), ("b.csv", 5)]
    assert sorted(path.name for path in lake.uploads(connection).iterdir()) == ["a.csv", "b.csv"]
    with pytest.raises(NotUnderstood):
        send("c\udc80.csv", b"id\n")


def test_an_export_carries_what_was_sent(stage: Company, lake: TenantLake, connection: UUID, tmp_path: Path) -> None:
    assert stage.owner.client.post(f"/connections/{connection}/files/orders.csv", content=b"id\n1\n").status_code == 201
    manifest = export(stage.world.database.of(stage.tenant), lake, tmp_path / "all.zip")
    assert f"lake/uploads/{connection}/orders.csv" in manifest["files"]
