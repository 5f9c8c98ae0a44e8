"""How a route changes something of a tenant: one transaction with its one audit entry, safe to send twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

from aos_resources.audit import Entry, record
from aos_resources.database import Transaction
from aos_resources.idempotency import Request, Twin, keep_answer, kept_answer

if TYPE_CHECKING:
    from aos_api.dependencies import Workspace

_PATIENCE, _PAUSE = 5.0, 0.05  # seconds that a twin waits for the first of its kind, holding no connection meanwhile
Answer = TypeVar("Answer")


@dataclass
class Change:
    """What a change is given, and what it says of itself for the audit log.

    `before` and `after` are anything JSON can say: their hashes are kept; `detail` is kept as it is.
    """

    transaction: Transaction
    subject: str = ""
    before: object = None
    after: object = None
    detail: dict[str, Any] = field(default_factory=dict)


def change(here: Workspace, form: Any, effect: Callable[[Change], Answer], subject: str) -> Answer:
    """The effect's answer; of a request that was answered before under the same key, that answer and no effect.

    Raises:
        Twin: the same request is still being answered elsewhere. NotUnderstood: the key was used for another request.
    """
    request, deadline = here.asked.idempotent(here.caller.id), time.monotonic() + _PATIENCE
    while True:
        try:
            return _once(here, TypeAdapter(form), effect, subject, request)
        except Twin:
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _once(here: Workspace, form: TypeAdapter[Any], effect: Callable[[Change], Answer], subject: str, request: Request | None) -> Answer:
    with here.database.transaction() as transaction:
        if request is not None:
            known = kept_answer(transaction, here.secrets, here.caller.tenant, request)
            if known is not None:
                here.asked.replayed()
                replayed: Answer = form.validate_json(known)
                return replayed
        made = Change(transaction, subject)
        answer = effect(made)
        if request is not None:
            keep_answer(transaction, here.secrets, here.caller.tenant, request, form.dump_json(answer).decode())
        record(transaction, Entry(here.caller.actor, here.verb, here.noun, made.subject, made.before, made.after, made.detail))
    return answer
