"""Leases: one worker at a time syncs a connection or publishes a tenant, and one that slept too long loses.

The epoch is the fence: whoever lists or publishes proves, in that very transaction, that nobody took over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread

from aos_core.errors import AosError, Busy
from aos_resources.database import TenantDatabase, Transaction

# Short, since a living worker prolongs it: one that was killed stands in the way for half a minute at most.
SECONDS = 30

_TAKE = """
insert into aos.leases (name, epoch, holder, held_until) values (:name, 1, :holder, now() + make_interval(secs => :seconds))
on conflict (tenant_id, name) do update set epoch = leases.epoch + 1, holder = :holder,
    held_until = now() + make_interval(secs => :seconds)
where leases.held_until < now()
returning epoch
"""


@dataclass(frozen=True)
class Lease:
    name: str
    epoch: int

    def prove(self, transaction: Transaction) -> None:
        """Still ours, prolonged, and nobody can take it before this transaction ends.

        Raises:
            Busy: another worker took over; nothing of this one may be listed.
        """
        held = transaction.run(
            "update aos.leases set held_until = now() + make_interval(secs => :seconds) where name = :name and epoch = :epoch",
            name=self.name,
            epoch=self.epoch,
            seconds=SECONDS,
        )
        if held == 0:
            raise Busy("Another worker took over", culprit=self.name, fix="Nothing was lost; its result stands.")


def _keep(database: TenantDatabase, lease: Lease, ended: Event) -> None:
    """Prolongs a lease while its worker lives: reading a large source may take longer than the lease lasts.

    A database that is away, or a lease that is lost, is for `prove` to find.
    """
    while not ended.wait(SECONDS / 3):
        with suppress(AosError), database.transaction() as transaction:
            lease.prove(transaction)


@contextmanager
def holding(database: TenantDatabase, name: str, holder: str) -> Iterator[Lease]:
    """The lease of that name, given back at the end.

    Raises:
        Busy: somebody holds it.
    """
    with database.transaction() as transaction:
        row = transaction.first(_TAKE, name=name, holder=holder, seconds=SECONDS)
    if row is None:
        raise Busy("Another worker is at it", culprit=name, fix="Wait until it has ended.")
    lease, ended = Lease(name, row["epoch"]), Event()
    keeper = Thread(target=_keep, args=(database, lease, ended), daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        ended.set()
        keeper.join()
        with database.transaction() as transaction:
            transaction.run(
                "update aos.leases set held_until = 'epoch' where name = :name and epoch = :epoch", name=name, epoch=lease.epoch
            )
