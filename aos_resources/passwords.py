"""How a password becomes a hash and is checked again. Knows nothing of who it belongs to."""

from __future__ import annotations

from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

LEAST, MOST = 8, 1024  # characters

# Argon2id, 19 MiB, two passes, one lane: written out, so that a library's new default changes nothing unseen.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16)
# The hash of a forgotten random word, checked where there is no user, so that both answers take the same time.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$nI/LfNYaYXmcYbMKo7zE9g$90AJS3bQiwDUHNU9fU7N+0a35j/zPp5yvUImmYB810U"
# Each check takes 19 MiB: a burst of sign-ins waits here instead of taking the machine's memory.
_AT_ONCE = BoundedSemaphore(4)


def hash_password(password: str) -> str:
    """The hash with its parameters and salt, as `$argon2id$...`."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether it is the password of that hash. `None` (no such user) takes as long and is never right."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _NOBODY, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
