"""Choosing the little of much that is worth looking at: syncs that say how things stand, streams that fill the ontology."""

from __future__ import annotations

from aos_core.selecting import Chosen, Feeding, Moved, fewest, worth_showing


def test_the_newest_that_moved_data_is_shown_and_what_went_wrong_since() -> None:
    syncs = [(Moved("failed", 0), "five"), (Moved("succeeded", 0), "four"), (Moved("succeeded", 12), "three"), (Moved("failed", 0), "two"), (Moved("succeeded", 9), "one")]
    assert worth_showing(syncs) == [("five", "failed since"), ("four", "nothing had changed"), ("three", "the newest that moved data: 12 rows")]


def test_where_all_is_well_one_is_enough_and_where_nothing_ever_moved_all_say_so() -> None:
    assert worth_showing([(Moved("succeeded", 3), "two"), (Moved("succeeded", 3), "one")]) == [("two", "the newest that moved data: 3 rows")]
    assert [one for one, _ in worth_showing([(Moved("running", 0), "two"), (Moved("cancelled", 0), "one")])] == ["two", "one"]
    assert worth_showing([]) == []


def test_one_that_failed_after_it_had_moved_data_is_not_the_newest_good_one() -> None:
    assert [one for one, _ in worth_showing([(Moved("failed", 5), "two"), (Moved("succeeded", 1), "one")])] == ["two", "one"]


def test_the_fewest_streams_fill_what_all_of_them_would() -> None:
    account = {("account", name): 1.0 for name in ("account_id", "name", "industry")}
    streams = [
        Feeding("accounts", account, 80), Feeding("old_accounts", dict(list(account.items())[:2]), 9_000), Feeding("log", {}, 10**6),
        Feeding("teams", {("account", "owner"): 0.7}, 5),
    ]  # fmt: skip
    choice = fewest(streams)
    assert choice.streams == (Chosen("accounts", "fills account: account_id, industry, name"), Chosen("teams", "fills account: owner"))
    assert choice.left_out == (Chosen("log", "nothing of it has a place in the ontology"), Chosen("old_accounts", "all that it tells is filled by accounts"))


def test_of_equal_streams_the_surer_one_is_taken_then_the_one_with_more_rows_then_the_first_by_name() -> None:
    place = ("account", "name")
    assert fewest([Feeding("a", {place: 0.6}, 100), Feeding("b", {place: 0.9}, 1)]).streams[0].stream == "b"
    assert fewest([Feeding("a", {place: 0.9}, 1), Feeding("b", {place: 0.9}, 2)]).streams[0].stream == "b"
    assert fewest([Feeding("b", {place: 0.9}, 2), Feeding("a", {place: 0.9}, 2)]).streams[0].stream == "a"


def test_a_cover_is_whole_whatever_the_order() -> None:
    streams = [Feeding(f"s{one}", {("e", str(field)): 1.0 for field in range(one, one + 3)}, one) for one in range(6)]
    every = {place for one in streams for place in one.fields}
    for order in (streams, streams[::-1]):
        chosen = {one.stream for one in fewest(order).streams}
        assert {place for one in streams if one.stream in chosen for place in one.fields} == every
        assert len(chosen) == 3
