"""How a text file is written, as far as a person has said it; what they have not is found in the file itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Escape = Literal["doubled", "backslash"]


@dataclass(frozen=True)
class Written:
    """`skip`: lines before the header. `header`: whether the first line names the columns. `encoding`: Python's name of it.

    `guarded`: made by our own export, where a quote stands before what a spreadsheet would take for a formula.
    """

    delimiter: str | None = None
    quote: str | None = None
    escape: Escape | None = None
    skip: int | None = None
    comment: str | None = None
    header: bool = True
    encoding: str | None = None
    guarded: bool = False

    @property
    def word(self) -> str:
        """What the hash of a file's bytes lacks: the same bytes read otherwise are other rows."""
        said = {name: value for name, value in asdict(self).items() if value != getattr(AS_FOUND, name)}
        return "".join(f" {name}={value!r}" for name, value in said.items())


AS_FOUND = Written()
