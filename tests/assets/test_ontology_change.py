"""An ontology that changed between two releases: rows that became events before still fill the views."""

from __future__ import annotations

from dataclasses import replace

from aos_core.ontology import Field
from tests.assets.conftest import FIRST, Company
from tests.assets.test_increment import built_from_scratch, tables


def with_field(company: Company, added: Field | None, removed: str | None = None) -> None:
    ontology = company.work.ontology
    entity = ontology.entity("opportunity")
    fields = tuple(one for one in entity.fields if one.name != removed) + ((added,) if added else ())
    entities = tuple(replace(one, fields=fields) if one.name == "opportunity" else one for one in ontology.entities)
    company.work = replace(company.work, ontology=replace(ontology, entities=entities))


def test_a_field_more_and_a_field_less_leave_every_row_and_take_what_is_mapped_since(mapped: Company) -> None:
    before = mapped.refresh()
    assert before.fresh
    with_field(mapped, Field("sales_region", "text"))
    after = mapped.refresh()
    assert after.fresh
    assert mapped.view("opportunities", "opportunity_id_source", "amount is null", "sales_region") == [("1", False, None), ("2", True, None), ("3", False, None)]
    mapped.write("deals.csv", [row | {"sales_region": "north"} for row in FIRST[:2]])
    mapped.refresh()
    assert tables(mapped.file()) == built_from_scratch(mapped)
    assert [row[0] for row in mapped.view("opportunities", "sales_region")] == ["north", "north"]
    with_field(mapped, None, removed="probability")
    mapped.refresh()
    assert "probability" not in {name for (name,) in mapped.query("select column_name from information_schema.columns where table_name = 'opportunities'")}
    assert len(mapped.view("opportunities", "sales_region")) == 2
