"""One client that is told what happens: its place in the order, what waits for it, and what it is told when it fell behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi.sse import format_sse_event

from aos_resources.live import Entry
from aos_resources.standing import Held

MOST_WAITING = 1_000  # events that may wait for a client before it has fallen behind
_AT_ONCE = 100


@dataclass(frozen=True)
class Said:
    """What goes out to all who listen, made once: an event of the tenant, or a word about the stream, which has no number.

    `frame` is its form as a server-sent event, `message` that in a socket; a beat is said in the first alone.
    """

    seq: int | None
    frame: bytes
    message: str = ""


def told(entry: Entry) -> Said:
    text = entry.event.decode()
    return Said(entry.seq, format_sse_event(data_str=text, id=str(entry.seq)), text)


def gap(since: int, until: int, why: str) -> Said:
    """What lies between was not told: whoever keeps a copy reads it again, and goes on from `until`."""
    return _word("gap", {"from": since, "to": until, "reason": why}, until, until)


def status(state: str, head: int | None = None) -> Said:
    """`live`, `degraded` (told within a second or two instead of at once), `ended`, `off`."""
    return _word("status", {"state": state} | ({} if head is None else {"head": head}), None, head)


def _word(kind: str, data: dict[str, object], seq: int | None, known: int | None) -> Said:
    """`known`: the number that a client remembers from here on."""
    frame = format_sse_event(event=kind, data_str=json.dumps(data), id=None if known is None else str(known))
    return Said(seq, frame, json.dumps({kind: data}))


BEAT = Said(None, b": here\n\n")


class Listener:
    """What it is given comes out of `said` in order, once: the past first. A full queue loses events, and says so."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self._last = 0  # the number up to which the client was told everything, or told of a gap
        self._lost = 0  # the number of the newest event that it missed by being slow
        self._past: list[Said] = []
        self._waiting: asyncio.Queue[Said | None] = asyncio.Queue()
        self._ended = False

    def begin(self, after: int, past: list[Said]) -> None:
        """The client knows everything up to a number; what is past goes out before anything that was offered."""
        self._last, self._past = after, past

    def offer(self, said: Said) -> None:
        if self._ended:
            return
        if self._lost or self._waiting.qsize() >= MOST_WAITING:
            self._lost = max(self._lost, said.seq or 0)
            return
        self._waiting.put_nowait(said)

    def end(self, said: Said | None = None) -> None:
        """The client is told `said` and nothing more, not even what waits for it."""
        if self._ended:
            return
        self._ended, self._past, self._lost = True, [], 0
        while not self._waiting.empty():
            self._waiting.get_nowait()
        for one in (said, None) if said is not None else (None,):
            self._waiting.put_nowait(one)

    async def said(self) -> AsyncIterator[list[Said]]:
        """What to send, in order; several together where several wait."""
        while self._past:
            now, self._past = self._past[:_AT_ONCE], self._past[_AT_ONCE:]
            yield [one for one in now if self._is_new(one)]
        while True:
            waiting = [await self._waiting.get()]
            while len(waiting) < _AT_ONCE and not self._waiting.empty():
                waiting.append(self._waiting.get_nowait())
            sent = [one for one in waiting if one is not None and self._is_new(one)]
            if self._lost and self._waiting.empty():
                if self._lost > self._last:
                    sent.append(gap(self._last, self._lost, "too slow"))
                self._last, self._lost = max(self._last, self._lost), 0
            if sent:
                yield sent
            if waiting[-1] is None:
                return

    def _is_new(self, said: Said) -> bool:
        """What was replayed may come again from those who tell everybody."""
        if said.seq is None:
            return True
        new = said.seq > self._last
        self._last = max(self._last, said.seq)
        return new
