"""What sources should never hold: each is refused in words or kept apart with its reason, and everything else goes on."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from psycopg.conninfo import conninfo_to_dict

from aos_assets.steps.land import sync_connection
from aos_resources.database import as_json
from tests.assets.conftest import FIRST, Company

GZIP_OF_ROWS = gzip.compress(b"id,name\n" + b"1,a\n" * 50_000)
# Bytes of a file → words that its refusal says.
REFUSED = {
    "empty.csv": (b"", "without even a header"),
    "blank-lines.csv": (b"\n\r\n\n", "without even a header"),
    "odd-header.csv": ("id,řeka\n1,2\n".encode("cp1250"), "not UTF-8"),
    "utf-16.csv": ("id,name\n1,a\n".encode("utf-16-le"), "not UTF-8"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not UTF-8"),
    "archive.csv": (b"PK\3\4\0\0\0\0" * 20, "not UTF-8"),
    "packed.csv": (GZIP_OF_ROWS, "not UTF-8"),
    "json.csv": (b'[{"id": 1},\n {"id": 2}]', "holds JSON or a web page"),
    "page.csv": (b"<!DOCTYPE html>\n<html><p>Sign in, please</p></html>", "holds JSON or a web page"),
    "open-header.csv": (b'id,"name\n1,2\n', "first line"),
    "long-header.csv": (b"a" * 1_100_000 + b",b\n1,2\n", "longer than 1 MB"),
    "wide.csv": (",".join(f"c{n}" for n in range(10_000)).encode() + b"\n", "10,000 columns"),
    "cut-off.csv.gz": (GZIP_OF_ROWS[: len(GZIP_OF_ROWS) // 2], "cannot be read"),
    "not-packed.csv.gz": (b"id\n1\n", "cannot be read"),
    "zeros.csv.gz": (gzip.compress(bytes(20_000_000)), "longer than 1 MB"),
    "array.jsonl": (b'[{"id": 1},\n{"id": 2}]\n', "no JSON objects"),
    "nothing.jsonl": (b"\n\n", "is empty"),
    "a-name-a-row.jsonl": (b"".join(b'{"k%d": 1}\n' % n for n in range(1_500)), "columns"),
    "text.parquet": (b"id,name\n1,a\n", "could not be read as Parquet"),
    "cut-off.parquet": (b"PAR1" + bytes(100), "could not be read as Parquet"),
}
# Bytes of a file → (landed, rejected) and words of the reasons.
KEPT = {
    "cut-off.csv": (b'id,name\n1,a\n2,"b', (1, 1), "unquoted value"),
    "cut-off-late.csv": (b"id,name\n" + b"".join(b"%d,a\n" % n for n in range(100_000)) + b'x,"b', (100_000, 1), "unquoted value"),
    "odd-letters.csv": (b"id,name\n1,Dvo\xf8ak\n2,ok\n", (1, 1), "invalid encoding"),
    "ragged.csv": (b"id,name,x\n1,a,b\n2,c\n3,d,e,f\n4,g,h\n", (2, 2), "missing columns, too many columns"),
    "loose-quotes.csv": (b'id,name\n1,a "b" c\n2,"x" y\n3,ok\n', (2, 1), "unquoted value"),
    "mixed-line-ends.csv": (b'id,name\r\n1,a\n2,b,surplus\r\n3,"x" y\n4,c\r\n', (2, 2), "too many columns, unquoted value"),
    "long-line.csv": (b"id,name\n1," + b"x" * 3_000_000 + b"\n2,ok\n", (1, 1), "line size over maximum"),
    "headers.csv": (b"id,name\n", (0, 0), ""),
    "keys-twice.csv": (b"id,name\n1,a\n1,b\n1,b\n2,c\n", (4, 0), ""),
    "twins.csv": (b"name,x\na,1\na,1\nb,1\n", (3, 0), ""),
    "zero-bytes.csv": (b"id,name\n1,a\0b\n2,c\n", (2, 0), ""),
    "names-of-ours.csv": (b"_key,_OP,_at,n,_row,file_row_number,key,hash,,n\nk1,d,1,2,3,4,5,6,7,8\nk2,d,1,2,3,4,5,6,7,8\n", (2, 0), ""),
    "odd-names.csv": (b'id,"select ""x; drop table","a\'b",--c\n1,2,3,4\n2,2,3,4\n', (2, 0), ""),
    "blanks-first.csv": (b"\xef\xbb\xbf\r\n\nid,name\r\n1,a\r\n", (1, 0), ""),
    "lines.jsonl": (b'{"id": 1}\n\nnope\n[1]\n{"id": 2, "id": 3}\n{"id": 4, "late": "x"}\n', (2, 3), "a name stands twice, not an object, not json"),
    "cut-off.jsonl": (b'{"id": 1}\n{"id": "', (1, 1), "not json"),
    "deep.jsonl": (b'{"id": 1}\n{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", (2, 0), ""),
    "zero-bytes.jsonl": (b'{"id": "a\\u0000b"}\n{"id": "c"}\n', (2, 0), ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_the_others_land(acme: Company, name: str) -> None:
    content, words = REFUSED[name]
    (acme.folder / name).write_bytes(content)
    acme.write("deals.csv", FIRST)
    found = {one.stream: one for one in acme.sync().streams}
    (refused,) = [one for one in found.values() if one.stream != "deals"]
    assert words in (refused.error or "")
    assert name in (refused.error or "")
    assert str(acme.folder) not in (refused.error or "")
    assert (refused.read, refused.landed) == (0, 0)
    assert (found["deals"].error, found["deals"].landed) == (None, 3)


@pytest.mark.parametrize("name", KEPT)
def test_rows_that_cannot_be_read_are_kept_apart_and_both_balances_hold(acme: Company, name: str) -> None:
    content, (landed, rejected), words = KEPT[name]
    (acme.folder / name).write_bytes(content)
    acme.write("deals.csv", FIRST)
    found = {one.stream: one for one in acme.sync().streams}
    (one,) = [one for one in found.values() if one.stream != "deals"]
    assert (one.error, one.landed, one.rejected, one.balanced) == (None, landed, rejected, True)
    with acme.work.database.transaction() as transaction:
        rejects = transaction.one(
            "balance", "select coalesce(rejects, '[]') as rejects from aos.sync_streams b join aos.streams s on s.id = b.stream_id where s.name = :name", name=one.stream
        )["rejects"]
    assert ", ".join(sorted({reason["reason"] for reason in rejects})) == words
    again = next(once for once in acme.sync().streams if once.stream == one.stream)
    assert (again.landed, again.unchanged, again.rejected) == (0, landed, rejected)
    assert acme.publish().tables["unified/opportunities"]["rows"] == 0


def test_keys_that_the_control_plane_cannot_keep_are_quarantined_with_their_reason(mapped: Company) -> None:
    mapped.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "a\0b"}, FIRST[0] | {"deal_id": "k" * 1_001}, FIRST[0] | {"deal_id": "k" * 1_000}])
    mapped.refresh()
    assert len(mapped.view("opportunities", "opportunity_id")) == 4
    with mapped.work.database.transaction() as transaction:
        path = transaction.one("list", "select path from aos.quarantine_lists where kind = 'row' order by seq desc limit 1")["path"]
    reasons = duckdb.sql(f"select unnest(reasons).reason from read_parquet('{mapped.work.lake.absolute(path)}')").fetchall()
    assert reasons == [("the key holds a zero byte or is longer than 1,000 bytes",)] * 2


def test_a_folder_outside_the_roots_and_a_link_out_of_them_are_refused(acme: Company, tmp_path_factory: pytest.TempPathFactory) -> None:
    (acme.folder / "way-out.csv").symlink_to("/etc/passwd")
    acme.write("deals.csv", FIRST)
    found = {one.stream: one for one in acme.sync().streams}
    assert "outside the folders" in (found["way-out"].error or "")
    assert found["deals"].landed == 3
    elsewhere = acme.connect("elsewhere", config={"folder": "/etc"})
    assert "outside the folders" in (sync_connection(acme.work, elsewhere).error or "")


def test_the_installations_own_database_is_no_source(acme: Company) -> None:
    own = conninfo_to_dict(acme.work.settings.url("aos_app"))
    config = {"host": own["host"], "port": own["port"], "database": own["dbname"], "user": own["user"]}
    own_connection = acme.connect("own", "postgres", config | {"port": int(str(own["port"]))})
    with acme.work.database.transaction() as transaction:
        sealed = acme.work.secrets.seal(transaction, acme.work.tenant, own_connection, as_json({"password": "x"}))
        transaction.run("update aos.connections set sealed = :sealed where id = :id", sealed=sealed, id=own_connection)
    outcome = sync_connection(acme.work, own_connection)
    assert "installation's own database" in (outcome.error or "")


CHILD = """
import json, resource, sys
from uuid import UUID
from aos_assets.steps.land import sync_connection
from aos_resources.settings import Settings
from aos_resources.world import open_world
home, roots, slug, quiet, loud = json.loads(sys.argv[1])
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
work = open_world(Settings(home=home, file_roots=roots)).named(slug)
sync_connection(work, UUID(quiet))
idle = peak()
errors = [one.error for one in sync_connection(work, UUID(loud)).streams]
print(chr(10) + json.dumps([peak() - idle, errors]))
"""


def giant_cell(folder: Path) -> None:
    with (folder / "giant.csv").open("wb") as file:
        file.write(b'id,text\n1,"')
        for _ in range(1_024):
            file.write(b"x" * 1_048_576)
        file.write(b'"\n2,ok\n')


def giant_in_lines(folder: Path) -> None:
    """A quote that nobody closes before 60 MB of short lines are over."""
    (folder / "open.csv").write_bytes(b'id,text\n1,"' + b"x\n" * 30_000_000 + b'"\n2,ok\n')


def zeros(folder: Path) -> None:
    with gzip.open(folder / "zeros.csv.gz", "wb", 1) as file:
        file.write(b"id\n")
        for _ in range(1_024):
            file.write(bytes(1_048_576))


def nothing_fits(folder: Path) -> None:
    (folder / "semicolons.csv").write_bytes(b"id,name,note\n" + b"1;a;b\n" * 3_000_000)


def wide(folder: Path) -> None:
    row = ",".join(f"v{n}" for n in range(999))
    (folder / "wide.csv").write_text(",".join(f"c{n}" for n in range(1_000)) + "\n" + "".join(f"{n},{row}\n" for n in range(2_000)))


@pytest.mark.parametrize("make", [giant_cell, giant_in_lines, nothing_fits, zeros, wide], ids=lambda one: one.__name__)
def test_memory_stays_within_half_a_gigabyte_over_the_idle_process(acme: Company, make: Callable[[Path], None]) -> None:
    quiet = acme.folder / "quiet"
    loud = acme.folder / "loud"
    for folder in (quiet, loud):
        folder.mkdir()
        acme.write("deals.csv", FIRST, folder)
    make(loud)
    ids = [str(acme.connect(one.name, config={"folder": str(one)})) for one in (quiet, loud)]
    settings = acme.work.settings
    told = json.dumps([str(settings.home), str(acme.folder), acme.work.tenant.slug, *ids])
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", CHILD, told], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    grown, errors = json.loads(done.stdout.splitlines()[-1])
    assert grown <= 512
    words = {giant_cell: "longer than 16 MB", giant_in_lines: "quoted value", zeros: "longer than 16 MB", nothing_fits: "300,000 lines", wide: None}[make]
    refused = [one for one in errors if one]
    assert (len(errors), len(refused)) == (2, 0 if words is None else 1)
    assert words is None or words in refused[0]
