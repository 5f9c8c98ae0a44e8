"""Texts in a file that a spreadsheet may open: written so that none of them is a formula, and read back as they were.

A text that begins as a formula does, or would read like such a text once written, gets a quote before it: one more than
it had. So taking one away again gives every text back.
"""

from __future__ import annotations

import re

# What spreadsheets begin a formula with (full-width too), or skip before they look for it.
_BEGINNINGS = r"=+\-@\t\r\n\x00＝＋－＠"
_TO_GUARD = f"^'*[{_BEGINNINGS}]"
_GUARDED = f"^'+[{_BEGINNINGS}]"


def guarded(text: str) -> str:
    """The text as it is written."""
    return f"'{text}" if re.match(_TO_GUARD, text) else text


def unguarded(text: str) -> str:
    """The text as it was before it was written."""
    return text[1:] if re.match(_GUARDED, text) else text


def sql_guarded(expression: str) -> str:
    """`guarded` as an SQL expression over a text."""
    return f"case when regexp_matches({expression}, '{_quoted(_TO_GUARD)}') then '''' || {expression} else {expression} end"


def sql_unguarded(expression: str) -> str:
    """`unguarded` as an SQL expression over a text."""
    return f"case when regexp_matches({expression}, '{_quoted(_GUARDED)}') then substr({expression}, 2) else {expression} end"


def sql_cell(expression: str, *, alone: bool = False) -> str:
    """A cell as RFC 4180 writes it: quoted, and empty for nothing. `alone`: the only one of its row, which may not be an empty line."""
    written = f"""'"' || replace({sql_guarded(expression)}, '"', '""') || '"'"""
    return f"""coalesce({written}, '{'""' if alone else ""}')"""


def sql_line(expressions: list[str]) -> str:
    """A row of texts as one line with its end."""
    cells = [sql_cell(one, alone=len(expressions) == 1) for one in expressions]
    return " || ',' || ".join(cells) + " || chr(13) || chr(10)"


def header(names: list[str]) -> str:
    """The first line."""
    return ",".join('"' + guarded(name).replace('"', '""') + '"' for name in names) + "\r\n"


def _quoted(pattern: str) -> str:
    return pattern.replace("'", "''")
