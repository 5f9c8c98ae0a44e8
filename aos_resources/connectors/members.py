"""Files that hold others: a zip is a folder of its members, a workbook one of its sheets. Each is unpacked by itself, and only here."""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aos_core.errors import FixTheSource, TryAgain
from aos_resources.connectors import excel
from aos_resources.connectors.packed import archive, refuse_member

WORKBOOKS, ZIPS = (".xlsx", ".xlsm"), (".zip",)
# What is a folder of others itself, or packed in a way that is not opened.
_NESTED = (*WORKBOOKS, *ZIPS, ".7z", ".rar", ".tar", ".tgz", ".tar.gz", ".jar", ".xls")
_PIECE = 1 << 20
_NOT_PLAIN = re.compile(r"[^\w.() -]")


@dataclass(frozen=True)
class Members:
    """`problems`: what is in it and cannot be read, (name, reason)."""

    names: tuple[str, ...]
    problems: tuple[tuple[str, str], ...] = ()


def holds_members(name: str) -> bool:
    return name.lower().endswith((*WORKBOOKS, *ZIPS))


def members(path: Path, endings: tuple[str, ...]) -> Members:
    """Its sheets, or its members that end in one of `endings`. Raises FixTheSource where it cannot be opened."""
    if path.name.lower().endswith(WORKBOOKS):
        return Members(tuple(excel.sheets(path)))
    names, problems = list[str](), list[tuple[str, str]]()
    with archive(path) as opened:
        twice = {name for name, many in Counter(opened.namelist()).items() if many > 1}
        for one in opened.infolist():
            base = PurePosixPath(one.filename).name.lower()
            if one.is_dir() or base.startswith(".") or one.filename.startswith("__MACOSX/"):
                continue
            try:
                if one.filename in twice:
                    raise FixTheSource("Two files of the archive have one name", culprit=f"{path.name}/{one.filename}", fix="Pack it again.")
                if base.endswith(_NESTED):
                    raise FixTheSource("An archive or a workbook within an archive is not opened", culprit=f"{path.name}/{one.filename}", fix="Send it by itself.")
                if base.endswith(endings):
                    refuse_member(one, f"{path.name}/{one.filename}")
                    names.append(one.filename)
            except FixTheSource as refused:
                problems.append((f"{path.name}/{one.filename}", refused.sentence))
    return Members(tuple(names), tuple(problems))


@contextmanager
def unpacked(path: Path, member: str, *, beginning: bool = False) -> Iterator[Path]:
    """One of them as a file of its own; its name is for messages, and never leads out of our folder. `beginning`: enough to show its columns.

    Raises:
        FixTheSource: it cannot be unpacked. TryAgain: there is no room.
    """
    with tempfile.TemporaryDirectory() as folder:
        base = f"{path.stem} {member}.csv" if path.name.lower().endswith(WORKBOOKS) else PurePosixPath(member).name
        target = Path(folder) / _NOT_PLAIN.sub("_", base)[-100:]
        try:
            if path.name.lower().endswith(WORKBOOKS):
                excel.unpack(path, member, target, 1 if beginning else None)
            else:
                _unzip(path, member, target)
        except OSError as full:
            raise TryAgain("There is no room to unpack the file", culprit=f"{path.name}: {full.strerror}", fix="Free disk space.") from full
        yield target


def _unzip(path: Path, member: str, target: Path) -> None:
    with archive(path) as opened, target.open("wb") as file:
        one: zipfile.ZipInfo = opened.getinfo(member)
        refuse_member(one, f"{path.name}/{member}")
        with opened.open(one) as packed:
            shutil.copyfileobj(packed, file, _PIECE)
