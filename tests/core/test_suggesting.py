"""Suggestions: what applies itself, what is asked, and what people's answers change."""

from __future__ import annotations

from aos_core.fingerprint import Column
from aos_core.mapping import FieldMap
from aos_core.matching import Stream
from aos_core.ontology import standard
from aos_core.suggesting import Decided, Suggestion, read_decision, suggest


def column(name: str, inferred: str = "text", **told: object) -> Column:
    return Column(name, inferred=inferred, present=100, distinct=50, **told)  # type: ignore[arg-type]


DEALS = Stream(
    "crm",
    "deals",
    (
        column("deal_id", "id"),
        column("Product", "enum"),
        column("deal_stage", "enum", top=("Won", "Lost", "Discovery")),
        column("amount", "decimal", description="in thousands of EUR"),
        column("closeDate", "date"),
        column("shoe size", "integer"),
    ),
    "deal_id",
)


def ask(stream: Stream = DEALS, **decided: Decided) -> Suggestion:
    return suggest(stream, standard(), decided)


def questions(found: Suggestion) -> dict[str | None, dict[str, object]]:
    return {one.field: one.change for one in found.proposals}


def test_only_an_exact_name_with_a_fitting_type_applies_itself() -> None:
    (mapping,) = ask().mappings
    assert {name: one.source for name, one in mapping.fields} == {"product": "Product", "close_date": "closeDate"}
    assert all(one.by == "auto" and one.evidence for _, one in mapping.fields)


def test_what_the_dictionary_contradicts_waits_with_the_scaled_expression() -> None:
    assert questions(ask())["amount"] == {"expr": "amount * 1000"}


def test_the_words_of_an_enum_are_proposed_with_what_they_mean() -> None:
    assert questions(ask())["stage"] == {
        "from": "deal_stage",
        "values": {"Won": "closed_won", "Lost": "closed_lost", "Discovery": "discovery"},
    }


def test_a_money_without_a_currency_asks_for_one_from_the_dictionary() -> None:
    assert questions(ask())["currency"] == {"expr": "'EUR'"}


def test_a_required_field_that_nothing_feeds_holds_the_mapping_and_is_asked() -> None:
    found = ask()
    assert found.mappings[0].undecided(standard().entity("opportunity")) == ("status",)
    assert "status" in questions(found)


def test_an_answer_enters_the_mapping_under_its_name_and_is_not_asked_again() -> None:
    answer = FieldMap(source="deal_stage", values=(("Won", "won"), ("Lost", "lost"), ("Discovery", "open")), by="ada@example.com")
    found = ask(opportunity=Decided(True, {}, {"status": answer}))
    assert found.mappings[0].by_name["status"] == answer
    assert "status" not in questions(found)
    assert found.mappings[0].undecided(standard().entity("opportunity")) == ()


def test_a_rejected_field_is_left_out_even_where_its_name_is_exact() -> None:
    found = ask(opportunity=Decided(True, {}, {}, frozenset({"product", "amount"})))
    assert "product" not in found.mappings[0].by_name
    assert not {"product", "amount"} & set(questions(found))


def test_a_stream_that_resembles_nothing_is_left_alone() -> None:
    shoes = Stream("files", "shoes", (column("shoe size", "integer"), column("colour", "enum")), None)
    assert ask(shoes) == Suggestion((), ())


def test_a_stream_that_only_resembles_an_entity_is_asked_about_as_a_whole() -> None:
    names = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ServiceCategory", "ChargeCategory", "PricingCategory", "ResourceId")
    bill = Stream("cloud", "bill", (column("Id", "integer"), *(column(name, "decimal" if "Cost" in name else "enum") for name in names)), "Id")
    found = ask(bill)
    assert found.mappings == ()
    assert [(one.entity, one.field, one.change) for one in found.proposals] == [("cost_report", None, {"key": "Id"})]


def test_bare_numbers_among_words_are_doubted() -> None:
    resources = Stream("cloud", "cloud_resources", (column("id", "id"), column("availability_zone", share=(("integer", 0.07),))), "id")
    found = ask(resources)
    assert "availability_zone" not in found.mappings[0].by_name
    assert "7% of its values are bare numbers" in found.proposals[0].evidence[-1]


def test_asking_twice_gives_the_same() -> None:
    assert ask() == ask()


def test_a_decision_document_names_only_what_it_decides() -> None:
    stream, entity, decided = read_decision(
        {"stream": "crm/deals", "entity": "deal", "key": "deal_id", "fields": {"amount": {"expr": "amount * 1000"}}, "leave_out": ["mrr"]},
        standard(),
    )
    assert (stream, entity, decided.accepted, decided.settings) == ("crm/deals", "opportunity", True, {"key": "deal_id"})
    assert list(decided.fields) == ["amount"] and decided.rejected == {"mrr"}


def test_where_exact_matches_do_not_apply_they_are_asked_like_all_others() -> None:
    found = suggest(DEALS, standard(), {}, lambda *_: False)
    assert (found.mappings, [one.field for one in found.proposals]) == ((), [None])
    accepted = suggest(DEALS, standard(), {"opportunity": Decided(True)}, lambda *_: False)
    assert [mapping.fields for mapping in accepted.mappings] == [()]
    assert {"product", "close_date"} <= set(questions(accepted))
    some = suggest(DEALS, standard(), {}, lambda entity, field, column: (field, column) in ((None, None), ("product", "Product")))
    assert [name for mapping in some.mappings for name, _ in mapping.fields] == ["product"]
