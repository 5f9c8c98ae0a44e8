"""From events to a published version: latest state, partial records, references, ids, and versions that never change."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb
import pytest

from aos_api.reads.entities import standing_id
from aos_assets.steps import building, issuing, publish
from aos_assets.steps import map as mapping
from aos_assets.steps.leases import holding
from aos_assets.steps.sweeping import sweep
from aos_core.errors import TryAgain
from aos_core.matching import Stream
from aos_core.suggesting import suggest
from aos_resources.warehouse import OpenVersions, TenantWarehouse
from tests.assets.conftest import DEALS, FIRST, Company, Pair

ACCOUNTS = """
    stream: crm/accounts
    entity: account
    fields: {name: label}
"""


def test_the_views_say_what_the_source_says_exactly(mapped: Company) -> None:
    mapped.publish()
    assert mapped.view("opportunities", "opportunity_id_source", "status", "amount", "currency", "account_id", "account_id_source") == [
        ("1", "won", Decimal("10.50"), "EUR", None, "Umbrella"),
        ("2", "open", None, "EUR", None, None),
        ("3", "lost", Decimal("7"), "EUR", None, "Hooli"),
    ]


def test_a_mapping_with_an_undecided_required_field_holds_its_rows_until_it_is_decided(acme: Company) -> None:
    acme.write("deals.csv", FIRST)
    acme.sync()
    assert acme.suggest().held == 1
    assert acme.publish().tables["unified/opportunities"]["rows"] == 0
    acme.decide(DEALS)
    assert acme.publish().tables["unified/opportunities"]["rows"] == 3


def test_mappings_are_suggested_anew_only_where_something_came(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def looking(stream: Stream, *given: object) -> object:
        looked.append(stream.name)
        return suggest(stream, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(mapping, "suggest", looking)
    mapped.write("people.csv", [{"person_id": "1", "email": "a@example.com"}])
    assert mapped.sync().error is None
    mapped.suggest()
    assert looked == ["people"]
    mapped.sync()
    assert mapped.suggest().changed == 0 and looked == ["people"]
    mapped.decide(DEALS.replace("worth", "closed"))
    assert looked == ["people", "deals"]
    mapped.write("people.csv", [{"person_id": "1", "email": "a@example.com", "phone": "1"}])
    mapped.sync()
    mapped.suggest()
    assert looked == ["people", "deals", "people"]
    ontology = mapped.work.ontology
    mapped.work = replace(mapped.work, ontology=replace(ontology, entities=ontology.entities[::-1]))
    mapped.suggest()
    assert looked[3:] == ["deals", "people"]


def test_nothing_new_publishes_nothing(mapped: Company) -> None:
    first = mapped.refresh()
    again = mapped.refresh()
    assert (first.fresh, again.fresh, again.id) == (True, False, first.id)
    assert mapped.events() == ()


def test_the_latest_state_wins_and_what_is_gone_goes(mapped: Company) -> None:
    mapped.refresh()
    mapped.write("deals.csv", [FIRST[0] | {"worth": "12"}, FIRST[1]])
    mapped.refresh()
    assert mapped.view("opportunities", "opportunity_id_source", "amount") == [("1", Decimal(12)), ("2", None)]


def test_a_quarantined_update_leaves_the_last_good_row_marked_stale(mapped: Company) -> None:
    mapped.refresh()
    mapped.write("deals.csv", [FIRST[0] | {"worth": "plenty"}, *FIRST[1:]])
    mapped.sync()
    (batch,) = mapped.events()
    assert (batch.landed, batch.canonical, batch.quarantined, batch.balanced) == (1, 0, 1, True)
    mapped.publish()
    assert mapped.view("opportunities", "opportunity_id_source", "amount", "_stale") == [
        ("1", Decimal("10.50"), True),
        ("2", None, False),
        ("3", Decimal(7), False),
    ]
    mapped.write("deals.csv", [FIRST[0] | {"worth": "13"}, *FIRST[1:]])
    mapped.refresh()
    assert mapped.view("opportunities", "amount", "_stale")[0] == (Decimal(13), False)


def test_every_row_of_the_second_balance_is_somewhere(mapped: Company) -> None:
    rows = [FIRST[0], FIRST[0] | {"deal_id": "8", "worth": "x"}, FIRST[0] | {"deal_id": "9", "closed": "soon"}]
    mapped.publish()
    mapped.write("deals.csv", [*rows, rows[2]])
    mapped.sync()
    (batch,) = mapped.events()
    assert (batch.landed, batch.canonical, batch.quarantined, batch.unmapped, batch.duplicate, batch.deleted) == (3, 1, 1, 0, 1, 2)
    assert batch.balanced


def test_partial_records_are_merged_field_by_field_and_lose_nothing_to_a_later_row(acme: Company) -> None:
    charges = [
        {"charge": "1", "machine": "vm-1", "zone": "eu-1a", "kind": ""},
        {"charge": "2", "machine": "vm-1", "zone": "", "kind": "instance"},
        {"charge": "3", "machine": "", "zone": "eu-1b", "kind": "tax"},
    ]
    acme.write("bill.csv", charges)
    acme.sync()
    acme.decide(
        "{stream: crm/bill, entity: cloud_resource, key: machine, when: machine is not null, partial: true, keep: mapped,"
        " fields: {availability_zone: zone, resource_type: kind}}"
    )
    acme.publish()
    assert acme.view("cloud_resources", "resource_id_source", "availability_zone", "resource_type", "len(_events)") == [
        ("vm-1", "eu-1a", "instance", 2)
    ]
    acme.write("bill.csv", [charges[0] | {"machine": ""}, charges[1], charges[2]])
    acme.refresh()
    assert acme.view("cloud_resources", "availability_zone", "resource_type") == [(None, "instance")]
    acme.write("bill.csv", [charges[2]])
    acme.refresh()
    assert acme.view("cloud_resources", "resource_id") == []


def test_a_reference_finds_a_key_or_an_exact_name_and_nothing_where_several_fit(mapped: Company) -> None:
    mapped.write(
        "accounts.csv",
        [{"account_id": "a1", "label": "Umbrella "}, {"account_id": "a2", "label": "Hooli"}, {"account_id": "a3", "label": "Hooli"}],
    )
    mapped.sync()
    mapped.suggest()
    mapped.decide(ACCOUNTS)
    mapped.publish()
    joined = "select o.account_id_source, a.account_id_source from unified.opportunities o left join unified.accounts a using (account_id) order by o._ordinal"
    assert mapped.query(joined) == [("Umbrella", "a1"), (None, None), ("Hooli", None)]
    mapped.write("deals.csv", [FIRST[0] | {"company": " a3"}, *FIRST[1:]])
    mapped.refresh()
    assert mapped.query(joined)[0] == (" a3", "a3")


def test_a_reference_never_leaves_its_connection(mapped: Company, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    mapped.write("accounts.csv", [{"account_id": "b1", "label": "Umbrella"}, {"account_id": "b2", "label": "Hooli"}], other)
    second = mapped.connect("erp", config={"folder": str(other)})
    publish_from(mapped, second, ACCOUNTS.replace("crm/", "erp/"))
    assert mapped.query("select count(*) from unified.accounts") == [(2,)]
    assert mapped.query("select count(account_id) from unified.opportunities") == [(0,)]


def publish_from(company: Company, connection: UUID, document: str) -> None:
    from aos_assets.steps.land import sync_connection

    assert sync_connection(company.work, connection).error is None
    company.suggest()
    company.decide(document)
    company.publish()


def test_records_of_two_sources_with_one_domain_are_one_account_and_the_later_id_leads_to_the_earlier(acme: Company, tmp_path: Path) -> None:
    acme.write("accounts.csv", [{"account_id": "1", "label": "Hooli", "domain": "hooli.example"}, {"account_id": "2", "label": "Pied", "domain": ""}])
    acme.sync()
    acme.suggest()
    acme.decide(ACCOUNTS)
    other = tmp_path / "erp"
    other.mkdir()
    acme.write("accounts.csv", [{"account_id": "1", "label": "HOOLI Inc", "domain": ""}, {"account_id": "9", "label": "Else", "domain": "else.example"}], other)
    second = acme.connect("erp", config={"folder": str(other)})
    publish_from(acme, second, ACCOUNTS.replace("crm/", "erp/"))
    before = dict(acme.query("select name, account_id from unified.accounts"))
    assert len(before) == 4
    acme.write("accounts.csv", [{"account_id": "1", "label": "HOOLI Inc", "domain": "Hooli.example"}, {"account_id": "9", "label": "Else", "domain": "else.example"}], other)
    publish_from(acme, second, ACCOUNTS.replace("crm/", "erp/"))
    after = dict(acme.query("select name, account_id from unified.accounts"))
    assert after == {"HOOLI Inc": before["Hooli"], "Pied": before["Pied"], "Else": before["Else"]}
    with acme.work.database.transaction() as transaction:
        (redirect,) = transaction.all("select from_id, to_id from aos.redirects")
    assert (redirect["from_id"], redirect["to_id"]) == (before["HOOLI Inc"], before["Hooli"])


def test_a_reference_leads_where_the_source_that_is_believed_says_or_nowhere(acme: Company, tmp_path: Path) -> None:
    """Never where another source's word would lead: the id and the word beside it are of one source."""
    document = ACCOUNTS.replace("{name: label}", "{name: label, domain: domain, parent_account: above}")
    acme.write("accounts.csv", [
        {"account_id": "1", "label": "Hooli", "domain": "hooli.example", "above": "Pied"},
        {"account_id": "2", "label": "Pied", "domain": "", "above": ""},
    ])  # fmt: skip
    acme.sync()
    acme.suggest()
    acme.decide(document)
    acme.publish()
    said = "select parent_account is not null, parent_account_source from unified.accounts where domain = 'hooli.example'"
    assert acme.query(said) == [(True, "Pied")]
    other = tmp_path / "erp"
    other.mkdir()
    second = acme.connect("erp", config={"folder": str(other)})
    acme.write("accounts.csv", [
        {"account_id": "1", "label": "Hooli Inc", "domain": "hooli.example", "above": "Nobody"},
        {"account_id": "9", "label": "Else", "domain": "", "above": ""},
    ], other)  # fmt: skip
    publish_from(acme, second, document.replace("crm/", "erp/"))
    assert acme.query(said) == [(False, "Nobody")]


def test_a_record_that_parts_from_the_merged_one_stands_under_its_own_id_again(acme: Company, tmp_path: Path) -> None:
    """And a link to that id leads to it, not to what it once was part of."""
    acme.write("accounts.csv", [{"account_id": "1", "label": "Hooli", "domain": "hooli.example"}, {"account_id": "2", "label": "Pied", "domain": ""}])
    acme.sync()
    acme.suggest()
    acme.decide(ACCOUNTS)
    other = tmp_path / "erp"
    other.mkdir()
    second = acme.connect("erp", config={"folder": str(other)})
    own: dict[str, UUID] = {}
    for domain in ("", "hooli.example", ""):
        acme.write("accounts.csv", [{"account_id": "1", "label": "Hooli Inc", "domain": domain}, {"account_id": "9", "label": "Else", "domain": ""}], other)
        publish_from(acme, second, ACCOUNTS.replace("crm/", "erp/"))
        standing = dict(acme.query("select name, account_id from unified.accounts"))
        own = own or standing
        assert len(standing) == (3 if domain else 4)
        leads = standing_id(acme.work.database, own["Hooli Inc"])
        assert leads == (own["Hooli"] if domain else own["Hooli Inc"])
        assert leads in standing.values()


def test_two_records_of_one_source_that_share_a_mailbox_stay_two(acme: Company) -> None:
    acme.write("contacts.csv", [{"contact_id": str(n), "email": "office@hooli.example", "title": "x"} for n in range(2)])
    acme.refresh()
    assert acme.query("select count(*) from unified.contacts") == [(2,)]


def test_a_rebuild_gives_the_same_rows_under_the_same_ids(mapped: Company) -> None:
    mapped.refresh()
    mapped.write("deals.csv", [FIRST[0] | {"worth": "12"}, *FIRST[1:], FIRST[0] | {"deal_id": "4"}])
    mapped.refresh()
    content, issued = mapped.content(), mapped.issued("opportunity")
    mapped.file().unlink()
    rebuilt = mapped.publish()
    assert rebuilt.fresh
    assert (mapped.content(), mapped.issued("opportunity")) == (content, issued)
    assert len(issued) == 4


def test_a_new_mapping_version_replays_what_landed_before(mapped: Company) -> None:
    mapped.refresh()
    mapped.write("deals.csv", [FIRST[0] | {"worth": "12"}, *FIRST[1:]])
    mapped.refresh()
    mapped.decide("{stream: crm/deals, entity: opportunity, fields: {close_date: closed}}")
    (first, second) = mapped.events()
    assert (first.landed, second.landed) == (3, 1)
    mapped.publish()
    assert [(str(day), amount) for day, amount in mapped.view("opportunities", "close_date", "amount")] == [
        ("2024-01-31", Decimal(12)),
        ("None", None),
        ("2024-02-29", Decimal(7)),
    ]


def test_a_reader_keeps_its_version_through_later_publications(mapped: Company) -> None:
    mapped.refresh()
    with duckdb.connect(str(mapped.file()), read_only=True) as reader:
        for worth in ("20", "21", "22"):
            mapped.write("deals.csv", [FIRST[0] | {"worth": worth}, *FIRST[1:]])
            mapped.refresh()
            assert reader.execute("select amount from unified.opportunities where _ordinal = 1").fetchall() == [(Decimal("10.50"),)]
    assert mapped.view("opportunities", "amount")[0] == (Decimal(22),)


def test_who_publishes_second_on_the_same_parent_finds_it_moved_and_leaves_nothing(mapped: Company) -> None:
    mapped.refresh()
    work = mapped.work
    with work.database.transaction() as transaction:
        stale = publish.read_inputs(transaction, work)
    mapped.write("deals.csv", FIRST[:2])
    current = mapped.refresh()
    before = mapped.count("versions"), mapped.count("outbox")
    with holding(work.database, "publish", "slow") as lease, pytest.raises(TryAgain, match="published first"):
        publish._publish(work, lease, stale, UUID(int=7), mapped.file(), building.Built({}, {}, []))
    assert (mapped.count("versions"), mapped.count("outbox")) == before
    assert mapped.publish().id == current.id


def test_a_model_that_fails_leaves_the_published_version_and_no_file(mapped: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped.refresh()
    standing = sorted(mapped.work.lake.warehouse.iterdir())
    mapped.write("deals.csv", FIRST[:1])
    mapped.sync()
    mapped.events()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(building.dbt, "build", full)
    with pytest.raises(TryAgain, match="No space"):
        mapped.publish()
    assert sorted(mapped.work.lake.warehouse.iterdir()) == standing
    monkeypatch.undo()
    assert mapped.publish().tables["unified/opportunities"]["rows"] == 1


def test_the_neighbour_sees_its_own_values_under_the_same_ids(pair: Pair) -> None:
    pair.acme.write("deals.csv", FIRST)
    pair.acme.sync()
    pair.acme.suggest()
    pair.acme.decide(DEALS)
    pair.acme.publish()
    assert pair.acme.view("opportunities", "opportunity_id_source") == pair.globex.view("opportunities", "opportunity_id_source")
    assert pair.globex.query("select distinct amount, account_id_source from unified.opportunities") == [(Decimal(999), "Globex only")]
    assert not set(pair.acme.query("select opportunity_id from unified.opportunities")) & set(
        pair.globex.query("select opportunity_id from unified.opportunities")
    )


def test_an_id_once_issued_is_known_for_ever_and_issued_once_however_many_versions_come(
    mapped: Company, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "_MOST_FILES", 3)
    ours, theirs = (TenantWarehouse(one.work.database, one.work.lake, OpenVersions(one.work.settings)) for one in (mapped, pair.globex))
    mapped.refresh()
    seen = {row[0] for row in mapped.view("opportunities", "opportunity_id")}
    for number in range(6):
        mapped.write("deals.csv", [FIRST[0] | {"deal_id": f"new {number}"}, *FIRST[1:]])
        mapped.refresh()
        seen |= {row[0] for row in mapped.view("opportunities", "opportunity_id")}
        assert set(mapped.issued("opportunity")) == seen
    ids = mapped.issued("opportunity")
    assert len(ids) == len(set(ids)) == 9
    standing = {row[0] for row in mapped.view("opportunities", "opportunity_id")}
    assert len(standing) == 3
    for one in ids:
        assert ours.was_issued("opportunity", one)
        assert not ours.was_issued("account", one)
        assert not theirs.was_issued("opportunity", one)
    assert sweep(mapped.work).files > 0  # those that became one with others
    assert mapped.issued("opportunity") == ids
