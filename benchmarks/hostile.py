"""Hostile files, each read by a process of its own: what was said, how long it took, how much memory it had.

    python -m benchmarks.hostile            # full size, minutes
    python -m benchmarks.hostile --short    # as the test does

Each must be refused in words or read, within 512 MB and 30 seconds. Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_MB, MOST_SECONDS = 512, 30.0
_MB = 1_048_576
Make = Callable[[Path, float], None]
CHILD = """
import json, sys, time
from pathlib import Path
from aos_resources.connectors.files import Files
from aos_resources.connectors.file_settings import FilesConfig
from aos_resources.connectors.stores import Folder
from aos_core.errors import AosError
folder = Path(sys.argv[1])
started, cpu = time.monotonic(), time.process_time()
said, rows, rejected = [], 0, 0
connector = Files(Folder(folder, (folder.resolve(),)), FilesConfig(folder=str(folder)))
found = connector.discover()
said += [why for _, why in found.problems]
for stream in found.streams:
    try:
        for part in connector.read(stream, None, {}):
            rows += sum(batch.num_rows for batch in part.batches or ())
            rejected += part.rejected
    except AosError as refused:
        said.append(refused.sentence)
# Of this process alone: rusage begins with what its parent had.
peak = next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(chr(10) + json.dumps({"mb": peak, "seconds": round(time.monotonic() - started, 1),
    "cpu": round(time.process_time() - cpu, 1), "rows": rows, "rejected": rejected, "said": [one[:160] for one in said][:4], "refusals": len(said)}))
"""


def _zip(path: Path, members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def zip_of_zeros(folder: Path, size: float) -> None:
    """What 42.zip does with its innermost files: a member of zeros a thousand times as large as it is packed."""
    with zipfile.ZipFile(folder / "zeros.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(16):
            with archive.open(f"{number}.csv", "w", force_zip64=True) as file:
                for _ in range(int(256 * size) or 8):
                    file.write(bytes(_MB))


def nested_zip(folder: Path, size: float) -> None:
    content = b"id\n1\n"
    for level in range(6):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"{number}.{'zip' if level else 'csv'}", content)
        content = made.getvalue()
    (folder / "nested.zip").write_bytes(content)


def many_entries(folder: Path, size: float) -> None:
    """A million entries in the directory, all of them one empty file: made by hand, as zipfile would take minutes."""
    count = int(1_000_000 * size)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 0, 0, 33, 0, 0, 0, 12, 0)
    with (folder / "many.zip").open("wb") as file:
        for number in range(count):
            file.write(local + b"%08d.csv" % number)
        start = file.tell()
        for number in range(count):
            file.write(struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 0, 0, 33, 0, 0, 0, 12, 0, 0, 0, 0, 0, 42 * number) + b"%08d.csv" % number)
        length = file.tell() - start
        place = file.tell()
        file.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, length, start))
        file.write(struct.pack("<IIQI", 0x07064B50, 0, place, 1))
        file.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))


def overlapping(folder: Path, size: float) -> None:
    """Many entries of the directory that all lead to the same packed bytes."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(4 * _MB)
    data = packed.compress(content) + packed.flush()
    crc, name = zlib.crc32(content), b"a.csv"
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, crc, len(data), len(content), len(name), 0) + name + data
    directory = b"".join(
        struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 33, crc, len(data), len(content), 9, 0, 0, 0, 0, 0, 0) + b"%05d.csv" % n for n in range(9_000)
    )
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 9_000, 9_000, len(directory), len(local), 0)
    (folder / "overlapping.zip").write_bytes(local + directory + end)


def gzip_of_zeros(folder: Path, size: float) -> None:
    member = gzip.compress(bytes(64 * _MB))
    with (folder / "zeros.csv.gz").open("wb") as file:
        for _ in range(int(160 * size) or 1):
            file.write(member)


def gzip_of_lines(folder: Path, size: float) -> None:
    """Ten gigabytes of rows of one letter: nothing is wrong with any line."""
    member = gzip.compress(b"a\n" * (32 * _MB))
    with (folder / "lines.csv.gz").open("wb") as file:
        for _ in range(int(160 * size) or 2):
            file.write(member)


def million_columns(folder: Path, size: float) -> None:
    (folder / "wide.csv").write_bytes(b",".join(b"c%d" % n for n in range(int(1_000_000 * size))) + b"\n")
    (folder / "narrow-names.csv").write_bytes(b"," * 900_000 + b"\n" + b"," * 900_000 + b"\n")


def giant_cell(folder: Path, size: float) -> None:
    with (folder / "cell.csv").open("wb") as file:
        file.write(b'id,text\n1,"')
        for _ in range(int(1_024 * size)):
            file.write(b"x" * _MB)
        file.write(b'"\n2,ok\n')


def giant_cell_of_lines(folder: Path, size: float) -> None:
    with (folder / "cell.csv").open("wb") as file:
        file.write(b'id,text\n1,"')
        for _ in range(int(1_024 * size)):
            file.write(b"x\n" * (_MB // 2))


def deep_json(folder: Path, size: float) -> None:
    depth = int(1_000_000 * size)
    deep = b"[" * depth + b"]" * depth
    (folder / "deep-array.json").write_bytes(b'[{"a": ' + deep + b"}]")
    (folder / "deep-lines.jsonl").write_bytes(b'{"a": ' + deep + b"}\n")
    (folder / "deeper.json").write_bytes(b"[" * depth)
    (folder / "deep-objects.json").write_bytes(b'[{"a":' + b'{"a":' * depth + b"1" + b"}" * depth + b"}]")


def giant_object(folder: Path, size: float) -> None:
    with (folder / "giant.json").open("wb") as file:
        file.write(b'[{"a": "')
        for _ in range(int(1_024 * size)):
            file.write(b"x" * _MB)
        file.write(b'"}]')


def many_names(folder: Path, size: float) -> None:
    with (folder / "names.json").open("wb") as file:
        file.write(b"[{" + b",".join(b'"k%d":1' % n for n in range(int(1_000_000 * size))) + b"}]")


_BOOK = b'<workbook xmlns:r="http://r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>'
_LINKS = b'<Relationships><Relationship Id="r1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
_CELLS = b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>0</v></c></row></sheetData></worksheet>'


def _workbook(path: Path, sheet: bytes = _CELLS, texts: Callable[[Any], None] | None = None, **more: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", more.get("book", _BOOK))
        archive.writestr("xl/_rels/workbook.xml.rels", _LINKS)
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        if texts is not None:
            with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as file:
                texts(file)


def workbooks(folder: Path, size: float) -> None:
    """Giant shared texts, one giant text, entities that unfold, columns and rows far away, texts that are not there."""

    def repeated(file: Any) -> None:
        file.write(b"<sst>" + b"<si><t>a</t></si>" * 100)
        for _ in range(int(2_048 * size) or 8):
            file.write(b"<si><t>a</t></si>" * (_MB // 17))
        file.write(b"</sst>")

    def one(file: Any) -> None:
        file.write(b"<sst><si><t>")
        for _ in range(int(2_048 * size) or 32):
            file.write(random.randbytes(1024).hex().encode() * 512)
        file.write(b"</t></si></sst>")

    def different(file: Any) -> None:
        file.write(b"<sst>")
        for number in range(int(6_000_000 * size)):
            file.write(b"<si><t>%d %d</t></si>" % (number * 7919, number))
        file.write(b"</sst>")

    lol = b'<!DOCTYPE a [<!ENTITY l0 "lol">' + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10)) + b"]>"
    _workbook(folder / "repeated.xlsx", texts=repeated)
    _workbook(folder / "one-text.xlsx", texts=one)
    _workbook(folder / "different.xlsx", texts=different)
    _workbook(folder / "entities.xlsx", book=lol + b"<workbook>&l9;</workbook>")
    _workbook(folder / "far.xlsx", sheet=b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>')
    _workbook(folder / "no-texts.xlsx")
    _workbook(folder / "deep.xlsx", sheet=b"<worksheet>" + b"<a>" * int(1_000_000 * size))
    (folder / "cut.xlsx").write_bytes((folder / "no-texts.xlsx").read_bytes()[:300])


def parquets(folder: Path, size: float) -> None:
    """A footer that says it is huge, random bytes in every place, a page that unfolds to gigabytes."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    duckdb.execute(f"copy (select i, md5(i::varchar) as t from range(1000) r(i)) to '{folder}/good.parquet' (format parquet)")
    good = (folder / "good.parquet").read_bytes()
    (folder / "footer.parquet").write_bytes(good[:-8] + struct.pack("<I", 0x7FFFFFF0) + b"PAR1")
    (folder / "negative.parquet").write_bytes(good[:-8] + struct.pack("<i", -5) + b"PAR1")
    chance = random.Random(7)
    for number in range(int(40 * size) or 6):
        broken = bytearray(good)
        for _ in range(20):
            broken[chance.randrange(4, len(good) - 8)] = chance.randrange(256)
        (folder / f"broken-{number}.parquet").write_bytes(broken)
    text = pa.array(["x" * (64 * _MB)] * (int(16 * size) or 2), pa.large_string())
    pq.write_table(pa.table({"t": text.dictionary_encode()}), folder / "pages.parquet", compression="zstd")
    wide = pa.table({f"c{n}": [1] for n in range(int(20_000 * size) or 1_500)})
    pq.write_table(wide, folder / "wide.parquet")


def encodings(folder: Path, size: float) -> None:
    lines = int(2_000_000 * size)
    (folder / "mixed.csv").write_bytes(b"id,a\n" + ("1,ü\n".encode() + b"2,\xfc\n") * min(lines, 100_000))
    (folder / "chance.csv").write_bytes(b"id\n" + random.Random(1).randbytes(int(64 * _MB * size)))
    (folder / "utf-32.csv").write_bytes(("id,a\n" + "1,ü\n" * 1_000).encode("utf-32"))
    (folder / "surrogates.csv").write_bytes(b"\xff\xfe" + "id\n".encode("utf-16-le") + b"\x00\xd8\n\0" * lines)
    (folder / "utf-16.json").write_bytes(("[" + ",".join(['{"id": 1}'] * 1_000) + "]").encode("utf-16"))
    (folder / "overlong.csv").write_bytes(b"id\n\xc0\xaf\n\xed\xa0\x80\n\xf8\x88\x80\x80\x80\nok\n")


def quoted_newlines(folder: Path, size: float) -> None:
    with (folder / "quoted.csv").open("wb") as file:
        file.write(b"id,a\n")
        for _ in range(int(200 * size) or 4):
            file.write(b'1,"a\r\n\nb\rc"\n' * 20_000)
    (folder / "quotes.csv").write_bytes(b"id,a\n" + b'"' * int(32 * _MB * size) + b"\n1,2\n")
    (folder / "delimiters.csv").write_bytes(b"id,a\n" + (b"," * 1_000_000 + b"\n") * (int(100 * size) or 4))


def no_files(folder: Path, size: float) -> None:
    os.mkfifo(folder / "pipe.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    (folder / "itself.csv").symlink_to("itself.csv")
    (folder / "folder.csv").mkdir()
    (folder / "kernel.csv").symlink_to("/proc/self/mem")


KINDS: dict[str, Make] = {
    made.__name__: made
    for made in (
        zip_of_zeros, nested_zip, many_entries, overlapping, gzip_of_zeros, gzip_of_lines, million_columns, giant_cell, giant_cell_of_lines,
        deep_json, giant_object, many_names, workbooks, parquets, encodings, quoted_newlines, no_files,
    )
}  # fmt: skip


def measure(folder: Path, kind: str, size: float) -> dict[str, Any]:
    """`size`: 1 is the full one."""
    KINDS[kind](folder, size)
    try:
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", CHILD, str(folder)], capture_output=True, text=True, check=False, timeout=300)
    except subprocess.TimeoutExpired:
        return {"died": "took longer than 300 s"}
    if done.returncode != 0:
        return {"died": done.returncode, "stderr": done.stderr[-600:]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--short", action="store_true")
    asked.add_argument("--kind", choices=sorted(KINDS))
    given = asked.parse_args()
    found = {}
    for kind in [given.kind] if given.kind else KINDS:
        with tempfile.TemporaryDirectory() as folder:
            found[kind] = measure(Path(folder), kind, 0.05 if given.short else 1.0)
        print(kind, json.dumps(found[kind]), file=sys.stderr, flush=True)
    lived = [one for one in found.values() if "mb" in one]
    held = len(lived) == len(found) and all(one["mb"] <= MOST_MB and one["seconds"] <= MOST_SECONDS for one in lived)
    print(json.dumps({"kinds": len(found), "held": held, "most_mb": max(one["mb"] for one in lived), "most_seconds": max(one["seconds"] for one in lived), "found": found}))


if __name__ == "__main__":
    main()
