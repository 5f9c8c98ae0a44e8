"""Onboarding: what gets through, what stands in the way and is said, and that nothing is lost or done twice wherever it is killed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from aos_api.masking import Mask
from aos_api.reads.onboarding import all_intents
from aos_core.errors import CredentialsRefused, NeedsADecision, NotAllowed
from aos_core.flags import FLAGS
from aos_core.masking import Policy
from aos_core.onboarding import PROMISE, STATES
from aos_core.ontology import standard
from aos_resources import onboarding
from aos_resources.connections import create, examined, keep
from aos_resources.embedded import Cluster
from aos_resources.flags import put_flag
from aos_resources.intents import Wanted, intent_of, receive
from aos_resources.masks import Known
from aos_resources.onboarding import advance, advance_all, approve
from aos_resources.settings import Settings
from aos_resources.world import Work
from tests.resources.onboarding_world import ACCOUNTS, PASSWORD, Sources, work_for

SOURCES = "files, postgres:127.0.0.1"


@pytest.fixture(scope="module")
def sources(settings: Settings, second: Cluster) -> Sources:
    return Sources(settings, second.url())


@pytest.fixture
def work(settings: Settings) -> Iterator[Work]:
    world, made = work_for(settings, sources=SOURCES)
    yield made
    world.close()


def received(work: Work, *wanted: Wanted) -> list[UUID]:
    with work.database.transaction() as transaction:
        return [receive(transaction, work, one) for one in wanted]


def seen(work: Work) -> dict[str, Any]:
    with work.database.transaction() as transaction:
        return all_intents(transaction, 500, Mask("owner", standard(), Known(Policy())))


def stands(work: Work) -> dict[str, tuple[str, str | None]]:
    return {one["external_id"]: (one["state"], (one["stuck"] or {}).get("code")) for one in seen(work)["items"]}


def counted(work: Work) -> dict[str, int]:
    with work.database.transaction() as transaction:
        return {name: int(transaction.one("count", f"select count(*) as n from aos.{name}")["n"]) for name in ("connections", "streams", "intents", "landings", "syncs")}


def test_of_forty_sources_as_they_are_the_promised_share_of_the_eligible_ones_becomes_active(work: Work, sources: Sources) -> None:
    wanted = sources.forty()
    received(work, *wanted)
    for kind in ("files", "postgres"):
        advance_all(work, kind)
    told, now = seen(work), stands(work)
    assert (len(wanted), told["eligible"], told["active"]) == (40, 37, 34)
    assert told["share"] >= PROMISE == 0.9
    print(f"active / eligible = {told['active']}/{told['eligible']} = {told['share']:.3f}")
    assert {name: one for name, one in now.items() if one[0] != "active"} == {
        "wrong-password": ("credentialed", "credentials_refused"), "unreachable": ("credentialed", now["unreachable"][1]), "writable": ("reachable", "not_allowed"),
        "not-allowed": ("received", "not_allowed"), "no-secret": ("allowed", "fix_the_source"), "no-kind": ("received", "not_understood"),
    }  # fmt: skip
    assert now["unreachable"][1] in ("fix_the_source", "try_again")
    # Read at first sight, published nowhere, none of it stored.
    assert counted(work) == {"connections": 38, "streams": 44, "intents": 40, "landings": 0, "syncs": 0}
    assert not list(work.lake.folder.rglob("*.parquet"))
    assert PASSWORD not in repr(told) and "Initech" not in repr(told)
    assert {one["state"]: one["reached"] for one in told["funnel"]} == {
        "received": 40, "allowed": 38, "credentialed": 37, "reachable": 35, "safe": 34, "discovered": 34, "sampled": 34, "suggested": 34, "active": 34,
    }  # fmt: skip


def test_said_twice_it_is_one_and_a_second_round_changes_nothing(work: Work, sources: Sources) -> None:
    wanted = [sources.files("one"), sources.postgres("two")]
    first = received(work, *wanted, *wanted)
    assert first[:2] == first[2:] == received(work, *wanted)
    for one in first[:2]:
        assert advance(work, one)
    before, told = counted(work), seen(work)
    received(work, *wanted, replace(wanted[0], config={"folder": str(sources.folder())}))  # an active connection is changed as such
    assert [advance(work, one) for one in first[:2]] == [False, False]
    assert advance_all(work, "files") == []
    assert (counted(work), seen(work)) == (before, told)


@pytest.mark.parametrize("step", ["credentialed", "reachable", "safe", "discovered", "sampled", "suggested"])
@pytest.mark.parametrize("after", [False, True], ids=["before it was recorded", "after it was recorded"])
def test_killed_at_any_step_the_next_attempt_goes_on(work: Work, sources: Sources, monkeypatch: pytest.MonkeyPatch, step: str, after: bool) -> None:
    class Killed(BaseException):
        pass

    (intent,) = received(work, sources.postgres("one"))
    recording = onboarding._record

    def killed(work: Work, attempt: Any, state: Any, *rest: Any) -> bool:
        due = attempt.intent["state"] == step
        if due and not after:
            raise Killed
        done = recording(work, attempt, state, *rest)
        if due:
            raise Killed
        return done

    monkeypatch.setattr(onboarding, "_record", killed)
    with pytest.raises(Killed):
        advance(work, intent)
    monkeypatch.undo()
    assert stands(work)["one"][0] == (STATES[STATES.index(step) + 1] if after else step)
    assert advance_all(work, "postgres") == ([] if after and step == "suggested" else [intent])
    assert stands(work)["one"] == ("active", None)
    assert {name: counted(work)[name] for name in ("connections", "streams")} == {"connections": 1, "streams": 1}


def test_two_attempts_at_once_end_as_one(work: Work, sources: Sources) -> None:
    (intent,) = received(work, sources.files("one"))
    with ThreadPoolExecutor(4) as together:
        list(together.map(lambda _: advance(work, intent), range(4)))
    advance(work, intent)
    assert stands(work) == {"one": ("active", None)}
    assert counted(work)["streams"] == 1


def test_an_attempt_that_was_overtaken_says_nothing_more(work: Work, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    (intent,) = received(work, sources.postgres("one", "guessed"))
    reaching, begun = onboarding._STEPS["credentialed"], list[bool]()

    def overtaken(attempt: Any) -> Any:
        """Somebody else fails at the same step meanwhile."""
        if begun:
            return reaching(attempt)
        begun.append(True)
        assert not advance(work, intent)
        return onboarding.Taken({"account": "what the slow one heard"})

    monkeypatch.setitem(onboarding._STEPS, "credentialed", overtaken)
    assert not advance(work, intent)
    (one,) = seen(work)["items"]
    assert (one["state"], one["stuck"]["code"], one["found"].get("account")) == ("credentialed", "credentials_refused", None)


def test_a_secret_that_was_refused_is_mended_and_the_way_goes_on(work: Work, sources: Sources) -> None:
    (intent,) = received(work, sources.postgres("one", "guessed"))
    advance(work, intent)
    assert stands(work)["one"] == ("credentialed", "credentials_refused")
    assert advance_all(work, "postgres") == []  # nobody has done anything about it
    with work.database.transaction() as transaction:
        connection = transaction.one("connection", "select id from aos.connections")["id"]
    with pytest.raises(CredentialsRefused):
        examined(work, connection, None, {"password": "guessed again"})
    found = examined(work, connection, None, {"password": PASSWORD})
    with work.database.transaction() as transaction:
        keep(transaction, work, connection, {}, {"password": PASSWORD}, found)
    assert advance(work, intent)
    assert stands(work)["one"] == ("active", None)


def test_said_again_with_what_was_missing_it_goes_on(work: Work, sources: Sources) -> None:
    sound = sources.postgres("one")
    received(work, replace(sound, secret=None))
    assert stands(work)["one"] == ("allowed", "fix_the_source")
    (intent,) = received(work, sound)
    assert advance(work, intent)


def test_who_may_write_is_refused_unless_safe_mode_is_off(work: Work, sources: Sources) -> None:
    (intent,) = received(work, sources.postgres("one", user=sources.writer))
    advance(work, intent)
    assert stands(work)["one"] == ("reachable", "not_allowed")
    with work.database.transaction() as transaction:
        put_flag(transaction, FLAGS["SAFE_MODE"], False, "owner@example")
    work.flags.changed()
    assert advance(work, intent)
    with work.database.transaction() as transaction:
        assert transaction.one("connection", "select probed from aos.connections")["probed"]["writable"] is True


def test_where_exact_matches_are_asked_of_a_person_approves_the_first_reading(work: Work, sources: Sources) -> None:
    with work.database.transaction() as transaction:
        put_flag(transaction, FLAGS["AUTO_APPLY_EXACT_MATCHES"], False, "owner@example")
        made = create(transaction, work, "crm", "files", {"folder": str(sources.folder())}, None, None)
        intent = intent_of(transaction, work, made)
    work.flags.changed()
    with pytest.raises(NeedsADecision), work.database.transaction() as transaction:
        approve(transaction, work, made)
    assert not advance(work, intent)
    ((state, code),) = stands(work).values()
    assert (state, code) == ("suggested", "needs_a_decision")
    for _ in range(2):
        with work.database.transaction() as transaction:
            approve(transaction, work, made)
    assert list(stands(work).values()) == [("active", None)]


def test_a_stored_secret_is_not_sent_to_another_host(work: Work, sources: Sources) -> None:
    received(work, sources.postgres("one"))
    with work.database.transaction() as transaction:
        row = transaction.one("connection", "select id, config from aos.connections")
    elsewhere = replace(work, settings=work.settings.model_copy(update={"sources": ""}))
    with pytest.raises(NotAllowed, match="not sent to another host"):
        examined(elsewhere, row["id"], row["config"] | {"host": "localhost"}, None)
    assert examined(elsewhere, row["id"], row["config"] | {"host": "localhost"}, {"password": PASSWORD}) is not None
    with pytest.raises(NotAllowed, match="not among those"):
        examined(work, row["id"], row["config"] | {"host": "localhost"}, {"password": PASSWORD})
    with pytest.raises(NotAllowed, match="may change the source"):
        examined(work, row["id"], row["config"] | {"user": sources.writer}, None)


def test_a_source_that_never_answers_holds_nobody_longer_than_its_bound(work: Work, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    from aos_resources import probing
    from aos_resources.connectors.postgres import Postgres

    never = Event()
    monkeypatch.setattr(Postgres, "probe", lambda self: never.wait(20))
    monkeypatch.setattr(probing, "PROBE_SECONDS", 0.3)
    (intent,) = received(work, sources.postgres("one"))
    assert not advance(work, intent)
    never.set()
    assert stands(work)["one"] == ("credentialed", "try_again")


def test_one_stream_that_cannot_be_read_stops_no_other(work: Work, sources: Sources) -> None:
    (intent,) = received(work, sources.files("one", accounts=ACCOUNTS, broken="a,b\n\x00\x01\n"))
    assert advance(work, intent)
    (one,) = seen(work)["items"]
    assert one["found"]["sampled"] >= 1
    assert {problem["name"] for problem in one["found"]["problems"]} <= {"broken"}


def test_the_erased_folder_of_an_intent_says_what_is_wrong(work: Work, sources: Sources, tmp_path: Path) -> None:
    (intent,) = received(work, Wanted("batch", "one", "gone", "files", {"folder": str(work.settings.roots[0] / "nowhere")}))
    advance(work, intent)
    assert stands(work)["one"] == ("credentialed", "fix_the_source")
    (other,) = received(work, Wanted("batch", "two", "outside", "files", {"folder": str(tmp_path)}))
    advance(work, other)
    assert stands(work)["two"] == ("credentialed", "not_allowed")
