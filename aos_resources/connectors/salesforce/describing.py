"""What of Salesforce's own descriptions becomes a stream: pure decisions about objects and their fields."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from aos_resources.connectors.source import SourceColumn, SourceStream, landed_names

# Parts of a compound field come as fields of their own; files are not rows.
_LEFT_OUT = {"address", "location", "base64", "complexvalue"}
_ARROW = {"boolean": pa.bool_(), "int": pa.int64(), "long": pa.int64()}
# The first that an object has: the system's own time of any change, else the last there is.
_CURSORS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
# What these hold is of use to nobody without what they belong to, or may be asked for one by one alone.
_ASSOCIATED = ("ChangeEvent", "Feed", "History", "Share", "Tag", "__ChangeEvent", "__Feed", "__History", "__Share", "__Tag", "__e", "__x", "__b", "__mdt")


@dataclass(frozen=True)
class SourceField:
    name: str
    type: str
    lands_as: str

    @property
    def arrow(self) -> pa.DataType:
        return _ARROW.get(self.type, pa.string())


@dataclass(frozen=True)
class Described:
    """An object as it is read. `bin`: what was deleted says so for a while. `bulk`: by SystemModstamp etc. it may be asked for in bulk."""

    name: str
    fields: tuple[SourceField, ...]
    cursor: SourceField | None
    bin: bool
    stream: SourceStream

    @property
    def identity(self) -> SourceField | None:
        return next((one for one in self.fields if one.name == "Id"), None)

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([(one.lands_as, one.arrow) for one in self.fields])

    @property
    def shape(self) -> str:
        """Differs where fields came or went: rows that did not change have what is new all the same."""
        told = json.dumps([[one.name, one.type] for one in sorted(self.fields, key=lambda one: one.name)])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def offered(summary: dict[str, Any]) -> bool:
    """Whether an object is read where none was named: what people or programs work with, not what Salesforce keeps about it."""
    name = str(summary.get("name", ""))
    if not summary.get("queryable") or summary.get("deprecatedAndHidden") or summary.get("associateEntityType"):
        return False
    return bool(summary.get("layoutable") or summary.get("triggerable")) and not name.endswith(_ASSOCIATED)


def changeable(summary: dict[str, Any]) -> bool:
    return any(summary.get(one) for one in ("createable", "updateable", "deletable"))


def describe(name: str, said: list[dict[str, Any]], whole: bool) -> Described:
    """`said`: of its fields. `whole`: it is read whole each time, whatever it could be read by."""
    found = [one for one in said if one["type"] not in _LEFT_OUT]
    names = landed_names([str(one["name"]) for one in found])
    fields = tuple(SourceField(str(one["name"]), str(one["type"]), lands) for one, lands in zip(found, names, strict=True))
    asked = {str(one["name"]) for one in found if one.get("filterable", True) and one.get("sortable", True)}
    cursor = next((one for by in _CURSORS for one in fields if one.name == by and by in asked), None)
    key = tuple(one.lands_as for one in fields if one.name == "Id")
    cursor = cursor if key and not whole else None
    columns = tuple(SourceColumn(one.lands_as, one.type, _about(about)) for one, about in zip(fields, found, strict=True))
    stream = SourceStream(name, columns, key, cursor.lands_as if cursor else None, "periodic" if cursor else "exact")
    return Described(name, fields, cursor, any(one.name == "IsDeleted" for one in fields), stream)


def _about(field: dict[str, Any]) -> str:
    label, name = str(field.get("label") or ""), str(field["name"])
    told = [label if label.replace(" ", "").lower() != name.lower() else "", str(field.get("inlineHelpText") or "")]
    told += ["A formula: it may change though nothing else of its row does."] if field.get("calculated") else []
    return ". ".join(one.strip().rstrip(".") for one in told if one.strip())
