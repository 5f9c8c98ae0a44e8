"""Texts without the secrets that they may repeat: an error often quotes the address, the header or the document that it failed at."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

SIGN = "•••"
# Shorter, a word is too likely to be part of another; and the coded form of so little says nothing.
_LEAST_WITHIN_WORDS, _LEAST_CODED, _LEAST_LINE, _LEAST_CUT = 4, 6, 12, 8


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without them: as they are, as URLs, JSON, Python, SQL, base64 and hex write them, and cut off at the text's end.

    Of a secret that is a JSON document, every value in it is one. Said of the whole text, before anything shortens it.
    """
    spelled = sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True)
    for form in spelled:
        if len(form) >= _LEAST_WITHIN_WORDS:
            text = text.replace(form, SIGN)
        else:
            text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", SIGN, text)
    for form in spelled:
        for length in range(min(len(form) - 1, len(text)), _LEAST_CUT - 1, -1):
            if text.endswith(form[:length]):
                text = text[:-length] + SIGN
                break
    return text


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for value in _values(secret) for form in _spelled(value) if form.strip()))


def _values(secret: str) -> Iterator[str]:
    yield secret
    try:
        document = json.loads(secret)
    except ValueError:
        return
    if isinstance(document, dict | list):
        yield from _leaves(document)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _spelled(value: str) -> Iterator[str]:
    yield value
    yield value.strip()
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) >= _LEAST_LINE)  # a private key, line by line
    raw = value.encode(errors="surrogatepass")
    quoted = [quote(raw, safe=""), quote(raw), quote_plus(raw), quote(raw, safe="!$&'()*+,;=:@~")]
    said = json.dumps(value)[1:-1]
    coded = [
        *quoted, *(re.sub("%[0-9A-F]{2}", lambda one: one[0].lower(), form) for form in quoted),
        said, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(said)[1:-1], repr(value)[1:-1], repr(raw)[2:-1], repr(repr(value))[2:-2],
        value.replace("'", "''"), value.replace("\\", "\\\\").replace("'", "\\'"), raw.hex(), raw.hex().upper(), *_base64(raw),
    ]  # fmt: skip
    yield from (form for form in coded if len(form) >= _LEAST_CODED)


def _base64(raw: bytes) -> Iterator[str]:
    """What stays of it in the base64 of a longer text, at each of the three places where it can begin."""
    for before in range(3):
        said = base64.b64encode(bytes(before) + raw).decode()
        inner = said[(0, 2, 3)[before] :].rstrip("=")
        inner = inner[:-1] if (before + len(raw)) % 3 else inner
        yield from (inner, inner.replace("+", "-").replace("/", "_"))
