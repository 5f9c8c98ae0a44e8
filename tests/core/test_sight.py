"""What of a tenant's data a role sees, traced through mappings: columns that are known to be free, and what masked ones feed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from aos_core.ontology import Kind, standard
from aos_core.sight import Feed, Lineage, Sight, columns_of, feeds_of

PEOPLE, DEALS = UUID(int=1), UUID(int=2)
BOTH: frozenset[Kind] = frozenset({"personal", "money"})
PERSONAL: frozenset[Kind] = frozenset({"personal"})


def feeds(stream: UUID, entity: str, key: str, fields: dict[str, Any], until: int | None = None) -> tuple[Feed, ...]:
    return feeds_of(stream, {"entity": entity, "key": key, "fields": fields}, until, standard())


def sight(*made: tuple[Feed, ...], kinds: frozenset[Kind] = PERSONAL, **said: Any) -> Sight:
    return Lineage(tuple(one for few in made for one in few), **said).sight(standard(), kinds)


def test_a_column_is_seen_only_if_it_feeds_a_field_and_every_field_that_it_feeds_is_seen() -> None:
    found = sight(feeds(PEOPLE, "contact", "Id", {"email": "Mail", "title": {"from": "Job"}, "department": {"expr": "upper(Dept)"}}))
    assert found.free == {PEOPLE: {"Id", "Job", "Dept"}}
    assert not found.sees_column(PEOPLE, "Fax")
    assert not found.sees_column(DEALS, "Job")
    assert not found.sees_column(None, "Job")


def test_who_has_no_mask_sees_columns_that_nobody_knows() -> None:
    assert sight(feeds(PEOPLE, "contact", "Id", {"email": "Mail"}), kinds=frozenset()).sees_column(DEALS, "Fax")


def test_a_key_that_is_spelled_by_a_masked_column_is_masked_with_all_that_refers_by_it() -> None:
    found = sight(feeds(PEOPLE, "account", "Phone", {"phone": "Phone", "name": "Name"}), feeds(DEALS, "opportunity", "Id", {"account_id": "Account", "stage_source": "Stage"}))
    assert found.of("account").spellings == {"account_id", "parent_account"}
    assert "account_id" in found.of("opportunity").spellings
    assert found.free == {PEOPLE: {"Name"}, DEALS: {"Id", "Stage"}}


def test_a_reference_may_be_spelled_by_the_name_of_what_it_is_to() -> None:
    found = sight(feeds(DEALS, "opportunity", "Id", {"contact_id": "Contact", "account_id": "Account"}))
    assert found.of("opportunity").spellings == {"contact_id"}
    assert "contact_id" not in found.of("opportunity").values
    assert found.free == {DEALS: {"Id", "Account"}}


def test_what_a_masked_column_feeds_is_masked_under_whatever_name_but_not_the_ontologys_own_words() -> None:
    deal = feeds(DEALS, "opportunity", "Id", {"owner": "Agent", "product": "Agent", "description": "Text", "competitors": {"expr": "Agent || Stage"}, "stage_source": "Stage",
                                              "status": {"expr": "case when Agent = '' then 'open' else 'won' end"}})  # fmt: skip
    found = sight(deal)
    # The stage has met a masked column in one expression: what it feeds alone could be told apart from it.
    assert {"owner", "product", "competitors", "stage_source"} <= found.of("opportunity").values
    assert "status" not in found.of("opportunity").values
    assert found.free == {DEALS: {"Id"}}


def test_money_and_personal_data_are_masked_apart() -> None:
    deal = feeds(DEALS, "opportunity", "Id", {"owner": "Agent", "amount": {"expr": "Value * 1000"}})
    assert sight(deal).free == {DEALS: {"Id", "Value"}}
    assert sight(deal, kinds=frozenset({"money"})).free == {DEALS: {"Id", "Agent"}}
    assert sight(deal, kinds=BOTH).free == {DEALS: {"Id"}}


def test_values_that_look_like_what_is_masked_are_masked_whatever_they_feed() -> None:
    deal = feeds(DEALS, "account", "Login", {"name": "Name", "city": "City"})
    found = sight(deal, looks=frozenset({(DEALS, "Login", "personal"), (DEALS, "City", "money")}))
    assert (found.of("account").spellings, found.free) == ({"account_id", "parent_account"}, {DEALS: {"Name", "City"}})
    assert "city" not in found.of("account").values


def test_what_a_replaced_mapping_made_stays_masked_in_the_versions_that_still_have_it() -> None:
    old, new = feeds(PEOPLE, "contact", "Mail", {"email": "Mail"}, until=40), feeds(PEOPLE, "contact", "Id", {"title": "Mail"})
    lineage = Lineage((*old, *new), applied=50)
    assert "contact_id" in lineage.sight(standard(), PERSONAL, 39).of("contact").spellings
    assert "contact_id" not in lineage.sight(standard(), PERSONAL, 40).of("contact").spellings
    assert lineage.sight(standard(), PERSONAL) == lineage.sight(standard(), PERSONAL, 50)
    assert Lineage(old).sight(standard(), PERSONAL).of("contact").spellings == {"contact_id"}  # nothing is published yet


def test_a_mark_tells_lineages_apart() -> None:
    one = feeds(PEOPLE, "contact", "Id", {"email": "Mail"})
    marks = [Lineage(), Lineage(one), Lineage(one, applied=3), Lineage(one, frozenset({(PEOPLE, "Id", "personal")})), Lineage(feeds(PEOPLE, "contact", "Id", {"email": "Mail"}, 4))]
    assert len({lineage.mark for lineage in marks}) == len(marks)
    assert Lineage(one[::-1]).mark == Lineage(one).mark


def test_fields_and_entities_that_the_ontology_has_no_more_free_nothing() -> None:
    assert feeds(PEOPLE, "ghost", "Id", {"name": "Name"}) == ()
    assert sight(feeds(PEOPLE, "contact", "Id", {"aura": "Aura"})).free == {PEOPLE: {"Id"}}


def test_an_entry_names_its_columns_in_every_form() -> None:
    entries = ["A", {"from": "A"}, {"expr": 'A + "b c"'}, {"expr": "'word'"}, {"values": {"x": "y"}}, None, 3]
    assert [columns_of(one) for one in entries] == [{"A"}, {"A"}, {"A", "b c"}, set(), set(), set(), set()]


_COLUMNS = st.sampled_from(["a", "b", "c", "d"])
_NAMES = st.sampled_from([one.name for one in standard().entity("opportunity").values])


@given(st.dictionaries(_NAMES, st.sets(_COLUMNS, min_size=1, max_size=2), max_size=6), st.dictionaries(_NAMES, st.sets(_COLUMNS, min_size=1, max_size=2), max_size=6))
def test_more_mappings_never_show_more_of_what_was_masked_before(some: dict[str, set[str]], more: dict[str, set[str]]) -> None:
    def made(said: dict[str, set[str]]) -> tuple[Feed, ...]:
        return tuple(Feed(DEALS, "opportunity", name, frozenset(columns)) for name, columns in said.items())

    few, many = sight(made(some), kinds=BOTH), sight(made(some), made(more), kinds=BOTH)
    assert few.of("opportunity").values <= many.of("opportunity").values
    shown = {column for name, columns in (*some.items(), *more.items()) if name in many.of("opportunity").values for column in columns}
    assert shown.isdisjoint(many.free.get(DEALS, frozenset()))
