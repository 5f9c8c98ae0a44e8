"""An export that a spreadsheet opens: no cell of it is a formula, and whoever reads it back has every value."""

from __future__ import annotations

import csv
import io

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aos_core.spreadsheet import guarded, sql_guarded, sql_unguarded, unguarded
from aos_resources.csv_export import csv_of

BEGINNINGS = "=+-@\t\r\n\0＝＋－＠"
# DuckDB keeps texts as UTF-8, which has no lone surrogates.
TEXTS = st.text(alphabet=st.one_of(st.sampled_from(BEGINNINGS + "'\",; 1a"), st.characters(exclude_categories=["Cs"])), max_size=12)


def exported(rows: list[list[str | None]]) -> str:
    width = len(rows[0])
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({', '.join(f'c{n} varchar' for n in range(width))})")
        connection.executemany(f"insert into t values ({', '.join('?' * width)})", rows)
        return b"".join(csv_of(connection, "select * from t")).decode()


def cells(text: str) -> list[list[str]]:
    """As RFC 4180 says, which is how spreadsheets part a file into cells."""
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=5))
@example([["=1+1", "'=1+1", "''=1+1"], ["-5", "+49 30", "@x"], ["\t=1", "\r=1", "\0=1"], ["'quoted'", "it's", "'"], ["＝1", 'a"b', "x\r\ny"]])
def test_no_cell_of_an_export_is_a_formula_and_each_reads_back_as_it_was(rows: list[list[str]]) -> None:
    found = cells(exported([[*row] for row in rows]))[1:]
    assert [cell for row in found for cell in row if cell.lstrip(" ").startswith(tuple(BEGINNINGS)) and not cell.startswith(" ")] == []
    assert [[unguarded(cell) for cell in row] for row in found] == rows


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_the_database_guards_as_the_core_does(text: str) -> None:
    found = duckdb.execute(f"select {sql_guarded('t')}, {sql_unguarded('t')} from (select ?::varchar as t)", [text]).fetchall()
    assert found == [(guarded(text), unguarded(text))]


def test_names_are_guarded_types_are_texts_and_nothing_is_empty() -> None:
    query = """select 1 as "=id", null::varchar as nothing, '' as "em""pty", 1.50::decimal(9, 2) as amount, [1, 2] as list, date '2026-01-31' as day"""
    text = b"".join(csv_of(duckdb.connect(), query)).decode()
    assert text == '"\'=id","nothing","em""pty","amount","list","day"\r\n"1",,"","1.50","[1,2]","2026-01-31"\r\n'


def test_a_row_of_one_column_that_holds_nothing_is_no_empty_line() -> None:
    assert exported([["a"], [None], ["b"]]) == '"c0"\r\n"a"\r\n""\r\n"b"\r\n'


@pytest.mark.parametrize("rows", [0, 1, 50_000])
def test_many_rows_come_in_pieces_and_all_of_them(rows: int) -> None:
    pieces = list(csv_of(duckdb.connect(), "select i, 'x' || i as x from range(?) r(i)", [rows]))
    assert b"".join(pieces).count(b"\r\n") == rows + 1
    assert max(map(len, pieces)) < 2_000_000
