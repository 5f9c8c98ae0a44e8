"""The stand-in for Salesforce is checked by a client that was written for the real one."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceLogin
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from aos_cli.stand_ins.salesforce import Fault, Field, StandIn, Store
from aos_cli.stand_ins.salesforce.faults import Refusal
from tests.resources.source_salesforce import key_pair

FIELDS = (Field("Name"), Field("Amount", "currency"), Field("IsWon", "boolean"), Field("CloseDate", "date"), Field("Left", "int"))


class ToStandIn(HTTPAdapter):
    """The client knows https alone, and Salesforce's own hosts."""

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *given: Any, **more: Any) -> requests.Response:
        request.url = f"{self._url}/{str(request.url).split('/', 3)[3]}"
        return super().send(request, *given, **more)


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    store = Store()
    store.make("Opportunity", FIELDS, prefix="006")
    store.fill("Opportunity", """select 'Deal ' || i as "Name", i * 1e6 as "Amount", i % 2 = 0 as "IsWon", date '2026-01-01' + i::int as "CloseDate", i as "Left" from range(5000) r(i)""")
    with StandIn(store) as served:
        yield served


@pytest.fixture
def session(stand_in: StandIn) -> requests.Session:
    made = requests.Session()
    made.mount("https://", ToStandIn(stand_in.url))
    return made


@pytest.fixture
def client(stand_in: StandIn, session: requests.Session) -> Salesforce:
    _, said = stand_in.sessions.token({"grant_type": "refresh_token", "client_id": "demo-app", "client_secret": "demo-app-secret", "refresh_token": "demo-refresh-token"}, stand_in.url)
    return Salesforce(session_id=said["access_token"], instance="demo.my.salesforce.com", session=session, version="64.0")


def test_an_assertion_signed_with_the_right_key_is_a_session_and_with_another_is_not(stand_in: StandIn, session: requests.Session) -> None:
    private, public = key_pair()
    stand_in.sessions.certificate = public
    known = {"username": "integration@demo.example", "consumer_key": "demo-app", "session": session}
    token, _ = SalesforceLogin(**known, privatekey=private)
    assert token in stand_in.sessions.tokens
    for wrong in ({"privatekey": key_pair()[0]}, {"privatekey": private, "username": "somebody@else"}, {"privatekey": private, "consumer_key": "another"}):
        with pytest.raises(SalesforceAuthenticationFailed):
            SalesforceLogin(**(known | wrong))


def test_all_pages_of_a_query_come(client: Salesforce) -> None:
    found = client.query_all("SELECT Id, Name, Amount, IsWon, CloseDate FROM Opportunity")
    assert (found["totalSize"], found["done"], len(found["records"])) == (5000, True, 5000)
    assert {one["Id"] for one in client.query_all_iter("SELECT Id FROM Opportunity")} == {one["Id"] for one in found["records"]}
    last = found["records"][-1]
    assert last.pop("attributes") == {"type": "Opportunity", "url": f"/services/data/v64.0/sobjects/Opportunity/{last['Id']}"}
    assert last == {"Id": "006000000005000AAA", "Name": "Deal 4999", "Amount": 4.999e9, "IsWon": False, "CloseDate": "2039-09-09"}


def test_conditions_orders_limits_and_counts_are_understood(client: Salesforce) -> None:
    names = [one["Name"] for one in client.query("SELECT Name FROM Opportunity WHERE Left >= 10 AND (IsWon = true OR Name IN ('Deal 11', 'Deal 13')) ORDER BY Left DESC NULLS LAST LIMIT 3")["records"]]
    assert names == ["Deal 4998", "Deal 4996", "Deal 4994"]
    assert client.query("SELECT COUNT() FROM Opportunity WHERE Left < 10 AND CloseDate > 2026-01-03")["totalSize"] == 7
    stamped = client.query("SELECT SystemModstamp FROM Opportunity WHERE SystemModstamp >= 2026-01-01T00:00:10Z ORDER BY SystemModstamp, Id LIMIT 1")["records"][0]
    assert stamped["SystemModstamp"] == "2026-01-01T00:00:10.000+0000"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("SELECT Nothing FROM Opportunity", "INVALID_FIELD"), ("SELECT Id FROM Nothing", "INVALID_TYPE"), ("SELECT Id Opportunity", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE Left = 1 AND Left = 2 OR Left = 3", "MALFORMED_QUERY"), ("SELECT Id FROM Opportunity WHERE CloseDate = '2026-01-01'", "INVALID_FIELD"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_code(client: Salesforce, asked: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.query(asked)
    assert refused.value.content[0]["errorCode"] == code


def test_deleted_records_show_when_they_are_asked_for(client: Salesforce, stand_in: StandIn) -> None:
    stand_in.store.delete("Opportunity", "006000000000001AAA")
    stand_in.store.purge("Opportunity", "006000000000002AAA")
    assert client.query("SELECT COUNT() FROM Opportunity")["totalSize"] == 4998
    gone = client.query_all("SELECT Id FROM Opportunity WHERE IsDeleted = true", include_deleted=True)["records"]
    assert [one["Id"] for one in gone] == ["006000000000001AAA"]


def test_objects_and_fields_are_described(client: Salesforce) -> None:
    (summary,) = client.describe()["sobjects"]
    assert (summary["name"], summary["queryable"], summary["keyPrefix"], summary["createable"]) == ("Opportunity", True, "006", False)
    fields = {one["name"]: one["type"] for one in client.Opportunity.describe()["fields"]}
    assert fields | {"Amount": "currency", "Id": "id", "SystemModstamp": "datetime"} == fields
    with pytest.raises(SalesforceResourceNotFound):
        client.Nothing__c.describe()


def test_a_bulk_job_gives_the_same_rows_in_pages_of_csv(client: Salesforce) -> None:
    pages = list(client.bulk2.Opportunity.query("SELECT Id, Name, Amount, SystemModstamp FROM Opportunity", max_records=2_000))
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert (len(pages), len(rows), len({row["Id"] for row in rows})) == (3, 5000, 5000)
    assert rows[16] == {"Id": "006000000000017AAA", "Name": "Deal 16", "Amount": "1.6E7", "SystemModstamp": "2026-01-01T00:00:00.000Z"}


def test_requests_are_counted_and_refused_when_there_were_too_many(client: Salesforce, stand_in: StandIn) -> None:
    assert client.limits()["DailyApiRequests"] == {"Max": 1_000_000, "Remaining": 999_999}
    client.query("SELECT COUNT() FROM Opportunity")
    assert client.api_usage["api-usage"].used == 2
    stand_in.sessions.most = 2
    with pytest.raises(Exception, match="REQUEST_LIMIT_EXCEEDED"):
        client.limits()


def test_a_session_ends_and_faults_happen_when_they_are_planned(client: Salesforce, stand_in: StandIn) -> None:
    stand_in.faults.plan(Fault("/query", nth=2, refusal=Refusal(400, "MALFORMED_QUERY", "planned")))
    client.query("SELECT COUNT() FROM Opportunity")
    with pytest.raises(SalesforceMalformedRequest):
        client.query("SELECT COUNT() FROM Opportunity")
    client.query("SELECT COUNT() FROM Opportunity")
    stand_in.sessions.expire()
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT COUNT() FROM Opportunity")


def test_it_is_a_program_that_serves_a_folder_of_records(tmp_path: Path) -> None:
    (tmp_path / "Account.csv").write_text("Id,Name,AnnualRevenue,IsDeleted,SystemModstamp\n001000000000009AAA,Acme,1.5,false,2026-01-02 03:04:05\n")
    (tmp_path / "Contact.csv").write_text("LastName,AccountId\nLovelace,001000000000009AAA\n")
    program = subprocess.Popen([sys.executable, "-m", "aos_cli.stand_ins.salesforce", "--data", str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None
        url = f"http://127.0.0.1:{int(program.stdout.readline())}"
        asked = {"grant_type": "refresh_token", "client_id": "demo-app", "client_secret": "demo-app-secret", "refresh_token": "demo-refresh-token"}
        token = requests.post(f"{url}/services/oauth2/token", asked, timeout=10).json()["access_token"]
        told = [requests.get(f"{url}/services/data/v64.0/query", {"q": text}, headers={"Authorization": f"Bearer {token}"}, timeout=10).json() for text in ("SELECT Id, Name, AnnualRevenue, SystemModstamp FROM Account", "SELECT LastName, AccountId FROM Contact")]
    finally:
        program.kill()
        program.wait()
    records = [{name: value for name, value in one["records"][0].items() if name != "attributes"} for one in told]
    assert records == [
        {"Id": "001000000000009AAA", "Name": "Acme", "AnnualRevenue": 1.5, "SystemModstamp": "2026-01-02T03:04:05.000+0000"},
        {"LastName": "Lovelace", "AccountId": "001000000000009AAA"},
    ]
