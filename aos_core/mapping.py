"""A mapping: how one stream becomes one entity, as a document that people read, edit and version.

It says nothing of how the rows are computed (see compiling) or of who suggests it (see matching).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aos_core.errors import NotUnderstood
from aos_core.ontology import Entity, Ontology

PARSERS = {
    "decimal_comma": "1.234,50",
    "thousands": "1,234.50",
    "currency_sign": "$ 1,234.50",
    "percent": "45 %",
    "day_first": "31/12/2017",
    "month_first": "12/31/2017",
    "day": "the day of a timestamp",
}
_FIELD_KEYS = {"from", "expr", "values", "parse", "by", "confidence", "evidence"}
_DOCUMENT_KEYS = {"entity", "stream", "key", "fields", "partial", "keep", "when", "absent", "types"}


@dataclass(frozen=True)
class FieldMap:
    """One field of an entity: from a column or by an expression; `by` says who decided it."""

    source: str | None = None
    expr: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    parse: str | None = None
    by: str = "auto"
    confidence: float | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mapping:
    """`types` are the parsed types of columns that expressions name; `absent` the words that mean "nothing"."""

    entity: str
    stream: str
    key: str
    fields: tuple[tuple[str, FieldMap], ...]
    partial: bool = False
    keep: str = "everything"
    when: str | None = None
    absent: tuple[str, ...] = ("",)
    types: tuple[tuple[str, str], ...] = ()

    @property
    def by_name(self) -> dict[str, FieldMap]:
        return dict(self.fields)

    def undecided(self, entity: Entity) -> tuple[str, ...]:
        """Required fields that nothing feeds yet: while there are any, the mapping holds its rows."""
        return tuple(one.name for one in entity.values if one.required and one.name not in self.by_name)


def read_field(name: str, said: object) -> FieldMap:
    """One field of a document.

    Raises:
        NotUnderstood: an unknown word, or not exactly one of `from` and `expr`.
    """
    if isinstance(said, str):
        said = {"from": said}
    if not isinstance(said, dict):
        raise NotUnderstood("A field of a mapping is a column's name or a set of words", culprit=name)
    unknown = set(said) - _FIELD_KEYS
    if unknown:
        raise NotUnderstood(
            f"A mapping's field has no word {', '.join(sorted(map(str, unknown)))}",
            culprit=name,
            fix=f"It may say {', '.join(sorted(_FIELD_KEYS))}.",
        )
    if ("from" in said) == ("expr" in said):
        raise NotUnderstood("A mapping's field says either `from` or `expr`", culprit=name)
    parse = said.get("parse")
    if parse is not None and parse not in PARSERS:
        raise NotUnderstood("There is no such parser", culprit=f"{name}: {parse}", fix=f"There are {', '.join(PARSERS)}.")
    values = said.get("values") or {}
    if not isinstance(values, dict):
        raise NotUnderstood("`values` is a set of source value: ontology value", culprit=name)
    return FieldMap(
        source=said.get("from"),
        expr=said.get("expr"),
        values=tuple((str(given), str(meant)) for given, meant in values.items()),
        parse=parse,
        by=str(said.get("by", "auto")),
        confidence=said.get("confidence"),
        evidence=tuple(map(str, said.get("evidence", ()))),
    )


def read_mapping(document: dict[str, Any], ontology: Ontology) -> Mapping:
    """A whole document, its names checked against the ontology.

    Raises:
        NotUnderstood: says which word, and which there are.
    """
    unknown = set(document) - _DOCUMENT_KEYS
    if unknown:
        raise NotUnderstood(
            f"A mapping has no word {', '.join(sorted(map(str, unknown)))}",
            culprit=str(document.get("stream", "")),
            fix=f"It may say {', '.join(sorted(_DOCUMENT_KEYS))}.",
        )
    missing = {"entity", "stream", "key"} - set(document)
    if missing:
        raise NotUnderstood(f"A mapping says its {', '.join(sorted(missing))}", culprit=str(document.get("stream", "")))
    entity = ontology.entity(str(document["entity"]))
    fields = []
    for name, said in (document.get("fields") or {}).items():
        target = entity.field(name)
        if target.key:
            raise NotUnderstood("The key of an entity is fed by the mapping's `key`", culprit=name)
        one = read_field(target.name, said)
        strangers = [meant for _, meant in one.values if target.members and meant not in target.members]
        if strangers:
            raise NotUnderstood(
                f"{target.name} knows no {', '.join(strangers)}",
                culprit=str(document["stream"]),
                fix=f"It is one of {', '.join(target.members)}.",
            )
        fields.append((target.name, one))
    return Mapping(
        entity=entity.name,
        stream=str(document["stream"]),
        key=str(document["key"]),
        fields=tuple(fields),
        partial=bool(document.get("partial", False)),
        keep=_one_of("keep", document.get("keep", "everything"), ("everything", "mapped")),
        when=document.get("when"),
        absent=tuple(map(str, document.get("absent", ("",)))),
        types=tuple(sorted((document.get("types") or {}).items())),
    )


def write_mapping(mapping: Mapping) -> dict[str, Any]:
    """The document again: `read_mapping(write_mapping(m)) == m`."""
    document: dict[str, Any] = {"entity": mapping.entity, "stream": mapping.stream, "key": mapping.key}
    if mapping.when is not None:
        document["when"] = mapping.when
    document |= {"partial": mapping.partial, "keep": mapping.keep, "absent": list(mapping.absent)}
    document["types"] = dict(mapping.types)
    document["fields"] = {name: write_field(one) for name, one in mapping.fields}
    return document


def write_field(one: FieldMap) -> dict[str, Any]:
    said: dict[str, Any] = {"from": one.source} if one.source is not None else {"expr": one.expr}
    if one.values:
        said["values"] = dict(one.values)
    if one.parse:
        said["parse"] = one.parse
    said["by"] = one.by
    if one.confidence is not None:
        said["confidence"] = one.confidence
    if one.evidence:
        said["evidence"] = list(one.evidence)
    return said


def _one_of(word: str, said: object, allowed: tuple[str, ...]) -> str:
    if said not in allowed:
        raise NotUnderstood(f"`{word}` is one of {', '.join(allowed)}", culprit=str(said))
    return str(said)
