"""Which of much is worth looking at: of many syncs the few that say how things stand, of many streams the fewest that fill the ontology."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True)
class Moved:
    """A sync as far as its choice is concerned: how it ended, and the rows that it changed."""

    state: str
    rows: int


Sync = TypeVar("Sync")


def worth_showing(syncs: Sequence[tuple[Moved, Sync]]) -> list[tuple[Sync, str]]:
    """Of syncs, the newest first: the newest that moved data, and every newer one that failed or was empty; with why.

    Where none ever moved anything, all that there are say so.
    """
    shown: list[tuple[Sync, str]] = []
    for moved, sync in syncs:
        if moved.rows > 0 and moved.state != "failed":
            return [*shown, (sync, f"the newest that moved data: {moved.rows:,} rows")]
        shown.append((sync, _why(moved)))
    return shown


def _why(moved: Moved) -> str:
    told = {"running": "under way", "failed": "failed since", "cancelled": "cancelled since"}
    return told.get(moved.state, "nothing had changed")


@dataclass(frozen=True)
class Feeding:
    """What one stream could fill: (entity, field) → how sure that is."""

    stream: str
    fields: dict[tuple[str, str], float]
    rows: int = 0


@dataclass(frozen=True)
class Chosen:
    stream: str
    why: str


@dataclass(frozen=True)
class Choice:
    """`streams`: the fewest that fill what all together would, in the order of how much each adds."""

    streams: tuple[Chosen, ...]
    left_out: tuple[Chosen, ...]


def fewest(feeding: Iterable[Feeding]) -> Choice:
    """A greedy cover: always the stream that fills most of what is still empty; of equals the surer one, then the one with more rows.

    Filling a place better than another did counts as nothing new: one stream for one thing is easier to trust.
    """
    waiting, filled, chosen = list(feeding), dict[tuple[str, str], str](), list[Chosen]()
    while waiting:
        best = max(waiting, key=lambda one: (*_adds(one, filled), one.rows, _reversed(one.stream)))
        fresh = [place for place in best.fields if place not in filled]
        if not fresh:
            break
        filled |= dict.fromkeys(fresh, best.stream)
        chosen.append(Chosen(best.stream, f"fills {_said(fresh)}"))
        waiting.remove(best)
    return Choice(tuple(chosen), tuple(Chosen(one.stream, _why_not(one, filled)) for one in sorted(waiting, key=lambda one: one.stream)))


def _adds(one: Feeding, filled: dict[tuple[str, str], str]) -> tuple[int, float]:
    fresh = [sure for place, sure in one.fields.items() if place not in filled]
    return len(fresh), round(sum(fresh), 6)


def _reversed(name: str) -> tuple[int, ...]:
    """Of what is equal in everything, the first by name."""
    return tuple(-ord(sign) for sign in name)


def _said(places: Iterable[tuple[str, str]]) -> str:
    by_entity: dict[str, list[str]] = {}
    for entity, name in places:
        by_entity.setdefault(entity, []).append(name)
    return "; ".join(f"{entity}: {', '.join(sorted(names))}" for entity, names in sorted(by_entity.items()))


def _why_not(one: Feeding, filled: dict[tuple[str, str], str]) -> str:
    if not one.fields:
        return "nothing of it has a place in the ontology"
    return f"all that it tells is filled by {', '.join(sorted({filled[place] for place in one.fields}))}"
