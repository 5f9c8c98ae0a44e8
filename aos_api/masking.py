"""What one caller does not see, applied to what is about to be answered: every surface hides by these words and no others.

Made once for a request. What a role with masks may see of a source is told by its mappings; what nobody can vouch for
(reasons of failures, lines that could not be parsed, what the ontology has no place for) is hidden from it as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from aos_core.masking import why
from aos_core.metrics import fields_of
from aos_core.ontology import Kind, Ontology
from aos_core.sight import Hidden, Sight, columns_of
from aos_resources.masks import Known

_FAILED = "It failed. Its reason may quote values, and some are masked for your role"
# Of a mapping's words those that name columns or parsers, and never repeat a value.
_NAMING = frozenset({"from", "key", "parse", "by", "confidence", "partial", "keep"})
_NAMES = frozenset({"stream", "connection", "version", "changed"})  # texts of a summary that are names of things


@dataclass(frozen=True)
class Mask:
    role: str
    ontology: Ontology
    known: Known

    @cached_property
    def kinds(self) -> frozenset[Kind]:
        """The classes of fields that are masked; empty: everything is seen."""
        return self.known.policy.hidden_from(self.role)

    @cached_property
    def policy(self) -> str:
        """For keys of caches: equal only where the same is seen."""
        said = self.known.policy.version(self.role)
        return f"{said}-{self.known.lineage.mark}" if self.kinds else said

    @cached_property
    def sight(self) -> Sight:
        return self.known.lineage.sight(self.ontology, self.kinds)

    def hidden(self, entity: str, applied: int | None = None) -> Hidden:
        """What of an entity's records is null, in the version that contains everything up to `applied`."""
        return self.known.lineage.sight(self.ontology, self.kinds, applied).of(entity)

    def columns(self, stream: UUID | None, names: Iterable[str]) -> list[str]:
        """Those of the columns that are masked."""
        return sorted(name for name in names if not self.sight.sees_column(stream, name))

    def raw(self, stream: UUID, values: dict[str, Any]) -> dict[str, Any]:
        """A source's row, its masked values null."""
        return {name: value if self.sight.sees_column(stream, name) else None for name, value in values.items()}

    def sees_keys(self, stream: UUID, columns: Sequence[str]) -> bool:
        """Whether a row's key may be told. One that is made of the whole row (no columns are named) is not."""
        return not self.kinds or (len(columns) > 0 and not self.columns(stream, columns))

    def sees_field(self, entity: str | None, name: str | None) -> bool:
        hidden = self.sight.of(entity or "")
        return not self.kinds or (name is not None and name not in hidden.values and name not in hidden.spellings)

    def sees_entry(self, stream: UUID | None, entity: str | None, name: str | None, entry: object) -> bool:
        """Whether what a mapping says of a field may be told whole: its words may repeat values."""
        return not self.kinds or (self.sees_field(entity, name) and not self.columns(stream, columns_of(entry)))

    def entry(self, stream: UUID | None, entity: str | None, name: str | None, entry: Any) -> Any:
        if not isinstance(entry, dict) or self.sees_entry(stream, entity, name, entry):
            return entry
        return {word: said for word, said in entry.items() if word in _NAMING}

    def document(self, stream: UUID, document: dict[str, Any]) -> dict[str, Any]:
        """A mapping's document, without what its masked fields say of values."""
        if not self.kinds:
            return document
        entity = document.get("entity")
        fields = {name: self.entry(stream, entity, name, one) for name, one in (document.get("fields") or {}).items()}
        free = not self.columns(stream, columns_of({"expr": document.get("when")}))
        return {word: said for word, said in document.items() if word != "when" or free} | {"fields": fields}

    def column(self, stream: UUID, seen: dict[str, Any]) -> dict[str, Any]:
        """A column's profile: of a masked one only what it is called and of which type it is."""
        if self.sight.sees_column(stream, seen["name"]):
            return seen | {"masked": False}
        return seen | {"nulls": None, "distinct": None, "top": [], "description": "", "masked": True}

    def trouble(self, error: dict[str, Any] | None) -> dict[str, Any] | None:
        """Why something failed: sources and engines quote the values that they stumble over."""
        if not self.kinds or error is None:
            return error
        code = {"code": error["code"]} if "code" in error else {}
        return code | {"what": _FAILED, "culprit": "", "fix": why(self.kinds), "masked": True}

    def rejects(self, rejects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not self.kinds:
            return rejects
        return [{"part": one.get("part"), "line": one.get("line"), "reason": None, "text": None, "masked": True} for one in rejects]

    def counted(self, summary: Any, name: str = "") -> Any:
        """A run's summary: figures, and names of things."""
        if not self.kinds or summary is None or isinstance(summary, bool | int | float):
            return summary
        if isinstance(summary, dict):
            return {key: self.counted(one, key) for key, one in summary.items()}
        if isinstance(summary, list):
            return [self.counted(one, name) for one in summary]
        return summary if name in _NAMES else None

    def figure(self, metric: dict[str, Any], applied: int) -> dict[str, Any]:
        """A figure, or why it is not shown: one over masked fields would tell them, and one that nobody knows may."""
        used, hidden = fields_of(metric["name"]), self.hidden(metric["entity"], applied)
        over_money = metric["unit"] == "money" and "money" in self.kinds
        if not self.kinds or not (over_money or used is None or used & (hidden.values | hidden.spellings)):
            return metric | {"masked": None}
        return metric | {"value": None, "rows": None, "masked": why({"money"} if over_money else self.kinds)}
