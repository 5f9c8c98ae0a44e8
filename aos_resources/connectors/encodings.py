"""In which encoding a text that is not UTF-8 was written: said where no other could have written it, and never guessed.

Bytes alone do not say it. What a language is written with does: of all encodings that would read the bytes as letters
of one language, Windows-1252 is believed where every one of them reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WEST = ("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúüç", "áâãàçéêíóôõúü", "àèéìíîòóùú", "áéëïóöüè", "æøåéèêóòâôü", "åäöéüà", "áðéíóúýþæö", "àçèéíïòóúü")
_CENTRE = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž", "äöüß")
_TURKISH, _BALTIC = ("çğıiöşüâîû",), ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")
_ALPHABETS = {
    "cp1252": _WEST, "iso8859-15": _WEST, "mac_roman": _WEST, "cp850": _WEST, "cp437": _WEST,
    "cp1250": _CENTRE, "iso8859-2": _CENTRE, "cp1254": _TURKISH, "cp1257": _BALTIC,
}  # fmt: skip
_SIGNS = set("\xa0¡¿«»„“”‚‘’‹›–—…•·§¶©®™°ªº€£¥¢¼½¾±×÷²³µ")
# A pair or a triple as only UTF-8 has it: the file is of two encodings, or broken.
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf](?![\x80-\xbf])|[\xe0-\xef][\x80-\xbf]{2}(?![\x80-\xbf])")
# Three of them side by side are no word of a language written in Latin letters.
_RUN = re.compile(rb"[\x80-\xff]{3}")
_AFTER_SMALL = re.compile(rb"[a-z]([\x80-\xff])")
_ASCII = bytes(range(128))
CERTAIN = "cp1252"


def certain(blocks: Iterable[bytes]) -> str | None:
    """The one encoding that can have written all of it; None where there are several, or two in one text."""
    seen, after_small, before = set[int](), set[int](), b""
    for block in blocks:
        text, before = before + block, block[-3:]
        if text.isascii():
            continue
        if b"\0" in text or _UTF8.search(text) or _RUN.search(text):
            return None
        seen.update(text.translate(None, _ASCII))
        after_small.update(one[0] for one in _AFTER_SMALL.findall(text))
    readings = {name: read for name, alphabets in _ALPHABETS.items() if (read := _read(name, seen, after_small, alphabets)) is not None}
    return CERTAIN if CERTAIN in readings and len(set(readings.values())) == 1 else None


def _read(encoding: str, seen: set[int], after_small: set[int], alphabets: tuple[str, ...]) -> str | None:
    """How it reads the bytes, where that is the writing of one language."""
    try:
        signs = {byte: bytes([byte]).decode(encoding) for byte in sorted(seen)}
    except UnicodeDecodeError:
        return None
    if any(signs[byte] != signs[byte].lower() for byte in after_small):
        return None  # a capital within a word
    letters = {sign.lower() for sign in signs.values() if sign not in _SIGNS}
    return "".join(signs.values()) if any(letters <= set(alphabet) for alphabet in alphabets) else None
