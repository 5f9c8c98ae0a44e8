"""Mappings as SQL: what is read exactly, what is refused, and what a user's text may say."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aos_core.compiling import check_expression, compile_mapping, literal, quoted
from aos_core.errors import NotUnderstood
from aos_core.mapping import Mapping, read_mapping
from aos_core.ontology import standard
from aos_core.parsing import parse_value

CONNECTION = duckdb.connect()
CONNECTION.execute("set TimeZone = 'UTC'")


def read(text: str, kind: str, parser: str | None = None) -> Any:
    return CONNECTION.execute(f"select {parse_value(literal(text), kind, parser)}").fetchall()[0][0]


def mapped(document: dict[str, Any], rows: list[dict[str, str | None]], ops: str | None = None) -> list[dict[str, Any]]:
    """The rows of a stream through a mapping, in order."""
    mapping = read_mapping({"stream": "crm/x"} | document, standard())
    columns = tuple(rows[0])
    values = ", ".join(
        f"({n}, 'k{n}', {literal((ops or 'i' * len(rows))[n])}, "
        + ", ".join("null::varchar" if row[name] is None else literal(str(row[name])) for name in columns)
        + ")"
        for n, row in enumerate(rows)
    )
    names = ", ".join(map(quoted, columns))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create table raw as select * from (values {values}) as t(_row, _key, _op, {names})")
        compiled = compile_mapping(mapping, standard().entity(mapping.entity), columns)
        result = connection.execute(f"select * from ({compiled.sql}) order by _row")
        heads = [one[0] for one in result.description]
        return [dict(zip(heads, row, strict=True)) for row in result.fetchall()]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**22), max_value=10**22, places=15))
def test_a_decimal_of_fifteen_places_is_read_exactly(value: Decimal) -> None:
    assert read(f"{value:f}", "decimal") == value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1, max_value=1, places=20))
def test_a_decimal_is_read_exactly_or_not_at_all(value: Decimal) -> None:
    assert read(f"{value:f}", "decimal") in (None, value)
    assert read(f"{value:E}", "decimal") in (None, value)


@given(st.text(max_size=30))
@settings(max_examples=300)
def test_no_text_breaks_a_parser(text: str) -> None:
    text = text.replace("\x00", "")
    for kind in ("integer", "decimal", "date", "timestamp", "boolean", "json"):
        read(text, kind)


@pytest.mark.parametrize(
    ("text", "kind", "parser", "value"),
    [
        ("0.00000080000", "money", None, Decimal("0.0000008")),
        ("12.7", "integer", None, None),
        ("12.0", "integer", None, 12),
        ("1e-16", "decimal", None, None),
        ("100E-17", "decimal", None, Decimal("1E-15")),
        ("NaN", "decimal", None, None),
        ("1.234,50", "money", "decimal_comma", Decimal("1234.5")),
        ("$ 1,234.50", "money", "currency_sign", Decimal("1234.5")),
        ("45 %", "share", "percent", Decimal("0.45")),
        ("2017-02-30", "date", None, None),
    ],
)
def test_a_value_is_read_as_its_parser_says_or_not_at_all(text: str, kind: str, parser: str | None, value: Any) -> None:
    assert read(text, kind, parser) == value


def test_a_time_is_a_day_only_at_midnight_or_where_the_mapping_says_day() -> None:
    assert str(read("2024-09-18 00:00:00", "date")) == "2024-09-18"
    assert read("2024-09-18 22:00:00", "date") is None
    assert str(read("2024-09-18 22:00:00", "date", "day")) == "2024-09-18"


def test_an_unreadable_required_or_metric_value_quarantines_its_row_and_any_other_becomes_an_issue_of_the_cell() -> None:
    document = {"entity": "opportunity", "key": "id", "fields": {"status": "s", "amount": "a", "close_date": "d"}}
    good, bad_amount, bad_date, missing = mapped(
        document,
        [
            {"id": "1", "s": "won", "a": "10", "d": "2017-01-01"},
            {"id": "2", "s": "won", "a": "ten", "d": "2017-01-01"},
            {"id": "3", "s": "won", "a": "", "d": "yesterday"},
            {"id": "4", "s": "", "a": "1", "d": ""},
        ],
    )
    assert good["_verdict"] == "canonical" and good["amount"] == Decimal(10)
    assert bad_amount["_verdict"] == "quarantined"
    assert bad_amount["_reasons"] == [{"field": "amount", "value": "ten", "reason": "a could not be read as money"}]
    assert (bad_date["_verdict"], bad_date["close_date"], bad_date["amount"]) == ("canonical", None, None)
    assert bad_date["_issues"] == [{"field": "close_date", "value": "yesterday", "reason": "d could not be read as date"}]
    assert missing["_reasons"] == [{"field": "status", "value": "", "reason": "s is required and missing"}]


def test_an_absent_metric_value_stays_in() -> None:
    (row,) = mapped({"entity": "opportunity", "key": "id", "fields": {"status": "s", "amount": "a"}}, [{"id": "1", "s": "open", "a": None}])
    assert (row["_verdict"], row["amount"]) == ("canonical", None)


def test_the_words_for_nothing_count_before_the_key_the_condition_and_the_parse() -> None:
    document = {"entity": "cloud_resource", "key": "r", "when": "r is not null", "absent": ["", "NULL"], "fields": {"region": "z"}}
    unmapped, there = mapped(document, [{"r": "NULL", "z": "a"}, {"r": "x", "z": "NULL"}])
    assert unmapped["_verdict"] == "unmapped"
    assert (there["_verdict"], there["region"]) == ("canonical", None)


def test_a_row_that_left_the_condition_is_withdrawn_and_a_repeated_one_is_a_duplicate() -> None:
    document = {"entity": "cloud_resource", "key": "r", "when": "r is not null", "fields": {}}
    verdicts = [row["_verdict"] for row in mapped(document, [{"r": "x"}, {"r": ""}, {"r": ""}, {"r": "x"}, {"r": None}], "iiurd")]
    assert verdicts == ["canonical", "unmapped", "withdrawn", "duplicate", "deleted"]


def test_an_expression_computes_on_parsed_values_without_rounding() -> None:
    document = {"entity": "account", "key": "n", "fields": {"name": "n", "revenue": {"expr": "r * 1000000"}}, "types": {"r": "decimal"}}
    good, bad = mapped(document, [{"n": "a", "r": "1100.04"}, {"n": "b", "r": "12x"}])
    assert good["revenue"] == Decimal("1100040000")
    assert bad["revenue"] is None and bad["_issues"][0]["field"] == "revenue"


def test_an_enum_refuses_a_word_that_is_not_listed_and_a_text_passes_it() -> None:
    document = {
        "entity": "opportunity",
        "key": "id",
        "fields": {"status": {"from": "s", "values": {"Won": "won"}}, "product": {"from": "p", "values": {"GTXPro": "GTX Pro"}}},
    }
    known, unknown = mapped(document, [{"id": "1", "s": "Won", "p": "GTXPro"}, {"id": "2", "s": "Open", "p": "MG"}])
    assert (known["status"], known["product"]) == ("won", "GTX Pro")
    assert (unknown["_verdict"], unknown["product"]) == ("quarantined", "MG")


def test_what_is_not_mapped_travels_along() -> None:
    (row,) = mapped({"entity": "account", "key": "n", "fields": {"name": "n"}}, [{"n": "a", 'odd "name': "1", "b": None}])
    assert json.loads(row["extras"]) == {'odd "name': "1", "b": None}


@pytest.mark.parametrize(
    "written",
    ["a / 2", "read_text('x')", "(select 1)", "cast(a as double)", "getvariable('x')", "t.a", "a; drop table x", "now()", "a[1]", "*", "count(a)", "$1"],
)
def test_an_expression_may_not_leave_its_row(written: str) -> None:
    with pytest.raises(NotUnderstood):
        check_expression(written)


@given(st.text(min_size=1, max_size=40).filter(lambda name: "\x00" not in name))
def test_any_column_name_goes_through_unharmed(name: str) -> None:
    if name.lower() in ("_row", "_key", "_op") or not name.strip():
        return
    (row,) = mapped({"entity": "account", "key": name, "fields": {"name": name}}, [{name: "x"}])
    assert (row["_verdict"], row["name"]) == ("canonical", "x")


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    mapping = read_mapping({"entity": "account", "stream": "crm/x", "key": "id", "fields": {"name": "titel"}}, standard())
    with pytest.raises(NotUnderstood, match=r"titel.*It has id, title"):
        compile_mapping(mapping, standard().entity("account"), ("id", "title"))


def test_the_same_mapping_compiles_to_the_same_sql() -> None:
    mapping = Mapping(entity="account", stream="crm/x", key="a", fields=())
    entity = standard().entity("account")
    assert compile_mapping(mapping, entity, ("a",)) == compile_mapping(mapping, entity, ("a",))


@pytest.mark.parametrize("expr", ["worth * 2", "-worth + -worth * -3", "coalesce(worth, 0) * 2", "case when worth > 0 then worth * 2 end"])
def test_a_column_that_is_reckoned_with_is_a_number_though_its_values_look_like_texts_by_now(expr: str) -> None:
    document = {"entity": "opportunity", "key": "id", "fields": {"status": {"expr": "'open'"}, "amount": {"expr": expr}}, "types": {"worth": "text"}}
    good, bad = mapped(document, [{"id": "1", "worth": "2.5"}, {"id": "2", "worth": "plenty"}])
    assert (good["_verdict"], good["amount"]) == ("canonical", Decimal(5))
    assert (bad["_verdict"], [one["value"] for one in bad["_reasons"]]) == ("quarantined", ["plenty"])


@given(st.sampled_from(["", " ", "\t", "\xa0", "!", "~", "\x7f", "é"]), st.text(max_size=5), st.sampled_from(["", " ", "\xa0"]))
def test_a_value_is_absent_where_nothing_is_left_of_it_when_it_is_trimmed(start: str, middle: str, end: str) -> None:
    text = start + middle.replace("\0", "") + end
    document = {"entity": "account", "key": "id", "fields": {"name": {"expr": "'x'"}, "city": "town"}}
    (row,) = mapped(document, [{"id": "1", "town": text}])
    blank = CONNECTION.execute("select trim(?) = ''", [text]).fetchall()[0][0]
    assert row["city"] == (None if blank else text)
