"""The way of a connection until it is active: which steps there are, who may begin, who counts as eligible, what activates by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from aos_core.ontology import Ontology
from aos_core.suggesting import Suggestion

State = Literal["received", "allowed", "credentialed", "reachable", "safe", "discovered", "sampled", "suggested", "active"]
STATES: tuple[State, ...] = get_args(State)
# Of the eligible ones, the share that is promised to become active.
PROMISE = 0.9
# What a new attempt may mend without anybody's doing.
_PASSING = frozenset({"try_again"})
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)


@dataclass(frozen=True)
class Passed:
    """What reached a state: how many did, and how many of them stand there and cannot go on."""

    state: State
    reached: int
    stuck: int


@dataclass(frozen=True)
class Funnel:
    """`share`: of those that are eligible the active ones; None while there are none."""

    steps: tuple[Passed, ...]
    eligible: int
    active: int

    @property
    def share(self) -> float | None:
        return round(self.active / self.eligible, 4) if self.eligible else None


def is_eligible(state: State) -> bool:
    """Whether it may be connected and its credentials are there: what is left is up to the source and to us."""
    return STATES.index(state) >= STATES.index("credentialed")


def funnel(intents: Iterable[tuple[State, bool]]) -> Funnel:
    """`intents`: where each stands, and whether it is stuck there. A state was reached by whatever stands there or further on."""
    counted = Counter(intents)
    at = {one: counted[one, False] + counted[one, True] for one in STATES}
    steps = tuple(Passed(one, sum(at[later] for later in STATES[place:]), counted[one, True]) for place, one in enumerate(STATES))
    return Funnel(steps, next(one.reached for one in steps if one.state == "credentialed"), at["active"])


def is_due(state: State, stuck: str | None, attempts: int, changed_at: datetime, now: datetime) -> bool:
    """Whether another attempt is worth it without anybody having done something. `stuck`: the code of what stands in the way.

    What was left half-way goes on at once; a source that was away is asked again ever less often.
    """
    if state == "active" or (stuck is not None and stuck not in _PASSING):
        return False
    pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(attempts, 10))
    return stuck is None or now - changed_at >= pause


@dataclass(frozen=True)
class Fed:
    """A field and what would feed it; `applies`: without being asked."""

    field: str
    column: str
    confidence: float
    applies: bool


@dataclass(frozen=True)
class Suggested:
    """What a stream would tell of an entity. `complete`: every field that the entity must have applies by itself."""

    stream: str
    entity: str
    fields: tuple[Fed, ...]
    complete: bool


def read_suggestion(stream: str, made: Suggestion, ontology: Ontology) -> tuple[Suggested, ...]:
    """By entity what applies and what would be asked, without words that could repeat a value."""
    found: dict[str, list[Fed]] = {}
    complete = {one.entity for one in made.mappings if not one.undecided(ontology.entity(one.entity))}
    for mapping in made.mappings:
        key = Fed(ontology.entity(mapping.entity).key.name, mapping.key, 1.0, True)
        told = [Fed(name, one.source, one.confidence or 0.0, True) for name, one in mapping.fields if one.source is not None]
        found.setdefault(mapping.entity, []).extend([key, *told])
    for one in made.proposals:
        column = one.change.get("from") if one.field is not None else one.change.get("key")
        if column is not None:
            field = one.field or ontology.entity(one.entity).key.name
            found.setdefault(one.entity, []).append(Fed(field, str(column), one.confidence, False))
    return tuple(Suggested(stream, entity, tuple(fields), entity in complete) for entity, fields in found.items())


def activates(suggested: Iterable[Suggested]) -> bool:
    """Whether a connection becomes active without a person's word: something of it is understood well enough to be of use."""
    return any(one.complete for one in suggested)
