"""What Salesforce's own error codes mean for whoever waits: come back later, authorise anew, or mend something."""

from __future__ import annotations

import json
import re

from aos_core.errors import AosError, CredentialsRefused, FixTheSource, TryAgain
from aos_resources.outbound import Refused

_LATER = {
    "REQUEST_LIMIT_EXCEEDED": "The company's programs have used up what Salesforce answers in a day",
    "QUERY_TIMEOUT": "Salesforce took too long for the question",
    "SERVER_UNAVAILABLE": "Salesforce is busy",
    "UNABLE_TO_LOCK_ROW": "Salesforce is busy",
    "UNKNOWN_EXCEPTION": "Salesforce failed by itself",
    "INVALID_QUERY_LOCATOR": "Salesforce no longer keeps the rest of its answer",
    "EXCEEDED_MAX_SEMIJOIN_SUBSELECTS": "Salesforce is busy",
    "TXN_SECURITY_METERING_ERROR": "Salesforce asks for patience",
}
_MEND = {
    "INVALID_FIELD": ("A field is not there any more, or may not be read any more", "It is left out as soon as the object has been looked at again."),
    "INVALID_TYPE": ("There is no such object, or it may not be read", "Give the user the right to read it, or leave it out."),
    "NOT_FOUND": ("There is no such object, or it may not be read", "Give the user the right to read it, or leave it out."),
    "MALFORMED_QUERY": ("Salesforce does not answer questions about this object without conditions of its own", "Leave the object out."),
    "QUERY_TOO_COMPLICATED": ("The object has more fields or formulas than Salesforce answers at once", "Let the user see fewer of its fields."),
    "EXTERNAL_OBJECT_UNSUPPORTED_EXCEPTION": ("The object lives in another system", "Connect that one."),
    "OPERATION_TOO_LARGE": ("Salesforce must weigh too many rights for this object", "Give the user the right to view all of its records."),
    "API_DISABLED_FOR_ORG": ("This edition of Salesforce has no API", "Ask Salesforce for it."),
    "API_CURRENTLY_DISABLED": ("The API is switched off for this user", "Give the user the right “API Enabled”."),
}
_LACKING = ("A right to read is lacking", "Give the user the right to read the object.")
_SHUT = {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER", "Bad_OAuth_Token", "INVALID_LOGIN", "USER_DEACTIVATED", "ORG_LOCKED"}
_FIELD = re.compile(r"No such column '([\w.]{1,100})' on (?:entity|sobject of type) '?(\w{1,100})")


class Said(FixTheSource):
    """Salesforce says no; `word` is its own code for why."""

    def __init__(self, what: str, *, word: str, culprit: str, fix: str) -> None:
        self.word = word
        super().__init__(what, culprit=culprit, fix=fix)


def word_of(body: bytes) -> tuple[str, str]:
    """(code, message) of a refusal, empty where it is not in Salesforce's form."""
    try:
        said = json.loads(body)
        first = said[0] if isinstance(said, list) else said
        return str(first.get("errorCode") or first.get("error") or "")[:100], str(first.get("message") or first.get("error_description") or "")[:500]
    except (ValueError, RecursionError, AttributeError, IndexError):
        return "", ""


def in_words(status: int, body: bytes, about: str) -> AosError:
    """`about`: the object that was asked for."""
    return meaning(*word_of(body), status=status, about=about)


def meaning(word: str, said: str, *, status: int, about: str) -> AosError:
    if word in _SHUT or (status == 401):
        return CredentialsRefused("Salesforce does not let us in any more", culprit=word or str(status), fix="Authorise the connection anew.")
    if word in _LATER or (status >= 500 and word not in _MEND):
        return TryAgain(_LATER.get(word, "Salesforce failed by itself"), culprit=word or str(status), fix=_when(word))
    field = _FIELD.search(said)
    culprit = f"{field[2]}.{field[1]}" if field else about
    lacking = word.startswith("INSUFFICIENT_ACCESS") or (status == 403 and word not in _MEND)
    what, fix = _LACKING if lacking else _MEND.get(word, ("Salesforce refused the question", ""))
    own = f"Salesforce says {word}: {_plain(said)}" if word else f"Salesforce answered {status}."
    return Said(what, word=word, culprit=culprit, fix=f"{fix} {own}".strip())


def refused(error: Refused, about: str) -> AosError:
    return in_words(error.status, error.body, about)


def failed(message: str, about: str) -> AosError:
    """Of a job that failed: its message begins with words of its own and then names the code."""
    found = re.search(r"\b([A-Z][A-Z_]{5,60})\b", message)
    return meaning(found[1] if found else "", message[:500], status=400, about=about)


def _when(word: str) -> str:
    if word == "REQUEST_LIMIT_EXCEEDED":
        return "It counts the last 24 hours: some is free again within the hour, all of it within a day."
    return "The next reading goes on where this one stood."


def _plain(said: str) -> str:
    """One line without what a question about many fields repeats."""
    return " ".join(said.split())[-200:].strip(" ^")
