"""Excel workbooks: each sheet as a CSV file of its own, every value as the workbook has it, read in one pass that holds one row.

A date is a number in a workbook, shown as a date by its style: it becomes what it is shown as, to the millisecond that
Excel knows. Every other number is the shortest text of the double that it is, a whole one every digit that is stored.
"""

from __future__ import annotations

import csv
import mmap
import posixpath
import re
import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

from aos_core.errors import FixTheSource
from aos_resources.connectors.packed import archive
from aos_resources.connectors.text import LONGEST, MOST_COLUMNS

_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_STYLES, _TEXTS = "xl/styles.xml", "xl/sharedStrings.xml"
_PIECE = 256 * 1024
_SMALL = 16 * 1024 * 1024  # bytes of a part that is held
_LARGEST = 512 * 1024 * 1024  # of one that is read as it comes: more than a sheet of a million rows and ten columns
_MOST_STYLES = 100_000
# Numbers of formats that Excel itself shows as dates or times.
_DATES = {*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)}
_UNSHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)  # hours beyond a day: a span of time, no date
_LETTERS = re.compile("[A-Z]{1,3}")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MILLISECONDS = Decimal(86_400_000)


def sheets(path: Path) -> list[str]:
    """Their names, in the workbook's order. Raises FixTheSource where it is none."""
    with archive(path) as opened:
        return list(_sheets(opened, path))


def unpack(path: Path, sheet: str, target: Path, most: int | None = None) -> None:
    """The sheet's rows, or the first `most` of them, as CSV: from its first row that holds something, each as wide as that one at least."""
    with archive(path) as opened, _texts(opened, path) as texts, target.open("w", newline="", encoding="utf-8") as file:
        part = _sheets(opened, path).get(sheet)
        if part is None:
            raise FixTheSource("The workbook has no such sheet", culprit=f"{path.name}/{sheet}")
        write, width = csv.writer(file).writerow, 0
        for row in islice(_rows(opened, part, path, texts, _dates(opened, path), _since_1904(opened, path)), most):
            width = width or len(row)
            write(row + [""] * (width - len(row)))


def _parse(opened: zipfile.ZipFile, part: str, path: Path, *, begin: Callable[[str, dict[str, str]], None], end: Callable[[str], None] | None = None, text: Callable[[str], None] | None = None, after: Callable[[], Iterator[Any]] | None = None) -> Iterator[Any]:
    """Reads one part, piece by piece; `after` gives what the piece brought. Names come without their namespace's prefix."""
    if part in opened.namelist() and opened.getinfo(part).file_size > _LARGEST:
        raise FixTheSource(f"A part of the workbook is larger than {_LARGEST // 1024**2} MB", culprit=f"{path.name}: {part}", fix="Save it as CSV.")
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: Any) -> None:
        raise FixTheSource("The workbook declares entities of its own", culprit=path.name, fix="Save it again with Excel.")

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda name, given: begin(name.rpartition(":")[2], given)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        with opened.open(part) as file:
            while piece := file.read(_PIECE):
                parser.Parse(piece, False)
                if after is not None:
                    yield from after()
            parser.Parse(b"", True)
    except (expat.ExpatError, KeyError, IndexError, ValueError) as broken:
        raise FixTheSource("The workbook is broken", culprit=f"{path.name}: {part}", fix="Save it again with Excel.") from broken


def _whole(opened: zipfile.ZipFile, part: str, path: Path, begin: Callable[[str, dict[str, str]], None]) -> None:
    if opened.getinfo(part).file_size > _SMALL:
        raise FixTheSource("A part of the workbook is larger than any should be", culprit=f"{path.name}: {part}")
    for _ in _parse(opened, part, path, begin=begin):
        pass


def _sheets(opened: zipfile.ZipFile, path: Path) -> dict[str, str]:
    """Each sheet's name and its part of the zip."""
    if not {_WORKBOOK, _RELATIONS} <= set(opened.namelist()):
        raise FixTheSource("The file is no Excel workbook", culprit=path.name, fix="Save it as .xlsx.")
    targets, found = dict[str, str](), dict[str, str]()

    def relation(name: str, given: dict[str, str]) -> None:
        if name == "Relationship" and given.get("Type", "").endswith("/worksheet"):
            targets[given.get("Id", "")] = posixpath.normpath(posixpath.join("xl", given.get("Target", ""))).lstrip("/")

    def sheet(name: str, given: dict[str, str]) -> None:
        part = targets.get(next((value for key, value in given.items() if key.endswith(":id")), ""))
        if name == "sheet" and part in opened.namelist():
            found[given.get("name", "")] = str(part)

    _whole(opened, _RELATIONS, path, relation)
    _whole(opened, _WORKBOOK, path, sheet)
    if not found:
        raise FixTheSource("The workbook has no sheet of cells", culprit=path.name)
    return found


def _since_1904(opened: zipfile.ZipFile, path: Path) -> bool:
    said: list[str] = []
    _whole(opened, _WORKBOOK, path, lambda name, given: said.append(given.get("date1904", "0")) if name == "workbookPr" else None)
    return bool(said) and said[0] in ("1", "true")


def _dates(opened: zipfile.ZipFile, path: Path) -> list[bool]:
    """Of each style, whether it shows a number as a date."""
    if _STYLES not in opened.namelist():
        return []
    own, found, within = dict[str, bool](), list[bool](), [False]

    def style(name: str, given: dict[str, str]) -> None:
        if name == "numFmt":
            own[given.get("numFmtId", "")] = _shows_a_date(given.get("formatCode", "").partition(";")[0])
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles"):
            within[0] = name == "cellXfs"
        elif name == "xf" and within[0] and len(found) < _MOST_STYLES:
            number = given.get("numFmtId", "0")
            found.append(own.get(number, number.isdigit() and int(number) in _DATES))

    _whole(opened, _STYLES, path, style)
    return found


def _shows_a_date(code: str) -> bool:
    return not _ELAPSED.search(code) and bool(re.search("[ymdhs]", _UNSHOWN.sub("", code), re.IGNORECASE))


class _Texts:
    """The workbook's shared texts, read as far as they are asked for, and kept in a file: there may be millions of them."""

    def __init__(self, file: Any, more: Callable[[_Texts], Iterator[Any]]) -> None:
        self._file, self._places = file, array("Q", [0])
        self._kept: Any = b""
        self._more = more(self)

    def add(self, text: str) -> None:
        self._places.append(self._places[-1] + self._file.write(text.encode("utf-8", "surrogatepass")))

    def __getitem__(self, number: int) -> str:
        while number + 1 >= len(self._places) and next(self._more, self) is not self:
            pass
        start, end = self._places[number], self._places[number + 1]
        if end > len(self._kept):
            self._file.flush()
            self._kept = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return str(self._kept[start:end].decode("utf-8", "surrogatepass"))


@contextmanager
def _texts(opened: zipfile.ZipFile, path: Path) -> Iterator[_Texts]:
    def more(texts: _Texts) -> Iterator[Any]:
        reading = _Text(path)

        def end(name: str) -> None:
            if name == "si":
                texts.add(reading.taken())
            else:
                reading.end(name)

        if _TEXTS in opened.namelist():
            yield from _parse(opened, _TEXTS, path, begin=reading.begin, end=end, text=reading.text, after=lambda: iter((None,)))

    with tempfile.TemporaryFile() as file:
        yield _Texts(file, more)


class _Text:
    """A text of one piece or several, without the reading aids that stand beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pieces, self._size, self._on, self._aid = list[str](), 0, False, False

    def begin(self, name: str, given: dict[str, str]) -> None:
        self._aid = self._aid or name == "rPh"
        self._on = name == "t" and not self._aid

    def text(self, piece: str) -> None:
        if self._on:
            self._size += len(piece)
            if self._size > LONGEST:
                raise FixTheSource("A text of the workbook is longer than 16 MB", culprit=self._path.name)
            self._pieces.append(piece)

    def end(self, name: str) -> None:
        self._on = False
        self._aid = self._aid and name != "rPh"

    def taken(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._size = [], 0
        return _ESCAPED.sub(lambda one: chr(int(one[1], 16)), text) if "_x" in text else text


def _rows(opened: zipfile.ZipFile, part: str, path: Path, texts: _Texts, dates: list[bool], since_1904: bool) -> Iterator[list[str]]:
    done: list[list[str]] = []
    row: list[str] = []
    cell = {"t": "", "s": ""}
    inline, value, state = _Text(path), list[str](), {"column": -1, "in": ""}

    def begin(name: str, given: dict[str, str]) -> None:
        if name == "c":
            state["column"] = _column(given["r"], path) if "r" in given else int(state["column"]) + 1  # type: ignore[call-overload]
            cell["t"], cell["s"] = given.get("t", "n"), given.get("s", "")
            value.clear()
        elif name == "row":
            row.clear()
            state["column"] = -1
        state["in"] = name
        inline.begin(name, given)

    def text(piece: str) -> None:
        if state["in"] == "v":
            value.append(piece)
        else:
            inline.text(piece)

    def end(name: str) -> None:
        state["in"] = ""
        if name == "c":
            said = _value(cell, "".join(value), inline.taken())
            if said:
                place = int(state["column"])  # type: ignore[call-overload]
                row.extend([""] * (place + 1 - len(row)))
                row[place] = said
        elif name == "row" and any(row):
            done.append(row.copy())
        else:
            inline.end(name)

    def _value(cell: dict[str, str], stored: str, inside: str) -> str:
        kind = cell["t"]
        if kind == "s" and stored:
            return texts[int(stored)]
        if kind == "inlineStr":
            return inside
        if kind == "b":
            return {"1": "true", "0": "false"}.get(stored, stored)
        if kind == "n" and cell["s"] and dates and stored and dates[int(cell["s"])]:
            return _as_date(stored, since_1904)
        return _shortest(stored) if kind == "n" and len(stored) > 15 else stored

    def after() -> Iterator[list[str]]:
        yield from done
        done.clear()

    yield from _parse(opened, part, path, begin=begin, end=end, text=text, after=after)
    yield from done


def _column(place: str, path: Path) -> int:
    found = _LETTERS.match(place)
    number = 0
    for letter in found[0] if found else "":
        number = number * 26 + ord(letter) - 64
    if not 0 < number <= MOST_COLUMNS:
        raise FixTheSource(f"The sheet has more columns than the {MOST_COLUMNS:,} that can be read", culprit=path.name, fix="Keep what belongs to the table.")
    return number - 1


def _shortest(stored: str) -> str:
    """Excel writes the double 1.1 as 1.1000000000000001: of all texts that name a double the shortest is meant."""
    return repr(float(stored)) if set(".eE") & set(stored) else stored


def _as_date(stored: str, since_1904: bool) -> str:
    """The text of a date, a time of day or both; what no date can be stays the number that it is.

    Excel counts days from 1900 with a 29 February that never was: from 1 March on the count is right with one day less.
    """
    try:
        days = Decimal(stored)
    except InvalidOperation:
        return stored
    if not 0 <= days < 2_958_466:
        return stored
    if days < 1 and not since_1904:
        return (datetime.min + _passed(days)).time().isoformat("auto")
    epoch = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 31) if days < 60 else datetime(1899, 12, 30)
    if not since_1904 and 60 <= days < 61:
        return stored
    moment = epoch + _passed(days)
    return moment.date().isoformat() if days == days.to_integral_value() else moment.isoformat(" ", "auto")


def _passed(days: Decimal) -> timedelta:
    return timedelta(milliseconds=int((days * _MILLISECONDS).to_integral_value()))
