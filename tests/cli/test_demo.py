"""The demo from nothing: its figures tie to the files, two worlds are joined of many sources, a second start finds everything unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aos_resources.connectors.legacy import systems

# Counted in the published files by other means than ours (a spreadsheet's sums and filters).
MUST_TIE = {
    "accounts": "85",
    "accounts_with_parent": "15",
    "opportunities": "8800",
    "opportunities_won": "4238",
    "opportunities_lost": "2473",
    "opportunities_engaging": "1589",
    "opportunities_prospecting": "500",
    "opportunities_without_amount": "2089",
    "opportunities_with_account": "7375",
    "opportunities_without_account": "1425",
    "opportunities_gtx_pro": "1480",
    "opportunities_gtxpro_counted_as_gtx_pro": "1480",
    "won_revenue": "10005534",
    "acme_corporation_revenue": "1100040000",
    "cost_reports": "1000",
    "cost_report_cells_saying_null": "0",
    "billed_cost": "20.52022672899",
    "effective_cost": "14.97651418586",
    "cloud_resources": "842",
    "cloud_resource_rows_unmapped": "75",
    "cloud_resource_zones_lost": "0",
    "cloud_resource_types_lost": "0",
    "unbalanced": "0",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def aos(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    told = os.environ | {"AOS_HOME": str(home)}
    return subprocess.run([sys.executable, "-m", "aos_cli.main", *words], env=told, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def first(home: Path) -> dict[str, Any]:
    done = aos(home, "demo", "--once", "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_figure_ties_to_the_files(first: dict[str, Any]) -> None:
    assert {name: first["figures"][name] for name in MUST_TIE} == MUST_TIE
    assert first["entities"] == {"account": 85, "contact": 222, "opportunity": 8800, "cloud_resource": 842, "cost_report": 1000}


def test_every_row_is_accounted_for_also_of_streams_that_fit_no_entity(first: dict[str, Any]) -> None:
    read = {f"{one['connection']}/{one['stream']}": one for one in first["syncs"]}
    assert {name: one["read"] for name, one in read.items()} == {
        "billing/focus_costs": 1000, "crm/accounts": 85, "crm/products": 7, "crm/sales_pipeline": 8800, "crm/sales_teams": 35,
        "mongodb/account_usage": 85, "mongodb/usage_events": 510, "salesforce/Account": 85, "salesforce/Contact": 222,
    }  # fmt: skip
    assert all(one["read"] == one["landed"] + one["unchanged"] + one["rejected"] for one in read.values())
    made = {(one["stream"], one["entity"]): (one["landed"], one["canonical"], one["unmapped"]) for one in first["mappings"]}
    assert made == {
        ("billing/focus_costs", "cloud_resource"): (1000, 925, 75),
        ("billing/focus_costs", "cost_report"): (1000, 1000, 0),
        ("crm/accounts", "account"): (85, 85, 0),
        ("crm/sales_pipeline", "opportunity"): (8800, 8800, 0),
        ("crm/products", None): (7, 0, 7),
        ("crm/sales_teams", None): (35, 0, 35),
        ("mongodb/account_usage", "account"): (85, 85, 0),
        ("mongodb/usage_events", None): (510, 0, 510),
        ("salesforce/Account", "account"): (85, 85, 0),
        ("salesforce/Contact", "contact"): (222, 222, 0),
    }


def test_four_sources_tell_of_the_same_accounts_and_add_none(first: dict[str, Any]) -> None:
    assert list(first["connections"]) == ["billing", "crm", "mongodb", "salesforce"]
    assert (first["entities"]["account"], first["joined"]["account"]) == (85, 85)


def test_every_connection_of_both_worlds_says_that_it_is_demo_data(first: dict[str, Any]) -> None:
    assert list(first["legacy"]["connections"]) == sorted(systems())
    assert {*first["connections"].values(), *first["legacy"]["connections"].values()} == {"demo data"}


def test_the_legacy_systems_balance_and_tell_of_the_same_companies_and_people(first: dict[str, Any]) -> None:
    legacy = first["legacy"]
    assert legacy["figures"]["unbalanced"] == "0"
    assert {f"{one['connection']}/{one['stream']}" for one in legacy["syncs"]} == {f"{system}/{table}" for system, tables in systems().items() for table in tables}
    assert all(one["read"] == one["landed"] for one in legacy["syncs"])
    assert legacy["entities"] == {"account": 120, "contact": 291, "opportunity": 1350, "cloud_resource": 380, "cost_report": 2600}
    assert (legacy["joined"]["account"], legacy["joined"]["contact"]) == (110, 23)
    quarantined = {one["stream"]: one["quarantined"] for one in legacy["mappings"] if one["quarantined"]}
    assert quarantined == {}


def test_what_of_the_legacy_systems_maps_not_by_itself_waits_for_somebody(first: dict[str, Any]) -> None:
    kept = {one["stream"]: (one["entity"], one["held"], one["unmapped"]) for one in first["legacy"]["mappings"] if not one["canonical"]}
    assert kept["mongodb/account_usage"] == ("account", 112, 0)
    assert kept["sap/CLOUD_INVOICES"] == (None, 0, 240)
    assert first["legacy"]["waiting"] >= 10


def test_starting_again_keeps_everything_and_lands_nothing_twice(first: dict[str, Any], home: Path) -> None:
    again = json.loads(aos(home, "demo", "--once", "--json").stdout)
    assert again["figures"] == first["figures"]
    assert {one["landed"] for one in again["syncs"]} == {0}
    assert all(one["read"] == one["unchanged"] for one in [*again["syncs"], *again["legacy"]["syncs"]])
    assert {name: again["legacy"][name] for name in ("figures", "joined")} == {name: first["legacy"][name] for name in ("figures", "joined")}


def test_a_mapping_goes_out_as_a_document_that_names_who_decided_each_field(first: dict[str, Any], home: Path) -> None:
    import yaml

    (document,) = yaml.safe_load_all(aos(home, "map", "export", "--tenant", "demo", "crm/accounts").stdout)
    assert document["fields"]["revenue"] == {"expr": "revenue * 1000000", "by": "demo@example.com"}
    assert document["fields"]["industry"]["by"] == "auto"
    assert document["fields"]["industry"]["evidence"]


def test_a_document_that_is_not_understood_changes_nothing_and_says_why(first: dict[str, Any], home: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("{stream: crm/accounts, entity: account, fields: {employee_count: employees}}")
    bad.write_text("{stream: crm/accounts, entity: account, fields: {colour: employees}}")
    before = aos(home, "map", "export", "--tenant", "demo").stdout
    done = aos(home, "map", "import", str(good), str(bad), "--tenant", "demo", "--by", "ada@example.com")
    assert (done.returncode, "no field of that name (colour)" in done.stderr) == (2, True)
    aos(home, "sync", "--tenant", "mirror")
    assert aos(home, "map", "export", "--tenant", "demo").stdout == before


def test_an_answer_that_is_imported_takes_effect_with_the_next_refresh_for_its_tenant_alone(
    first: dict[str, Any], home: Path, tmp_path: Path
) -> None:
    answer = tmp_path / "answer.yaml"
    answer.write_text("{stream: crm/accounts, entity: account, fields: {employee_count: employees}}")
    assert aos(home, "map", "import", str(answer), "--tenant", "mirror", "--by", "ada@example.com").returncode == 0
    done = aos(home, "sync", "--tenant", "mirror")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "employee_count" in aos(home, "map", "export", "--tenant", "mirror", "crm/accounts").stdout
    assert "employee_count" not in aos(home, "map", "export", "--tenant", "demo", "crm/accounts").stdout


def test_an_unknown_tenant_is_not_found(first: dict[str, Any], home: Path) -> None:
    done = aos(home, "sync", "--tenant", "nobody")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (4, "Error: No such tenant (nobody).")
