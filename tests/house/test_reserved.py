"""Words that a listing keeps for itself: no field may be called by one, since every other parameter names a field."""

from __future__ import annotations

from aos_api.reads.finding import RESERVED
from aos_core.ontology import standard


def test_no_field_is_called_like_a_parameter_of_its_listing() -> None:
    called = {name for entity in standard().entities for field in entity.fields for name in (field.name, *field.alias)}
    assert len(called) > 100
    assert called & RESERVED == set()
