"""The nine legacy systems: their tables are the listed ones, their rows the same on every reading, and they tell of the same things."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, get_args

import pytest

from aos_core.errors import FixTheSource, NotUnderstood
from aos_resources.connectors import connect
from aos_resources.connectors.legacy import System, systems
from aos_resources.connectors.source import Connector, Doors, SourceStream
from aos_resources.settings import Settings
from tests.resources.sources import Landing, found, rows_of, texts

TABLES = [(system, table) for system, tables in systems().items() for table in tables]


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict[str, str | None]]]:
    """Every row of every table, by `system.table`."""
    read: dict[str, list[dict[str, str | None]]] = {}
    for system, table in TABLES:
        connector = opened(system)
        (part,) = connector.read(found(connector, table), None, {})
        read[f"{system}.{table}"] = [row for batch in part.batches or () for row in texts(batch)]
    return read


def opened(system: str) -> Connector:
    return connect(Doors(Settings()), "legacy", {"system": system}, None)


def said(rows: dict[str, list[dict[str, str | None]]], table: str, column: str) -> set[str]:
    return {value for row in rows[table] if (value := row[column]) is not None}


def test_there_are_nine_systems_with_the_tables_and_columns_that_are_listed() -> None:
    assert sorted(systems()) == sorted(get_args(System))
    assert len(TABLES) == 17
    for system, tables in systems().items():
        streams = opened(system).discover().streams
        assert {one.name: [column.name for column in one.columns] for one in streams} == tables
        assert all(one.key == (one.columns[0].name,) and one.delete_mode == "exact" and one.cursor is None for one in streams)


def test_a_reading_is_as_large_as_such_a_table_and_its_key_is_one(rows: dict[str, list[dict[str, str | None]]]) -> None:
    for system, table in TABLES:
        read, columns = rows[f"{system}.{table}"], systems()[system][table]
        assert 60 <= len(read) <= 2_000
        assert list(read[0]) == columns
        assert len(said(rows, f"{system}.{table}", columns[0])) == len(read)
        assert [one for one in columns if all(row[one] is None for row in read)] == []


def test_columns_have_types_of_their_own(rows: dict[str, list[dict[str, str | None]]]) -> None:
    kinds = {one.name: one.type for one in found(opened("hubspot"), "Deals").columns}
    assert [kinds[one] for one in ("deal_id", "deal_name", "amount", "close_date", "created_date")] == ["bigint", "varchar", "decimal(18,2)", "date", "timestamp"]
    connector = opened("snowflake")
    (part,) = connector.read(found(connector, "AWS_RESOURCES"), None, {})
    arrow = {one.name: str(one.type) for one in part.schema}
    assert [arrow[one] for one in ("RESOURCE_ID", "VCPUS", "MULTI_AZ", "SIZE_GB", "LAUNCH_TIME")] == ["string", "int32", "bool", "string", "string"]


def test_another_process_generates_the_same_rows(rows: dict[str, list[dict[str, str | None]]]) -> None:
    told = "import json; from tests.resources.test_connector_legacy import *; c = opened('hubspot'); print(json.dumps(rows_of(list(c.read(found(c, 'Deals'), None, {})))))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [list(row.values()) for row in rows["hubspot.Deals"]]


@pytest.mark.parametrize(("system", "table"), [("salesforce", "Account"), ("snowflake", "AWS_COSTS")])
def test_a_second_reading_is_unchanged_and_generates_nothing(system: str, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connector, landing = opened(system), Landing()
    stream = found(connector, table)
    landing.follow(connector, stream)
    listed = landing.listed
    monkeypatch.setattr("duckdb.connect", None)
    landing.follow(opened(system), stream)
    assert (landing.listed, landing.deleted, landing.twice, landing.slices) == (listed, [], [], 1)


def test_companies_stand_in_three_systems_in_three_spellings(rows: dict[str, list[dict[str, str | None]]]) -> None:
    names = [said(rows, *place) for place in (("salesforce.Account", "Name"), ("dynamics.accounts", "AccountName"), ("hubspot.Deals", "company_name"))]
    bare = [{" ".join(one.lower().replace(",", " ").split()[:2]) for one in each} for each in names]
    assert len(bare[0] & bare[1] & bare[2]) > 90
    assert len(names[0] & names[1]) < len(bare[0] & bare[1]) / 10
    assert len(names[0] | names[1] | names[2]) > 2 * len(bare[0] | bare[1] | bare[2])


def test_deals_people_and_clouds_overlap(rows: dict[str, list[dict[str, str | None]]]) -> None:
    deals = [said(rows, *place) for place in (("salesforce.Opportunity", "Name"), ("dynamics.opportunities", "OpportunityName"), ("hubspot.Deals", "deal_name"))]
    assert len(deals[0] & deals[1] & deals[2]) > 80
    assert all(one - two for one in deals for two in deals if one is not two)
    sellers = said(rows, "hubspot.Deals", "deal_owner_email")
    assert len(sellers & {one.lower() for one in said(rows, "salesforce.Contact", "Email")}) > 15
    clouds = said(rows, "legacy_sql.CloudResources", "ResourceID")
    for place in (("snowflake.AWS_RESOURCES", "RESOURCE_ID"), ("snowflake.AWS_COSTS", "RESOURCE_ID"), ("legacy_sql.UsageMetrics", "ResourceID")):
        assert said(rows, *place) <= clouds
    assert said(rows, "sap.BILLING_ITEMS", "AWS_ACCOUNT") <= said(rows, "snowflake.AWS_RESOURCES", "ACCOUNT_NUM")


def test_what_refers_finds_what_it_refers_to(rows: dict[str, list[dict[str, str | None]]]) -> None:
    accounts = said(rows, "salesforce.Account", "Id")
    for place in (("salesforce.Contact", "AccountId"), ("salesforce.Opportunity", "AccountId"), ("mongodb.account_usage", "account_id"), ("supabase.account_health", "account_id")):
        assert said(rows, *place) <= accounts
    assert said(rows, "dynamics.opportunities", "AccountId") <= said(rows, "dynamics.accounts", "AccountId")
    assert said(rows, "sap.BILLING_ITEMS", "INVOICE_NUM") == said(rows, "sap.CLOUD_INVOICES", "INVOICE_NUM")


def test_addresses_are_nobodys_and_some_values_are_missing_or_dirt(rows: dict[str, list[dict[str, str | None]]]) -> None:
    mails = said(rows, "salesforce.Contact", "Email") | said(rows, "hubspot.Deals", "deal_owner_email")
    assert {one.rpartition(".")[2].lower() for one in mails} == {"example"}
    assert None in {row["Amount"] for row in rows["salesforce.Opportunity"]}
    assert {"NULL", "N/A"} <= said(rows, "hubspot.Deals", "next_step") | said(rows, "hubspot.Deals", "lead_source")


def test_its_probe_says_that_it_is_generated_and_a_system_or_table_that_is_none_is_refused() -> None:
    probe = opened("sap").probe()
    assert (probe.account, probe.writable) == ("generated", False)
    with pytest.raises(NotUnderstood, match="system is not understood"):
        opened("oracle")
    with pytest.raises(FixTheSource, match="no such table"):
        rows_of(list(opened("sap").read(SourceStream("DEALS", ()), None, {})))
    config: dict[str, Any] = {"system": "sap", "live": True}
    with pytest.raises(NotUnderstood):
        connect(Doors(Settings()), "legacy", config, None)
