"""Tickets: good once and for a moment, for doors to which a browser can send no header, so that no token stands in a URL."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from aos_core.errors import NotSignedIn
from aos_resources.audit import Entry, record
from aos_resources.database import Database
from aos_resources.people import reading_people
from aos_resources.tokens import NOWHERE, Claims, Session, Tokens

SECONDS = 30
Purpose = Literal["events"]
_KEEP = "insert into aos.tickets (hash, session_id, purpose, expires_at) values (:hash, :session, :purpose, :expires)"
_TAKE = """
with taken as (delete from aos.tickets where hash = :hash and purpose = :purpose returning session_id, expires_at)
select s.id, s.user_id, s.workspace, s.expires_at, coalesce(m.role, 'viewer') as role
from taken join aos.sessions s on s.id = taken.session_id
left join aos.memberships m on m.tenant_id = s.workspace and m.user_id = s.user_id
where taken.expires_at > now()
"""


@dataclass(frozen=True)
class Ticket:
    ticket: str
    expires_at: datetime


def issue(database: Database, session: Session, purpose: Purpose, entry: Entry) -> Ticket:
    """A ticket for whoever the session stands for, told in the audit log of the session's tenant. Only its hash is kept."""
    made = Ticket(secrets.token_urlsafe(32), datetime.now(UTC) + timedelta(seconds=SECONDS))
    member = session.membership
    with reading_people(database) as transaction:
        transaction.run("delete from aos.tickets where expires_at < now()")
        transaction.run(_KEEP, hash=_hash(made.ticket), session=session.claims.token_id, purpose=purpose, expires=made.expires_at)
        record(transaction, entry, member.tenant if member is not None else None)
    return made


def redeem(database: Database, tokens: Tokens, ticket: str, purpose: Purpose) -> Session:
    """The session that the ticket was made in, as it stands now. The ticket is gone then, whatever comes of it.

    Raises:
        NotSignedIn: there is no such ticket, it is too old or was used, or its session has ended.
    """
    with reading_people(database) as transaction:
        row = transaction.first(_TAKE, hash=_hash(ticket), purpose=purpose)
    if row is None:
        raise NotSignedIn("That ticket is not valid", fix="Ask for another: it is good once, for half a minute.")
    role = row["role"] if row["workspace"] is not None else NOWHERE
    return tokens.look_up(Claims(row["id"], row["user_id"], row["workspace"], role, row["expires_at"]))


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
