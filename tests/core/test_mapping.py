"""Mapping documents: written and read back, and refused in words."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aos_core.errors import NotUnderstood
from aos_core.mapping import PARSERS, FieldMap, Mapping, read_mapping, write_mapping
from aos_core.ontology import standard

_names = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
_fields = st.sampled_from([one.name for one in standard().entity("account").values if one.type != "enum"])
_maps = st.builds(
    FieldMap,
    source=_names,
    values=st.lists(st.tuples(_names, _names), max_size=3, unique_by=lambda pair: pair[0]).map(tuple),
    parse=st.none() | st.sampled_from(sorted(PARSERS)),
    by=st.sampled_from(["auto", "ada@example.com"]),
    confidence=st.none() | st.floats(0, 1),
    evidence=st.lists(_names, max_size=2).map(tuple),
)
_mappings = st.builds(
    Mapping,
    entity=st.just("account"),
    stream=_names,
    key=_names,
    fields=st.dictionaries(_fields, _maps, max_size=5).map(lambda found: tuple(found.items())),
    partial=st.booleans(),
    keep=st.sampled_from(["everything", "mapped"]),
    when=st.none() | st.just("a is not null"),
    absent=st.lists(_names, max_size=2).map(tuple),
    types=st.dictionaries(_names, st.just("decimal"), max_size=2).map(lambda found: tuple(sorted(found.items()))),
)


@given(_mappings)
def test_a_mapping_survives_being_written_as_yaml(mapping: Mapping) -> None:
    assert read_mapping(yaml.safe_load(yaml.safe_dump(write_mapping(mapping), sort_keys=False)), standard()) == mapping


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"colour": "red"}, "no word colour"),
        ({"entity": "planet"}, "no entity of that name"),
        ({"fields": {"hue": "x"}}, "no field of that name"),
        ({"fields": {"name": {"from": "a", "expr": "a"}}}, "either `from` or `expr`"),
        ({"fields": {"name": {"from": "a", "parse": "roman"}}}, "no such parser"),
        ({"fields": {"risk_level": {"from": "a", "values": {"x": "huge"}}}}, "knows no huge"),
        ({"fields": {"account_id": "a"}}, "fed by the mapping's `key`"),
        ({"keep": "some"}, "`keep` is one of"),
    ],
)
def test_a_document_that_is_not_understood_is_refused_in_words(change: dict[str, object], says: str) -> None:
    with pytest.raises(NotUnderstood, match=says):
        read_mapping({"entity": "account", "stream": "crm/x", "key": "id"} | change, standard())


def test_a_mapping_names_the_required_fields_that_nothing_feeds() -> None:
    mapping = read_mapping({"entity": "opportunity", "stream": "crm/x", "key": "id", "fields": {"amount": "a"}}, standard())
    assert mapping.undecided(standard().entity("opportunity")) == ("status",)
