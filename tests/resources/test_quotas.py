"""Quotas: nobody exceeds them, however many try at once, and the neighbour does not notice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from aos_core.errors import NotUnderstood, QuotaReached
from aos_core.tenancy import Tenant
from aos_resources.audit import Actor
from aos_resources.database import Database
from aos_resources.people import create_tenant
from aos_resources.quotas import reserve, set_quota, spend, usage
from aos_resources.settings import Settings

OPERATOR = Actor("operator", "o", "the operator")


@pytest.fixture(scope="module")
def database(settings: Settings) -> Iterator[Database]:
    made = Database(settings, size=12)
    yield made
    made.close()


@pytest.fixture
def pair(database: Database) -> tuple[Tenant, Tenant]:
    return create_tenant(database, f"counted-{uuid4().hex[:8]}", "C"), create_tenant(database, f"free-{uuid4().hex[:8]}", "F")


def connect(database: Database, tenant: Tenant) -> bool:
    try:
        with database.of(tenant).transaction() as transaction:
            reserve(transaction, "connections")
            transaction.run("insert into aos.connections (id, name, source) values (:id, :name, 'files')", id=uuid4(), name=uuid4().hex)
    except QuotaReached:
        return False
    return True


def used(database: Database, tenant: Tenant) -> dict[str, int]:
    with database.of(tenant).transaction() as transaction:
        return {one.name: one.used for one in usage(transaction)}


def test_of_many_at_once_so_many_get_through_as_the_quota_allows(database: Database, pair: tuple[Tenant, Tenant]) -> None:
    limited, free = pair
    set_quota(database, limited, "connections", 3, OPERATOR)
    with ThreadPoolExecutor(12) as together:
        went = list(together.map(lambda n: connect(database, pair[n % 2]), range(24)))
    assert (sum(went[0::2]), sum(went[1::2])) == (3, 12)
    assert (used(database, limited)["connections"], used(database, free)["connections"]) == (3, 12)
    set_quota(database, limited, "connections", 4, OPERATOR)
    assert [connect(database, limited), connect(database, limited)] == [True, False]
    set_quota(database, limited, "connections", None, OPERATOR)
    assert connect(database, limited)


def test_spending_at_once_never_exceeds_and_says_when_it_begins_anew(database: Database, pair: tuple[Tenant, Tenant]) -> None:
    limited, _ = pair
    set_quota(database, limited, "language_model_spend", 1_000, OPERATOR)

    def pay(n: int) -> bool:
        try:
            with database.of(pair[n % 2]).transaction() as transaction:
                spend(transaction, "test", "small", tokens_in=10, tokens_out=5, microdollars=300)
        except QuotaReached as refused:
            assert refused.resets_at is not None and refused.resets_at > datetime.now(UTC)
            assert "microdollars" in refused.sentence
            return False
        return True

    with ThreadPoolExecutor(12) as together:
        went = list(together.map(pay, range(24)))
    assert (sum(went[0::2]), sum(went[1::2])) == (3, 12)
    assert used(database, limited)["language_model_spend"] == 900


def test_what_was_spent_last_month_does_not_count(database: Database, pair: tuple[Tenant, Tenant]) -> None:
    limited, _ = pair
    set_quota(database, limited, "language_model_spend", 100, OPERATOR)
    with database.of(limited).transaction() as transaction:
        spend(transaction, "test", "small", tokens_in=1, tokens_out=1, microdollars=100)
        with pytest.raises(QuotaReached):
            spend(transaction, "test", "small", tokens_in=1, tokens_out=1, microdollars=1)
    with database.of(limited).transaction() as transaction:
        transaction.run("insert into aos.language_model_usage (id, at, purpose, model, tokens_in, tokens_out, microdollars) values (:id, now() - interval '32 days', 'p', 'm', 1, 1, 5000)", id=uuid4())
    assert used(database, limited)["language_model_spend"] == 100


@pytest.mark.parametrize(("name", "most"), [("dreams", 1), ("rows", -1), ("rows", 2**63)])
def test_what_is_no_quota_is_refused_in_words(database: Database, pair: tuple[Tenant, Tenant], name: str, most: int) -> None:
    with pytest.raises(NotUnderstood):
        set_quota(database, pair[0], name, most, OPERATOR)


def test_a_tenant_cannot_raise_its_own_quota(database: Database, pair: tuple[Tenant, Tenant]) -> None:
    from sqlalchemy.exc import ProgrammingError

    set_quota(database, pair[0], "rows", 10, OPERATOR)
    for statement in ("update aos.quotas set most = 99", "delete from aos.quotas", "insert into aos.quotas (name, most, changed_by) values ('connections', 1, 'x')"):
        with pytest.raises(ProgrammingError, match="permission denied"), database.of(pair[0]).transaction() as transaction:
            transaction.run(statement)
