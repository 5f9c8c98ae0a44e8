"""Names of columns and entities as words: what a person reads in `AccountId`, `account_id` or `Account ID`."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Words that say how a thing is written down, not which thing it is.
FILLER = frozenset({"the", "of", "a", "an", "in", "is", "for", "by", "to", "and", "which", "where", "with", "it", "on", "or", "from"})
# One word for each of the field's common abbreviations and twins; general English and accounting, from no data set.
SAME = {
    "amt": "amount", "qty": "quantity", "num": "number", "no": "number", "nbr": "number", "cnt": "number", "count": "number",
    "desc": "description", "dt": "date", "ts": "timestamp", "tz": "timezone", "addr": "address", "tel": "phone",
    "telephone": "phone", "mobile": "phone", "mail": "email", "org": "organization", "organisation": "organization",
    "acct": "account", "cust": "customer", "dept": "department", "mgr": "manager", "emp": "employee",
    "employees": "employee", "curr": "currency", "ccy": "currency", "prob": "probability", "rep": "owner",
    "agent": "owner", "salesperson": "owner", "seller": "owner", "headquarters": "country", "ident": "id",
    "identifier": "id", "uid": "id", "uuid": "id", "guid": "id", "subsidiary": "parent", "established": "founded",
    "value": "amount", "sum": "amount", "company": "account", "vendor": "vendor", "publisher": "vendor",
    "consumed": "usage", "billed": "cost", "yearly": "annual", "sector": "industry", "begin": "start", "began": "start",
    "opened": "start", "closed": "close",
    "job": "title", "surname": "last", "forename": "first", "given": "first", "family": "last",
}  # fmt: skip


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """`BilledCost` → billed, cost; plurals and abbreviations as written."""
    return tuple(word.lower() for word in _WORD.findall(name))


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """Words joined by one blank: two spellings of the same name are equal."""
    return " ".join(words(name))


@lru_cache(maxsize=65536)
def meanings(name: str) -> frozenset[str]:
    """The words that carry meaning, each in its usual form."""
    return frozenset(SAME.get(word, _singular(SAME.get(word, word))) for word in words(name)) - FILLER


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
