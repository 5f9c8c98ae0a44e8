"""The quota of rows where it counts: a reading that would exceed it lists nothing, and others go on."""

from __future__ import annotations

from aos_resources.audit import Actor
from aos_resources.quotas import set_quota
from aos_resources.world import World
from tests.assets.conftest import FIRST, Company

OPERATOR = Actor("operator", "o", "the operator")


def files(company: Company) -> list[str]:
    return [one.name for one in (company.work.lake.folder / "raw").rglob("*") if one.is_file()]


def test_a_reading_that_would_exceed_the_quota_fails_in_words_and_leaves_nothing(acme: Company, opened: World) -> None:
    set_quota(opened.database, acme.work.tenant, "rows", 4, OPERATOR)
    acme.write("deals.csv", FIRST)
    acme.write("more.csv", [{"id": str(number)} for number in range(9)])
    sync = acme.sync()
    assert [(one.stream, one.landed, one.error is None) for one in sync.streams] == [("deals", 3, True), ("more", 0, False)]
    assert sync.error is not None and "3 of 4 rows landed this month are used, and this needs 9 more" in sync.error
    assert (acme.count("landings"), len(files(acme))) == (1, 1)
    again = acme.sync()
    assert "more than this tenant may use" in str(again.error) and len(files(acme)) == 1


def test_where_it_is_used_up_the_source_is_not_even_read_until_the_operator_raises_it(acme: Company, opened: World) -> None:
    set_quota(opened.database, acme.work.tenant, "rows", 3, OPERATOR)
    acme.write("deals.csv", FIRST)
    assert acme.sync().error is None
    acme.write("deals.csv", [*FIRST, FIRST[0] | {"deal_id": "4"}])
    refused = acme.sync()
    assert refused.streams == () and "3 of 3 rows" in str(refused.error)
    assert acme.count("syncs") == 2
    set_quota(opened.database, acme.work.tenant, "rows", 4, OPERATOR)
    assert acme.stream("deals").landed == 1
