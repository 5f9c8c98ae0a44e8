"""The form of an exported tenant: one zip file whose last bytes are the hash of all before them, with a manifest that names every file's own.

    manifest.json            format, tenant, counts, the sha256 and size of every other file, what is left out
    tables/<table>.jsonl     a row a line, without the tenant's id
    lake/<path>              files of the lake, as they stand below the tenant's folder
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from aos_core.errors import NotUnderstood

FORMAT = 1
_MANIFEST = "manifest.json"
_PIECE = 1 << 20
_LARGEST_MANIFEST = 256 << 20
_DIGEST = 64  # characters of a sha256, kept as the zip file's comment: the end of the file
# Whatever a reader of zip files and JSON may say of what is none; NotImplementedError of a way of packing that it does not know.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, KeyError, TypeError, AttributeError, ValueError, EOFError, NotImplementedError, RuntimeError)
# What a manifest must say, and of which form.
_SAID: dict[str, type] = {"tenant": dict, "made_at": str, "columns": dict, "rows": dict, "secrets": dict, "audit": dict, "files": dict}
_NEEDED = ("tables/audit.jsonl", "tables/memberships.jsonl")
# No part of it is empty, begins with a dot or leaves its folder.
_NAME = re.compile(r"tables/[a-z_]{1,60}\.jsonl|lake(/[^/\\\x00.][^/\\\x00]{0,254}){1,30}")


@dataclass
class Writing:
    """An archive that is being written; `files` grows with it."""

    zip: zipfile.ZipFile
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def file(self, name: str, *, packed: bool = True) -> Iterator[_Counted]:
        """One more file, written piece by piece. `packed` is false for what is compressed already."""
        assert _NAME.fullmatch(name), name
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self.zip.open(entry, "w", force_zip64=True) as file:
            counted = _Counted(file)
            yield counted
        self.files[name] = {"sha256": counted.hash.hexdigest(), "bytes": counted.size}


@dataclass
class _Counted:
    file: IO[bytes]
    size: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.hash.update(piece)
        self.size += len(piece)


@contextmanager
def writing(path: Path, manifest: dict[str, Any]) -> Iterator[Writing]:
    """An archive at that path, whole at the end; the manifest is what the caller has put into it by then."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        made = Writing(file)
        yield made
        file.writestr(_MANIFEST, json.dumps({"format": FORMAT, **manifest, "files": made.files}, indent=1))
        file.comment = b"0" * _DIGEST
    digest = _digest(path, path.stat().st_size - _DIGEST)
    with path.open("r+b") as whole:
        whole.seek(-_DIGEST, 2)
        whole.write(digest.encode())


@dataclass(frozen=True)
class Archive:
    """An archive that was found whole: every name, size and hash in it is right."""

    zip: zipfile.ZipFile
    manifest: dict[str, Any]
    digest: str

    def names(self, part: str) -> list[str]:
        return sorted(name for name in self.manifest["files"] if name.startswith(part))

    def read(self, name: str) -> Iterator[bytes]:
        """Its bytes, no more of them than the manifest says.

        Raises:
            NotUnderstood: they are others.
        """
        told, left = self.manifest["files"][name], int(self.manifest["files"][name]["bytes"])
        said = hashlib.sha256()
        with self.zip.open(name) as file:
            while piece := file.read(min(_PIECE, left + 1)):
                left -= len(piece)
                said.update(piece)
                if left < 0:
                    break
                yield piece
        if left != 0 or said.hexdigest() != told["sha256"]:
            raise _broken(f"{name} is another file than the manifest says")


@contextmanager
def reading(path: Path, most: int) -> Iterator[Archive]:
    """The archive at that path, looked through as a whole before anything of it is believed; unpacked at most `most` bytes.

    Raises:
        NotUnderstood: it is none, a byte of it is another than was written, or it would be larger than that.
    """
    size = path.stat().st_size
    with path.open("rb") as whole:
        whole.seek(max(0, size - _DIGEST))
        said = whole.read()
    digest = _digest(path, max(0, size - _DIGEST))
    if said != digest.encode():
        raise _broken("its hash is another than it says")
    with path.open("rb") as whole:
        try:
            archive = Archive(zipfile.ZipFile(whole), {}, digest)
            archive.manifest.update(_manifest(archive.zip))
            _check(archive, most)
        except _UNREADABLE as wrong:
            raise _broken(str(wrong)[:200]) from wrong
        yield archive


def _check(archive: Archive, most: int) -> None:
    entries, files = archive.zip.infolist(), archive.manifest["files"]
    names = [one.filename for one in entries]
    if len(set(names)) != len(names) or {*files, _MANIFEST} != set(names):
        raise _broken("it holds other files than its manifest says")
    for name in files:
        if not _NAME.fullmatch(name):
            raise _broken(f"no file is called {name[:100]!r}")
    total = sum(int(one["bytes"]) for one in files.values())
    if any(int(one["bytes"]) < 0 for one in files.values()) or total > most:
        raise NotUnderstood("The archive would be larger than there is room for", culprit=f"{total:,} of {most:,} bytes", fix="Make room.")
    for name in files:
        for _ in archive.read(name):
            pass


def _manifest(file: zipfile.ZipFile) -> dict[str, Any]:
    if file.getinfo(_MANIFEST).file_size > _LARGEST_MANIFEST:
        raise _broken("its manifest is too large")
    said = json.loads(file.read(_MANIFEST))
    if said.get("format") != FORMAT:
        raise NotUnderstood("This archive has a form that is not known here", culprit=str(said.get("format"))[:20], fix="Import it with the version that wrote it.")
    lacking = [name for name, kind in _SAID.items() if not isinstance(said.get(name), kind)]
    lacking += [name for name in ("id", "slug", "name", "created_at") if not isinstance(said.get("tenant", {}).get(name), str)] if not lacking else []
    lacking += [name for name in _NEEDED if name not in said.get("files", {})] if not lacking else []
    if lacking:
        raise _broken(f"its manifest does not say {', '.join(lacking)}")
    found: dict[str, Any] = said
    return found


def _broken(why: str) -> NotUnderstood:
    return NotUnderstood("This is not an archive as it was written", culprit=why, fix="Copy it again from where it was made. Nothing of it was taken.")


def _digest(path: Path, length: int) -> str:
    said = hashlib.sha256()
    with path.open("rb") as file:
        while length > 0 and (piece := file.read(min(_PIECE, length))):
            said.update(piece)
            length -= len(piece)
    return said.hexdigest()
