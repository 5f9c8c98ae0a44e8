"""Tokens of signed-in people: made, verified, ended. Knows nothing of HTTP or of what a role may do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID, uuid4

import jwt
from sqlalchemy import RowMapping

from aos_core.errors import Gone, NotSignedIn
from aos_core.tenancy import Tenant
from aos_resources.audit import Entry, record
from aos_resources.database import Database, Transaction
from aos_resources.people import Membership, Role, User, reading_people
from aos_resources.settings import Settings
from aos_resources.signing_keys import SigningKeys

ALGORITHM = "EdDSA"
ISSUER, AUDIENCE, TYPE = "autonomos", "autonomos-api", "aos-session+jwt"
_CLAIMS = ["iss", "aud", "sub", "tid", "role", "jti", "iat", "nbf", "exp"]
_HEADER = {"alg", "kid", "typ"}  # anything else (jwk, jku, x5u, crit) asks us to trust the token's own word
_LONGEST = 4096
NOWHERE = "none"  # in the tenant's and the role's place, for an operator who is in no tenant
_REMEMBERED = 4.0  # seconds that an ended token is still believed in another process; five are promised, with what a request takes
# Whatever is true of the token's person and tenant now: one row always. An operator without a membership is in a tenant
# only while somebody of it grants that.
_STANDING = """
select t.erased_at is not null as erased, t.suspended_at is not null as suspended, t.slug, t.name as tenant_name,
    s.id is not null as in_force, s.seen_at < now() - interval '1 minute' as unseen, u.email, u.name,
    coalesce(m.role, case when g.until is not null then 'viewer' end) as role, m.persona, g.until as granted_until,
    o.user_id is not null as operator
from (select 1) as always
left join aos.tenants t on t.id = cast(:tenant as uuid)
left join aos.sessions s on s.id = :token and s.user_id = :user and s.ended_at is null
left join aos.users u on u.id = :user and u.disabled_at is null
left join aos.memberships m on m.tenant_id = t.id and m.user_id = u.id and m.disabled_at is null
left join aos.operators o on o.user_id = u.id
left join lateral (
    select max(g.expires_at) as until from aos.grants g where g.tenant_id = t.id and g.operator = o.user_id
    and m.user_id is null and g.ended_at is null and g.expires_at > now()
) g on true
"""
_BEGIN = """
insert into aos.sessions (id, user_id, workspace, expires_at, address, agent)
values (:id, :user, :tenant, :expires, :address, :agent)
"""
_FORGOTTEN = "delete from aos.sessions where user_id = :user and expires_at < now() - interval '30 days'"
_END = "update aos.sessions set ended_at = now() where id = :id and ended_at is null"


@dataclass(frozen=True)
class Claims:
    """What a token says. True only after `Tokens.read`, and in force only after `Tokens.session`."""

    token_id: UUID
    user_id: UUID
    tenant_id: UUID | None
    role: str
    expires_at: datetime


@dataclass(frozen=True)
class Session:
    """A token that is in force, and whom it stands for; an operator may be in no tenant, or in one by a grant of it."""

    claims: Claims
    user: User
    membership: Membership | None
    operator: bool = False
    granted_until: datetime | None = None

    @property
    def by_grant(self) -> bool:
        return self.granted_until is not None


@dataclass(frozen=True)
class Issued:
    token: str
    claims: Claims


class Tokens:
    """Issues and judges tokens of one installation. One per process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._minutes = settings.token_minutes
        self.keys = SigningKeys(settings)
        self._sessions: dict[UUID, tuple[float, Session]] = {}
        self._ended = 0
        self._lock = threading.Lock()

    def issue(
        self, user: User, membership: Membership | None, *, until: datetime | None = None, agent: str = "",
        entry: Entry | None = None, instead_of: Claims | None = None, after: Callable[[Transaction], None] | None = None,
    ) -> Issued:
        """A token for a user in one tenant or in none, and its session, told in the audit log as `entry` (and not at all without).

        `until` keeps an earlier token's end; `instead_of` ends that one. `after`: what must be done before, in the same
        transaction, such as becoming a member.
        """
        now = int(time.time())
        end = int(until.timestamp()) if until is not None else now + self._minutes * 60
        claims = Claims(
            uuid4(), user.id, membership.tenant.id if membership else None, membership.role if membership else NOWHERE,
            datetime.fromtimestamp(end, UTC),
        )  # fmt: skip
        with reading_people(self._database) as transaction:
            if after is not None:
                after(transaction)
            transaction.run(_FORGOTTEN, user=user.id)
            transaction.run(
                _BEGIN, id=claims.token_id, user=user.id, tenant=claims.tenant_id, expires=claims.expires_at,
                address=entry.actor.address[:100] if entry else "", agent=agent[:300].replace("\x00", ""),
            )  # fmt: skip
            if instead_of is not None:
                transaction.run(_END, id=instead_of.token_id)
            if entry is not None:
                record(transaction, replace(entry, subject=entry.subject or str(claims.token_id)), membership.tenant if membership else None)
        if instead_of is not None:
            self.forget(lambda session: session.claims.token_id == instead_of.token_id)
        return Issued(self._signed(claims, now), claims)

    def _signed(self, claims: Claims, now: int) -> str:
        said = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": str(claims.user_id), "tid": str(claims.tenant_id or NOWHERE), "role": claims.role,
            "jti": str(claims.token_id), "iat": now, "nbf": now, "exp": int(claims.expires_at.timestamp()),
        }  # fmt: skip
        key = self.keys.current
        return jwt.encode(said, key.private, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": key.id})

    def read(self, token: str) -> Claims:
        """What the token says, once its signature, kind, origin and times are found right.

        Raises:
            NotSignedIn: anything at all is wrong with it; it does not say what.
        """
        try:
            return self._read(token)
        except (jwt.PyJWTError, ValueError, KeyError, TypeError, OverflowError) as wrong:
            raise NotSignedIn("That token is not valid", fix="Sign in again.") from wrong

    def session(self, token: str) -> Session:
        """Whom the token stands for now: not ended, not disabled, still a member in the same role.

        Raises:
            NotSignedIn: it is not in force. Gone: its tenant was erased. TryAgain: the database is away.
        """
        claims = self.read(token)
        return self.remembered(claims) or self.look_up(claims)

    def remembered(self, claims: Claims) -> Session | None:
        """The session if it was found in force a moment ago, and has not been ended here since."""
        with self._lock:
            asked, known = self._sessions.get(claims.token_id, (0.0, None))
        fresh = known is not None and known.claims == claims and time.monotonic() - asked < _REMEMBERED
        return known if fresh else None

    def look_up(self, claims: Claims) -> Session:
        """The session as the database has it now. Raises as `session` does."""
        asked, ended, session = time.monotonic(), self._ended, self._standing(claims)
        with self._lock:
            if len(self._sessions) >= 10_000:
                self._sessions.clear()
            if ended == self._ended:  # else this one may have been ended after it was looked up
                self._sessions[claims.token_id] = (asked, session)
        return session

    def revoke(self, claims: Claims, *, entry: Entry | None = None, tenant: Tenant | None = None) -> None:
        """End the token, at once here and within seconds in every other process; told in the tenant's audit log as `entry`."""
        with reading_people(self._database) as transaction:
            transaction.run(_END, id=claims.token_id)
            if entry is not None:
                record(transaction, entry, tenant)
        self.forget(lambda session: session.claims.token_id == claims.token_id)

    def forget(self, which: Callable[[Session], bool]) -> None:
        """Look these sessions up again when they are next used: something of them has changed."""
        with self._lock:
            self._ended += 1
            self._sessions = {name: one for name, one in self._sessions.items() if not which(one[1])}

    def forget_ended(self, ended: set[UUID]) -> None:
        """These have ended somewhere else: nobody is let in by memory."""
        if ended:
            self.forget(lambda session: session.claims.token_id in ended)

    def _standing(self, claims: Claims) -> Session:
        with reading_people(self._database) as transaction:
            row = transaction.one("session", _STANDING, user=claims.user_id, tenant=claims.tenant_id, token=claims.token_id)
            if row["unseen"]:
                transaction.run("update aos.sessions set seen_at = now() where id = :id", id=claims.token_id)
        if row["erased"]:
            raise Gone("This tenant was erased", fix="Nothing of it is kept, and it does not come back.")
        if not row["in_force"] or row["email"] is None or row["suspended"]:
            raise NotSignedIn("That token has ended", fix="Sign in again.")
        membership = _membership(claims, row)
        if membership is None and not (claims.tenant_id is None and row["operator"]):
            raise NotSignedIn("That token has ended", fix="Sign in again.")
        return Session(claims, User(claims.user_id, row["email"], row["name"]), membership, row["operator"], row["granted_until"])

    def _read(self, token: str) -> Claims:
        if len(token) > _LONGEST:
            raise ValueError("longer than any token of ours")
        header = jwt.get_unverified_header(token)
        if set(header) != _HEADER or header["typ"] != TYPE or header["alg"] != ALGORITHM:
            raise ValueError("a header that we do not write")
        said = jwt.decode(
            token,
            self.keys.public(header["kid"]),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": _CLAIMS, "verify_signature": True},
        )
        return self._claims(said)

    def _claims(self, said: dict[str, Any]) -> Claims:
        if said["aud"] != AUDIENCE or said["role"] not in (*get_args(Role), NOWHERE) or (said["tid"] == NOWHERE) != (said["role"] == NOWHERE):
            raise ValueError("a claim that we do not write")
        if said["exp"] - said["iat"] > self._minutes * 60:
            raise ValueError("a life longer than we give")
        tenant_id = None if said["tid"] == NOWHERE else UUID(said["tid"])
        return Claims(UUID(said["jti"]), UUID(said["sub"]), tenant_id, said["role"], datetime.fromtimestamp(said["exp"], UTC))


def _membership(claims: Claims, row: RowMapping) -> Membership | None:
    """What the person is in the token's tenant, as long as it is what the token says."""
    if claims.tenant_id is None or row["role"] is None or row["role"] != claims.role:
        return None
    return Membership(Tenant(claims.tenant_id, row["slug"]), row["tenant_name"], row["role"], row["persona"])
