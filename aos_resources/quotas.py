"""What a tenant may use: limits that the operator sets, how much of each is used, and the one place that refuses more.

Whoever is about to use more reserves it in the transaction that uses it; two at once wait for each other, so together
they never exceed. Without a limit nothing is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from aos_core.errors import NotUnderstood, QuotaReached
from aos_core.periods import period
from aos_core.tenancy import Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, Transaction
from aos_resources.people import reading_people
from aos_resources.tenant_settings import read_settings_of

Quota = Literal["connections", "rows", "language_model_spend"]
# What is counted: of connections those that there are, of the others what the tenant's month has seen.
_COUNTED: dict[Quota, tuple[str, str]] = {
    "connections": ("connections", "select count(*) as used from aos.connections"),
    "rows": ("rows landed this month", "select coalesce(sum(rows), 0)::bigint as used from aos.landings where landed_at >= :since"),
    "language_model_spend": (
        "microdollars spent on language models this month",
        "select coalesce(sum(microdollars), 0)::bigint as used from aos.language_model_usage where at >= :since",
    ),
}
QUOTAS: tuple[Quota, ...] = tuple(_COUNTED)
_ALONE = "select pg_advisory_xact_lock(hashtextextended(current_setting('aos.tenant') || ' quota ' || :name, 2))"
_SET = """
insert into aos.quotas (tenant_id, name, most, changed_by) values (:tenant, :name, :most, :by)
on conflict (tenant_id, name) do update set most = :most, changed_by = :by, changed_at = now()
"""


@dataclass(frozen=True)
class Use:
    """`most` is None where there is no limit; `resets_at` where time changes nothing."""

    name: Quota
    used: int
    most: int | None
    resets_at: datetime | None


def usage(transaction: Transaction) -> list[Use]:
    """Use and limit of everything that is counted."""
    limits = {row["name"]: int(row["most"]) for row in transaction.all("select name, most from aos.quotas")}
    return [_use(transaction, name, limits.get(name)) for name in QUOTAS]


def reserve(transaction: Transaction, name: Quota, more: int = 1) -> None:
    """Returns where so much more may be used by this very transaction; until its end nobody else reserves the same.

    Raises:
        QuotaReached: it would be more than the operator allows.
    """
    if more > 0 and _limit(transaction, name) is not None:
        transaction.first(_ALONE, name=name)
        check(transaction, name, more)


def check(transaction: Transaction, name: Quota, more: int = 1) -> None:
    """The same without waiting for others: to refuse early what would be refused in the end.

    Raises:
        QuotaReached: it would be more than the operator allows.
    """
    most = _limit(transaction, name)
    if most is None:
        return
    now = _use(transaction, name, most)
    if now.used + more > most:
        said = f"{now.used:,} of {most:,} {_COUNTED[name][0]} are used, and this needs {more:,} more"
        raise QuotaReached("That is more than this tenant may use", culprit=said, resets_at=now.resets_at)


def spend(transaction: Transaction, purpose: str, model: str, *, tokens_in: int, tokens_out: int, microdollars: int) -> None:
    """Note what a language model cost; said before the call with the most that it may cost, it refuses the call.

    Raises:
        QuotaReached: it would be more than the operator allows; nothing is noted.
    """
    reserve(transaction, "language_model_spend", microdollars)
    transaction.run(
        "insert into aos.language_model_usage (id, purpose, model, tokens_in, tokens_out, microdollars)"
        " values (:id, :purpose, :model, :read, :written, :cost)",
        id=uuid4(), purpose=purpose, model=model, read=tokens_in, written=tokens_out, cost=microdollars,
    )  # fmt: skip


def set_quota(database: Database, tenant: Tenant, name: str, most: int | None, actor: Actor) -> None:
    """The operator's limit for a tenant; None takes it away.

    Raises:
        NotUnderstood: nothing of that name is counted, or the limit is below nothing. Gone: the tenant was erased.
    """
    if name not in QUOTAS:
        raise NotUnderstood("Nothing of that name has a quota", culprit=name[:60], fix=f"There are {', '.join(QUOTAS)}.")
    if most is not None and not 0 <= most < 2**62:
        raise NotUnderstood("A quota is a number that is not below zero", culprit=str(most)[:30])
    with reading_people(database) as transaction:
        transaction.first("select aos.enter(cast(:tenant as uuid))", tenant=str(tenant.id))
        if most is None:
            transaction.run("delete from aos.quotas where tenant_id = :tenant and name = :name", tenant=tenant.id, name=name)
        else:
            transaction.run(_SET, tenant=tenant.id, name=name, most=most, by=actor.name)
        record(transaction, Entry(actor, "change", "quotas", name, after=most, detail={"most": most}), tenant)


def _limit(transaction: Transaction, name: Quota) -> int | None:
    row = transaction.first("select most from aos.quotas where name = :name", name=name)
    return None if row is None else int(row["most"])


def _use(transaction: Transaction, name: Quota, most: int | None) -> Use:
    if name == "connections":
        return Use(name, int(transaction.one("count", _COUNTED[name][1])["used"]), most, None)
    month = period(read_settings_of(transaction).calendar, "month", datetime.now(UTC))
    return Use(name, int(transaction.one("count", _COUNTED[name][1], since=month.starts)["used"]), most, month.ends)
