"""How a text of a source is read as a type, as SQL: exactly or not at all. Knows nothing of mappings."""

from __future__ import annotations

_PLAIN = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SHORT = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$"
_WHOLE = r"^[+-]?[0-9]+$"
_EXACT = r"^[+-]?[0-9]*(\.[0-9]{0,15}0*)?$"
_ISO_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_ISO_MIDNIGHT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00(:00(\.0+)?)?(Z|[+-]00(:?00)?)?$"
_ISO_LOCAL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?$"
_ISO_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$"


def parse_value(text: str, kind: str, parser: str | None = None) -> str:
    """SQL that reads trimmed text as a type, null where it cannot, exact or not at all.

    `kind` is a base type of the ontology. A decimal is accepted only if nothing of it is rounded away.
    """
    if kind in ("integer", "decimal", "money", "share"):
        return _number(text if parser is None else _unformatted(f"trim({text})", parser), kind, parser)
    if kind == "date":
        return _date(text, parser)
    if kind == "timestamp":
        return _moment(text)
    if kind == "boolean":
        word = f"lower(trim({text}))"
        return f"case when {word} in ('true', 't', 'yes', 'y', '1') then true when {word} in ('false', 'f', 'no', 'n', '0') then false end"
    if kind == "json":
        return f"case when json_valid({text}) then {text} end"
    return text


def _unformatted(text: str, parser: str | None) -> str:
    if parser == "decimal_comma":
        return f"replace(replace({text}, '.', ''), ',', '.')"
    if parser == "thousands":
        return f"replace({text}, ',', '')"
    if parser == "currency_sign":
        return f"regexp_replace({text}, '[$€£¥,\\s]', '', 'g')"
    if parser == "percent":
        return f"regexp_replace({text}, '\\s*%$', '')"
    return text


def _number(short: str, kind: str, parser: str | None) -> str:
    """Nearly every number is short and stands without blanks: that is asked first, as it stands."""
    text = f"trim({short})" if parser is None else short
    digits = f"regexp_extract({text}, '^[+-]?([0-9]*)\\.?([0-9]*)', 1) || regexp_extract({text}, '^[+-]?([0-9]*)\\.?([0-9]*)', 2)"
    # Places after the point once the exponent is applied and trailing zeros are dropped: more than 15 would be rounded.
    places = (
        f"length(regexp_extract({text}, '\\.([0-9]*)', 1)) - try_cast(regexp_extract({text}, '[eE]([+-]?[0-9]+)$', 1) as integer)"
        f" - (length({digits}) - length(rtrim({digits}, '0')))"
    )
    exact = (
        f"case when regexp_matches({text}, '{_EXACT}') then try_cast({text} as decimal(38,15))"
        f" when {places} <= 15 then try_cast({text} as decimal(38,15)) end"
    )
    # Sixteen characters hold no more than fifteen places, and nothing else is asked of them.
    value = (
        f"case when strlen({short}) <= 16 and regexp_matches({short}, '{_SHORT}') then try_cast({short} as decimal(38,15))"
        f" when regexp_matches({text}, '{_PLAIN}') then {exact} end"
    )
    if kind == "integer":
        return (
            f"case when strlen({short}) <= 18 and regexp_matches({short}, '{_WHOLE}') then try_cast({short} as bigint)"
            f" when ({value}) = trunc({value}) then try_cast(({value}) as bigint) end"
        )
    return f"try(({value}) * cast('0.01' as decimal(3,2)))" if parser == "percent" else value


def _date(plain: str, parser: str | None) -> str:
    text = f"trim({plain})"
    if parser in ("day_first", "month_first"):
        order = ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"] if parser == "day_first" else ["%m/%d/%Y", "%m-%d-%Y"]
        formats = ", ".join(f"'{one}'" for one in order)
        return f"cast(try_strptime({text}, [{formats}]) as date)"
    if parser == "day":
        return f"cast({_moment(plain)} as date)"
    return (
        f"case when regexp_matches({plain}, '{_ISO_DAY}') then try_cast({plain} as date)"
        f" when regexp_matches({text}, '{_ISO_DAY}') then try_cast({text} as date)"
        f" when regexp_matches({text}, '{_ISO_MIDNIGHT}') then try_cast(left({text}, 10) as date) end"
    )


def _moment(plain: str) -> str:
    """A time in UTC; one without a zone is meant so, and needs no conversion."""
    text = f"trim({plain})"
    return (
        f"case when regexp_matches({plain}, '{_ISO_LOCAL}') then try_cast({plain} as timestamp)"
        f" when regexp_matches({text}, '{_ISO_TIME}') then timezone('UTC', try_cast({text} as timestamptz)) end"
    )
