"""What a Postgres says when it refuses, sorted by what a person or the next try can do about it. Never with a secret."""

from __future__ import annotations

import re

from aos_core.errors import AosError, CredentialsRefused, FixTheSource, TryAgain

# Classes and codes of PostgreSQL's appendix A.
_LATER = ("08", "53", "57P01", "57P02", "57P03", "57P05", "40", "58030", "25P03", "25P04")
_NOT_IN = ("28",)
# At the door libpq tells words only, and those of poolers are their own.
_SAID_NOT_IN = re.compile(
    r"authentication failed|no password supplied|role \".*\" does not exist|no pg_hba\.conf entry|permission denied for database|is not permitted to log in"
    r"|no such user|tenant or user not found|wrong password|no authorization|SASL|SCRAM|password is empty",
    re.IGNORECASE,
)
_SAID_LATER = re.compile(
    r"connection refused|timeout expired|timed out|too many (?:connections|clients)|connection slots are reserved|starting up|shutting down|recovery mode"
    r"|server closed the connection|connection reset|could not receive data|could not send data|terminating connection|network is unreachable"
    r"|no route to host|SSL SYSCALL|SSL connection has been closed|server conn crashed|server_login_retry|query_wait_timeout|max client(?:s| connections)"
    r"|conflict with recovery|connection to server was lost|connection not open|is not currently accepting connections|connection limit exceeded",
    re.IGNORECASE,
)
_WORDS = {
    "42501": ("It may not be read", "Grant the connection's user the right to select from it."),
    "42P01": ("It is not there any more", "Bring it back, or leave it out of the connection's tables."),
    "3F000": ("Its schema is not there any more", "Bring it back, or leave it out of the connection's tables."),
    "42703": ("A column is not there any more", "Columns that were renamed or dropped are found by the next sync."),
    "42883": ("A column of its key or cursor is of another type now", "It is read anew by the next sync."),
    "55P03": ("It is locked by somebody else", "It is read by the next sync once it is free."),
    "57014": ("It took longer than a statement may", "Give it a primary key or an index on its cursor, or read a smaller view."),
    "25006": ("Reading it would write", "Read a table or view that calls nothing that writes."),
    "55000": ("It cannot be read as it is", ""),
}


def refused(error: BaseException, where: str, secret: str, culprit: str = "") -> AosError:
    """`where`: host, port and database. `culprit`: the table that was asked for, where one was."""
    said = hidden(str(error), secret)
    code = _code(error, said)
    line = next((one for one in map(str.strip, said.splitlines()) if one), "It gave no reason.")[:300]
    if code.startswith(_NOT_IN) or (not code and _SAID_NOT_IN.search(said)):
        return CredentialsRefused("The database does not let us in", culprit=where, fix=line)
    if code.startswith(_LATER) or (not code and _SAID_LATER.search(said)):
        return TryAgain("The database could not be read just now", culprit=f"{where}: {culprit}" if culprit else where, fix=line)
    what, way_out = _WORDS.get(code, ("The database could not be read", ""))
    return FixTheSource(what, culprit=f"{where}: {culprit}" if culprit else where, fix=f"{line} {way_out}".strip())


def hidden(said: str, secret: str) -> str:
    return said.replace(secret, "•••") if secret else said


def _code(error: BaseException, said: str) -> str:
    """The SQLSTATE; Arrow's own errors have it in their words only."""
    told = getattr(error, "sqlstate", None)
    found = re.search(r"SQLSTATE: ?([0-9A-Z]{5})", said)
    return str(told) if told and str(told) != "00000" and str(told).strip("\0") else found[1] if found else ""
