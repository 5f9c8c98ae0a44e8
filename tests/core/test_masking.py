"""Which fields a role sees: classes, defaults, what a tenant may say, and the word that caches go by."""

from __future__ import annotations

import pytest

from aos_core.errors import NotUnderstood
from aos_core.masking import DEFAULTS, KINDS, MASKABLE, Policy, read_roles, sees
from aos_core.metrics import fields_of, standard_metrics
from aos_core.ontology import read_entity, standard

CONTACT, DEAL = standard().entity("contact"), standard().entity("opportunity")
EMAIL, TITLE, AMOUNT = CONTACT.field("email"), CONTACT.field("title"), DEAL.field("amount")


def test_by_default_analysts_and_viewers_do_not_see_personal_data_and_everybody_sees_money() -> None:
    seen = {role: [sees(role, field, Policy()) for field in (EMAIL, TITLE, AMOUNT)] for role in ("owner", *MASKABLE)}
    open_to_all, masked = [True, True, True], [False, True, True]
    assert seen == {"owner": open_to_all, "admin": open_to_all, "engineer": open_to_all, "analyst": masked, "viewer": masked}


def test_a_tenant_says_it_class_by_class_and_never_of_an_owner() -> None:
    policy = Policy({"money": frozenset({"viewer", "owner"})})
    assert [sees("viewer", one, policy) for one in (EMAIL, TITLE, AMOUNT)] == [False, True, False]
    assert [sees("owner", one, policy) for one in (EMAIL, TITLE, AMOUNT)] == [True, True, True]
    assert sees("viewer", EMAIL, Policy({"personal": frozenset()}))


def test_a_role_that_nobody_knows_sees_nothing_that_is_ever_masked() -> None:
    assert Policy({kind: frozenset() for kind in KINDS}).hidden_from("robot") == frozenset(KINDS)


def test_owners_and_strangers_cannot_be_masked() -> None:
    assert read_roles(["viewer", "admin", "viewer"]) == {"viewer", "admin"}
    for roles in (["owner"], ["viewer", "robot"], [""]):
        with pytest.raises(NotUnderstood, match="Nothing can be masked"):
            read_roles(roles)


def test_the_policys_word_differs_where_what_is_seen_does() -> None:
    policies = [Policy(), Policy({"money": frozenset({"viewer"})}), Policy({"personal": frozenset({"viewer"})})]
    words = [one.version(role) for one in policies for role in ("owner", *MASKABLE)]
    assert len(set(words)) == len(words)
    assert Policy(DEFAULTS).version("viewer") == Policy().version("viewer")


def test_every_amount_is_money_and_the_ontology_says_what_is_personal() -> None:
    fields = [(f"{entity.name}.{one.name}", one) for entity in standard().entities for one in entity.fields]
    assert {name for name, one in fields if one.type == "money"} == {name for name, one in fields if one.holds == "money"}
    personal = {name for name, one in fields if one.holds == "personal"}
    assert {name for name, _ in fields if name.rpartition(".")[2] in ("email", "phone", "owner", "owner_email", "first_name", "last_name", "tags")} <= personal
    assert "contact.name" in personal
    assert "account.name" not in personal


def test_a_class_that_there_is_not_is_refused() -> None:
    document = {"entity": "a", "plural": "as", "about": "", "alias": [], "fields": {"b": {"type": "text", "holds": "persnal"}}}
    with pytest.raises(NotUnderstood, match="no such class"):
        read_entity(document)


def test_a_figure_knows_the_fields_that_it_is_made_of() -> None:
    assert fields_of("won_revenue") == {"amount", "status"}
    assert fields_of("opportunities_without_amount") == {"amount"}
    assert fields_of("accounts") == frozenset()
    assert fields_of("nobody's") is None
    assert all(fields_of(one.name) is not None for one in standard_metrics())
