"""An OpenID Connect provider that lies is not believed, and one that speaks for another or in the clear is not asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from aos_core.errors import FixTheSource, NotSignedIn
from aos_resources.oidc import Provider
from tests.api.lying import Liar, lies


@pytest.fixture(scope="module")
def liar() -> Iterator[Liar]:
    with closing(Liar()) as made:
        yield made


def test_no_lie_of_a_provider_is_believed_and_the_truth_is(liar: Liar) -> None:
    told = lies(liar)
    assert len(told) >= 25
    believed = []
    for name, token in told.items():
        liar.token = token
        try:
            Provider(liar.url, "autonomos", "secret" * 8).finish("the nonce", "http://back", "the nonce", "v")
        except NotSignedIn:
            continue
        believed.append(name)
    assert believed == []
    liar.token = liar.signed
    identity = Provider(liar.url, "autonomos", "secret" * 8).finish("the nonce", "http://back", "the nonce", "v")
    assert (identity.issuer, identity.subject, identity.email) == (liar.url, "s", "a@b.example")


def test_what_it_says_apart_of_another_person_does_not_count(liar: Liar) -> None:
    liar.token = lambda nonce: liar.signed(nonce, without="email")
    assert Provider(liar.url, "autonomos", "").finish("n", "http://back", "n", "v").email is None
    liar.token = liar.signed


@pytest.mark.parametrize(
    "about",
    [{"issuer": "https://evil.example"}, {"token_endpoint": "http://10.0.0.1/token"}, {"jwks_uri": "file:///etc/passwd"}, {"authorization_endpoint": "javascript:alert(1)"}, {"jwks_uri": ""}],
)
def test_a_provider_that_speaks_for_another_or_in_the_clear_is_refused(liar: Liar, about: dict[str, Any]) -> None:
    liar.about = about
    with pytest.raises(FixTheSource):
        Provider(liar.url, "autonomos", "").begin("http://back")
    liar.about = {}


def test_what_a_provider_says_of_itself_is_kept_and_a_new_key_is_found(liar: Liar) -> None:
    provider = Provider(liar.url, "autonomos", "")
    liar.asked.clear()
    for _ in range(5):
        provider.begin("http://back")
        provider.finish("n", "http://back", "n", "v")
    assert sorted(liar.asked) == ["/.well-known/openid-configuration", "/jwks"]
    fresh = rsa.generate_private_key(65537, 2048)
    liar.keys.append(liar.public("two", fresh))
    liar.token = lambda nonce: liar.signed(nonce, key=fresh, headers={"kid": "two"})
    provider._kept[liar.url + "/jwks"] = (time.monotonic() - 11, provider._kept[liar.url + "/jwks"][1])
    assert provider.finish("n", "http://back", "n", "v").subject == "s"
    liar.token = liar.signed
