"""What is asked of a collection, and where a reading stands: filters that no mix of types escapes, and positions as text."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

# The order in which MongoDB sorts values of different types. A comparison sees those of its own group alone.
_ORDER: tuple[tuple[str, ...], ...] = (
    ("minKey",), ("null",), ("double", "int", "long", "decimal"), ("string", "symbol"), ("object",), ("array",), ("binData",), ("objectId",),
    ("bool",), ("date",), ("timestamp",), ("regex",), ("maxKey",),
)  # fmt: skip
_CLOCKS = timedelta(minutes=5)  # how far the clocks of those who make ids may lie apart


@dataclass(frozen=True)
class Position:
    """Values are Extended JSON. `usual`: the bracket of plain ids. `reading`: the word of a pass that is open, which stands
    `after` an id. `token`: where the changes go on. `since`: the last value of field `cursor`. `compared`: when keys last were,
    in seconds since 1970.
    """

    usual: str = ""
    reading: str = ""
    after: str = ""
    token: str = ""
    cursor: str = ""
    since: str = ""
    compared: float = 0

    @property
    def text(self) -> str:
        return json.dumps({name: value for name, value in asdict(self).items() if value})


def position_of(text: str | None) -> Position:
    """Where it is none of ours, the beginning."""
    try:
        return Position(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return Position()


def written(value: Any) -> str:
    """A value as Extended JSON, exactly."""
    from bson.json_util import CANONICAL_JSON_OPTIONS, dumps  # noqa: PLC0415  loaded where MongoDB is read

    return dumps({"v": value}, json_options=CANONICAL_JSON_OPTIONS)


def read_back(text: str) -> Any:
    from bson.codec_options import DatetimeConversion  # noqa: PLC0415
    from bson.json_util import JSONMode, JSONOptions, loads  # noqa: PLC0415

    return loads(text, json_options=JSONOptions(json_mode=JSONMode.CANONICAL, tz_aware=False, tzinfo=None, datetime_conversion=DatetimeConversion.DATETIME_MS))["v"]


def beyond(value: Any) -> dict[str, Any]:
    """Every document whose `_id` sorts after this one, those of other types too."""
    group = group_of(value)
    later = [name for names in _ORDER[group + 1 :] for name in names]
    others = [{"_id": {"$type": later}}] if later else []
    if isinstance(value, float) and value != value:  # nothing compares with NaN, which sorts before all numbers
        return {"$or": [{"_id": {"$gte": float("-inf")}}, *others]}
    return {"$or": [{"_id": {"$gt": value}}, *others]} if group < len(_ORDER) - 1 else {"_id": {"$gt": value}}


def grown(field: str, value: Any) -> dict[str, Any]:
    """Every document whose field is at least that value, or of a type that cannot be compared with it, or is not there."""
    from bson import ObjectId  # noqa: PLC0415

    if isinstance(value, ObjectId):
        value = ObjectId.from_datetime(value.generation_time - _CLOCKS)
    return {"$or": [{field: {"$gte": value}}, {field: {"$not": {"$type": list(_ORDER[group_of(value)])}}}]}


def comparable(value: Any, with_: Any) -> bool:
    return group_of(value) == group_of(with_)


def group_of(value: Any) -> int:
    """Which of the groups in MongoDB's order a value belongs to."""
    from bson import DatetimeMS, Decimal128, MaxKey, MinKey, ObjectId, Regex, Timestamp  # noqa: PLC0415

    kinds: tuple[tuple[int, tuple[type, ...]], ...] = (
        (0, (MinKey,)), (1, (type(None),)), (8, (bool,)), (2, (int, float, Decimal128)), (3, (str,)), (4, (dict,)), (5, (list,)), (6, (bytes,)),
        (7, (ObjectId,)), (9, (DatetimeMS,)), (10, (Timestamp,)), (11, (Regex,)), (12, (MaxKey,)),
    )  # fmt: skip
    return next((group for group, types in kinds if isinstance(value, types)), 1)
