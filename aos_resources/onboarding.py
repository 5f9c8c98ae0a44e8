"""A connection's way from a wish to an active one: each step asks, then records; killed anywhere, the next attempt goes on.

Two attempts at once do no harm: the later one's number is the fence, and what the earlier one has left to say is not kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping

from aos_core.errors import AosError, NeedsADecision
from aos_core.onboarding import STATES, Fed, State, Suggested, activates, is_due
from aos_core.suggesting import Applies, every_exact_match
from aos_resources.bounded import within
from aos_resources.connectors.source import Connector, Discovery, Doors, Probe
from aos_resources.database import Transaction, as_json
from aos_resources.discovered import remember, remember_dictionaries
from aos_resources.intents import intent_of, settle, stand, tell, unsealed
from aos_resources.probing import LOOK_SECONDS, check_allowed, check_safe, opened, probe, safe_mode, told
from aos_resources.sampling import Looked, look_at_all, suggested
from aos_resources.world import Work

_AT_ONCE = 4
_STAGE_SECONDS = 120.0


@dataclass(frozen=True)
class Taken:
    """What a step has found, and what is written of it in the transaction that records the step."""

    found: dict[str, Any] = field(default_factory=dict)
    write: Callable[[Transaction], None] = lambda transaction: None


class _Attempt:
    """One go at an intent; what it asks of the source is asked once."""

    def __init__(self, work: Work, intent: RowMapping, connection: RowMapping, secret: str | None) -> None:
        self.work = work
        self.intent = intent
        self.connection = connection
        self._secret = secret

    @cached_property
    def connector(self) -> Connector:
        doors = Doors(self.work.settings, self.work.lake.uploads(self.connection["id"]))
        return opened(doors, self.connection["source"], self.connection["config"], self._secret)

    @cached_property
    def probed(self) -> Probe:
        return probe(self.connector)

    @cached_property
    def discovery(self) -> Discovery:
        return within(LOOK_SECONDS, self.connector.name, self.connector.discover)

    @cached_property
    def looked(self) -> tuple[list[Looked], dict[str, str]]:
        return look_at_all(self.connector, self.discovery.streams, self.discovery.dictionaries)


def _reach(attempt: _Attempt) -> Taken:
    check_allowed(attempt.work.settings, attempt.connection["source"], attempt.connection["config"])  # it may have been narrowed since
    found = attempt.probed
    return Taken({"account": found.account, "writable": found.writable, "said": found.said}, lambda transaction: keep_probe(transaction, attempt.connection["id"], found))


def _be_safe(attempt: _Attempt) -> Taken:
    check_safe(attempt.probed, safe_mode(attempt.work))
    return Taken()


def _discover(attempt: _Attempt) -> Taken:
    found = attempt.discovery

    def write(transaction: Transaction) -> None:
        remember_dictionaries(transaction, attempt.connection["id"], found.dictionaries)
        for one in found.streams:
            remember(transaction, attempt.connection["id"], one)

    return Taken({"streams": len(found.streams), "problems": _problems(dict(found.problems))}, write)


def _sample(attempt: _Attempt) -> Taken:
    looked, wrong = attempt.looked
    problems = dict(attempt.discovery.problems) | wrong
    return Taken({"sampled": len(looked), "rows": sum(len(one.rows) for one in looked), "problems": _problems(problems)})


def _problems(found: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "reason": reason} for name, reason in sorted(found.items())[:100]]


def _suggest(attempt: _Attempt) -> Taken:
    name, applies = attempt.connection["name"], exact_matches(attempt.work)
    made = [one for looked in attempt.looked[0] for one in suggested(name, looked, attempt.work.ontology, applies)]
    return Taken({"suggested": [asdict(one) for one in made]})


def _activate(attempt: _Attempt) -> Taken:
    made = [read_suggested(one) for one in attempt.intent["found"].get("suggested", [])]
    if not activates(made):
        raise NeedsADecision("Nothing of it is understood well enough to begin by itself", fix="Look at its first rows, then approve it.")
    return Taken(write=lambda transaction: _open(transaction, attempt.connection["id"]))


_STEPS: dict[State, Callable[[_Attempt], Taken]] = {
    "credentialed": _reach, "reachable": _be_safe, "safe": _discover, "discovered": _sample, "sampled": _suggest, "suggested": _activate,
}  # fmt: skip


def advance(work: Work, intent: UUID) -> bool:
    """Takes the steps that are left. What stands in the way of one is noted with the intent and raised to nobody.

    Returns: whether its connection has become active by this attempt.
    """
    attempt = _begin(work, intent)
    while attempt is not None and (step := _STEPS.get(attempt.intent["state"])) is not None:
        try:
            taken = step(attempt)
        except AosError as failed:
            _record(work, attempt, attempt.intent["state"], Taken(), told(failed))
            return False
        if not _record(work, attempt, _after(attempt.intent["state"]), taken, None):
            return False
        if attempt.intent["state"] == "active":
            return True
    return False


def _begin(work: Work, intent: UUID) -> _Attempt | None:
    """None where it cannot go on from here: not allowed, credentials missing, or active already."""
    with work.database.transaction() as transaction:
        transaction.run("update aos.intents set attempts = attempts + 1 where id = :id and state <> 'active'", id=intent)
        settle(transaction, work, intent)
        row = transaction.one("intent", "select * from aos.intents where id = :id", id=intent)
        if row["connection_id"] is None or row["state"] not in _STEPS:
            return None
        connection = transaction.one("connection", "select * from aos.connections where id = :id", id=row["connection_id"])
        return _Attempt(work, row, connection, unsealed(transaction, work, connection))


def _record(work: Work, attempt: _Attempt, state: State, taken: Taken, stuck: dict[str, str] | None) -> bool:
    """Whether it was still this attempt's to say."""
    with work.database.transaction() as transaction:
        row = transaction.first(
            "update aos.intents set state = :state, stuck = cast(:stuck as jsonb), found = found || cast(:found as jsonb),"
            " changed_at = now(), seq = :seq where id = :id and attempts = :attempt and state = :before returning *",
            id=attempt.intent["id"], attempt=attempt.intent["attempts"], before=attempt.intent["state"], state=state,
            stuck=None if stuck is None else as_json(stuck), found=as_json(taken.found), seq=transaction.next_seq(),
        )  # fmt: skip
        if row is None:
            return False
        taken.write(transaction)
        tell(transaction, attempt.connection["id"], row["name"], state)
    attempt.intent = row
    return True


def _after(state: State) -> State:
    return STATES[STATES.index(state) + 1]


def _open(transaction: Transaction, connection: UUID) -> None:
    transaction.run("update aos.connections set state = 'active' where id = :id and state = 'onboarding'", id=connection)


def approve(transaction: Transaction, work: Work, connection: UUID) -> None:
    """A person has looked at the first reading and lets it begin. Of an active one nothing changes.

    Raises:
        NotFound: no such connection. NeedsADecision: it was not read yet.
    """
    intent = intent_of(transaction, work, connection)
    row = transaction.one("intent", "select state, stuck from aos.intents where id = :id for update", id=intent)
    known = transaction.one("connection", "select state from aos.connections where id = :id for update", id=connection)
    if known["state"] != "onboarding":
        return
    if STATES.index(row["state"]) < STATES.index("sampled"):
        said = (row["stuck"] or {}).get("what", "its first rows are still to be read")
        raise NeedsADecision("Nothing of it was read that could be approved", culprit=said, fix="Onboard it first.")
    _open(transaction, connection)
    stand(transaction, intent, "active", None)


def due(work: Work, source: str) -> list[UUID]:
    """Intents of a kind that another attempt is worth, the oldest first."""
    with work.database.transaction() as transaction:
        rows = transaction.all("select id, state, stuck, attempts, changed_at from aos.intents where state <> 'active' and source = :source order by seq", source=source)
    now = datetime.now(UTC)
    return [row["id"] for row in rows if is_due(row["state"], (row["stuck"] or {}).get("code"), row["attempts"], row["changed_at"], now)]


def advance_all(work: Work, source: str, seconds: float = _STAGE_SECONDS) -> list[UUID]:
    """An attempt at each of a kind that is due, a few at once, for so long; what is left waits for the next time. Returns: those attempted."""
    waiting, until = due(work, source), time.monotonic() + seconds

    def one(intent: UUID) -> UUID | None:
        if time.monotonic() > until:
            return None
        advance(work, intent)
        return intent

    if not waiting:
        return []
    with ThreadPoolExecutor(_AT_ONCE, "onboarding") as together:
        return [done for done in together.map(one, waiting) if done is not None]


def keep_probe(transaction: Transaction, connection: UUID, found: Probe) -> None:
    """What the source said of whom it let in, and when."""
    transaction.run(
        "update aos.connections set probed = cast(:probed as jsonb) where id = :id",
        id=connection, probed=as_json({"account": found.account, "writable": found.writable, "said": found.said, "at": datetime.now(UTC).isoformat()}),
    )  # fmt: skip


def exact_matches(work: Work) -> Applies:
    """Which exact matches feed their fields without being asked: all, or none where the tenant wants to be."""
    return every_exact_match if work.flags.on("AUTO_APPLY_EXACT_MATCHES", work.tenant) else lambda entity, name, column: False


def read_suggested(stored: dict[str, Any]) -> Suggested:
    return Suggested(stored["stream"], stored["entity"], tuple(Fed(**one) for one in stored["fields"]), stored["complete"])
