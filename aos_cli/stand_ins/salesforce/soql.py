"""SOQL as far as a reader of whole objects speaks it: one object, its own fields, AND or OR, IN, order, limit, COUNT()."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aos_cli.stand_ins.salesforce.faults import Refusal

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))|(?P<date>\d{4}-\d\d-\d\d)"""
    r"""|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,))"""
)
_LONGEST = 100_000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_COMPARED = {"=": "is not distinct from", "!=": "is distinct from", "<>": "is distinct from", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True)
class Query:
    """`where` and `order` are DuckDB's SQL; `fields` is empty where rows are only counted."""

    object: str
    fields: tuple[str, ...]
    where: str
    order: str
    limit: int | None


def parse(text: str, fields_of: Callable[[str], Mapping[str, str]]) -> Query:
    """`fields_of`: the fields of an object that may be seen, name → type. Raises Refusal as Salesforce words it."""
    if len(text) > _LONGEST:
        raise Refusal(400, "QUERY_TOO_COMPLICATED", f"SOQL statements cannot be longer than {_LONGEST} characters.")
    return _Parser(text, fields_of).query()


def _malformed(said: str) -> Refusal:
    return Refusal(400, "MALFORMED_QUERY", said)


class _Parser:
    def __init__(self, text: str, fields_of: Callable[[str], Mapping[str, str]]) -> None:
        self._fields_of = fields_of
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        place, end = 0, len(text.rstrip())
        while place < end:
            found = _TOKEN.match(text, place)
            if found is None:
                raise _malformed(f"unexpected token: '{text[place : place + 20].strip()}'")
            self._tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
            place = found.end()

    def query(self) -> Query:
        self._word("select")
        asked = self._selected()
        self._word("from")
        self._object = self._take("name")
        self._types = {name.lower(): (name, kind) for name, kind in self._fields_of(self._object).items()}
        fields = tuple(self._field(name)[0] for name in asked)
        where = self._either() if self._sees("where") else "true"
        order = self._order() if self._sees("order") else ""
        limit = int(self._take("number")) if self._sees("limit") else None
        if self._at < len(self._tokens):
            raise _malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return Query(self._object, fields, where, order, limit)

    def _selected(self) -> list[str]:
        if self._sees("count"):
            self._word("(")
            self._word(")")
            return []
        names = [self._take("name")]
        while self._sees(","):
            names.append(self._take("name"))
        return names

    def _order(self) -> str:
        self._word("by")
        terms: list[str] = []
        while not terms or self._sees(","):
            field = self._quoted(self._take("name"))
            way = "desc" if self._sees("desc") else "asc"
            self._sees("asc")
            last = self._sees("nulls") and (self._sees("last") or not self._sees("first"))
            terms.append(f"{field} {way} nulls {'last' if last else 'first'}")
        return ", ".join(terms)

    def _either(self) -> str:
        """AND and OR are never mixed without parentheses: Salesforce refuses it."""
        terms = [self._one()]
        word = next((one for one in ("and", "or") if self._sees(one)), None)
        while word is not None:
            terms.append(self._one())
            if not self._sees(word):
                break
        return f"({f' {word} '.join(terms)})" if word else terms[0]

    def _one(self) -> str:
        if self._sees("not"):
            return f"not {self._one()}"
        if self._sees("("):
            inner = self._either()
            self._word(")")
            return inner
        name, kind = self._field(self._take("name"))
        quoted = f'"{name}"'
        negated = self._sees("not")
        if negated or self._peek("in"):
            self._word("in")
            self._word("(")
            values = [self._value(name, kind)]
            while self._sees(","):
                values.append(self._value(name, kind))
            self._word(")")
            return f"coalesce({quoted} {'not ' if negated else ''}in ({', '.join(values)}), {str(negated).lower()})"
        if self._sees("like"):
            return f"coalesce({quoted} ilike {self._value(name, kind)}, false)"
        sign = self._take("sign")
        if sign not in _COMPARED:
            raise _malformed(f"unexpected token: '{sign}'")
        return f"coalesce({quoted} {_COMPARED[sign]} {self._value(name, kind)}, false)"

    def _value(self, name: str, kind: str) -> str:
        found, text = self._next()
        wanted = {"datetime": "datetime", "date": "date", "boolean": "name"}.get(kind)
        if found == "name" and text.lower() == "null":
            return "null"
        if wanted and found != wanted:
            raise Refusal(400, "INVALID_FIELD", f"value of filter criterion for field '{name}' must be of type {kind} and should not be enclosed in quotes")
        if found == "text":
            plain = re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), text[1:-1])
            return "'" + plain.replace("'", "''") + "'"
        if found == "datetime":
            return f"(timestamptz '{text}' at time zone 'UTC')"
        if found == "date":
            return f"date '{text}'"
        if found == "number" or text.lower() in ("true", "false"):
            return text.lower()
        raise _malformed(f"unexpected token: '{text}'")

    def _field(self, name: str) -> tuple[str, str]:
        own = self._types.get(name.lower())
        if own is None:
            said = f"No such column '{name}' on entity '{self._object}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name."
            raise Refusal(400, "INVALID_FIELD", said)
        return own

    def _quoted(self, name: str) -> str:
        return f'"{self._field(name)[0]}"'

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _malformed("unexpected token: '<EOF>'")
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self, word: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1].lower() == word

    def _sees(self, word: str) -> bool:
        seen = self._peek(word)
        self._at += seen
        return seen

    def _word(self, word: str) -> None:
        if not self._sees(word):
            raise _malformed(f"unexpected token: '{self._next()[1]}'")

    def _take(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise _malformed(f"unexpected token: '{text}'")
        return text
