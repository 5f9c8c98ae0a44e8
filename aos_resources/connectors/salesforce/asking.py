"""The questions that are asked, in SOQL, and which of them are too long to be asked in an address."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from aos_core.errors import FixTheSource
from aos_resources.connectors.salesforce.describing import Described

_LONGEST = 100_000
# Salesforce takes 16,384 bytes of address and headers; the rest is for the token and the way.
_LONGEST_ADDRESS = 12_000
# A change has the time of its statement and shows when its transaction ends, which may take ten minutes.
_LATE = timedelta(minutes=10)


def rows(one: Described, *, where: str = "", order: Iterable[str] = (), names: Iterable[str] = (), limit: int | None = None) -> str:
    """`names`: of the fields, all where none is named. Raises FixTheSource where no question may be so long."""
    fields = ", ".join(names or (each.name for each in one.fields))
    text = f"SELECT {fields} FROM {one.name}"
    text += f" WHERE {where}" if where else ""
    text += f" ORDER BY {', '.join(order)}" if order else ""
    text += f" LIMIT {limit}" if limit is not None else ""
    if len(text) > _LONGEST:
        raise FixTheSource(
            "The object has more fields than Salesforce lets anybody ask for at once", culprit=f"{one.name}: {len(one.fields)} fields",
            fix=f"A question has at most {_LONGEST:,} characters. Let the user see fewer of its fields.",
        )  # fmt: skip
    return text


def counting(one: Described) -> str:
    return f"SELECT COUNT() FROM {one.name}"


def fits_an_address(text: str) -> bool:
    return len(quote_plus(text)) <= _LONGEST_ADDRESS


def after_id(identity: str | None) -> str:
    return f"Id > '{_plain(identity)}'" if identity else ""


def since(cursor: str, at: str, *, late: bool = True) -> str:
    """At least, not more than; `late`: with what may have shown only after it had happened."""
    moment = _moment(at)
    return f"{cursor} >= {_written(moment - _LATE if late else moment)}"


def after_tie(cursor: str, at: str, identity: str) -> str:
    moment = _written(_moment(at))
    return f"({cursor} > {moment} OR ({cursor} = {moment} AND Id > '{_plain(identity)}'))"


def deleted(cursor: str, at: str) -> str:
    return f"IsDeleted = true AND {since(cursor, at)}"


def _moment(at: str) -> datetime:
    try:
        return datetime.fromisoformat(at.replace("+0000", "+00:00").replace("Z", "+00:00"))
    except ValueError as odd:
        raise FixTheSource("Where the last reading stood is no time", culprit=at[:40], fix="Reset the stream.") from odd


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _plain(identity: str) -> str:
    """Ids are letters and digits: whatever else there is would be a question of somebody else's."""
    if not (identity.isascii() and identity.isalnum() and len(identity) <= 18):
        raise FixTheSource("This is no Id of Salesforce", culprit=identity[:30], fix="Reset the stream.")
    return identity
