"""Secrets in texts: found in every way in which programs write them, and nothing else is touched."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from aos_core.hiding import hidden

SECRET = "p@ss/w%rd 'ö\"\\+1"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+xVvqzq1Y7R0ftCz0uKz5fJ1c9v0k2dS8wq6mA7bQx\n-----END PRIVATE KEY-----\n"
WAYS = {
    "itself": lambda one: one, "in a URL": lambda one: f"postgresql://u:{quote(one, safe='')}@h/d", "in a form": quote_plus, "in a path": quote,
    "in a URL of lower-case escapes": lambda one: quote(one, safe="").replace("%2F", "%2f").replace("%C3%B6", "%c3%b6").replace("%5C", "%5c").replace("%2B", "%2b"),
    "in JSON": lambda one: json.dumps({"password": one}), "in JSON of letters": lambda one: json.dumps([one], ensure_ascii=False),
    "in JSON within JSON": lambda one: json.dumps(json.dumps({"p": one})), "in Python": repr, "in bytes of Python": lambda one: repr(one.encode()),
    "in SQL": lambda one: "alter role r password '" + one.replace("'", "''") + "'", "in base64": lambda one: base64.b64encode(one.encode()).decode(),
    "in a header": lambda one: f"Basic {base64.b64encode(f'user:{one}'.encode()).decode()}", "in another header": lambda one: base64.urlsafe_b64encode(f"me:{one}:".encode()).decode(),
    "in a third header": lambda one: base64.b64encode(f"u:{one}x".encode()).decode(), "in hex": lambda one: one.encode().hex(), "in HEX": lambda one: one.encode().hex().upper(),
}  # fmt: skip
# What no secret may leave of itself: any part of it this long, in the way it was written.
PART = 8


@pytest.mark.parametrize("secret", [SECRET, "a-token-of-some-length", "sk_live_51H8=="], ids=["signs", "plain", "padded"])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_hidden_however_it_is_written(way: str, secret: str) -> None:
    written = WAYS[way](secret)
    said = hidden(f"could not do it: {written}, sorry", [secret])
    assert "•••" in said
    assert secret not in said and not [n for n in range(len(written) - 11) if written[n : n + 12] in said and _of(secret, written[n : n + 12], way)]


def _of(secret: str, part: str, way: str) -> bool:
    """Whether that part of a text comes from the secret, not from what stands round it: it is not there when another one is."""
    return part not in WAYS[way]("another thing altogether")


@pytest.mark.parametrize("sealed", [json.dumps({"password": SECRET, "port": 61234, "keys": [{"key": PEM}]}), json.dumps(["x", SECRET, PEM, 61234])])
def test_every_value_of_a_document_is_one(sealed: str) -> None:
    said = hidden(f"{SECRET} at 61234 with {PEM} and {PEM.splitlines()[1]} of {sealed}, {PEM!r}", [sealed])
    assert "MC4CAQ" not in said and "61234" not in said and "p@ss" not in said
    assert hidden("True, none and false", [json.dumps({"tls": True, "ca": None})]) == "True, none and false"


def test_what_was_cut_off_at_the_end_is_hidden_too() -> None:
    for length in range(PART, len("a-token-of-some-length")):
        assert hidden(f"refused: {'a-token-of-some-length'[:length]}", ["a-token-of-some-length"]) == "refused: •••"


def test_a_short_one_is_a_word_and_an_empty_one_nothing() -> None:
    assert hidden("a cat sat at a mat", ["a"]) == "••• cat sat at ••• mat"
    assert hidden("nothing to hide", ["", "  ", "{}", '{"password": ""}']) == "nothing to hide"


def test_a_text_without_one_stays_as_it_is() -> None:
    text = 'FATAL:  password authentication failed for user "reader"\n%2F {"a": "b"} AAAA \\x00'
    assert hidden(text, [SECRET, PEM, json.dumps({"password": SECRET})]) == text
