"""What of a tenant's data a role sees, traced through its mappings: fields, the source's spellings, and raw columns.

A column of a source is seen only if it is known to be free: it feeds a field, every field that it feeds is seen, and
its values do not look like what is masked. What a masked column feeds is masked too, under whatever name.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeAlias
from uuid import UUID

from aos_core.compiling import check_expression
from aos_core.ontology import Entity, Field, Kind, Ontology

# Inferred by a column's profile: a value that fits one of these patterns tells what it is.
LOOKS: dict[str, Kind] = {"email": "personal", "money": "money"}
_Columns: TypeAlias = dict[UUID, frozenset[str]]


@dataclass(frozen=True)
class Feed:
    """One field of an entity and the columns of a stream that it is made of; `until`: the seq of the mapping that replaced this one."""

    stream: UUID
    entity: str
    field: str
    columns: frozenset[str]
    until: int | None = None


@dataclass(frozen=True)
class Hidden:
    """Of one entity: fields without their values, and the key and references without what the source itself says."""

    values: frozenset[str] = frozenset()
    spellings: frozenset[str] = frozenset()
    extras: bool = False

    @property
    def names(self) -> list[str]:
        """As an answer names what is null in its rows."""
        return sorted(self.values | self.spellings | ({"extras"} if self.extras else set()))


NOTHING_HIDDEN = Hidden()


@dataclass(frozen=True)
class Sight:
    """`kinds` are the classes that are masked; where there are none, everything is seen and nothing else here counts."""

    kinds: frozenset[Kind] = frozenset()
    hidden: dict[str, Hidden] = field(default_factory=dict)
    free: _Columns = field(default_factory=dict)

    def of(self, entity: str) -> Hidden:
        return self.hidden.get(entity, NOTHING_HIDDEN)

    def sees_column(self, stream: UUID | None, column: str) -> bool:
        return not self.kinds or (stream is not None and column in self.free.get(stream, frozenset()))


@dataclass(frozen=True)
class Lineage:
    """What a tenant's mappings feed. `looks`: columns with values that look like a class; `applied`: of the published version."""

    feeds: tuple[Feed, ...] = ()
    looks: frozenset[tuple[UUID, str, Kind]] = frozenset()
    applied: int | None = None
    _found: dict[tuple[frozenset[Kind], int | None], Sight] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def mark(self) -> str:
        """A hash of all that it says."""
        feeds = sorted((str(one.stream), one.entity, one.field, sorted(one.columns), one.until or 0) for one in self.feeds)
        said = repr((feeds, sorted(map(str, self.looks)), self.applied))
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def sight(self, ontology: Ontology, kinds: frozenset[Kind], applied: int | None = None) -> Sight:
        """As of a version that contains everything up to `applied`: what a mapping made stays in it after it was replaced."""
        asked = (kinds, self.applied if applied is None else applied)
        if asked not in self._found:
            standing = tuple(one for one in self.feeds if one.until is None or asked[1] is None or one.until > asked[1])
            self._found[asked] = _look(ontology, kinds, standing, self.looks) if kinds else Sight()
        return self._found[asked]


def feeds_of(stream: UUID, document: dict[str, Any], until: int | None, ontology: Ontology) -> tuple[Feed, ...]:
    """What a stored mapping feeds, its entity's key among it. Fields that the ontology no longer has show nothing, and free nothing."""
    entity = next((one for one in ontology.entities if one.name == document.get("entity")), None)
    if entity is None:
        return ()
    said = {entity.key.name: document.get("key"), **(document.get("fields") or {})}
    known = {one.name for one in entity.fields}
    return tuple(Feed(stream, entity.name, name, columns_of(one), until) for name, one in said.items() if name in known)


def columns_of(entry: object) -> frozenset[str]:
    """The source's columns that a mapping's entry for one field names."""
    if isinstance(entry, str):
        return frozenset({entry})
    if not isinstance(entry, dict):
        return frozenset()
    if entry.get("from") is not None:
        return frozenset({str(entry["from"])})
    return _named(str(entry["expr"])) if entry.get("expr") is not None else frozenset()


@lru_cache(maxsize=4096)
def _named(expression: str) -> frozenset[str]:
    return frozenset(str(node.name) for node in check_expression(expression).walk() if node.key == "column")


def _look(ontology: Ontology, kinds: frozenset[Kind], feeds: tuple[Feed, ...], looks: frozenset[tuple[UUID, str, Kind]]) -> Sight:
    """Spreads what is hidden from fields to columns and back until nothing more is."""
    entities = {one.name: one for one in ontology.entities}
    values = {one.name: {it.name for it in one.fields if it.holds in kinds} for one in ontology.entities}
    spelled: dict[str, set[str]] = {name: {it.name for it in one.fields if _is_spelled(it) and it.name in values[name]} for name, one in entities.items()}
    masked: dict[UUID, set[str]] = defaultdict(set)
    for stream, column, kind in looks:
        if kind in kinds:
            masked[stream].add(column)
    before = -1
    while before != (before := _count(values) + _count(spelled) + _count(masked)):
        _spread_to_references(entities, values, spelled)
        for one in feeds:
            known = entities[one.entity].field(one.field)
            if known.name in (spelled if _is_spelled(known) else values)[one.entity]:
                masked[one.stream] |= one.columns
            elif one.columns & masked[one.stream] and known.type not in ("enum", "boolean"):  # their words are the ontology's
                (spelled if _is_spelled(known) else values)[one.entity].add(known.name)
    free: dict[UUID, set[str]] = defaultdict(set)
    for one in feeds:
        free[one.stream] |= one.columns - masked[one.stream]
    # A record's key stands in `values` by our own id, which says nothing.
    hidden = {
        name: Hidden(frozenset(values[name] - {one.key.name}), frozenset(spelled[name]), extras=True) for name, one in entities.items()
    }
    return Sight(kinds, hidden, {stream: frozenset(columns) for stream, columns in free.items()})


def _spread_to_references(entities: dict[str, Entity], values: dict[str, set[str]], spelled: dict[str, set[str]]) -> None:
    """A source may spell a reference by the key or by the name of what it is to."""
    for name, entity in entities.items():
        for one in entity.fields:
            if one.target in entities and ("name" in values[one.target] or entities[one.target].key.name in spelled[one.target]):
                spelled[name].add(one.name)


def _is_spelled(field: Field) -> bool:
    return field.key or field.type == "ref"


def _count(found: dict[Any, set[str]]) -> int:
    return sum(len(one) for one in found.values())
