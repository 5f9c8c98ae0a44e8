"""What a web server answers, and which of its answers are refusals of what kind. Everything in it is somebody else's word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from zlib import decompressobj
from zlib import error as ZlibError

import httpcore
import httpx

from aos_core.errors import AosError, CredentialsRefused, FixTheSource, TryAgain
from aos_resources.outbound.urls import named

_AGAIN = (429, 502, 503, 504)
_SAID = 64 * 1024  # bytes of a refusal's body
_GZIP = 31  # zlib's word for gzip's form
_PIECE = 256 * 1024


class Refused(FixTheSource):
    """The server understood and says no; `body` holds the beginning of what it said, for whoever knows its language."""

    def __init__(self, what: str, *, status: int, body: bytes, culprit: str, fix: str) -> None:
        self.status = status
        self.body = body
        super().__init__(what, culprit=culprit, fix=fix)


class Unwelcome(CredentialsRefused):
    """The server does not let us in; `body` holds the beginning of what it said: some refuse other things by the same numbers."""

    def __init__(self, what: str, *, status: int, body: bytes, culprit: str, fix: str) -> None:
        self.status = status
        self.body = body
        super().__init__(what, culprit=culprit, fix=fix)


class Busy(TryAgain):
    """The server asks for patience: `after` so many seconds, where it says."""

    def __init__(self, status: int, after: float | None, where: str) -> None:
        self.after = after
        super().__init__("The server asks for patience", culprit=f"{where}: {status}", fix=f"It said to come back in {after:.0f} s." if after else "")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    where: str

    def json(self) -> Any:
        """Always UTF-8, whatever the server calls it; None where there is no body.

        Raises:
            FixTheSource: it is no JSON.
        """
        if not self.body:
            return None
        try:
            return json.loads(self.body.decode("utf-8-sig"), parse_constant=_no_number)
        except (ValueError, RecursionError) as odd:
            raise FixTheSource("The server's answer is no JSON", culprit=self.where, fix="Check that the address is that of its API.") from odd


def bounded(pieces: Iterable[bytes], encoding: str, limit: int, where: str) -> Iterator[bytes]:
    """A body as it was before it was packed, never more than `limit` bytes of it, packed or not.

    Raises:
        FixTheSource: it is larger, packed in a way that nobody asked for, or broken.
    """
    if encoding.strip().lower() in ("", "identity"):
        yield from _counted(pieces, limit, where)
    elif encoding.strip().lower() in ("gzip", "x-gzip"):
        yield from _counted(_unpacked(_counted(pieces, limit, where), where), limit, where)
    else:
        raise FixTheSource("The server packs its answer in a way that nobody asked for", culprit=where)


def _counted(pieces: Iterable[bytes], limit: int, where: str) -> Iterator[bytes]:
    so_far = 0
    for piece in pieces:
        so_far += len(piece)
        if so_far > limit:
            raise FixTheSource("The server's answer is larger than anything that is read", culprit=where, fix=f"At most {limit:,} bytes are read.")
        yield piece


def _unpacked(pieces: Iterable[bytes], where: str) -> Iterator[bytes]:
    """In small pieces, however much one byte of it stands for."""
    unpacking, begun = decompressobj(_GZIP), False
    try:
        for piece in pieces:
            left, begun = piece, True
            while left:
                if unpacking.eof:  # several packets may follow one another
                    unpacking = decompressobj(_GZIP)
                out = unpacking.decompress(left, _PIECE)
                left = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
                if out:
                    yield out
        while not unpacking.eof:
            out = unpacking.decompress(unpacking.unconsumed_tail, _PIECE)
            if not out:
                break
            yield out
    except ZlibError as broken:
        raise FixTheSource("The server's answer is packed wrongly", culprit=where) from broken
    if begun and not unpacking.eof:
        raise FixTheSource("The server's answer ended too early", culprit=where)


def beginning(pieces: Iterable[bytes]) -> bytes:
    """As much of a refusal's body as is kept, and as little as can be read of it."""
    said = b""
    with suppress(AosError, httpcore.ProtocolError, httpcore.NetworkError):
        for piece in pieces:
            said += piece[: _SAID - len(said)]
            if len(said) >= _SAID:
                break
    return said


def refusal(url: httpx.URL, status: int, headers: httpx.Headers, body: bytes) -> AosError:
    """The error that an answer means which is no success."""
    where = named(url)
    if status in _AGAIN:
        return Busy(status, asked_to_wait(headers), where)
    if status in (401, 403):
        return Unwelcome("The source refused the credentials", status=status, body=body, culprit=f"{where}: {status}", fix="Enter them anew: they are wrong, expired or allow too little.")
    if 300 <= status < 400:
        return Refused("The server sends elsewhere, which is not followed", status=status, body=b"", culprit=f"{where}: {status}", fix=_way(url, headers))
    return Refused("The server refused", status=status, body=body, culprit=f"{where}: {status}", fix="Check the connection's settings.")


def _way(url: httpx.URL, headers: httpx.Headers) -> str:
    try:
        target = url.join(headers.get("location", ""))
    except (httpx.InvalidURL, ValueError, UnicodeError):
        return "Enter the address that it really has."
    return f"If that is right, enter the address that it really has ({target.scheme[:10]}://{target.host[:80]})."


def asked_to_wait(headers: httpx.Headers) -> float | None:
    """Seconds of a Retry-After, as a number or a date."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        return float(said)
    try:
        when: datetime = parsedate_to_datetime(said)
        return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _no_number(said: str) -> NoReturn:
    raise ValueError(f"{said} is no number")
