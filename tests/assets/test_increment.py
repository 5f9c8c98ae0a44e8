"""A version brought up to date equals one made of all events, row for row, whatever came in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aos_assets.steps import publish
from aos_assets.steps.building import build_fresh
from aos_assets.steps.land import sync_connection
from aos_resources.people import create_tenant
from aos_resources.world import World
from tests.assets.conftest import Company

_SCHEMAS = ("identities", "staging", "unified", "metrics")
DOCUMENTS = [
    """{stream: crm/deals, entity: opportunity, key: deal_id, fields: {status: {from: state, values: {Won: won, Lost: lost, Open: open}},
        amount: worth, account_id: company, currency: {expr: "'EUR'"}, close_date: closed}}""",
    "{stream: crm/accounts, entity: account, key: account_id, fields: {name: label, domain: domain, parent_account: parent}}",
    "{stream: erp/clients, entity: account, key: client, fields: {name: label, domain: domain}}",
    "{stream: erp/people, entity: contact, key: person, fields: {email: mail, account_id: client}}",
    """{stream: crm/bill, entity: cloud_resource, key: machine, when: machine is not null, partial: true, keep: mapped,
        fields: {availability_zone: zone, resource_type: kind}}""",
]
# What a person may state anew in the middle of a story.
RESTATED = [
    "{stream: crm/deals, entity: opportunity, key: deal_id, fields: {status: {from: state, values: {Won: lost, Lost: won, Open: open}}}}",
    "{stream: crm/deals, entity: opportunity, key: deal_id, fields: {amount: {expr: worth * 2}}}",
    "{stream: erp/clients, entity: account, key: client, fields: {name: domain, domain: label}}",
    "{stream: erp/people, entity: contact, key: person, when: mail is not null, fields: {email: mail}}",
]
_KEY = st.sampled_from(["1", "2", "3", "4"])
_NAME = st.sampled_from(["", "Hooli", "Umbrella", " Hooli", "Pied Piper"])
_DOMAIN = st.sampled_from(["", "hooli.example", "umbrella.example", "HOOLI.example", "pied.example"])


def table(**columns: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows of a file, twins and repeated keys among them; never none, so that there is a header."""
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=6)


_DEALS = table(
    deal_id=_KEY, state=st.sampled_from(["Won", "Lost", "Open", "Gone"]), worth=st.sampled_from(["", "1.50", "2", "plenty"]),
    company=st.one_of(_NAME, _KEY), closed=st.sampled_from(["", "2024-01-31", "soon"]),
)  # fmt: skip
FILES: dict[str, st.SearchStrategy[list[dict[str, str]]]] = {
    "crm/deals-a.csv": _DEALS,
    "crm/deals-b.csv": _DEALS,
    "crm/accounts.csv": table(account_id=_KEY, label=_NAME, domain=_DOMAIN, parent=_NAME),
    "crm/bill.csv": table(charge=_KEY, machine=st.sampled_from(["", "vm-1", "vm-2"]), zone=st.sampled_from(["", "a", "b"]), kind=_KEY),
    "erp/clients.csv": table(client=_KEY, label=_NAME, domain=_DOMAIN),
    "erp/people.csv": table(person=_KEY, mail=st.sampled_from(["", "a@hooli.example", "A@Hooli.example", "b@pied.example"]), client=_NAME),
}
_CHANGE = st.one_of(
    [st.tuples(st.just(name), rows) for name, rows in FILES.items()] + [st.tuples(st.just("crm/deals-b.csv"), st.none()), st.sampled_from(RESTATED)]
)
Change = tuple[str, list[dict[str, str]] | None] | str
STORY = st.lists(st.lists(_CHANGE, min_size=1, max_size=3), min_size=1, max_size=5)
_FIRST = {
    "crm/deals-a.csv": [{"deal_id": "1", "state": "Won", "worth": "1", "company": "Hooli", "closed": ""}],
    "crm/accounts.csv": [{"account_id": "1", "label": "Hooli", "domain": "hooli.example", "parent": ""}],
    "crm/bill.csv": [{"charge": "1", "machine": "vm-1", "zone": "a", "kind": "1"}],
    "erp/clients.csv": [{"client": "1", "label": "Hooli Inc", "domain": ""}],
    "erp/people.csv": [{"person": "1", "mail": "a@hooli.example", "client": "Hooli Inc"}],
}


@pytest.fixture(scope="module")
def founded(opened: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Company]:
    """Companies with two connections and five mapped streams, one story each."""

    def found() -> Company:
        folder = tmp_path_factory.mktemp("story")
        company = Company(opened.of(create_tenant(opened.database, f"story-{uuid4().hex[:10]}", "Story")), folder)
        for name, patterns in (("crm", {"deals": "deals*.csv", "accounts": "accounts.csv", "bill": "bill.csv"}), ("erp", {})):
            (folder / name).mkdir()
            company.connect(name, config={"folder": str(folder / name), "patterns": patterns})
        for name, rows in _FIRST.items():
            company.write(name, rows)
        read(company)
        company.suggest()
        for document in DOCUMENTS:
            company.decide(document)
        company.publish()
        return company

    return found


def read(company: Company) -> None:
    company.allow()
    with company.work.database.transaction() as transaction:
        rows = transaction.all("select id from aos.connections")
    for row in rows:
        assert sync_connection(company.work, row["id"]).error is None


def tables(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of a version, its rows sorted."""
    with duckdb.connect(str(file), read_only=True) as connection:
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables() where schema_name in ?", [_SCHEMAS]).fetchall()
        found = {name: connection.execute(f"select * from {name}").fetchall() for (name,) in names}
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def built_from_scratch(company: Company) -> dict[str, list[tuple[Any, ...]]]:
    with company.work.database.transaction() as transaction:
        inputs = publish.read_inputs(transaction, company.work)
    file = company.folder / f"{uuid4()}.duckdb"
    build_fresh(company.work, inputs, file)
    return tables(file)


def tell(company: Company, story: list[list[Change]]) -> None:
    for chapter in story:
        for change in chapter:
            if isinstance(change, str):
                company.decide(change)
                continue
            name, rows = change
            if rows is None:
                (company.folder / name).unlink(missing_ok=True)
            else:
                company.write(name, rows)
            read(company)
        company.publish()
        assert tables(company.file()) == built_from_scratch(company)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(story=STORY)
def test_an_increment_equals_a_build_from_scratch(founded: Callable[[], Company], story: list[list[Change]]) -> None:
    tell(founded(), story)
