"""New keys for what is sealed: a master key for all tenants, or a data key for one. Killed anywhere, the next rotation finishes.

Nobody is kept waiting, and every process opens and seals throughout: the new key is there before anything uses it, the
one before until nothing does. In between, transactions that began with the old one in hand are waited for.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from aos_core.errors import AosError, FixTheSource, Gone, TryAgain
from aos_core.tenancy import Tenant
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, Transaction
from aos_resources.secrets import Secrets, header_of, opened_with, sealed_under
from aos_resources.settings import Settings

# Every column that holds sealed values, with the column that says whose each is.
SEALED = {"connections": ("id", "sealed"), "idempotency": ("id", "answer")}
_VERSIONS = "select version from aos.tenant_keys order by version"
_OLDER = "{sealed} is not null and substring({sealed} from 1 for 8) <> :header"
_BATCH = "select {owner} as owner, {sealed} as sealed from aos.{table} where {older} and {owner} <> all(cast(:unreadable as uuid[])) limit 200 for no key update skip locked"
_RESEAL = "update aos.{table} set {sealed} = :sealed where {owner} = :owner"
# Who holds what `aos.enter` takes: every transaction of the tenant that has not ended.
_UNDER_WAY = """
select virtualtransaction as name from pg_locks where locktype = 'advisory' and objsubid = 1 and granted and mode = 'ShareLock'
and database = (select oid from pg_database where datname = current_database())
and (classid::bigint << 32 | objid::bigint) = hashtextextended(cast(cast(:tenant as uuid) as text), 0)
"""
_PATIENCE = 600  # seconds that a transaction may go on before the rotation gives up


@dataclass(frozen=True)
class Rotated:
    """`tenants` that have keys, and how many of their keys or values are under the new one now that were not before."""

    tenants: int
    anew: int


def rotate_master(settings: Settings, database: Database, actor: Actor) -> Rotated:
    """Every tenant's keys under a new master key; the one before goes when none is left under it.

    Raises:
        TryAgain: another rotation is at work, or somebody's transaction goes on for too long. FixTheSource: tenants' keys
        that no master key unwraps; all others are done, and the one before stays.
    """
    with _alone(settings):
        secrets = Secrets(settings)
        secrets.masters.renew()
        keyed, anew, locked = 0, 0, list[str]()
        for tenant in every_tenant(database):
            _wait_for_who_began_before(database, tenant)
            try:
                with database.of(tenant).transaction() as transaction:
                    found = [secrets.wrap_anew(transaction, tenant, row["version"]) for row in transaction.all(_VERSIONS)]
            except Gone:
                continue
            except FixTheSource:
                locked.append(tenant.slug)
                continue
            keyed, anew = keyed + bool(found), anew + sum(found)
        if locked:
            raise FixTheSource(
                "Keys of tenants are under no master key that is known here; the one before stays", culprit=", ".join(locked),
                fix="Restore their files in keys/tenants of the home, then rotate again.",
            )  # fmt: skip
        with database.people() as transaction:
            record(transaction, Entry(actor, "rotate", "master_key", detail={"tenants": keyed, "wrapped_anew": anew}))
        secrets.masters.forget_before()
        return Rotated(keyed, anew)


def rotate_data_keys(settings: Settings, database: Database, tenants: Iterable[Tenant], actor: Actor) -> Rotated:
    """Everything that is sealed for each of them under a new data key of its; those before go when nothing is left under them.

    Raises:
        TryAgain, FixTheSource: as above; of the second, values that no key of their tenant opens. All others are done.
    """
    with _alone(settings):
        done, failed = list[int | None](), list[AosError]()
        for tenant in tenants:
            try:
                done.append(_rotate_data_key(Secrets(settings), database, tenant, actor))
            except Gone:
                continue
            except (TryAgain, FixTheSource) as error:
                failed.append(error)
        if failed:
            raise failed[0]
        return Rotated(sum(one is not None for one in done), sum(one or 0 for one in done))


def _rotate_data_key(secrets: Secrets, database: Database, tenant: Tenant, actor: Actor) -> int | None:
    with database.of(tenant).transaction() as transaction:
        version = _begin(transaction, secrets, tenant)
    if version is None:
        return None
    _wait_for_who_began_before(database, tenant)  # from here on nobody seals under an older one
    anew, unreadable = 0, list[str]()
    for table in SEALED:
        done, left = _reseal(database, secrets, tenant, version, table)
        anew, unreadable = anew + done, unreadable + [f"{table} {one}" for one in left]
    if unreadable:
        raise FixTheSource(
            "Values are sealed under no key that the tenant has; its older keys stay", culprit=f"{tenant.slug}: {', '.join(unreadable)}"[:500],
            fix="Enter those connections' secrets again, then rotate again.",
        )  # fmt: skip
    _wait_for_who_began_before(database, tenant)  # nor has anybody in hand a value that was read under an older one
    with database.of(tenant).transaction() as transaction:
        transaction.run("delete from aos.tenant_keys where version < :version", version=version)
        record(transaction, Entry(actor, "rotate", "data_key", detail={"version": version, "sealed_anew": anew}))
    return anew


def every_tenant(database: Database) -> list[Tenant]:
    """Suspended ones too: what they have sealed must open when they go on."""
    with database.dispatch() as transaction:
        return [Tenant(row["id"], row["slug"]) for row in transaction.all("select id, slug from aos.tenants where erased_at is null order by slug")]


def _begin(transaction: Transaction, secrets: Secrets, tenant: Tenant) -> int | None:
    """The version that everything is to be under: that of a rotation which was stopped, or a new one. None where nothing was ever sealed."""
    known = [row["version"] for row in transaction.all(_VERSIONS)]
    for version in known:
        secrets.data_key(transaction, tenant, version)
    if not known:
        return None
    return max(known) if len(known) > 1 else secrets.add(transaction, tenant, known[0] + 1)


def _reseal(database: Database, secrets: Secrets, tenant: Tenant, version: int, table: str) -> tuple[int, list[UUID]]:
    """In batches, taking what nobody holds: who holds a row waits for nothing of ours. Gives how many, and whose could not be opened."""
    owner, sealed = SEALED[table]
    told = {"table": table, "owner": owner, "sealed": sealed, "older": _OLDER.format(sealed=sealed)}
    count = f"select count(*) as n from aos.{table} where {told['older']} and {owner} <> all(cast(:unreadable as uuid[]))"
    done, unreadable, until = 0, list[UUID](), time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with database.of(tenant).transaction() as transaction:
            keys = {row["version"]: secrets.data_key(transaction, tenant, row["version"]) for row in transaction.all(_VERSIONS)}
            asked = {"header": header_of(version), "unreadable": unreadable}
            rows, fresh = transaction.all(_BATCH.format(**told), **asked), []
            for row in rows:
                try:
                    value = opened_with(keys, row["owner"], bytes(row["sealed"]))
                except FixTheSource:
                    unreadable.append(row["owner"])
                else:
                    fresh.append({"owner": row["owner"], "sealed": sealed_under(version, keys[version], row["owner"], value)})
            transaction.each(_RESEAL.format(**told), fresh)
            left = len(rows) or transaction.one("count", count, **asked)["n"]
        done += len(fresh)
        if not left:
            return done, unreadable
        if not rows:
            time.sleep(0.05)
    raise _too_long(tenant)


def _wait_for_who_began_before(database: Database, tenant: Tenant) -> None:
    """Until every transaction of the tenant that is under way now has ended; of those that begin later none is waited for."""
    until, waited_for = time.monotonic() + _PATIENCE, _under_way(database, tenant)
    while waited_for:
        if time.monotonic() > until:
            raise _too_long(tenant)
        time.sleep(0.02)
        waited_for &= _under_way(database, tenant)


def _under_way(database: Database, tenant: Tenant) -> set[str]:
    with database.dispatch() as transaction:
        return {row["name"] for row in transaction.all(_UNDER_WAY, tenant=tenant.id)}


def _too_long(tenant: Tenant) -> TryAgain:
    return TryAgain("A transaction of the tenant's has been going on for too long", culprit=tenant.slug, fix="Rotate again: it goes on where it stopped.")


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    settings.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(settings.keys / "rotating.lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as busy:
            raise TryAgain("Keys are being rotated already", culprit=str(settings.home)) from busy
        yield
