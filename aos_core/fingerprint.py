"""What a stream looked like: its fields, their types and fill. Compares values, reads nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

# Most specific first: a field's inferred type is the first that every value fits.
PATTERNS: dict[str, str] = {
    "boolean": r"^(true|false|yes|no|t|f|y|n)$",
    "integer": r"^[+-]?[0-9]{1,18}$",
    "decimal": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$",
    "percent": r"^[+-]?[0-9]+([.,][0-9]+)?\s?%$",
    "money": r"^[$€£¥]\s?[+-]?[0-9][0-9,.]*$",
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "timestamp": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ t][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(z|[+-][0-9]{2}(:?[0-9]{2})?)?$",
    "email": r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    "url": r"^https?://\S+$",
    "phone": r"^\+?[0-9][0-9 ().-]{6,18}[0-9]$",
    "currency": r"^(usd|eur|gbp|jpy|chf|cad|aud|nzd|cny|inr|brl|mxn|sek|nok|dkk|pln|czk|huf|zar|sgd|hkd|krw)$",
    "json": r"^(\{.*\}|\[.*\])$",
}
# What a value that fits must look like at a glance, as SQL over `{0}`: matching patterns is dear, and most values fit none.
PLAUSIBLE: dict[str, str] = {
    "boolean": "strlen({0}) <= 5",
    "integer": "{0} < ':'",
    "decimal": "{0} < ':'",
    "percent": "ends_with({0}, '%')",
    "money": "left({0}, 1) in ('$', '€', '£', '¥')",
    "date": "strlen({0}) = 10",
    "timestamp": "{0} < ':' and strlen({0}) >= 16",
    "email": "contains({0}, '@')",
    "url": "starts_with({0}, 'http')",
    "phone": "{0} < ':' and strlen({0}) between 8 and 21",
    "currency": "strlen({0}) = 3",
    "json": "left({0}, 1) in ('{{', '[')",
}
_TEXTUAL = frozenset({"text", "enum", "id"})


@dataclass(frozen=True)
class Column:
    """One field of a stream. `share` of values that fit each pattern (those above 0), `top` the commonest values.

    `declared` is the source's own type, empty where it has none; `nulls` the share of rows without a value;
    `distinct` an estimate; `literal_nulls` says that the word NULL stands where a value is absent.
    """

    name: str
    declared: str = ""
    inferred: str = "text"
    nulls: float = 0.0
    distinct: int = 0
    present: int = 0
    literal_nulls: bool = False
    share: tuple[tuple[str, float], ...] = ()
    top: tuple[str, ...] = ()
    description: str = ""

    @property
    def fits(self) -> dict[str, float]:
        return dict(self.share)


@dataclass(frozen=True)
class Fingerprint:
    columns: tuple[Column, ...]
    rows: int

    @property
    def shape(self) -> str:
        """Equal for equal names and types, whatever their order."""
        pairs = sorted((one.name, one.declared, "text" if one.inferred in _TEXTUAL else one.inferred) for one in self.columns)
        return hashlib.sha256(json.dumps(pairs, ensure_ascii=False).encode()).hexdigest()[:32]


def infer_type(present: int, distinct: int, fits: dict[str, int]) -> str:
    """The first pattern that every value fits; else an enum (few words), an id (nearly all different) or text.

    Args:
        present: values that are there. distinct: how many different ones. fits: pattern → values that fit it.
    """
    if present == 0:
        return "text"
    for kind in PATTERNS:
        if fits.get(kind, 0) == present:
            return kind
    if distinct <= 50 and distinct * 4 <= present:
        return "enum"
    return "id" if distinct >= 0.95 * present and present >= 20 else "text"


def likely_key(seen: Fingerprint) -> str | None:
    """The first column that is never absent and never twice the same, ids by name before others; of a few rows a guess."""
    if seen.rows < 2:
        return None
    alone = [one.name for one in seen.columns if one.present == one.distinct == seen.rows]
    alone.sort(key=lambda name: not name.lower().replace("_", "").endswith(("id", "key", "code", "number")))
    return alone[0] if alone else None


def changes_between(before: tuple[Column, ...], after: tuple[Column, ...]) -> list[str]:
    """What became of a stream's columns, in words: come, gone, of another type."""
    was, now = ({one.name: one for one in columns} for columns in (before, after))
    told = [f"{name} is new" for name in now if name not in was] + [f"{name} is gone" for name in was if name not in now]
    for name in now.keys() & was.keys():
        old, new = was[name], now[name]
        if old.declared != new.declared:
            told.append(f"{name} is {new.declared or 'untyped'}, no more {old.declared or 'untyped'}")
        elif old.inferred != new.inferred and not {old.inferred, new.inferred} <= _TEXTUAL:
            told.append(f"{name} looks like {new.inferred}, no more like {old.inferred}")
    return sorted(told)


def write_columns(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    return [asdict(one) | {"share": one.fits, "top": list(one.top)} for one in columns]


def read_columns(stored: list[dict[str, Any]]) -> tuple[Column, ...]:
    return tuple(
        Column(**(one | {"share": tuple(sorted(one["share"].items())), "top": tuple(one["top"])})) for one in stored
    )
