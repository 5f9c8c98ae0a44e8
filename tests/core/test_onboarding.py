"""The way of a connection as pure decisions: who may begin, who counts, who is tried again, what activates by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aos_core.allow_list import AllowList, places_of, read_allow_list
from aos_core.cadence import freshness
from aos_core.fingerprint import Column, Fingerprint, changes_between, likely_key
from aos_core.matching import Stream
from aos_core.onboarding import (
    STATES,
    State,
    activates,
    funnel,
    is_due,
    is_eligible,
    read_suggestion,
)
from aos_core.ontology import standard
from aos_core.suggesting import every_exact_match, suggest

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "config", "allowed"),
    [
        ("", "anything", {}, True),
        ("files, postgres", "postgres", {"host": "db.example.com"}, True),
        ("files, postgres", "mongodb", {"host": "db.example.com"}, False),
        ("postgres:*.example.com", "postgres", {"host": "DB.example.com"}, True),
        ("postgres:*.example.com", "postgres", {"host": "db.example.com.evil.org"}, False),
        ("postgres:*.example.com", "postgres", {}, False),
        ("http:api.example.com", "http", {"url": "https://user@api.example.com:8443/v1"}, True),
        ("http:api.example.com", "http", {"url": "https://api.example.com@evil.org/"}, False),
        ("mongodb:*.example.com", "mongodb", {"hosts": ["a.example.com:27017", "evil.org"]}, False),
        ("mongodb:*.example.com", "mongodb", {"hosts": ["a.example.com:27017", "b.example.com"]}, True),
        ("mongodb:*.example.com", "mongodb", {"host": "a.example.com, evil.org:27018"}, False),
        (" Postgres : DB.example.com , postgres:two.example.com", "postgres", {"host": "two.example.com"}, True),
    ],
)
def test_what_may_be_connected_is_a_kind_or_of_a_kind_some_hosts(text: str, kind: str, config: dict[str, object], allowed: bool) -> None:
    assert read_allow_list(text).allows(kind, config) is allowed


def test_without_a_word_every_kind_may_be_connected_and_a_pattern_offers_its_kind() -> None:
    assert AllowList().allows_kind("files")
    assert read_allow_list("postgres:*.example.com").allows_kind("postgres")
    assert not read_allow_list("postgres:*.example.com").allows_kind("files")


def test_the_places_of_settings_are_their_hosts_however_they_are_spelled() -> None:
    assert list(places_of({"host": "A.example", "url": "https://b.example:1/x", "hosts": ["c.example:2", "[::1]:3"], "port": 5432, "user": "d.example"})) == [
        "a.example", "c.example", "::1", "b.example",
    ]  # fmt: skip


def test_the_funnel_counts_who_came_how_far_and_the_share_is_of_those_who_could() -> None:
    told = funnel([("received", True), ("allowed", True), ("credentialed", True), ("suggested", False), ("active", False), ("active", False)])
    assert [(one.state, one.reached, one.stuck) for one in told.steps if one.state in ("received", "allowed", "credentialed", "suggested", "active")] == [
        ("received", 6, 1), ("allowed", 5, 1), ("credentialed", 4, 1), ("suggested", 3, 0), ("active", 2, 0),
    ]  # fmt: skip
    assert (told.eligible, told.active, told.share) == (4, 2, 0.5)
    assert funnel([]).share is None
    assert [is_eligible(one) for one in STATES[:3]] == [False, False, True]


@pytest.mark.parametrize(
    ("state", "stuck", "attempts", "ago", "due"),
    [
        ("reachable", None, 1, 0, True),  # left half-way
        ("credentialed", "try_again", 1, 60, False),
        ("credentialed", "try_again", 1, 120, True),
        ("credentialed", "try_again", 60, 6 * 3600, True),
        ("credentialed", "credentials_refused", 1, 10**6, False),
        ("suggested", "needs_a_decision", 1, 10**6, False),
        ("active", None, 1, 10**6, False),
    ],
)
def test_what_was_left_half_way_goes_on_and_what_a_person_must_mend_is_left_to_them(state: State, stuck: str | None, attempts: int, ago: int, due: bool) -> None:
    assert is_due(state, stuck, attempts, NOW - timedelta(seconds=ago), NOW) is due


def _seen(*columns: tuple[str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, inferred=kind, distinct=2, present=2) for name, kind in columns)


def test_a_stream_whose_required_fields_apply_activates_and_one_that_must_be_asked_of_does_not() -> None:
    ontology, accounts = standard(), Stream("crm", "accounts", _seen(("account_id", "id"), ("name", "text"), ("Sector", "text")), "account_id")
    (told,) = read_suggestion("accounts", suggest(accounts, ontology, {}, every_exact_match), ontology)
    assert (told.entity, told.complete) == ("account", True)
    assert {(one.field, one.column, one.applies) for one in told.fields} >= {("account_id", "account_id", True), ("name", "name", True)}
    asked = read_suggestion("accounts", suggest(accounts, ontology, {}, lambda entity, name, column: False), ontology)
    assert (activates([told]), activates(asked), activates([])) == (True, False, False)
    nothing = Stream("x", "log", _seen(("a", "text")), None)
    assert read_suggestion("log", suggest(nothing, ontology, {}), ontology) == ()


def test_a_suggestion_repeats_no_value() -> None:
    ontology = standard()
    columns = (Column("account_id", inferred="id", present=2, distinct=2, top=("secret-1",)), Column("name", inferred="text", present=2, distinct=2, top=("secret-2",), description="secret-3"))
    told = read_suggestion("accounts", suggest(Stream("crm", "accounts", columns, "account_id"), ontology, {}), ontology)
    assert "secret" not in repr(told)


def test_a_few_rows_suggest_a_key_and_a_single_one_none() -> None:
    columns = (Column("name", present=3, distinct=3), Column("id", present=3, distinct=3), Column("kind", present=3, distinct=1))
    assert likely_key(Fingerprint(columns, 3)) == "id"
    assert likely_key(Fingerprint(tuple(Column(one.name, present=1, distinct=1) for one in columns), 1)) is None


def test_what_became_of_columns_is_said_in_words() -> None:
    before = (Column("Id", inferred="integer"), Column("Sector"), Column("Since", declared="text"), Column("Note", inferred="id"))
    after = (Column("Id", inferred="text"), Column("Industry"), Column("Since", declared="date"), Column("Note", inferred="text"))
    assert changes_between(before, after) == ["Id looks like text, no more like integer", "Industry is new", "Sector is gone", "Since is date, no more text"]


@pytest.mark.parametrize(("ago", "minutes", "said"), [(None, None, (None, False)), (44, None, (2640, True)), (46, None, (2760, False)), (46, 60, (2760, True)), (61, 60, (3660, False))])
def test_fresh_is_what_was_read_as_lately_as_is_asked_for(ago: int | None, minutes: int | None, said: tuple[int | None, bool]) -> None:
    assert freshness(None if ago is None else NOW - timedelta(minutes=ago), minutes, NOW) == said
