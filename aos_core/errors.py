"""The one error tree, sorted by what the caller does next. Translated once per edge, never here."""

from __future__ import annotations


class AosError(Exception):
    """Says what failed, which thing it was, and what to do about it.

    `code` is a stable word for programs; `culprit` names the thing (a stream, a field, a row).
    """

    code = "error"

    def __init__(self, what: str, *, culprit: str = "", fix: str = "") -> None:
        self.what = what
        self.culprit = culprit
        self.fix = fix
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        which = f" ({self.culprit})" if self.culprit else ""
        way_out = f" {self.fix}" if self.fix else ""
        return f"{self.what}{which}.{way_out}"


class TryAgain(AosError):
    """Somebody else was faster or a server was away: the same call may go through later."""

    code = "try_again"


class FixTheSource(AosError):
    """The source, its credentials or its data must be mended by a person."""

    code = "fix_the_source"


class NotFound(AosError):
    """No such thing, or not in this tenant: the two look the same on purpose."""

    code = "not_found"


class NotAllowed(AosError):
    """The caller may not do this."""

    code = "not_allowed"


class NotSignedIn(AosError):
    """There is no caller: credentials are missing, wrong or expired."""

    code = "not_signed_in"


class NotUnderstood(AosError):
    """What was sent is not of the form that is asked for."""

    code = "not_understood"


class NeedsADecision(AosError):
    """A person must decide before this goes on."""

    code = "needs_a_decision"
