"""RFC 3339 texts as integer nanoseconds since 1970 UTC."""

import calendar
import re
from functools import lru_cache

END_NS = calendar.timegm((2100, 1, 1, 0, 0, 0)) * 10**9
CACHED = 1 << 16

_MINUTE = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):")
_REST = re.compile(r"([0-5][0-9]|60)(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))")


def instant_ns(text: str) -> int:
    """The instant of an RFC 3339 text with offset; digits beyond nanoseconds are ignored, second 60 is the next minute.

    Raises ValueError with a sentence for any other text and outside of 1970 to 2099.
    """
    try:
        instant = _minute_ns(text[:17]) + _rest_ns(text[17:])
    except ValueError as error:
        raise ValueError(f"`{text[:64]}` {error}") from None
    if not 0 <= instant < END_NS:
        raise ValueError(f"`{text[:64]}` is outside of the years 1970 to 2099.")
    return instant


@lru_cache(CACHED)
def _minute_ns(text: str) -> int:
    """`2026-01-05T09:30:` as if in UTC."""
    match = _MINUTE.fullmatch(text) or _refuse()
    year, month, day, hour, minute = map(int, match.groups())
    if not year or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError("names a day that does not exist.")
    return calendar.timegm((year, month, day, hour, minute, 0)) * 10**9


@lru_cache(CACHED)
def _rest_ns(text: str) -> int:
    """`15.250+01:00`: the seconds less the offset."""
    second, fraction, sign, hours, minutes = (_REST.fullmatch(text) or _refuse()).groups()
    offset = int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60) if sign else 0
    return (int(second) - offset) * 10**9 + int((fraction or "")[:9].ljust(9, "0"))


def _refuse() -> re.Match[str]:
    raise ValueError("is not an RFC 3339 time with offset, such as 2026-01-05T09:30:00+01:00.")
