"""An OpenID Connect provider that people may sign in with: where it is asked, and what of its answer is believed.

Authorization code with PKCE, state and nonce. Nothing here knows who may come in: only who somebody is.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from aos_core.errors import FixTheSource, NotSignedIn, TryAgain
from aos_resources.settings import Settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")  # none of a shared secret
_CLAIMS = ["iss", "aud", "sub", "exp", "iat"]
_SCOPE = "openid email profile"
_PATIENCE = 10.0  # seconds for each answer of the provider
_FRESH = 3600.0  # seconds that what the provider says of itself is kept
_PAUSE = 10.0  # seconds between two looks for a key that was not there
_LEEWAY = 30  # seconds that its clock may differ
_LONGEST = 1024 * 1024


@dataclass(frozen=True)
class Begun:
    """A sign-in that has left for the provider: what its answer must fit."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who the provider says has signed in; `email` only where it says that it is theirs."""

    issuer: str
    subject: str
    email: str | None
    name: str


class Provider:
    """One per process. Asks only when somebody signs in, and keeps what does not change."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self._issuer, self._id, self._secret = issuer, client_id, client_secret
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def begin(self, back: str) -> Begun:
        """Where to send the browser; `back` is where it returns to.

        Raises:
            TryAgain: the provider is away. FixTheSource: what it says of itself does not fit.
        """
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        asked = {
            "response_type": "code", "client_id": self._id, "redirect_uri": back, "scope": _SCOPE, "state": state, "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        return Begun(add_params_to_uri(self._about["authorization_endpoint"], list(asked.items())), state, nonce, verifier)

    def finish(self, code: str, back: str, nonce: str, verifier: str) -> Identity:
        """Who came back with that code.

        Raises:
            NotSignedIn: the code is none, or the token that the provider gives for it does not hold. TryAgain: it is away.
        """
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        told = self._post(self._about["token_endpoint"], sent)
        claims = self.claims(str(told.get("id_token", "")), nonce)
        if "email" not in claims and "userinfo_endpoint" in self._about:
            claims = self._more(str(told.get("access_token", "")), claims) | claims
        said = claims.get("email_verified")  # some say it as a text
        verified = (said is True or said == "true") and isinstance(claims.get("email"), str)
        return Identity(self._issuer, str(claims["sub"]), claims["email"].strip() if verified else None, str(claims.get("name") or ""))

    def claims(self, token: str, nonce: str) -> dict[str, Any]:
        """What an id token says, once its signature, origin, audience, times and nonce are found right. Raises NotSignedIn."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise ValueError("an algorithm that we do not take")
            said = jwt.decode(
                token, self._key(header), algorithms=[header["alg"]], audience=self._id, issuer=self._issuer, leeway=_LEEWAY,
                options={"require": _CLAIMS, "verify_signature": True},
            )  # fmt: skip
            audiences = said["aud"] if isinstance(said["aud"], list) else [said["aud"]]
            if said.get("nonce") != nonce or not said["sub"] or ((len(audiences) > 1 or "azp" in said) and said.get("azp") != self._id):
                raise ValueError("of another sign-in, or for another program")
        except (jwt.PyJWTError, ValueError, KeyError, TypeError, OverflowError) as wrong:
            raise NotSignedIn("The provider's answer does not hold", fix="Sign in again.") from wrong
        return said

    @property
    def _about(self) -> dict[str, Any]:
        """Raises FixTheSource where the address speaks for another, or asks to be spoken to in the clear."""
        about = self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != self._issuer:
            raise FixTheSource("The provider calls itself otherwise", culprit=str(about.get("issuer"))[:200], fix="Set AOS_OIDC_ISSUER to that.")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(str(about.get(name, ""))):
                raise FixTheSource("The provider must be reached by https", culprit=f"{name} {about.get(name)}"[:200])
        return about

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        """The provider's own key of that name; one that has just come is looked for once. Raises KeyError."""
        for age in (_FRESH, _PAUSE):
            keys = [one for one in self._get(self._about["jwks_uri"], age).get("keys", []) if one.get("kty") in ("RSA", "EC", "OKP")]
            named = [one for one in keys if one.get("kid") == header.get("kid")] if "kid" in header else keys if len(keys) == 1 else []
            if named:
                return jwt.PyJWK(named[0], algorithm=header["alg"])
        raise KeyError("no such key")

    def _more(self, access: str, claims: dict[str, Any]) -> dict[str, Any]:
        """What the provider says of the person when asked apart: nothing where it speaks of another."""
        told = self._ask("GET", self._about["userinfo_endpoint"], headers={"Authorization": f"Bearer {access}"})
        return told if told.get("sub") == claims["sub"] else {}

    def _post(self, url: str, sent: dict[str, str]) -> dict[str, Any]:
        ways = self._about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if not self._secret or "client_secret_basic" not in ways:
            return self._ask("POST", url, data=sent | {"client_id": self._id} | ({"client_secret": self._secret} if self._secret else {}))
        return self._ask("POST", url, data=sent, auth=httpx.BasicAuth(self._id, self._secret))

    def _get(self, url: str, age: float = _FRESH) -> dict[str, Any]:
        with self._lock:
            asked, kept = self._kept.get(url, (-age, {}))
        if time.monotonic() - asked < age and kept:
            return kept
        told = self._ask("GET", url)
        with self._lock:
            self._kept[url] = (time.monotonic(), told)
        return told

    def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Raises TryAgain where there is no answer, NotSignedIn where it is a refusal or none that we understand."""
        if not _is_safe(url):
            raise FixTheSource("The provider must be reached by https", culprit=url[:200])
        try:
            with httpx.Client(timeout=_PATIENCE, follow_redirects=False, trust_env=not _is_here(url)) as client:
                answer = client.request(method, url, **more)
            if answer.status_code >= 500:
                raise TryAgain("The sign-in provider does not answer", culprit=urlsplit(url).netloc, fix="Try again in a moment.")
            told = answer.json() if answer.is_success and len(answer.content) <= _LONGEST else None
        except httpx.HTTPError as away:
            raise TryAgain("The sign-in provider does not answer", culprit=urlsplit(url).netloc, fix="Try again in a moment.") from away
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise NotSignedIn("The provider refused", fix="Sign in again.")
        return told


def provider_of(settings: Settings) -> Provider | None:
    """None where people sign in with passwords alone."""
    if settings.oidc_issuer is None:
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret.get_secret_value())


def _is_safe(url: str) -> bool:
    return urlsplit(url).scheme == "https" or (urlsplit(url).scheme == "http" and _is_here(url))


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
