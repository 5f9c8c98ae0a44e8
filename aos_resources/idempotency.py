"""Requests that may be sent twice: the answer to the first is kept for a day, and is the answer to the second.

Kept by the very transaction that has the effect: whoever was killed before its end has done nothing and kept nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from aos_core.errors import NotUnderstood, TryAgain
from aos_core.tenancy import Tenant
from aos_resources.database import Transaction
from aos_resources.secrets import Secrets

LONGEST = 255
_ALONE = "select pg_try_advisory_xact_lock(hashtextextended(current_setting('aos.tenant') || ' ' || :caller || ' ' || :key, 1)) as alone"
_KNOWN = """
select id, request, answer, created_at < now() - interval '24 hours' as old from aos.idempotency where caller = :caller and key = :key
"""


@dataclass(frozen=True)
class Request:
    """A request under a caller's key. `hash`: of its method, path and body."""

    caller: str
    key: str
    hash: bytes


class Twin(TryAgain):
    """The same request is being answered at this moment."""

    code = "in_flight"


def kept_answer(transaction: Transaction, secrets: Secrets, tenant: Tenant, request: Request) -> str | None:
    """What was answered to it before; None where this is the first time, and nobody else is at it until the transaction ends.

    Raises:
        Twin: somebody is. NotUnderstood: the key was used for another request.
    """
    if not transaction.one("lock", _ALONE, caller=request.caller, key=request.key)["alone"]:
        raise Twin("The same request is being answered right now", fix="Send it again in a moment.")
    known = transaction.first(_KNOWN, caller=request.caller, key=request.key)
    if known is None:
        return None
    if known["old"]:
        transaction.run("delete from aos.idempotency where id = :id", id=known["id"])
        return None
    if bytes(known["request"]) != request.hash:
        raise NotUnderstood(
            "This Idempotency-Key was used for another request", culprit=request.key, fix="Send each request under a key of its own."
        )
    return secrets.open(transaction, tenant, known["id"], bytes(known["answer"]))


def keep_answer(transaction: Transaction, secrets: Secrets, tenant: Tenant, request: Request, answer: str) -> None:
    """Sealed, since it may hold a secret that is shown only once."""
    made: UUID = uuid4()
    transaction.run(
        "insert into aos.idempotency (caller, key, id, request, answer) values (:caller, :key, :id, :request, :answer)",
        caller=request.caller, key=request.key, id=made, request=request.hash, answer=secrets.seal(transaction, tenant, made, answer),
    )  # fmt: skip
