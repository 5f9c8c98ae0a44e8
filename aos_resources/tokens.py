"""Tokens of signed-in people: made, verified, ended. Knows nothing of HTTP or of what a role may do."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID, uuid4

import jwt

from aos_core.errors import NotSignedIn
from aos_core.tenancy import Tenant
from aos_resources.database import Database
from aos_resources.people import Membership, Role, User, reading_people
from aos_resources.settings import Settings
from aos_resources.signing_keys import SigningKeys

ALGORITHM = "EdDSA"
ISSUER, AUDIENCE, TYPE = "autonomos", "autonomos-api", "aos-session+jwt"
_CLAIMS = ["iss", "aud", "sub", "tid", "role", "jti", "iat", "nbf", "exp"]
_HEADER = {"alg", "kid", "typ"}  # anything else (jwk, jku, x5u, crit) asks us to trust the token's own word
_LONGEST = 4096
_REMEMBERED = 5.0  # seconds that an ended token may go on in another process of this installation
_STANDING = """
select u.email, u.name, m.role, m.persona, t.slug, t.name as tenant_name
from aos.users u
join aos.memberships m on m.user_id = u.id and m.tenant_id = :tenant
join aos.tenants t on t.id = m.tenant_id
where u.id = :user and u.disabled_at is null and t.suspended_at is null and t.erased_at is null
  and not exists (select 1 from aos.revoked_tokens r where r.token_id = :token)
"""


@dataclass(frozen=True)
class Claims:
    """What a token says. True only after `Tokens.read`, and in force only after `Tokens.session`."""

    token_id: UUID
    user_id: UUID
    tenant_id: UUID
    role: str
    expires_at: datetime


@dataclass(frozen=True)
class Session:
    """A token that is in force, and whom it stands for."""

    claims: Claims
    user: User
    membership: Membership


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

    def issue(self, user: User, membership: Membership, *, until: datetime | None = None) -> Issued:
        """A token for a user in one tenant; `until` keeps an earlier token's end."""
        now = int(time.time())
        end = int(until.timestamp()) if until is not None else now + self._minutes * 60
        token_id = uuid4()
        said = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user.id),
            "tid": str(membership.tenant.id),
            "role": membership.role,
            "jti": str(token_id),
            "iat": now,
            "nbf": now,
            "exp": end,
        }
        key = self.keys.current
        token = jwt.encode(said, key.private, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": key.id})
        expires = datetime.fromtimestamp(end, UTC)
        return Issued(token, Claims(token_id, user.id, membership.tenant.id, membership.role, expires))

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
            NotSignedIn: it is not in force. TryAgain: the database is away.
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
        ended, session = self._ended, self._standing(claims)
        with self._lock:
            if len(self._sessions) >= 10_000:
                self._sessions.clear()
            if ended == self._ended:  # else this one may have been ended after it was looked up
                self._sessions[claims.token_id] = (time.monotonic(), session)
        return session

    def revoke(self, claims: Claims) -> None:
        """End the token, at once here and within seconds in every other process."""
        with reading_people(self._database) as transaction:
            transaction.run(
                "insert into aos.revoked_tokens (token_id, user_id, expires_at) values (:token, :user, :expires)"
                " on conflict do nothing",
                token=claims.token_id, user=claims.user_id, expires=claims.expires_at,
            )  # fmt: skip
        with self._lock:
            self._ended += 1
            self._sessions.pop(claims.token_id, None)

    def _standing(self, claims: Claims) -> Session:
        with reading_people(self._database) as transaction:
            row = transaction.first(
                _STANDING, user=claims.user_id, tenant=claims.tenant_id, token=claims.token_id
            )
        if row is None or row["role"] != claims.role:
            raise NotSignedIn("That token has ended", fix="Sign in again.")
        tenant = Tenant(claims.tenant_id, row["slug"])
        role: Role = row["role"]
        membership = Membership(tenant, row["tenant_name"], role, row["persona"])
        return Session(claims, User(claims.user_id, row["email"], row["name"]), membership)

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
        if said["aud"] != AUDIENCE or said["role"] not in get_args(Role):
            raise ValueError("a claim that we do not write")
        if said["exp"] - said["iat"] > self._minutes * 60:
            raise ValueError("a life longer than we give")
        token_id, user_id, tenant_id = (UUID(said[name]) for name in ("jti", "sub", "tid"))
        return Claims(token_id, user_id, tenant_id, said["role"], datetime.fromtimestamp(said["exp"], UTC))
