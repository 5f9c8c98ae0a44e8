"""Which passwords are taken, and that one typed on another keyboard is the same."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher

from aos_core.errors import NotUnderstood
from aos_resources.common_passwords import _common, is_common
from aos_resources.passwords import LEAST, check_password, hash_password, verify_password


@pytest.mark.parametrize("password", ["autonomos-demo", "correct horse battery", "zzz zz zzzz z", "пароль от склада", "a" + "b" * 62 + "c", "x y" * 340 + "!!"])
def test_a_long_uncommon_password_is_taken_whatever_it_is_made_of(password: str) -> None:
    check_password(password, ("ada@acme.example", "Ada", "Acme", "demo"))


@pytest.mark.parametrize(
    "password",
    ["", "short", "x" * 11, "x1" * 513, "123qweasdzxc", "QwertyQwerty", "PolniyPizdec0211", "autonomosautonomos", "abcabcabcabc", "ada@acme.example", "Ada@Acme.Example ", "Acme Holding Ltd", "ada.lovelace.1815"],
)
def test_a_short_common_or_own_one_is_refused(password: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        check_password(password.rstrip() if password.strip() else password, ("ada@acme.example", "Acme Holding Ltd", "ada.lovelace.1815@acme.example"))
    assert not password or password not in str(refused.value)


def test_three_thousand_and_more_common_ones_that_are_long_enough_are_known() -> None:
    assert len(_common()) == 10_000
    assert min(map(len, _common())) >= LEAST
    assert is_common("1Qaz2Wsx3Edc") and not is_common("autonomos-demo")


def test_the_same_text_is_the_same_password_however_it_was_typed() -> None:
    composed, parted = (unicodedata.normalize(form, "Käsekuchen für zwölf") for form in ("NFC", "NFD"))
    assert composed != parted
    assert verify_password(hash_password(parted), composed) and verify_password(hash_password(composed), parted)
    with pytest.raises(NotUnderstood):
        check_password(unicodedata.normalize("NFD", "ééééééééééé"))  # eleven letters, twenty-two code points


def test_a_hash_of_before_is_still_the_password_that_was_typed() -> None:
    parted = unicodedata.normalize("NFD", "Käsekuchen für zwölf")
    old = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(parted)
    assert verify_password(old, parted)
    assert not verify_password(old, "another one altogether")
