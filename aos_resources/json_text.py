"""Values as JSON text that Postgres takes."""

from __future__ import annotations

import json
import re

# As JSON writes it, and not the letters of it after a backslash of its own.
_ZERO = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def as_json(value: object) -> str:
    """JSON text for a jsonb parameter; decimals, dates and ids become strings, zero bytes (which Postgres refuses) a sign for them."""
    return without_zeros(json.dumps(value, default=str))


def without_zeros(text: str) -> str:
    return _ZERO.sub(r"\1\\u2400", text)
