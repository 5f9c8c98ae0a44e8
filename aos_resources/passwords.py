"""Which passwords are taken, how one becomes a hash and is checked again. Knows nothing of who it belongs to."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from aos_core.errors import NotUnderstood
from aos_resources.common_passwords import is_common

# Twelve: OWASP's ASVS (6.2.1) wants eight at least and advises fifteen. Nothing else is asked of a password, so eight are
# too few; fifteen would refuse three or four short words, which people can keep in mind.
LEAST, MOST = 12, 1024  # characters
_OURS = "autonomos"

# Argon2id, 19 MiB, two passes, one lane: written out, so that a library's new default changes nothing unseen.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16)
# The hash of a forgotten random word, checked where there is no user, so that both answers take the same time.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$nI/LfNYaYXmcYbMKo7zE9g$90AJS3bQiwDUHNU9fU7N+0a35j/zPp5yvUImmYB810U"
# Each check takes 19 MiB: a burst of sign-ins waits here instead of taking the machine's memory.
_AT_ONCE = BoundedSemaphore(4)


def check_password(password: str, own: Iterable[str] = ()) -> None:
    """Returns where it may be somebody's new password; `own` are words that anybody would try first for that person.

    Raises:
        NotUnderstood: too short, too long, too common, or one of those words.
    """
    said = _normal(password)
    if not LEAST <= len(said) <= MOST:
        raise NotUnderstood(f"A password has {LEAST} to {MOST} characters", fix="A few words that only you would put together are a good one.")
    if is_common(said):
        raise NotUnderstood("Too many people have that password", fix="Choose another: a few words that only you would put together.")
    guessed = {_OURS} | {part for one in own for part in (one, one.partition("@")[0])}
    if said.casefold() in {_normal(one).strip().casefold() for one in guessed}:
        raise NotUnderstood("Your e-mail, your tenant's name or ours is no password", fix="Choose another.")


def hash_password(password: str) -> str:
    """The hash with its parameters and salt, as `$argon2id$...`."""
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether it is the password of that hash. `None` (no such user) takes as long and is never right."""
    with _AT_ONCE:
        right = _is(stored or _NOBODY, _normal(password))
        # Hashes of before passwords were normalised: as it was typed then.
        if not right and password != _normal(password):
            right = _is(stored or _NOBODY, password)
        return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _is(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _normal(password: str) -> str:
    """The same characters for the same text, whichever keyboard wrote it."""
    return unicodedata.normalize("NFC", password)
