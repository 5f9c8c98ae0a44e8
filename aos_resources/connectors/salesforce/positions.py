"""Where a reading of an object stands, as a text of our own: how far what changed was read, and a pass that is not over."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from uuid import uuid4

from aos_core.errors import FixTheSource


@dataclass(frozen=True)
class Pass:
    """A pass over all rows, or a job over many changes. `until`: the last change before it began, or that it has shown so far.

    It goes on after the Id `after`, or with the page `locator` of `job`, of which `seen` rows were read.
    """

    reading: str
    until: str | None
    after: str | None = None
    job: str | None = None
    locator: str | None = None
    seen: int = 0


@dataclass(frozen=True)
class Position:
    """`since`: changes until then are landed, with `tie` those of this moment up to that Id. `gone`: deletions until then.

    `began`: Salesforce's time when what changed began to be read. `compared`: when the keys of all rows were last seen. `shape`: of the fields that the rows were read with.
    """

    since: str | None = None
    tie: str | None = None
    began: str | None = None
    gone: str | None = None
    compared: str | None = None
    shape: str = ""
    whole: Pass | None = None
    changes: Pass | None = None

    @classmethod
    def read(cls, text: str | None) -> Position:
        """Raises FixTheSource where another program wrote it."""
        if text is None:
            return cls()
        try:
            said = json.loads(text)
            whole, changes = (Pass(**said.pop(name)) if said.get(name) else None for name in ("whole", "changes"))
            return cls(**{name: value for name, value in said.items() if name not in ("whole", "changes")}, whole=whole, changes=changes)
        except (ValueError, TypeError, AttributeError) as odd:
            raise FixTheSource("Where the last reading stood cannot be read", fix="Reset the stream.") from odd

    def __str__(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value not in (None, "")})


def new_reading() -> str:
    return uuid4().hex
