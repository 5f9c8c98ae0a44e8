"""A tenant's settings as rows: its currency and how it counts time. Without a row they are the defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from aos_core.currencies import CURRENCIES
from aos_core.errors import NotUnderstood
from aos_core.periods import Calendar
from aos_core.tenancy import Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, TenantDatabase, Transaction

_WRITE = """
insert into aos.tenant_settings (currency, time_zone, week_start, fiscal_year_start, changed_by)
values (:currency, :time_zone, :week_start, :fiscal_year_start, :by)
on conflict (tenant_id) do update set currency = excluded.currency, time_zone = excluded.time_zone, week_start = excluded.week_start,
    fiscal_year_start = excluded.fiscal_year_start, changed_by = excluded.changed_by, changed_at = now()
"""


@dataclass(frozen=True)
class TenantSettings:
    """`currency`: the one that figures are shown in where a tenant has several (ISO 4217)."""

    currency: str = "USD"
    calendar: Calendar = field(default_factory=Calendar)

    def __post_init__(self) -> None:
        if self.currency not in CURRENCIES:
            raise NotUnderstood("That is no currency", culprit=self.currency[:20], fix="Name one as ISO 4217 does: EUR, USD, JPY.")

    @property
    def said(self) -> dict[str, Any]:
        return {"currency": self.currency} | asdict(self.calendar)


def read_settings_of(transaction: Transaction) -> TenantSettings:
    row = transaction.first("select currency, time_zone, week_start, fiscal_year_start from aos.tenant_settings")
    return TenantSettings() if row is None else TenantSettings(row["currency"], Calendar(row["time_zone"], row["week_start"], row["fiscal_year_start"]))


def write_settings_of(transaction: Transaction, settings: TenantSettings, by: str) -> None:
    transaction.run(_WRITE, **settings.said, by=by)


def change_settings_of(database: TenantDatabase, given: dict[str, Any], actor: Actor) -> TenantSettings:
    """The settings with those changes, for the operator; none given changes nothing.

    Raises:
        NotUnderstood: one of them is not what it should be.
    """
    with database.transaction() as transaction:
        before = read_settings_of(transaction)
        currency, *calendar = (before.said | given).values()
        after = TenantSettings(currency, Calendar(*calendar))
        if after != before:
            write_settings_of(transaction, after, actor.name)
            record(transaction, Entry(actor, "change", "settings", before=before.said, after=after.said, detail=after.said))
        return after


def airbyte_workspace_of(transaction: Transaction) -> UUID | None:
    """The workspace of an external Airbyte that is this tenant's own; without one it sees none."""
    row = transaction.first("select airbyte_workspace from aos.tenant_settings")
    found: UUID | None = row["airbyte_workspace"] if row is not None else None
    return found


def set_airbyte_workspace(database: Database, tenant: Tenant, workspace: UUID | None, actor: Actor) -> None:
    """Said by the operator alone: who could name any workspace could look into any.

    Raises:
        NotUnderstood: it is another tenant's.
    """
    for other in database.tenants() if workspace is not None else ():
        with database.of(other).transaction() as transaction:
            if other != tenant and airbyte_workspace_of(transaction) == workspace:
                raise NotUnderstood("That workspace is another tenant's", culprit=other.slug, fix="Take it away there first.")
    with database.of(tenant).transaction() as transaction:
        before = airbyte_workspace_of(transaction)
        if before == workspace:
            return
        write_settings_of(transaction, read_settings_of(transaction), actor.name)
        transaction.run("update aos.tenant_settings set airbyte_workspace = :workspace", workspace=workspace)
        record(transaction, Entry(actor, "change", "settings", "airbyte_workspace", str(before), str(workspace), {"airbyte_workspace": str(workspace)}))
