"""How an entity's columns stand in a version, and how each becomes JSON: exact decimals as text, times in UTC."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from aos_api.masking import Mask
from aos_core.errors import NotFound, NotUnderstood
from aos_core.masking import not_for_you
from aos_core.ontology import Entity, Field, Ontology
from aos_core.sight import NOTHING_HIDDEN, Hidden
from aos_resources.warehouse import Version

_FORMS = {
    "integer": re.compile(r"[+-]?[0-9]{1,18}"),
    "decimal": re.compile(r"[+-]?[0-9]{1,22}(\.[0-9]{1,15})?"),
    "boolean": re.compile(r"true|false"),
}


@dataclass(frozen=True)
class Shape:
    """An entity as one version has it and one caller sees it: its `values`, the place at which `_from` speaks of each, how many rows.

    What is `hidden` is null in a record, and nothing may be asked by it.
    """

    entity: Entity
    values: tuple[Field, ...]
    places: dict[str, int]
    rows: int
    last: int  # the largest ordinal
    hidden: Hidden = NOTHING_HIDDEN

    @property
    def table(self) -> str:
        return f"unified.{quoted(self.entity.plural)}"

    @property
    def key(self) -> str:
        return self.entity.key.name

    @cached_property
    def record(self) -> str:
        """SQL of one whole record as a JSON object."""
        values = ", ".join(f"'{one.name}', {json_of(one) if self.sees(one) else 'null'}" for one in self.values)
        references = ", ".join(f"'{one.name}', {self._spelled(one)}" for one in self.values if one.type == "ref")
        return (
            f"json_object('id', {quoted(self.key)}, 'source_key', {self._spelled(self.entity.key)},"
            f" 'values', json_object({values}), 'references', json_object({references}),"
            f" 'extras', {'null' if self.hidden.extras else _parsed('extras')}, 'stale', _stale, 'seq', _seq)"
        )

    @cached_property
    def masked(self) -> str:
        """The names of what is null in its records, as a JSON array."""
        return json.dumps(self.hidden.names)

    def sees(self, field: Field) -> bool:
        return field.name not in self.hidden.values

    def sees_spelling(self, field: Field) -> bool:
        """Of the key or a reference: whether what the source itself says may be told."""
        return field.name not in self.hidden.spellings

    def said(self, field: Field) -> bool:
        """Whether a field may be told as people know it, which is what is searched, counted and sorted by."""
        return self.sees(field) and self.sees_spelling(field)

    def _spelled(self, field: Field) -> str:
        return quoted(field.name + "_source") if self.sees_spelling(field) else "null"


def entity_named(ontology: Ontology, name: str) -> Entity:
    """By name, plural or alias.

    Raises:
        NotFound: there is none.
    """
    try:
        return ontology.entity(name)
    except NotUnderstood as unknown:
        raise NotFound(unknown.what, fix=unknown.fix) from unknown


def shape_of(version: Version, entity: Entity, mask: Mask) -> Shape:
    """What the version was built with (the ontology may have grown since), without what the caller does not see.

    Raises:
        NotFound: the version was built before there was such an entity.
    """
    whole = version.once((Shape, entity.name), lambda: _shape(version, entity))
    hidden = mask.hidden(entity.name, version.applied_seq)
    return version.once((Shape, entity.name, hidden), lambda: replace(whole, hidden=hidden)) if hidden.names else whole


def _shape(version: Version, entity: Entity) -> Shape:
    fields = version.all("select field from meta.fields where entity = ? order by position", entity.name)
    if not fields:
        raise NotFound("The current version does not have this entity yet", fix="Ask for a run.")
    known = {one.name: one for one in entity.values}
    built = [name for (name,) in fields if name != entity.key.name]
    places = {name: place for place, name in enumerate(built, start=1)}
    values = tuple(known[name] for name in built if name in known)
    rows, last = version.first(
        f"select count(*), coalesce(max(_ordinal), 0) from unified.{quoted(entity.plural)}"
    ) or (0, 0)
    return Shape(entity, values, places, rows, last)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def decimal_text(expression: str) -> str:
    """SQL of a DECIMAL's exact text, without trailing zeros or an exponent."""
    return f"rtrim(rtrim({expression}::varchar, '0'), '.')"


def json_of(field: Field) -> str:
    """SQL of a field's value as it stands in JSON."""
    name = quoted(field.name)
    if field.physical.startswith("DECIMAL"):
        return decimal_text(name)
    if field.type == "timestamp":
        return f"replace({name}::varchar, ' ', 'T') || 'Z'"
    if field.type == "json":
        return _parsed(name)
    return name


def said_as(field: Field) -> str:
    """SQL of a value as people know it: the key and references as the source spells them, all else as it stands."""
    return quoted(field.name + "_source" if field.key or field.type == "ref" else field.name)


def built_field(entity: Entity, shape: Shape, name: str) -> Field:
    """The field of that name or alias.

    Raises:
        NotUnderstood: there is none, or the version was built before there was. NotAllowed: it is masked for the caller.
    """
    field = entity.field(name)
    if not shape.sees(field):
        raise not_for_you(field.name)
    if not field.key and field not in shape.values:
        raise NotUnderstood(
            "The current version does not have this field yet", culprit=name, fix="Ask for a run."
        )
    return field


def condition(entity: Entity, shape: Shape, name: str, value: str) -> tuple[str, list[object]]:
    """A filter's SQL and parameters. References and the key may be named by id or as the source spells them.

    Raises:
        NotUnderstood: no such field, or the value is not of its type. NotAllowed: it is masked for the caller.
    """
    field = built_field(entity, shape, name)
    if field.key or field.type == "ref":
        as_id = _uuid(value)
        if not shape.sees_spelling(field):
            if as_id is None:
                raise not_for_you(field.name)
            return f"{quoted(field.name)} = ?", [as_id]
        # A source's own key may look like an id of ours.
        if as_id is not None:
            return f"({quoted(field.name)} = ? or {said_as(field)} = ?)", [as_id, value]
        return f"{said_as(field)} = ?", [value]
    return f"{quoted(field.name)} = cast(? as {field.physical})", [_read(field, value)]


def _read(field: Field, value: str) -> object:
    """The value in the field's type. Read here, because DuckDB's casts round: '12.7' would be the integer 13.

    Raises:
        NotUnderstood: it is not of that type.
    """
    if field.members and value not in field.members:
        raise NotUnderstood(f"{field.name} is one of {', '.join(field.members)}", culprit=value[:80])
    try:
        if field.type in ("date", "timestamp"):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except ValueError as unread:
        raise NotUnderstood(
            f"{field.name} is a {field.type} as ISO 8601 writes it", culprit=value[:80]
        ) from unread
    form = _FORMS.get("decimal" if field.physical.startswith("DECIMAL") else field.type)
    if form is not None and not form.fullmatch(value):
        raise NotUnderstood(f"{field.name} is of the type {field.type}", culprit=value[:80])
    return value


def _parsed(column: str) -> str:
    return f"case when json_valid({column}) then {column}::json else to_json({column}) end"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
