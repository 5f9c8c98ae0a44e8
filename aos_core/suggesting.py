"""Suggestion plus decisions: what a stream's mappings are now, and what is left for a person to decide.

A pure function of what was seen and what was decided, so that asking twice gives the same mappings and proposals.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aos_core.compiling import check_expression, quoted
from aos_core.errors import NotUnderstood
from aos_core.fingerprint import Column
from aos_core.mapping import FieldMap, Mapping, read_field, write_field
from aos_core.matching import EntityMatch, Match, Stream, match_entities, match_fields
from aos_core.ontology import Entity, Ontology

# Whether an exact match feeds its field without being asked: of an entity, a field and a column; of an entity alone, whether
# the stream is taken for it.
Applies = Callable[[str, str | None, str | None], bool]
SETTINGS = ("key", "when", "partial", "keep", "absent")
_PARSED = {"integer": "decimal", "decimal": "decimal", "date": "date", "timestamp": "timestamp", "boolean": "boolean"}


@dataclass(frozen=True)
class Decided:
    """What people said of one stream and entity. `accepted` is None while nobody said whether it is that entity."""

    accepted: bool | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, FieldMap] = field(default_factory=dict)
    rejected: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Proposed:
    """A change that waits. `field` is None where the question is whether the stream tells of the entity at all."""

    stream: str
    entity: str
    field: str | None
    title: str
    change: dict[str, Any]
    evidence: tuple[str, ...]
    confidence: float

    @property
    def change_hash(self) -> str:
        return hash_change(self.entity, self.field, self.change)


@dataclass(frozen=True)
class Suggestion:
    mappings: tuple[Mapping, ...]
    proposals: tuple[Proposed, ...]


def hash_change(entity: str, name: str | None, change: dict[str, Any]) -> str:
    """The exact change that an approval applies, or fails."""
    said = json.dumps([entity, name, change], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def every_exact_match(entity: str, field: str | None, column: str | None) -> bool:
    return True


def suggest(stream: Stream, ontology: Ontology, decided: dict[str, Decided], applies: Applies = every_exact_match) -> Suggestion:
    """Mappings and open questions of one stream, from its profile and the decisions on it, by entity's name."""
    seen = {match.entity.name: match for match in match_entities(stream, ontology)}
    for name in decided:
        seen.setdefault(name, EntityMatch(ontology.entity(name), 1.0, False, ("a person named it",)))
    mappings, proposals = [], []
    for name, match in seen.items():
        said = decided.get(name, Decided())
        key = said.settings.get("key", stream.key)
        if said.accepted is False:
            continue
        if key is None or not ((match.exact and applies(name, None, None)) or said.accepted):
            proposals.append(_is_it(stream, match, key))
            continue
        made, open_questions = _one(stream, match.entity, said, str(key), applies)
        mappings.append(made)
        proposals += open_questions
    return Suggestion(tuple(mappings), tuple(proposals))


def _is_it(stream: Stream, match: EntityMatch, key: str | None) -> Proposed:
    entity = match.entity
    change: dict[str, Any] = {"key": key} if key is not None else {}
    question = "" if key is not None else " Which column is its key?"
    return Proposed(stream.label, entity.name, None, f"{stream.label} looks like {entity.plural}.{question}", change, match.evidence, match.score)


def _one(stream: Stream, entity: Entity, said: Decided, key: str, applies: Applies) -> tuple[Mapping, list[Proposed]]:
    fields: dict[str, FieldMap] = {}
    proposals: list[Proposed] = []
    matches = {match.field.name: match for match in match_fields(stream, entity)}
    taken = {match.column.name for match in matches.values() if match.exact} | {key}
    for one in entity.values:
        match = matches.get(one.name)
        if one.name in said.fields:
            fields[one.name] = said.fields[one.name]
        elif one.name in said.rejected or match is None:
            continue
        elif match.applies_itself and applies(entity.name, one.name, match.column.name):
            fields[one.name] = FieldMap(source=match.column.name, parse=match.parse, confidence=match.score, evidence=match.evidence)
        elif match.column.name not in taken or match.exact or match.score >= 0.7 or one.required or one.metric:
            proposals.append(_is_this(stream, entity, match))
    proposals += _missing(stream, entity, said, fields, proposals)
    return _mapping(stream, entity, said, key, fields), proposals


def _mapping(stream: Stream, entity: Entity, said: Decided, key: str, fields: dict[str, FieldMap]) -> Mapping:
    absent = ["", "NULL"] if any(column.literal_nulls for column in stream.columns) else [""]
    settings = said.settings
    spoken = [check_expression(one.expr) for one in fields.values() if one.expr is not None]
    spoken += [check_expression(settings["when"])] if settings.get("when") else []
    named = {name for tree in spoken for name in _columns(tree)}
    types = {column.name: _PARSED.get(column.inferred, "text") for column in stream.columns if column.name in named}
    return Mapping(
        entity=entity.name,
        stream=stream.label,
        key=key,
        fields=tuple((one.name, fields[one.name]) for one in entity.values if one.name in fields),
        partial=bool(settings.get("partial", False)),
        keep=str(settings.get("keep", "everything")),
        when=settings.get("when"),
        absent=tuple(map(str, settings.get("absent", absent))),
        types=tuple(sorted(types.items())),
    )


def _columns(tree: Any) -> set[str]:
    return {node.name for node in tree.walk() if node.key == "column"}


def _is_this(stream: Stream, entity: Entity, match: Match) -> Proposed:
    name, column = match.field.name, match.column.name
    evidence = match.evidence + ((match.doubt,) if match.doubt else ())
    return Proposed(
        stream.label, entity.name, name, f"{entity.name}.{name} is {column}?", _change(match), evidence, match.score
    )


def _change(match: Match) -> dict[str, Any]:
    if match.scale is not None:
        return {"expr": f"{_spelled(match.column.name)} * {match.scale}"}
    change: dict[str, Any] = {"from": match.column.name}
    if match.values:
        change["values"] = dict(match.values)
    if match.parse:
        change["parse"] = match.parse
    return change


def _spelled(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else quoted(name)


def _missing(stream: Stream, entity: Entity, said: Decided, fields: dict[str, FieldMap], asked: list[Proposed]) -> list[Proposed]:
    """What must be said though no column offers itself: fields that figures rest on, and the currency of amounts."""
    known = set(fields) | said.rejected | {str(one.field) for one in asked}
    found = [
        Proposed(stream.label, entity.name, one.name, f"Which column says {entity.name}.{one.name}?", {}, ("figures rest on it and no column offers itself",), 0.0)
        for one in entity.values
        if (one.required or one.metric) and one.name not in known
    ]
    amounts = [one.name for one in entity.values if one.type == "money" and (one.name in fields or any(p.field == one.name for p in asked))]
    if amounts and "currency" not in known and any(one.name == "currency" for one in entity.values):
        found.append(_currency(stream, entity, amounts))
    return found


def _currency(stream: Stream, entity: Entity, amounts: list[str]) -> Proposed:
    told = [(column, code) for column in stream.columns if (code := _code(column))]
    change = {"expr": f"'{told[0][1]}'"} if told else {}
    evidence = [f"no column says the currency of {', '.join(amounts)}"]
    evidence += [f"the dictionary says “{column.description}”" for column, _ in told[:1]]
    return Proposed(stream.label, entity.name, "currency", f"Which currency are these amounts in: {', '.join(amounts)}?", change, tuple(evidence), 0.6 if told else 0.0)


def _code(column: Column) -> str | None:
    found = re.search(r"\b(USD|EUR|GBP|JPY|CHF|CAD|AUD|CNY|INR)\b", column.description)
    return found.group(1) if found else None


def read_decision(document: dict[str, Any], ontology: Ontology) -> tuple[str, str, Decided]:
    """A decision document: stream, entity, and only what it decides.

    Raises:
        NotUnderstood: says which word.
    """
    unknown = set(document) - {"stream", "entity", "fields", "leave_out", *SETTINGS}
    if unknown:
        raise NotUnderstood(
            f"A decision has no word {', '.join(sorted(map(str, unknown)))}",
            culprit=str(document.get("stream", "")),
            fix=f"It may say stream, entity, fields, leave_out, {', '.join(SETTINGS)}.",
        )
    if "stream" not in document or "entity" not in document:
        raise NotUnderstood("A decision names its stream and its entity", culprit=str(document)[:80])
    entity = ontology.entity(str(document["entity"]))
    fields = {entity.field(name).name: read_change(entity, name, said) for name, said in (document.get("fields") or {}).items()}
    rejected = frozenset(entity.field(name).name for name in document.get("leave_out") or ())
    settings = {word: document[word] for word in SETTINGS if word in document}
    read_settings(settings)
    return str(document["stream"]), entity.name, Decided(True, settings, fields, rejected)


def read_change(entity: Entity, name: str, said: object) -> FieldMap:
    """A decided field, checked: the expression parses, enum words exist, the key is not among them."""
    target = entity.field(name)
    if target.key:
        raise NotUnderstood("The key of an entity is fed by `key`", culprit=name)
    one = read_field(target.name, said)
    if one.expr is not None:
        check_expression(one.expr)
    strangers = [meant for _, meant in one.values if target.members and meant not in target.members]
    if strangers:
        raise NotUnderstood(f"{target.name} knows no {', '.join(strangers)}", fix=f"It is one of {', '.join(target.members)}.")
    return one


def read_settings(settings: dict[str, Any]) -> None:
    """Raises NotUnderstood where a setting is not of its form."""
    if settings.get("when"):
        check_expression(str(settings["when"]))
    if not isinstance(settings.get("absent", []), list):
        raise NotUnderstood("`absent` is a list of words", culprit=str(settings["absent"]))
    if settings.get("keep", "everything") not in ("everything", "mapped"):
        raise NotUnderstood("`keep` is everything or mapped", culprit=str(settings["keep"]))


def write_change(one: FieldMap) -> dict[str, Any]:
    """The change of a decision: the field's words without who and why, which stand beside it."""
    said = write_field(one)
    return {word: said[word] for word in ("from", "expr", "values", "parse") if word in said}
