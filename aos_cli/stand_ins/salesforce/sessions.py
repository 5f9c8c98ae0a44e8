"""Who may ask: a connected app with its people, the tokens they were given, and how often they have asked today."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt

from aos_cli.stand_ins.salesforce.faults import Refusal

ORGANISATION = "00D000000000001EAA"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST_ASSERTION = 300.0  # seconds until it expires; Salesforce says three minutes and is patient with clocks


@dataclass(frozen=True)
class Person:
    username: str
    id: str


@dataclass
class Sessions:
    """`certificate`: the public key (PEM) with which the app's assertions are checked. `most`: requests of a day."""

    client_id: str = "demo-app"
    client_secret: str = "demo-app-secret"
    refresh_token: str = "demo-refresh-token"
    certificate: str = ""
    person: Person = field(default_factory=lambda: Person("integration@demo.example", "005000000000001AAA"))
    most: int = 1_000_000
    used: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    given: int = 0

    def token(self, asked: dict[str, str], here: str) -> tuple[int, dict[str, Any]]:
        """The token endpoint's answer: (status, what it says)."""
        try:
            kind = asked.get("grant_type", "")
            if kind == "refresh_token":
                self._refresh(asked)
            elif kind == "urn:ietf:params:oauth:grant-type:jwt-bearer":
                self._assertion(asked.get("assertion", ""), here)
            else:
                raise Refusal(400, "unsupported_grant_type", "grant type not supported")
        except Refusal as refused:
            return refused.status, {"error": refused.code, "error_description": refused.message}
        made = f"{ORGANISATION[:15]}!{secrets.token_urlsafe(32)}"
        self.tokens[made] = 0
        self.given += 1
        return 200, {
            "access_token": made, "scope": "api id refresh_token", "instance_url": here, "id": f"{here}/id/{ORGANISATION}/{self.person.id}",
            "token_type": "Bearer", "issued_at": str(int(time.time() * 1000)), "signature": "made by a stand-in",
        }  # fmt: skip

    def _refresh(self, asked: dict[str, str]) -> None:
        if asked.get("client_id") != self.client_id:
            raise Refusal(400, "invalid_client_id", "client identifier invalid")
        if self.client_secret and asked.get("client_secret") != self.client_secret:
            raise Refusal(400, "invalid_client", "invalid client credentials")
        if not self.refresh_token or asked.get("refresh_token") != self.refresh_token:
            raise Refusal(400, "invalid_grant", "expired access/refresh token")

    def _assertion(self, assertion: str, here: str) -> None:
        if not self.certificate:
            raise Refusal(400, "invalid_grant", "user hasn't approved this consumer")
        try:
            said = jwt.decode(assertion, self.certificate, algorithms=["RS256"], audience=[*_AUDIENCES, here], options={"require": ["iss", "sub", "aud", "exp"]})
        except jwt.ExpiredSignatureError as old:
            raise Refusal(400, "invalid_grant", "expired authorization code") from old
        except jwt.InvalidTokenError as wrong:
            raise Refusal(400, "invalid_grant", "invalid assertion") from wrong
        if said["iss"] != self.client_id:
            raise Refusal(400, "invalid_client_id", "client identifier invalid")
        if said["sub"] != self.person.username or int(said["exp"]) > time.time() + _LONGEST_ASSERTION:
            raise Refusal(400, "invalid_grant", "user hasn't approved this consumer")

    def expire(self) -> None:
        """Every session ends; whoever may can have a new one."""
        self.tokens.clear()

    def ask(self, authorization: str) -> str:
        """Counts one request. Returns: the header that tells how many there were. Raises Refusal."""
        token = authorization.removeprefix("Bearer ").removeprefix("OAuth ")
        if token not in self.tokens:
            raise Refusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self.used >= self.most:
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {"Sforce-Limit-Info": self.told})
        self.used += 1
        return self.told

    @property
    def told(self) -> str:
        return f"api-usage={self.used}/{self.most}"
