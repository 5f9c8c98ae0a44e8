"""How a connection gets into Salesforce: a token for a refresh token, or for an assertion signed with a private key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from aos_core.errors import CredentialsRefused, FixTheSource, NotAllowed, TryAgain
from aos_core.networks import plain
from aos_resources.connectors.salesforce.words import word_of
from aos_resources.outbound import Http, Refused, Unwelcome
from aos_resources.settings import Settings

_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS = 180  # the longest that Salesforce takes
_TOKEN = "services/oauth2/token"
_MEND = {
    "invalid_client_id": "Salesforce knows no such app: check the consumer key.",
    "invalid_client": "The consumer secret is wrong.",
    "inactive_user": "The user is switched off.",
    "inactive_org": "The organisation is locked or closed.",
}


@dataclass(frozen=True)
class Credentials:
    """Either a refresh token or, with a user's name, a private key (PEM, RSA)."""

    client_id: str
    username: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Token:
    """`instance`: the address of the organisation's own server."""

    access: str = field(repr=False)
    instance: str
    user: str = ""
    organisation: str = ""


class Login:
    """One login server: login.salesforce.com, test.salesforce.com, or a My Domain."""

    def __init__(self, settings: Settings, address: str, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials
        self._address = full_address(address)

    def token(self) -> Token:
        """A new one.

        Raises:
            CredentialsRefused: they are wrong, expired or revoked. TryAgain: Salesforce is away or asks for patience.
        """
        with Http(self._settings, self._address) as http:
            try:
                said = http.post_form(_TOKEN, self._fields(), idempotent=True)
            except (Refused, Unwelcome) as no:
                raise _refused(no) from None
        if not isinstance(said, dict) or not all(isinstance(said.get(one), str) and said[one] for one in ("access_token", "instance_url")):
            raise FixTheSource("The server's answer is no token", culprit=self._address, fix="Check the login address.")
        if said.get("refresh_token", self._credentials.refresh_token) != self._credentials.refresh_token:
            raise CredentialsRefused(
                "The app gives a new refresh token with each use, which cannot be kept", culprit=self._credentials.client_id,
                fix="Switch its refresh token rotation off and authorise anew, or use a private key.",
            )  # fmt: skip
        organisation, _, user = str(said.get("id", "")).partition("/id/")[2].partition("/")
        return Token(said["access_token"], full_address(said["instance_url"]), user, organisation)

    def _fields(self) -> dict[str, str]:
        own = self._credentials
        if own.private_key:
            return {"grant_type": _BEARER, "assertion": self._assertion()}
        secret = {"client_secret": own.client_secret} if own.client_secret else {}
        return {"grant_type": "refresh_token", "client_id": own.client_id, "refresh_token": own.refresh_token} | secret

    def _assertion(self) -> str:
        # Loaded where one signs: with its cryptography it takes a tenth of a second of every program's start.
        import jwt  # noqa: PLC0415

        said: dict[str, Any] = {
            "iss": self._credentials.client_id, "sub": self._credentials.username, "aud": audience(self._address), "exp": int(time.time()) + _ASSERTION_SECONDS,
        }  # fmt: skip
        try:
            return jwt.encode(said, self._credentials.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise CredentialsRefused("The private key cannot be read", culprit=self._credentials.client_id, fix="Enter an RSA key as PEM, without a password.") from None


def full_address(given: str) -> str:
    """With a scheme. Raises NotAllowed where secrets would travel in the open."""
    address = given.strip().rstrip("/")
    address = address if "://" in address else f"https://{address}"
    if address.startswith("http://") and not _here(address):
        raise NotAllowed("Salesforce is reached by https alone", culprit=given[:100])
    return address


def _here(address: str) -> bool:
    host = address.removeprefix("http://").partition("/")[0].rpartition(":")[0]
    try:
        return host == "localhost" or plain(host.strip("[]")).is_loopback
    except ValueError:
        return False


def audience(address: str) -> str:
    """Whom an assertion is for: a My Domain is one of two, the world's own login servers or its sandboxes'."""
    if address.endswith(".my.salesforce.com"):
        return "https://test.salesforce.com" if ".sandbox." in address or "--" in address else "https://login.salesforce.com"
    return address


def _refused(no: Refused | Unwelcome) -> CredentialsRefused | TryAgain | FixTheSource:
    word, said = word_of(no.body)
    if no.status >= 500 or word in ("unknown_error", "server_error", "temporarily_unavailable", "rate_limit_exceeded"):
        return TryAgain("Salesforce's login server failed", culprit=word or str(no.status))
    if "rate" in said.lower() and "exceeded" in said.lower():
        return TryAgain("Salesforce's login server asks for patience", culprit=said[:100])
    if not word:
        return FixTheSource("The login server did not answer as Salesforce does", culprit=no.culprit, fix="Check the login address.")
    own = f"Salesforce says {word}: {said}."
    return CredentialsRefused("Salesforce refused the credentials", culprit=word, fix=f"{_MEND.get(word, 'Authorise the connection anew.')} {own}")
