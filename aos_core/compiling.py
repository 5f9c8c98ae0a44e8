"""A mapping as SQL: one scan of raw rows gives, for each row, its values or why it could not be accepted.

Written in DuckDB's words and passed through sqlglot, so that a tenant too large for one machine can be given
another dialect. A user's text reaches the SQL only as a parsed expression of allowed nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from aos_core.errors import NotUnderstood
from aos_core.mapping import FieldMap, Mapping
from aos_core.ontology import Entity, Field
from aos_core.parsing import parse_value

_ALLOWED_NODES: tuple[type[exp.Expression], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg,
    exp.Add, exp.Sub, exp.Mul, exp.DPipe, exp.And, exp.Or, exp.Not,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is, exp.Like, exp.ILike,
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Trim, exp.Length, exp.Concat, exp.Substring,
    exp.Replace, exp.SplitPart, exp.Left, exp.Right, exp.Abs, exp.Round, exp.Greatest, exp.Least,
    exp.RegexpLike, exp.RegexpReplace, exp.RegexpExtract, exp.RegexpFullMatch,
)  # fmt: skip
# What makes numbers of its operands, what compares them, and what hands them on as they are.
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.Round)
_COMPARING = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_HANDING_ON = (exp.Paren, exp.Coalesce, exp.Nullif, exp.Case, exp.If, exp.Greatest, exp.Least)
_CONDITIONAL = (exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.RegexpExtract, exp.SplitPart)
# What the control plane cannot keep as an issued key: its text has no zero bytes, its indexes no long values.
_NO_KEY = "coalesce(strlen(entity_key) > 1000 or contains(entity_key, chr(0)), false)"
# With its type: a column of a file that is nothing but null would have none.
_NOTHING = "cast(null as varchar)"


@dataclass(frozen=True)
class CompiledField:
    """`value` is the typed value or null. It is unreadable where it is null though `there` holds, or where `doubts` does."""

    field: Field
    value: str
    sources: tuple[str, ...]
    there: str = "false"
    doubts: str = "false"

    @property
    def always_readable(self) -> bool:
        return (self.there, self.doubts) == ("false", "false")


@dataclass(frozen=True)
class Compiled:
    """The select over a relation named `raw` (the stream's columns, `_key`, `_op`, `_row`).

    Gives one row per raw row: `_row, _key, _verdict, _reasons, _issues, entity_key, <fields>, extras`.
    `_verdict` is one of canonical, quarantined, unmapped, duplicate, deleted.
    """

    sql: str
    fields: tuple[CompiledField, ...]


@lru_cache(maxsize=256)
def compile_mapping(mapping: Mapping, entity: Entity, columns: tuple[str, ...]) -> Compiled:
    """The SQL of a mapping over a stream's columns.

    Raises:
        NotUnderstood: the mapping names a column that the stream lacks, or an expression that is not allowed.
    """
    reader = _Reader(mapping, frozenset(columns))
    fields = tuple(reader.field(entity.field(name), one) for name, one in mapping.fields)
    when = reader.condition(mapping.when) if mapping.when else "true"
    used = {name for one in fields for name in one.sources} | {mapping.key}
    extras = _extras([name for name in columns if name not in used], reader) if mapping.keep == "everything" else _NOTHING
    key = reader.text(mapping.key)
    select = _select(fields, entity, key, when, extras, reader.texts)
    return Compiled(sqlglot.parse_one(select, read="duckdb").sql(dialect="duckdb"), fields)


def check_expression(written: str) -> exp.Expression:
    """One scalar expression over columns, or an error that names what is not allowed in it.

    Division is refused: it makes floats of decimals.
    """
    try:
        tree: Any = sqlglot.parse_one(written, read="duckdb", into=exp.Condition)
    except (SqlglotError, ValueError) as unparsed:
        raise NotUnderstood("This is not a SQL expression", culprit=written[:200]) from unparsed
    for node in tree.walk():
        if isinstance(node, exp.DataType) or not isinstance(node, _ALLOWED_NODES):
            raise NotUnderstood(
                f"An expression may not use {node.key}", culprit=written[:200], fix="It is one scalar over columns."
            )
        if isinstance(node, exp.Column) and len(node.parts) > 1:
            raise NotUnderstood("An expression names columns alone, without a table", culprit=node.sql())
    found: exp.Expression = tree
    return found


@lru_cache(maxsize=4096)
def quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")


def literal(value: str) -> str:
    return exp.Literal.string(value).sql(dialect="duckdb")


class _Reader:
    """The columns of one stream as a mapping reads them: absent words are null before anything else.

    `texts` are the columns asked for so far, each under a name of its own, so that each is read once.
    """

    def __init__(self, mapping: Mapping, columns: frozenset[str]) -> None:
        self._mapping = mapping
        self._columns = columns
        self._types = dict(mapping.types)
        self._absent = ", ".join(literal(word) for word in mapping.absent)
        self._names: dict[str, str] = {}

    @property
    def texts(self) -> dict[str, str]:
        """Name → SQL over the stream's columns."""
        return {name: self._text(column) for column, name in self._names.items()}

    def text(self, column: str) -> str:
        if column not in self._columns:
            raise NotUnderstood(
                f"The stream {self._mapping.stream} has no column of that name",
                culprit=column,
                fix=f"It has {', '.join(sorted(self._columns))}.",
            )
        return self._names.setdefault(column, f"_text{len(self._names)}")

    def _text(self, column: str) -> str:
        plain = f"cast({quoted(column)} as varchar)"
        if not self._absent:
            return plain
        # What begins with a visible ASCII character is not blank: nothing needs to be trimmed to see that.
        seen = f" when {plain} >= '!' and {plain} < chr(127) then {plain}" if self._mapping.absent == ("",) else ""
        return f"(case{seen} when trim({plain}) in ({self._absent}) then null else {plain} end)"

    def field(self, field: Field, one: FieldMap) -> CompiledField:
        if one.expr is not None:
            return self._expression(field, one)
        source = str(one.source)
        text = self.text(source)
        if one.values or field.type == "enum":
            value = _words(text, field, one)
        else:
            value = parse_value(text, field.type, one.parse)
        return CompiledField(field, value, (source,), there="false" if value == text else f"{text} is not null")

    def condition(self, written: str) -> str:
        return f"coalesce(try({self._read(check_expression(written))}), false)"

    def _expression(self, field: Field, one: FieldMap) -> CompiledField:
        tree = check_expression(str(one.expr))
        names = tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))
        result = f"try_cast(try({self._read(tree)}) as {field.physical})"
        if one.values or field.type == "enum":
            result = _words(f"cast(try({self._read(tree)}) as varchar)", field, one)
        numbers = _numbers(tree)
        doubts = " or ".join(f"({self.text(name)} is not null and ({self._typed(name, numbers)}) is null)" for name in names)
        certain = names and not any(tree.find(kind) for kind in _CONDITIONAL)
        there = " and ".join(f"{self.text(name)} is not null" for name in names) if certain else "false"
        return CompiledField(field, result, names, there, doubts or "false")

    def _typed(self, name: str, numbers: set[str]) -> str:
        """A column that is reckoned with is a number, though its values look like texts by now: those that are none are unreadable."""
        kind = self._types.get(name, "text")
        return parse_value(self.text(name), "decimal" if kind == "text" and name in numbers else kind)

    def _read(self, tree: exp.Expression) -> str:
        numbers = _numbers(tree)
        read = tree.copy().transform(
            lambda node: sqlglot.parse_one(f"({self._typed(node.name, numbers)})", read="duckdb") if isinstance(node, exp.Column) else node
        )
        return read.sql(dialect="duckdb")


def _numbers(tree: exp.Expression) -> set[str]:
    """Columns that the expression reckons with, or compares with a number."""
    found: set[str] = set()
    for node in tree.walk():
        given = [*node.iter_expressions()]
        if isinstance(node, _ARITHMETIC) or (isinstance(node, _COMPARING) and any(_is_number(one) for one in given)):
            found |= {name for one in given for name in _handed_on(one)}
    return found


def _is_number(node: Any) -> bool:
    bare = node.this if isinstance(node, exp.Neg) else node
    return isinstance(bare, exp.Literal) and not bare.is_string


def _handed_on(node: Any) -> set[str]:
    if isinstance(node, exp.Column):
        return {node.name}
    return {name for one in node.iter_expressions() for name in _handed_on(one)} if isinstance(node, _HANDING_ON) else set()


def _words(text: str, field: Field, one: FieldMap) -> str:
    """An enum knows only its listed words; a text passes what is not listed."""
    cases = "".join(f" when {literal(given)} then {literal(meant)}" for given, meant in one.values)
    if field.type != "enum":
        return f"case trim({text}){cases} else {text} end"
    if one.values:
        return f"case trim({text}){cases} end"
    plain = f"replace(replace(lower(trim({text})), ' ', '_'), '-', '_')"
    members = ", ".join(literal(member) for member in field.members)
    return f"case when {plain} in ({members}) then {plain} end"


def _extras(columns: list[str], reader: _Reader) -> str:
    if not columns:
        return _NOTHING
    pairs = ", ".join(f"{literal(name)}, {reader.text(name)}" for name in columns)
    return f"cast(json_object({pairs}) as varchar)"


def _select(fields: tuple[CompiledField, ...], entity: Entity, key: str, when: str, extras: str, texts: dict[str, str]) -> str:
    """In layers, so that nothing is computed twice: texts, values, what could not be read, the verdict and its reasons."""
    values = {"_wanted": f"({when})", "entity_key": key, "extras": extras}
    unread, final = {}, {one.name: f"cast(null as {one.physical})" for one in entity.values}
    fatal: list[tuple[str, str, str, str]] = [
        (entity.key.name, "null", "entity_key is null", "the key is missing"),
        (entity.key.name, "left(entity_key, 100)", _NO_KEY, "the key holds a zero byte or is longer than 1,000 bytes"),
    ]
    soft: list[tuple[str, str, str, str]] = []
    for place, one in enumerate(fields):
        source, value, shown = ", ".join(one.sources), f"_value{place}", "null"
        values[value] = one.value
        final[one.field.name] = f"cast({value} as {one.field.physical})"
        if one.sources and not (one.always_readable and not one.field.required):
            values[f"_shown{place}"] = f"cast({quoted(one.sources[0])} as varchar)"
            shown = f"_shown{place}"
        if not one.always_readable:
            unread[f"_unread{place}"] = f"({one.doubts}) or ({one.there} and {value} is null)"
            rules = fatal if one.field.required or one.field.metric else soft
            rules.append((one.field.name, shown, f"_unread{place}", f"{source} could not be read as {one.field.type}"))
        if one.doubts != "false":
            final[one.field.name] = f"case when not _unread{place} then {final[one.field.name]} end"
        if one.field.required:
            missing = f"{value} is null" + ("" if one.always_readable else f" and not _unread{place}")
            fatal.append((one.field.name, shown, missing, f"{source} is required and missing"))
    return (
        "select _row, _key, _reasons, _issues, entity_key, extras, case when _op = 'd' then 'deleted'"
        " when not _wanted and _op = 'u' then 'withdrawn' when not _wanted then 'unmapped' when _op = 'r' then 'duplicate'"
        f" when len(_reasons) > 0 then 'quarantined' else 'canonical' end as _verdict{_named(final)}"
        f" from (select *, {_reasons(fatal)} as _reasons, {_reasons(soft)} as _issues"
        f" from (select *{_named(unread)} from (select *{_named(values)} from (select *{_named(texts)} from raw) as t) as v) as u) as mapped"
    )


def _named(columns: dict[str, str]) -> str:
    return "".join(f", {sql} as {quoted(name)}" for name, sql in columns.items())


def _reasons(rules: list[tuple[str, str, str, str]]) -> str:
    """A list of {field, value, reason} of the rules that hold; empty where none does, which is asked first."""
    empty = "cast([] as struct(field varchar, value varchar, reason varchar)[])"
    if not rules:
        return empty
    cases = ", ".join(
        f"case when {holds} then {{'field': {literal(name)}, 'value': {shown}, 'reason': {literal(reason)}}} end"
        for name, shown, holds, reason in rules
    )
    any_holds = " or ".join(f"({holds})" for _, _, holds, _ in rules)
    return f"case when {any_holds} then list_filter([{cases}], lambda one: one is not null) else {empty} end"
