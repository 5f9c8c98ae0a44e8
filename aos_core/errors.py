"""The one error tree, sorted by what the caller does next. Translated once per edge, never here."""

from __future__ import annotations

from datetime import datetime


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


class Busy(TryAgain):
    """Another worker of ours is at the same thing, or took it over."""


class FixTheSource(AosError):
    """The source, its credentials or its data must be mended by a person."""

    code = "fix_the_source"


class CredentialsRefused(FixTheSource):
    """A source does not let us in, or not any more: a person must authorise anew. Nothing that was read is lost by it."""

    code = "credentials_refused"


class NotFound(AosError):
    """No such thing, or not in this tenant: the two look the same on purpose."""

    code = "not_found"


class Gone(NotFound):
    """It was here once, and will not come back under this name."""

    code = "gone"


class NotAllowed(AosError):
    """The caller may not do this."""

    code = "not_allowed"


class QuotaReached(NotAllowed):
    """A limit that the operator has set for the tenant is used up; `resets_at` says until when, None where time changes nothing."""

    code = "quota_reached"

    def __init__(self, what: str, *, resets_at: datetime | None, culprit: str = "") -> None:
        self.resets_at = resets_at
        until = f"It begins anew at {resets_at.isoformat()}, or the operator raises it." if resets_at else "Ask the operator to raise it."
        super().__init__(what, culprit=culprit, fix=until)


class SwitchedOff(NotAllowed):
    """Nobody may at present: a flag says so."""

    code = "switched_off"


class NotSignedIn(AosError):
    """There is no caller: credentials are missing, wrong or expired."""

    code = "not_signed_in"


class NotUnderstood(AosError):
    """What was sent is not of the form that is asked for."""

    code = "not_understood"


class NeedsADecision(AosError):
    """A person must decide before this goes on."""

    code = "needs_a_decision"


class Held(NeedsADecision):
    """More rows vanished from a stream than may without a person's word: `rows` of `of`. Nothing of the reading landed.

    It stands beside the stream's name wherever it is told.
    """

    code = "held"

    def __init__(self, rows: int, of: int) -> None:
        self.rows, self.of = rows, of
        super().__init__(
            f"{rows:,} of {of:,} rows vanished from the source, so this reading is held",
            fix="Look at the source; if it is right, allow these rows to go and sync again.",
        )


class Cancelled(AosError):
    """A person stopped it. What was done until then stands."""

    code = "cancelled"
