"""How a CSV file is written: where its header is, what parts, quotes and escapes its values. Said by a person, else seen at its beginning."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from aos_core.errors import FixTheSource
from aos_core.spreadsheet import unguarded
from aos_resources.connectors.source import landed_names
from aos_resources.connectors.text import UTF_8, refuse_width
from aos_resources.connectors.written import Escape, Written

_DELIMITERS = (",", ";", "\t", "|")
_SEPARATED_BY = re.compile(r"sep=([,;|\t])[\r\n]", re.IGNORECASE)  # a line of Excel's own
_OTHER = re.compile(r'\s*(<!doctype|<html|<\?xml|\{\s*"|\{\s*$|\[\s*[\[{]|\[\s*$)', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_LONGEST_BEGINNING = 1_000_000
# Within a quoted value: a quote after a backslash that nothing else explains, and one that is doubled.
_BY_BACKSLASH, _DOUBLED = r"\\{q}(?![{d}\r\n{q}]|$)", r"(?<![{d}\r\n{q}\\]){q}{q}(?![{d}\r\n{q}]|$)"


@dataclass(frozen=True)
class Dialect:
    """`skip`: lines before the header, or before the first row where there is none; `before`: their text. `names`: as they land."""

    names: list[str]
    delimiter: str
    quote: str
    escape: Escape
    skip: int
    before: str
    header: bool


def dialect_of(path: Path, start: bytes, written: Written, encoding: str = UTF_8) -> Dialect:
    """`start`: the beginning of the file, as UTF-8.

    Raises:
        FixTheSource: it is no CSV, or its header cannot be read.
    """
    text = _decoded(start.removeprefix(b"\xef\xbb\xbf"))
    skip, before, told = _before(text, written)
    rest = text[len(before) :]
    if not rest:
        raise FixTheSource("The file is empty, without even a header", culprit=path.name)
    line = _LINE_END.split(rest, maxsplit=1)[0]
    if line == rest and len(start) >= _LONGEST_BEGINNING:
        raise FixTheSource("The file's first line is longer than 1 MB", culprit=path.name, fix="Is it really CSV?")
    if "\0" in line or re.search("[\ud800-\udfff]", line):
        raise FixTheSource(f"The file is not {_said(encoding)} text", culprit=path.name, fix="Choose the encoding that it is written in, or export it as CSV in UTF-8.")
    if _OTHER.match(line):
        raise FixTheSource("The file is named CSV but holds JSON or a web page", culprit=path.name, fix="Name it as what it is, or export it as CSV.")
    quote = written.quote or _quote(line)
    delimiter = written.delimiter or told or _delimiter(line, quote)
    escape = written.escape or _escape(rest, delimiter, quote)
    values = _values(path, rest if line.count(quote) % 2 else line, delimiter, quote, escape)
    refuse_width(path, len(values))
    said = [unguarded(one) for one in values] if written.guarded else values
    return Dialect(landed_names(said if written.header else [""] * len(values)), delimiter, quote, escape, skip, before, written.header)


def _decoded(start: bytes) -> str:
    """Bytes that are no text stand as what no text holds, to be found where they matter."""
    return start.decode(errors="surrogateescape")


def _said(encoding: str) -> str:
    return "UTF-8" if encoding == UTF_8 else encoding


def _before(text: str, written: Written) -> tuple[int, str, str | None]:
    """How many lines come before the header, their text, and the delimiter that one of them names."""
    place, lines, told = 0, 0, None
    while place < len(text):
        end = _LINE_END.search(text, place)
        line = text[place : end.start() if end else len(text)]
        named = _SEPARATED_BY.match(text, place) if lines == 0 else None
        if named is not None:
            told = named[1]
        elif line and not (lines < (written.skip or 0) or _is_comment(line, text[end.end() :] if end else "", written)):
            break
        place, lines = end.end() if end else len(text), lines + 1
    return lines, text[:place], told


def _is_comment(line: str, after: str, written: Written) -> bool:
    """Of itself only what begins with # and parts nothing, before a line that does."""
    if written.comment is not None:
        return line.startswith(written.comment)
    following = _LINE_END.split(after.lstrip("\r\n"), maxsplit=1)[0]
    parts = [one for one in _DELIMITERS if one in following]
    return line.startswith("#") and written.skip is None and (following.startswith("#") or bool(parts)) and not any(one in line for one in parts or _DELIMITERS)


def _quote(line: str) -> str:
    """A single one only where each name stands in them."""
    bare = [one.strip() for one in re.split(r"[,;\t|](?=\s*')", line)]
    return "'" if all(len(one) > 1 and one[0] == one[-1] == "'" for one in bare) else '"'


def _delimiter(line: str, quote: str) -> str:
    """What parts the header's names, quoted names set aside; a comma where there is one name."""
    bare = re.sub(rf"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", "", line)
    return max(_DELIMITERS, key=bare.count)


def _escape(text: str, delimiter: str, quote: str) -> Escape:
    """A backslash only where one stands before a quote that nothing else explains, and none before anything but quotes and its like."""
    inner = {"q": quote, "d": re.escape(delimiter)}
    by_backslash = re.search(_BY_BACKSLASH.format(**inner), text) and not re.search(_DOUBLED.format(**inner), text)
    return "backslash" if by_backslash and set(re.findall(r"\\(.)", text, re.DOTALL)) <= {"\\", quote} else "doubled"


def _values(path: Path, header: str, delimiter: str, quote: str, escape: Escape) -> list[str]:
    by_backslash = escape == "backslash"
    lines = io.StringIO(header, newline="")
    try:
        return next(csv.reader(lines, delimiter=delimiter, quotechar=quote, escapechar="\\" if by_backslash else None, doublequote=not by_backslash, strict=True), [])
    except csv.Error as broken:
        raise FixTheSource("The file's first line could not be read as CSV", culprit=path.name, fix=f"{broken}.") from broken
