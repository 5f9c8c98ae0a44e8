"""Zip files and what is made like them, as somebody else may have made them: bounded before anything is unpacked.

A member's name is a name, never a path: what is unpacked goes into a folder of ours under a name of ours.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from aos_core.errors import FixTheSource

MOST_UNPACKED = 8 * 1024**3  # bytes of one file, unpacked
_MOST_ENTRIES = 10_000
# Text packs to a tenth, seldom to a fiftieth; what is small may be packed as tightly as it can.
_MOST_RATIO, _FREE = 200, 64 * 1024**2
_LARGEST_DIRECTORY = 4 * 1024**2  # bytes: its reader holds it whole, an entry as half a kilobyte
_ENCRYPTED = 1
_KNOWN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Whatever the reader of zip files may say of what is none; NotImplementedError of a way of packing that it does not know.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError, KeyError, IndexError)


class _Directory:
    """A file whose reader asks for the zip's directory in one piece: a piece too large is refused before it is held."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name
        self.seek, self.tell, self.close, self.seekable = file.seek, file.tell, file.close, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > _LARGEST_DIRECTORY:
            raise FixTheSource(f"The archive has more than {_MOST_ENTRIES:,} entries", culprit=self._name, fix="Pack fewer files.")
        return self._file.read(size)


@contextmanager
def archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip file, its directory looked through.

    Raises:
        FixTheSource: it is none, or would become too large, or is made to deceive.
    """
    with path.open("rb") as file:
        try:
            opened = zipfile.ZipFile(_Directory(file, path.name))
        except BROKEN as broken:
            raise FixTheSource("The archive cannot be opened", culprit=path.name, fix="Is it a whole zip file?") from broken
        _check(opened, path)
        try:
            yield opened
        # Not all of BROKEN: the others may be errors of whoever reads the members, and say something else. The last is
        # how zipfile says that it does not know a way of packing.
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as broken:
            raise FixTheSource("The archive is broken", culprit=path.name, fix="Pack it again.") from broken


def _check(opened: zipfile.ZipFile, path: Path) -> None:
    entries = opened.infolist()
    total, packed = sum(one.file_size for one in entries), path.stat().st_size
    if len(entries) > _MOST_ENTRIES:
        raise FixTheSource(f"The archive has more than {_MOST_ENTRIES:,} entries", culprit=path.name, fix="Pack fewer files.")
    refuse_size(total, packed, path.name)
    end = 0
    for one in sorted(entries, key=lambda entry: entry.header_offset):
        if one.header_offset < end:
            raise FixTheSource("Entries of the archive share their bytes", culprit=path.name, fix="Pack it again.")
        end = one.header_offset + one.compress_size
    for one in entries:
        refuse_size(one.file_size, one.compress_size, f"{path.name}/{one.filename}")


def refuse_size(unpacked: int, packed: int, name: str) -> None:
    """Raises FixTheSource where so little would become so much."""
    if unpacked > MOST_UNPACKED:
        raise FixTheSource(f"The file is larger than {MOST_UNPACKED // 1024**3} GB when it is unpacked", culprit=name, fix="Part it into smaller ones.")
    if unpacked > _FREE and unpacked > packed * _MOST_RATIO:
        raise FixTheSource(f"The file becomes more than {_MOST_RATIO} times as large when it is unpacked", culprit=name, fix="Is it really data? Send it unpacked.")


def refuse_member(one: zipfile.ZipInfo, culprit: str) -> None:
    """Raises FixTheSource where it is no plain file that can be read."""
    if one.flag_bits & _ENCRYPTED:
        raise FixTheSource("A file of the archive is locked by a password", culprit=culprit, fix="Pack it without one.")
    if stat.S_IFMT(one.external_attr >> 16) not in (0, stat.S_IFREG):
        raise FixTheSource("An entry of the archive is a link or a device, no file", culprit=culprit, fix="Pack what it leads to.")
    if one.compress_type not in _KNOWN:
        raise FixTheSource("A file of the archive is packed in an unusual way", culprit=culprit, fix="Pack it as plain zip (deflate).")


class Bounded:
    """What a packed file unpacks to, never more of it than is borne."""

    def __init__(self, file: IO[bytes], packed: int, name: str) -> None:
        self._file, self._packed, self._name, self._read = file, packed, name, 0

    def read(self, size: int) -> bytes:
        piece = self._file.read(size)
        self._read += len(piece)
        refuse_size(self._read, self._packed, self._name)
        return piece

    def __enter__(self) -> Bounded:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
