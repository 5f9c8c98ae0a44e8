"""How streams are read, changed over HTTP; what is found in them, and their rows as a file."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from aos_core.spreadsheet import unguarded
from tests import scenario
from tests.api.people import Company, found
from tests.api.serving import Served
from tests.scenario import SHARED, World

STREAM = f"/streams/{SHARED.stream}"


@pytest.fixture
def company(world: World, served: Served) -> Company:
    made = found(world, served)
    scenario._fill(world, made.tenant, SHARED, "Rows")
    return made


def patched(company: Company, **body: Any) -> dict[str, Any]:
    answer = company.owner.client.patch(STREAM, json=body)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_what_is_read_by_another_key_or_other_columns_is_read_anew(company: Company) -> None:
    said = patched(company, selected=False, delete_mode="periodic")
    assert (said["selected"], said["delete_mode"], said["reset_at"]) == (False, "periodic", None)
    said = patched(company, treated={"Sector": "hash", "AnnualRevenue": "omit"})
    assert said["treated"] == {"Sector": "hash", "AnnualRevenue": "omit"} and said["reset_at"] is not None
    assert patched(company, treated={"AnnualRevenue": "keep"})["treated"] == {"Sector": "hash"}
    said = patched(company, key=["Id", "Sector"])
    assert (said["key"], said["key_origin"]) == (["Id", "Sector"], "declared")
    said = patched(company, key=[])
    assert (said["key"], said["key_origin"]) == ([], "unknown")


def test_what_changes_nothing_resets_nothing(company: Company) -> None:
    assert patched(company, key=["Id"], treated={"Sector": "keep"})["reset_at"] is None


@pytest.mark.parametrize(
    "body",
    [{"treated": {"Id": "omit"}}, {"key": ["Nowhere"]}, {"key": ["Id", "Id"]}, {"treated": {"Nowhere": "hash"}}, {"cursor_column": "Nowhere"}, {"cursor_column": "Sector", "treated": {"Sector": "omit"}}],
)
def test_a_column_that_a_stream_is_known_by_is_not_left_out_and_must_be_there(company: Company, body: dict[str, Any]) -> None:
    answer = company.owner.client.patch(STREAM, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_understood")
    assert patched(company, treated={"Id": "hash"})["treated"] == {"Id": "hash"}


def test_rows_that_were_held_back_vanish_once_somebody_says_so(company: Company) -> None:
    with company.world.database.of(company.tenant).transaction() as transaction:
        transaction.run("update aos.sync_streams set state = 'held', said = '{\"vanished\": 40, \"of\": 80}' where stream_id = :id", id=SHARED.stream)
    assert company.owner.client.get(STREAM).json()["vanishing"] == {"rows": 40, "of": 80}
    detail = company.owner.client.get(f"/connections/{SHARED.connection}").json()["detail"]
    assert [one["vanishing"] for one in detail if one["id"] == str(SHARED.stream)] == [{"rows": 40, "of": 80}]
    answered = company.owner.client.post(f"{STREAM}/vanishing", json={"allow": 40}).json()
    assert (answered["may_vanish"], answered["vanishing"]) == (40, None)
    patched(company, delete_mode="unknown")
    assert company.owner.client.post(f"{STREAM}/vanishing", json={"allow": 40}).status_code == 409


def test_a_stream_is_reset_and_its_syncs_are_listed(company: Company) -> None:
    first = company.owner.client.post(f"{STREAM}/reset").json()["reset_at"]
    assert first is not None and company.owner.client.post(f"{STREAM}/reset").json()["reset_at"] == first
    (one,) = company.owner.client.get(f"{STREAM}/syncs").json()["items"]
    assert ([read["stream_id"] for read in one["streams"]], one["external"]) == ([str(SHARED.stream)], None)


def test_columns_are_found_by_what_they_are_called_said_of_and_feed(company: Company) -> None:
    def labels(asked: str) -> list[tuple[str, str | None]]:
        return [(one["stream"], one["field"]) for one in company.owner.client.get("/discover", params={"q": asked}).json()["items"]]

    assert labels("sector accounts") == [("accounts", "Sector")]
    assert labels("in millions") == [("accounts", "AnnualRevenue")]
    assert labels("account.name") == []  # it feeds it from a column that nobody has seen
    assert ("accounts", None) in labels("accounts") and labels("100%") == labels("_") == []
    every = company.owner.client.get("/discover", params={"limit": 2}).json()
    assert (len(every["items"]), every["total"]) == (2, 8)
    assert company.owner.client.get("/discover", params={"q": "a b c d e f g h i"}).status_code == 422


def test_rows_as_a_file_are_all_of_them_without_a_formula(company: Company) -> None:
    answer = company.owner.client.get(f"{STREAM}/rows.csv")
    assert (answer.status_code, answer.headers["content-disposition"]) == (200, 'attachment; filename="Rows-accounts.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = company.owner.client.get(f"{STREAM}/rows").json()["rows"]
    assert [unguarded(row["Name"]) for row in rows] == [one["values"]["Name"] for one in listed]
    assert company.join("viewer").client.get(f"{STREAM}/rows.csv").status_code == 403


def test_what_is_masked_is_empty_in_the_file_and_not_found_by_its_words(company: Company) -> None:
    assert company.owner.client.put("/masks/money", json={"roles": ["analyst", "viewer"]}).status_code == 200
    analyst = company.join("analyst").client
    masked = set(analyst.get(f"{STREAM}/rows").json()["masked"])
    rows = list(csv.DictReader(io.StringIO(analyst.get(f"{STREAM}/rows.csv").text)))
    assert masked and {row[name] for row in rows for name in masked} == {""}
    assert analyst.get("/discover", params={"q": "loose"}).json()["total"] > 0
    assert [client.get("/discover", params={"q": "in millions"}).json()["total"] for client in (company.owner.client, analyst)] == [1, 0]
    hidden = [one for one in analyst.get("/discover").json()["items"] if one["masked"]]
    assert hidden and all(one["top"] == [] and one["description"] == "" and one["nulls"] is None for one in hidden)
