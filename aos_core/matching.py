"""Which entity a stream tells of, and which column feeds which field: suggestions with evidence, never decisions.

The score is the matcher's own and is not a probability: until it is calibrated, only an exact name or alias whose
type fits, and that nothing contradicts, applies itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from aos_core.fingerprint import Column
from aos_core.names import meanings, plain
from aos_core.ontology import NUMBERS, Entity, Field, Ontology

# Weakest evidence that is still worth a person's look.
WORTH_ASKING = 0.5
# The same for a field that figures rest on: a weak candidate is better than an empty question.
WORTH_ASKING_OF_IMPORTANT = 0.3
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_FITTING: dict[str, frozenset[str]] = {
    "id": frozenset({"id", "text", "integer", "enum", "phone"}),
    "ref": frozenset({"id", "text", "integer", "enum", "phone", "email"}),
    "text": frozenset({"text", "enum", "id", "email", "url", "phone", "currency", "boolean", "integer"}),
    "enum": frozenset({"enum", "text", "boolean"}),
    "integer": frozenset({"integer"}),
    "decimal": frozenset({"integer", "decimal"}),
    "money": frozenset({"integer", "decimal", "money"}),
    "share": frozenset({"integer", "decimal", "percent"}),
    "date": frozenset({"date", "timestamp"}),
    "timestamp": frozenset({"date", "timestamp"}),
    "boolean": frozenset({"boolean", "integer"}),
    "json": frozenset({"json"}),
}
_PARSERS = {("money", "money"): "currency_sign", ("share", "percent"): "percent", ("date", "timestamp"): "day"}


@dataclass(frozen=True)
class Stream:
    """What the matcher sees of a stream: its name, columns with descriptions, and its key's column if it has one."""

    connection: str
    name: str
    columns: tuple[Column, ...]
    key: str | None

    @property
    def label(self) -> str:
        return f"{self.connection}/{self.name}"


@dataclass(frozen=True)
class Match:
    """A column for a field. `exact`: the name or an alias, with a fitting type. `doubt`: what contradicts it."""

    column: Column
    field: Field
    score: float
    exact: bool
    evidence: tuple[str, ...]
    doubt: str | None = None
    scale: int | None = None
    parse: str | None = None
    values: tuple[tuple[str, str], ...] = ()

    @property
    def applies_itself(self) -> bool:
        return self.exact and self.doubt is None


@dataclass(frozen=True)
class EntityMatch:
    entity: Entity
    score: float
    exact: bool
    evidence: tuple[str, ...]


def match_entities(stream: Stream, ontology: Ontology) -> tuple[EntityMatch, ...]:
    """Entities that the stream may tell of, best first; none where nothing speaks for one.

    Exact: the stream is called like the entity, or its own key column like the entity's key.
    """
    found = []
    for entity in ontology.entities:
        called = {plain(name) for name in (entity.name, entity.plural, *entity.alias)}
        if plain(stream.name.rsplit(".", 1)[-1]) in called:
            found.append(EntityMatch(entity, 1.0, True, (f"the stream is called {stream.name}",)))
            continue
        key = next((one for one in stream.columns if plain(one.name) == plain(entity.key.name)), None)
        if key is not None and key.name == stream.key:
            found.append(EntityMatch(entity, 1.0, True, (f"its key is {key.name}",)))
            continue
        exact = [one for one in match_fields(stream, entity) if one.exact]
        overlap = len(meanings(stream.name) & {word for name in called for word in meanings(name)})
        score = min(0.95, len(exact) / 12 + (0.3 if overlap else 0) + (0.25 if key is not None else 0))
        if score >= WORTH_ASKING and exact:
            named = ", ".join(one.column.name for one in exact[:6])
            found.append(EntityMatch(entity, round(score, 3), False, (f"{len(exact)} columns are called like its fields: {named}",)))
    return tuple(sorted(found, key=lambda one: -one.score))


def match_fields(stream: Stream, entity: Entity) -> tuple[Match, ...]:
    """The best column for each field, best first; a column may feed several fields, a field takes one column."""
    best: list[Match] = []
    for field in entity.values:
        scored = [match for column in stream.columns if (match := _match(column, field, entity)) is not None]
        if scored:
            best.append(max(scored, key=lambda one: (one.score, one.exact, one.column.present)))
    return tuple(sorted(best, key=lambda one: -one.score))


def _match(column: Column, field: Field, entity: Entity) -> Match | None:
    if column.present == 0:
        return None
    name, how, exact = _name_score(column, field, entity)
    said, told = _description_score(column, field)
    listed, heard, values = _values_score(column, field)
    type_fits = column.inferred in _FITTING[field.type]
    if not type_fits and not (field.type in NUMBERS and column.fits.get("decimal", 0) > 0.9):
        return None
    score = max(name, 0.9 * said, 0.55 * name + 0.45 * said, listed)
    if score < (WORTH_ASKING_OF_IMPORTANT if field.required or field.metric else WORTH_ASKING):
        return None
    evidence = tuple(filter(None, (how, told, heard, f"its values are {column.inferred}")))
    scale = _scale(column) if field.type in ("money", "decimal") else None
    return Match(
        column=column,
        field=field,
        score=round(score, 3),
        exact=exact and type_fits,
        evidence=evidence,
        doubt=_doubt(column, field, scale, values),
        scale=scale,
        parse=_PARSERS.get((field.type, column.inferred)),
        values=values,
    )


def _name_score(column: Column, field: Field, entity: Entity) -> tuple[float, str, bool]:
    """Score, evidence, and whether the name or an alias is the same once spelling is set aside."""
    spelled = plain(column.name)
    names = {plain(name) for name in (field.name, *field.alias)}
    if spelled == plain(field.name):
        return 1.0, f"{column.name} is the field's own name", True
    if spelled in names:
        return 1.0, f"{column.name} is another name of {field.name}", True
    if field.type == "ref" and spelled in {plain(str(field.target))} and field.name.startswith(str(field.target)):
        return 0.85, f"{column.name} names the thing that {field.name} refers to", False
    own = {plain(name) for name in (entity.name, *entity.alias)}
    if any(spelled == f"{prefix} {name}" for prefix in own for name in names):
        return 0.9, f"{column.name} is {field.name} with the entity's name before it", False
    if spelled in own and field.required and field.type == "text":
        return 0.7, f"{column.name} is called like the entity itself", False
    mine, theirs = meanings(column.name), [meanings(name) for name in (field.name, *field.alias)]
    shared = max((len(mine & other) / len(mine | other) for other in theirs if mine | other), default=0.0)
    about = len(mine & meanings(field.about)) / len(mine) if mine and field.about else 0.0
    spelling = max(fuzz.ratio(spelled, name) for name in names) / 100
    score = max(0.85 * shared, 0.8 * about if len(mine) > 1 else 0.0, 0.7 * spelling if spelling > 0.8 else 0.0)
    return score, f"{column.name} resembles {field.name}" if score >= 0.4 else "", False


def _description_score(column: Column, field: Field) -> tuple[float, str]:
    """How much of the field's name or meaning the dictionary's description speaks of."""
    told = meanings(column.description)
    if not told:
        return 0.0, ""
    if plain(column.description) in {plain(name) for name in (field.name, *field.alias)}:
        return 1.0, f"the dictionary says “{column.description}”"
    names = [meanings(name) for name in (field.name, *field.alias)]
    share = max((len(told & name) / len(name) * (0.5 + 0.5 * len(told & name) / len(told)) for name in names if name), default=0.0)
    return share, f"the dictionary says “{column.description}”" if share >= 0.4 else ""


def _values_score(column: Column, field: Field) -> tuple[float, str, tuple[tuple[str, str], ...]]:
    """For an enum: which of its words the commonest values mean."""
    if field.type != "enum" or not column.top or column.inferred not in ("enum", "text"):
        return 0.0, "", ()
    pairs = [(value, meant) for value in column.top if (meant := _member(value, field.members))]
    share = len(pairs) / len(column.top)
    said = f"{len(pairs)} of its {len(column.top)} commonest values are words of {field.name}" if pairs else ""
    return 0.75 * share, said, tuple(pairs)


def _member(value: str, members: tuple[str, ...]) -> str | None:
    given = plain(value).replace(" ", "_")
    if given in members:
        return given
    endings = [member for member in members if member.endswith(f"_{given}")]
    return endings[0] if len(endings) == 1 else None


def _scale(column: Column) -> int | None:
    """`(in millions of USD)` in a description or a name."""
    told = f"{column.description} {plain(column.name)}".lower()
    found = re.search(r"\bin (thousand|million|billion)s?\b", told)
    return _SCALES[found.group(1)] if found else None


def _doubt(column: Column, field: Field, scale: int | None, values: tuple[tuple[str, str], ...]) -> str | None:
    """What the profile or the dictionary says against taking the column as it is."""
    if scale is not None:
        return f"the dictionary says that {column.name} is in units of {scale:,}"
    if field.type == "enum" and len(values) < len(column.top):
        return f"not every value is a word of {field.name}"
    if (field.type, column.inferred) in _PARSERS:
        return f"its values are {column.inferred}, the field is a {field.type}"
    numbers = column.fits.get("integer", 0.0)
    if field.type == "text" and 0 < numbers < 0.5:
        return f"{numbers:.0%} of its values are bare numbers, the others are words"
    return None
