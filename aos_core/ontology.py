"""What a company's things are called: entities, their fields, types, aliases, and what of it is personal or money. Says nothing of any source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

from aos_core.errors import NotUnderstood

_TYPE = re.compile(r"(?P<base>[a-z]+)(?:[\[(](?P<inside>[^\])]*)[\])])?")
# How each type stands in DuckDB and Parquet. Decimals are exact: 15 places hold every FOCUS price.
PHYSICAL = {
    "id": "VARCHAR",
    "ref": "VARCHAR",
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "json": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(38,15)",
    "money": "DECIMAL(38,15)",
    "share": "DECIMAL(38,15)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
NUMBERS = frozenset({"integer", "decimal", "money", "share"})
# What a field holds that not everybody may see; a tenant says who sees it masked.
Kind = Literal["personal", "money"]


@dataclass(frozen=True)
class Field:
    """`type` is the base type; `target` a reference's entity, `members` an enum's words, `unit` a number's unit.

    `holds` is its class for masking: amounts are money by their type, personal data is said in the entity's file.
    """

    name: str
    type: str
    key: bool = False
    required: bool = False
    metric: bool = False
    target: str | None = None
    members: tuple[str, ...] = ()
    unit: str | None = None
    alias: tuple[str, ...] = ()
    about: str = ""
    holds: Kind | None = None

    @property
    def physical(self) -> str:
        return PHYSICAL[self.type]


@dataclass(frozen=True)
class Entity:
    name: str
    plural: str
    about: str
    alias: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def key(self) -> Field:
        return next(one for one in self.fields if one.key)

    @property
    def values(self) -> tuple[Field, ...]:
        """Every field but the key, in the ontology's order."""
        return tuple(one for one in self.fields if not one.key)

    def field(self, name: str) -> Field:
        """The field of that name or alias.

        Raises:
            NotUnderstood: the entity has no such field.
        """
        for one in self.fields:
            if name == one.name or name in one.alias:
                return one
        raise NotUnderstood(
            f"The entity {self.name} has no field of that name",
            culprit=name,
            fix=f"Its fields are {', '.join(one.name for one in self.fields)}.",
        )


@dataclass(frozen=True)
class Ontology:
    entities: tuple[Entity, ...]

    def entity(self, name: str) -> Entity:
        """The entity of that name, plural or alias.

        Raises:
            NotUnderstood: there is none.
        """
        for one in self.entities:
            if name in (one.name, one.plural) or name in one.alias:
                return one
        raise NotUnderstood(
            "There is no entity of that name",
            culprit=name,
            fix=f"There are {', '.join(one.name for one in self.entities)}.",
        )


def read_type(written: str) -> dict[str, Any]:
    """`enum[a,b]`, `ref(account)`, `decimal(GB)` as the arguments of a Field."""
    match = _TYPE.fullmatch(written)
    if match is None or match["base"] not in PHYSICAL:
        raise NotUnderstood("An ontology's field has no such type", culprit=written)
    base, inside = match["base"], match["inside"]
    if base == "enum":
        return {"type": base, "members": tuple(inside.split(","))}
    if base == "ref":
        return {"type": base, "target": inside}
    return {"type": base, "unit": inside}


def read_entity(document: dict[str, Any]) -> Entity:
    fields = tuple(
        Field(
            name=name,
            key=bool(said.get("key")),
            required=bool(said.get("required")),
            metric=bool(said.get("metric")),
            alias=tuple(said.get("alias", ())),
            about=str(said.get("about", "")),
            holds=_held(said),
            **read_type(said["type"]),
        )
        for name, said in document["fields"].items()
    )
    return Entity(document["entity"], document["plural"], document["about"], tuple(document["alias"]), fields)


def _held(said: dict[str, Any]) -> Kind | None:
    held = said.get("holds", "money" if read_type(said["type"])["type"] == "money" else None)
    if held not in (None, *get_args(Kind)):
        raise NotUnderstood("There is no such class of fields", culprit=str(held), fix=f"There are {', '.join(get_args(Kind))}.")
    found: Kind | None = held
    return found


@cache
def standard() -> Ontology:
    """The ontology that ships, in the order in which entities refer to each other."""
    order = ("account", "contact", "opportunity", "cloud_resource", "cost_report")
    folder = files("aos_core") / "entities"
    return Ontology(tuple(read_entity(yaml.safe_load((folder / f"{name}.yaml").read_text())) for name in order))
