"""A published version made by plain SQL, in the layout that the real builder writes."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import duckdb

from aos_core.ontology import Entity, standard
from tests.scenario import SHARED, THEIRS, Ids, made_id

EXACT = "12345678901234567890.123456789012345"


def account_id(number: int, ids: Ids = SHARED) -> UUID:
    return made_id(f"{ids.prefix} account {number}")


def build_version(path: Path, word: str, *, accounts: int = 1203, theirs: int = 0, ids: Ids = SHARED) -> None:
    """`accounts` rows whose ids are equal in every tenant and whose names hold `word`; `theirs` more of Globex alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        for schema in ("unified", "meta", "metrics"):
            connection.execute(f"create schema {schema}")
        for entity in standard().entities:
            connection.execute(f"create table unified.{entity.plural} ({', '.join(_columns(entity))})")
            connection.execute(f"create index {entity.plural}_in_order on unified.{entity.plural} (_ordinal)")
        _fields(connection)
        _accounts(connection, word, accounts, theirs, ids)
        _metrics(connection, word)
        connection.execute("checkpoint")


def _columns(entity: Entity) -> list[str]:
    columns = ["_ordinal BIGINT", f"{entity.key.name} UUID", f"{entity.key.name}_source VARCHAR"]
    for one in entity.values:
        columns.append(f'"{one.name}" {"UUID" if one.type == "ref" else one.physical}')
        if one.type == "ref":
            columns.append(f'"{one.name}_source" VARCHAR')
    return [
        *columns,
        "extras VARCHAR",
        "_stale BOOLEAN",
        "_seq BIGINT",
        '_events STRUCT(event_id UUID, landing UUID, "row" BIGINT, mapping UUID)[]',
        "_from UTINYINT[]",
    ]


def _fields(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table meta.fields (entity VARCHAR, plural VARCHAR, field VARCHAR, position INTEGER, type VARCHAR,"
        " physical VARCHAR, unit VARCHAR, target VARCHAR, about VARCHAR)"
    )
    for entity in standard().entities:
        for position, one in enumerate(entity.fields):
            said = [entity.name, entity.plural, one.name, position, one.type, one.physical, one.unit, one.target, one.about]
            connection.execute("insert into meta.fields values (?, ?, ?, ?, ?, ?, ?, ?, ?)", said)


def _accounts(connection: duckdb.DuckDBPyConnection, word: str, accounts: int, theirs: int, ids: Ids) -> None:
    entity = next(one for one in standard().entities if one.name == "account")
    filled = {"name", "revenue", "parent_account"}
    origin = [1 if one.name in filled else None for one in entity.values]
    event = {"event_id": made_id("event"), "landing": ids.landing, "row": 1, "mapping": ids.mapping}
    known = [account_id(number, ids) for number in range(1, accounts + 1)]
    known += [account_id(number, THEIRS) for number in range(1, theirs + 1)]
    connection.execute("create temp table known as select unnest(?) as id, unnest(range(1, ? + 1)) as n", [known, len(known)])
    connection.execute(
        "insert into unified.accounts by name select n as _ordinal, id as account_id, 'A-' || n as account_id_source,"
        " ? || ' ' || n as name, case when n = 1 then cast(? as decimal(38,15)) else n + 0.5 end as revenue,"
        " n as employee_count, case when n % 2 = 0 then 'high' else 'low' end as risk_level,"
        " timestamp '2026-03-02 09:30:00.25' as created_at, cast(? as uuid) as parent_account, 'A-1' as parent_account_source,"
        " '{\"Fax\": \"1.10\"}' as extras, n = 3 as _stale, n as _seq, [?] as _events, case when n % 3 <> 0 then ? end as _from from known order by n",
        [word, EXACT, account_id(1, ids), event, origin],
    )


def _metrics(connection: duckdb.DuckDBPyConnection, word: str) -> None:
    connection.execute(
        "create table metrics.metric_values (metric VARCHAR, label VARCHAR, entity VARCHAR, definition VARCHAR, unit VARCHAR,"
        ' currency VARCHAR, value DECIMAL(38,15), "rows" BIGINT)'
    )
    rows = [["accounts", word, "account", "Number of accounts", "", None, "1203", 1203],
            ["revenue", word, "account", "Sum of revenue", "money", "EUR", EXACT, 3],
            ["revenue", word, "account", "Sum of revenue", "money", "USD", None, 0]]  # fmt: skip
    for row in rows:
        connection.execute("insert into metrics.metric_values values (?, ?, ?, ?, ?, ?, ?, ?)", row)
