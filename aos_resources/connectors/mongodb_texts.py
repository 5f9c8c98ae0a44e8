"""BSON values as text: as Extended JSON, and as a person would write them. One way for each type, for many values at once.

Extended JSON is version 2, relaxed where that loses nothing (github.com/mongodb/specifications, extended-json): an int64
says that it is one, so that reading the text back gives the document byte for byte.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aos_core.errors import FixTheSource
from aos_resources.connectors import mongodb_elements as bson_
from aos_resources.connectors.mongodb_elements import Elements, Numbers

_LAST_ISO = 253_402_300_799_999  # the end of the year 9999, in ms since 1970
_FIRST_PLAIN = -62_135_596_800_000  # the beginning of the year 1
_LONG = 64  # bytes
_TO_ESCAPE = r'["\\\x00-\x1f]'
_TEN_TO_34, _MOST_DIGITS = 10**34, 38  # more digits no number of MongoDB's has, and none of Arrow's
_LONE_DIGITS = r"^-?[0-9]+$"


@dataclass(frozen=True)
class Texts:
    """Of values of one type: `json` between `opening` and `closing` is Extended JSON, `plain` what a column holds."""

    json: pa.Array
    plain: pa.Array
    opening: str = ""
    closing: str = ""


def bytes_at(buffer: Numbers, starts: Numbers, ends: Numbers) -> pa.Array:
    """Those stretches of the buffer, as one Arrow array of bytes."""
    lengths = ends - starts
    offsets = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    if offsets[-1] > _LONG * len(lengths):  # one by one: the place of each byte would take eight times as much as the bytes
        held = memoryview(buffer.data)
        joined = b"".join([held[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])
        return pa.Array.from_buffers(pa.binary(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(joined)])
    places = np.arange(offsets[-1], dtype=np.int64) + np.repeat(starts - offsets[:-1], lengths)
    return pa.Array.from_buffers(pa.binary(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(buffer[places])])


def texts_of(elements: Elements, kind: int, which: Numbers) -> Texts:
    """The texts of these values, all of that kind. Raises FixTheSource where a text is not UTF-8."""
    return _WAYS.get(kind, _by_the_driver)(elements, which)


def quoted(text: pa.Array) -> pa.Array:
    """Inside of quotes: escaped where JSON wants it, which hardly any text needs."""
    odd = pc.match_substring_regex(text, _TO_ESCAPE)
    if not pc.any(odd).as_py():
        return text
    escaped = [json.dumps(one, ensure_ascii=False)[1:-1] for one in text.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, odd, pa.array(escaped, pa.string()))


def _strings(elements: Elements, which: Numbers) -> Texts:
    found = bytes_at(elements.buffer, elements.value[which] + 4, elements.value_end[which] - 1)
    try:
        text = found.cast(pa.string())
    except pa.ArrowInvalid as odd:
        raise FixTheSource("A document holds a text that is not UTF-8", fix="Mend the document.") from odd
    return Texts(quoted(text), text, '"', '"')


def _doubles(elements: Elements, which: Numbers) -> Texts:
    numbers = elements.gathered(which, 8, "<f8")[:, 0]
    plain = pc.cast(pa.array(numbers), pa.string())
    if (odd := ~np.isfinite(numbers)).any():
        words = ["NaN" if np.isnan(one) else "Infinity" if one > 0 else "-Infinity" for one in numbers[odd]]
        plain = pc.replace_with_mask(plain, pa.array(odd), pa.array(words, pa.string()))
    told = pc.if_else(pc.match_substring_regex(plain, _LONE_DIGITS), pc.binary_join_element_wise(plain, ".0", ""), plain)
    if odd.any():
        told = pc.if_else(pa.array(odd), pc.binary_join_element_wise('{"$numberDouble":"', plain, '"}', ""), told)
    return Texts(told, plain)


def _longs(elements: Elements, which: Numbers) -> Texts:
    text = pc.cast(pa.array(elements.gathered(which, 8, "<i8")[:, 0]), pa.string())
    return Texts(text, text, '{"$numberLong":"', '"}')


def _ints(elements: Elements, which: Numbers) -> Texts:
    text = pc.cast(pa.array(elements.gathered(which, 4, "<i4")[:, 0]), pa.string())
    return Texts(text, text)


def _booleans(elements: Elements, which: Numbers) -> Texts:
    text = pa.array(["false", "true"]).take(pa.array(elements.buffer[elements.value[which]] != 0).cast(pa.int32()))
    return Texts(text, text)


def _object_ids(elements: Elements, which: Numbers) -> Texts:
    digits = elements.gathered(which, 12, "u1").tobytes().hex().encode()
    offsets = np.arange(0, 24 * len(which) + 1, 24, dtype=np.int32)
    text = pa.Array.from_buffers(pa.string(), len(which), [None, pa.py_buffer(offsets), pa.py_buffer(digits)])
    return Texts(text, text, '{"$oid":"', '"}')


def _dates(elements: Elements, which: Numbers) -> Texts:
    millis = elements.gathered(which, 8, "<i8")[:, 0]
    digits = pc.cast(pa.array(millis), pa.string())
    writable = (millis >= _FIRST_PLAIN) & (millis <= _LAST_ISO)
    written = pc.cast(pa.array(np.where(writable, millis, 0), pa.timestamp("ms")), pa.string())
    written = pc.binary_join_element_wise(pc.replace_substring(written, " ", "T"), "Z", "")
    plain = written if writable.all() else pc.if_else(pa.array(writable), written, digits)
    if (old := (millis < 0) | (millis > _LAST_ISO)).any():
        numbered = pc.binary_join_element_wise('{"$numberLong":"', digits, '"}', "")
        told = pc.if_else(pa.array(old), numbered, pc.binary_join_element_wise('"', written, '"', ""))
        return Texts(told, plain, '{"$date":', "}")
    return Texts(written, plain, '{"$date":"', '"}')


def _decimals(elements: Elements, which: Numbers) -> Texts:
    """Those of one exponent at once, by Arrow, which writes them as the driver does; what it cannot hold, by the driver.

    Their layout is IEEE 754's decimal128 with an integer for its digits: a sign, 14 bits of exponent, 113 of digits.
    """
    halves = elements.gathered(which, 16, "<u8")
    digits, high = halves[:, 0], halves[:, 1]
    negative, exponent, rest = high >> np.uint64(63) != 0, (high >> np.uint64(49) & np.uint64(0x3FFF)).astype(np.int64) - 6176, high & np.uint64((1 << 49) - 1)
    plain = (high >> np.uint64(61) & np.uint64(3) != 3) & (rest < _TEN_TO_34 >> 64) & (exponent <= 0) & (exponent >= -_MOST_DIGITS) & ~(negative & (digits == 0) & (rest == 0))
    made, where = [_by_the_drivers_decimals(elements, which[~plain])], [np.flatnonzero(~plain)]
    signed = np.stack([np.where(negative, ~digits + np.uint64(1), digits), np.where(negative, ~rest + (digits == 0), rest)], axis=1)
    for one in np.unique(exponent[plain]).tolist():
        those = np.flatnonzero(plain & (exponent == one))
        numbers = pa.Array.from_buffers(pa.decimal128(_MOST_DIGITS, -one), len(those), [None, pa.py_buffer(np.ascontiguousarray(signed[those]))])
        made.append(numbers.cast(pa.string()))
        where.append(those)
    text = pa.concat_arrays(made).take(pa.array(np.argsort(np.concatenate(where))))
    return Texts(text, text, '{"$numberDecimal":"', '"}')


def _by_the_drivers_decimals(elements: Elements, which: Numbers) -> pa.Array:
    from bson import Decimal128  # noqa: PLC0415  loaded where MongoDB is read

    found = bytes_at(elements.buffer, elements.value[which], elements.value_end[which]).to_pylist()
    return pa.array([str(Decimal128.from_bid(one)) for one in found], pa.string())


def _binaries(elements: Elements, which: Numbers) -> Texts:
    kinds = elements.buffer[elements.value[which] + 4].tolist()
    found = bytes_at(elements.buffer, elements.value[which] + 5, elements.value_end[which]).to_pylist()
    coded = [base64.b64encode(one).decode() for one in found]
    told = [f'{one}","subType":"{kind:02x}' for one, kind in zip(coded, kinds, strict=True)]
    plain = [_as_uuid(one) if kind == 4 and len(one) == 16 else text for one, kind, text in zip(found, kinds, coded, strict=True)]
    return Texts(pa.array(told, pa.string()), pa.array(plain, pa.string()), '{"$binary":{"base64":"', '"}}')


def _nulls(elements: Elements, which: Numbers) -> Texts:
    return Texts(pa.array(["null"] * len(which), pa.string()), pa.nulls(len(which), pa.string()))


def _by_the_driver(elements: Elements, which: Numbers) -> Texts:
    """Types that hardly anybody uses, one by one, as the driver writes them."""
    from bson import decode  # noqa: PLC0415  loaded where MongoDB is read
    from bson.json_util import CANONICAL_JSON_OPTIONS, dumps  # noqa: PLC0415

    told = []
    for kind, start, end in zip(elements.kind[which].tolist(), elements.value[which].tolist(), elements.value_end[which].tolist(), strict=True):
        inner = bytes([kind]) + b"v\0" + elements.buffer[start:end].tobytes() + b"\0"
        told.append(dumps(decode((len(inner) + 4).to_bytes(4, "little") + inner), json_options=CANONICAL_JSON_OPTIONS)[6:-1])
    text = pa.array(told, pa.string())
    return Texts(text, text)


def _as_uuid(found: bytes) -> str:
    return re.sub(r"(.{8})(.{4})(.{4})(.{4})(.{12})", r"\1-\2-\3-\4-\5", found.hex())


_WAYS: dict[int, Callable[[Elements, Numbers], Texts]] = {
    bson_.DOUBLE: _doubles, bson_.STRING: _strings, bson_.BINARY: _binaries, bson_.OBJECT_ID: _object_ids,
    bson_.BOOL: _booleans, bson_.DATE: _dates, bson_.NULL: _nulls, bson_.INT: _ints, bson_.LONG: _longs,
    bson_.DECIMAL: _decimals,
}  # fmt: skip
