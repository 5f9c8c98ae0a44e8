"""Erases a tenant: every store in turn, then a look for what is left, then a signed report. Killed anywhere, the next call goes on.

The leases first, then the tombstone: from there on every door says Gone, and whoever was let in before is waited for. What
names the tenant by words goes before its rows do, since the rows are where the words are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aos_core.errors import Gone, NotFound
from aos_core.tenancy import INSTALLATION, Tenant
from aos_resources import erased_files as files
from aos_resources import erased_live, erasure_report
from aos_resources import erased_orchestration as orchestration
from aos_resources import erased_rows as rows
from aos_resources.audit import Actor, Entry, record
from aos_resources.database import Database, Transaction, as_json
from aos_resources.people import reading_people
from aos_resources.secrets import Secrets
from aos_resources.settings import Settings

_OPERATE = ("operator", "process")  # the second is the command line
_FENCE = "update aos.leases set epoch = epoch + 1, holder = 'the erasure', held_until = now() + interval '1 hour'"
_TOMBSTONE = "update aos.tenants set erased_at = now(), slug = 'erased ' || id, name = 'Erased' where id = :id and erased_at is null"
# The report begins with what cannot be found again once the work has begun.
_BEGIN = "insert into aos.erasures (erased, asked_by, report) values (:id, :by, cast(:known as jsonb)) on conflict (erased) do nothing"
_BEGUN = "select asked_by, started_at, finished_at, report, signature from aos.erasures where erased = :id"
_FINISH = "update aos.erasures set finished_at = now(), report = cast(:report as jsonb), signature = :signature where erased = :id and finished_at is null"
_LAST = "select h.seq, encode(h.hash, 'hex') as hash from aos.audit_heads h"


@dataclass(frozen=True)
class Erased:
    """`signed` is the report; `now` is false where it was erased before, and nothing was done."""

    signed: dict[str, Any]
    now: bool


def erase(settings: Settings, database: Database, tenant: Tenant, actor: Actor) -> Erased:
    """Everything of the tenant, for ever. A second call does nothing but say so.

    Raises:
        NotFound: there never was one of that name. TryAgain: somebody of it is still at work; call again and it goes on.
    """
    done = _report_of(database, tenant)
    if done is not None:
        return Erased(done, now=False)
    ended = _fenced(database, tenant)
    with reading_people(database) as transaction:
        _known(transaction, tenant)
        transaction.run(_BEGIN, id=tenant.id, by=_by(actor), known=as_json({"audit_log_ended_at": ended}))
        transaction.run(_TOMBSTONE, id=tenant.id)
    removed = _removed(settings, database, tenant)
    return Erased(_finish(settings, database, tenant, actor, removed), now=True)


def _removed(settings: Settings, database: Database, tenant: Tenant) -> dict[str, Any]:
    with database.erasing() as transaction:
        people = rows.people_of_it_alone(transaction, tenant)
    words = rows.words(tenant, people)
    at_work = orchestration.wait_for_runs(settings, tenant)
    orchestrated = orchestration.remove(settings, tenant)
    removed: dict[str, Any] = {"orchestration": orchestrated.rows}
    cleared = files.remove_runs(settings, orchestrated.runs) + files.clear_named(settings, words)
    removed["rows"] = rows.delete_rows(database, tenant, people)
    removed["people"] = len(people)
    removed["keys"] = Secrets(settings).destroy(tenant.id)
    removed["lake"] = files.close_lake(settings, tenant)
    removed["exports"] = files.remove_exports(settings, tenant)
    removed["live"] = erased_live.remove(settings, tenant)
    database.anchors.forget(tenant.id)
    # Once more, for whoever was still writing: a log line, a run's last event, a person let in at the same moment.
    for table, number in rows.delete_rows(database, tenant, people).items():
        removed["rows"][table] = removed["rows"].get(table, 0) + (number if table != "users" else 0)
    for table, number in orchestration.remove(settings, tenant).rows.items():
        removed["orchestration"][table] = removed["orchestration"].get(table, 0) + number
    removed["live"] += erased_live.remove(settings, tenant)
    removed["files that named it"] = cleared + files.clear_named(settings, words)
    not_anew = rows.write_anew(settings, "aos_erase", "aos") + rows.write_anew(settings, "dagster", "dagster") + rows.samples_anew(settings)
    left = {
        "rows": rows.rows_left(database, tenant, people), "orchestration": orchestration.left(settings, tenant),
        "files that name it": sum(1 for _ in files.naming(settings, words)), "files elsewhere": sum(1 for _ in files.naming_elsewhere(settings, tenant)),
        "lake": 0 if files.lake_is_closed(settings, tenant) else 1, "exports": int(files.exports(settings, tenant).exists()), "live": erased_live.left(settings, tenant),
    }  # fmt: skip
    return {
        "removed": removed, "left": left, "not_written_anew": not_anew, "runs_still_at_work": at_work,
        "entries_of_the_installations_log_that_name_it": _told_elsewhere(database, words),
    }  # fmt: skip


def _fenced(database: Database, tenant: Tenant) -> dict[str, Any] | None:
    """Every lease taken from whoever holds it; and where the audit log ends, which goes too. None where that was done before."""
    try:
        with database.of(tenant).transaction() as transaction:
            transaction.run(_FENCE)
            head = transaction.first(_LAST)
            return {"entries": head["seq"], "last_hash": head["hash"]} if head is not None else {"entries": 0, "last_hash": ""}
    except Gone:
        return None


def _told_elsewhere(database: Database, words: tuple[str, ...]) -> int:
    """The installation's own log is not the tenant's, and is never shortened: how many of its entries name it is said."""
    said = "(^|[^a-zA-Z0-9_-])(" + "|".join(re.escape(word) for word in words) + ")($|[^a-zA-Z0-9_-])"
    with database.of(INSTALLATION).transaction() as transaction:
        return int(transaction.one("count", "select count(*) as n from aos.audit where concat_ws(' ', actor, subject, detail) ~* :said", said=said)["n"])


def _known(transaction: Transaction, tenant: Tenant) -> None:
    if transaction.first("select from aos.tenants where id = :id and slug not like 'importing %'", id=tenant.id) is None:
        raise NotFound("No such tenant", culprit=tenant.slug)


def _report_of(database: Database, tenant: Tenant) -> dict[str, Any] | None:
    with reading_people(database) as transaction:
        row = transaction.first(_BEGUN, id=tenant.id)
    if row is None or row["finished_at"] is None:
        return None
    signed: dict[str, Any] = row["report"]
    return signed | {"signature": row["signature"]}


def report_of(database: Database, tenant: Tenant) -> dict[str, Any]:
    """The signed report of an erasure that has ended.

    Raises:
        NotFound: the tenant was not erased.
    """
    found = _report_of(database, tenant)
    if found is None:
        raise NotFound("There is no report: that tenant was not erased", culprit=tenant.slug)
    return found


def _finish(settings: Settings, database: Database, tenant: Tenant, actor: Actor, done: dict[str, Any]) -> dict[str, Any]:
    """The report kept, and its hash told in the installation's own audit log."""
    with reading_people(database) as transaction:
        begun = transaction.one("erasure", _BEGUN, id=tenant.id)
        report = {
            "tenant": str(tenant.id), "asked_by": begun["asked_by"], "started_at": begun["started_at"].astimezone(UTC).isoformat(),
            "finished_at": datetime.now(UTC).isoformat(), **begun["report"], **done, "may_still_hold": erasure_report.may_still_hold(settings),
        }  # fmt: skip
        signed = erasure_report.sign(settings, report)
        if not transaction.run(_FINISH, id=tenant.id, report=as_json({"report": report, "key": signed["key"]}), signature=signed["signature"]):
            return report_of(database, tenant)  # two at once: the first one's stands
        entry = Entry(_nameless(actor), "erase", "tenants", str(tenant.id), after=signed, detail={"report": erasure_report.hash_of(signed), "left": done["left"]})
        record(transaction, entry)
    return signed


def _by(actor: Actor) -> str:
    """Of whoever belonged to the tenant, nothing is kept that names them."""
    return actor.name if actor.kind in _OPERATE else "a person of the tenant"


def _nameless(actor: Actor) -> Actor:
    return actor if actor.kind in _OPERATE else Actor(actor.kind, "", _by(actor))
