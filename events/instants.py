"""RFC 3339 texts as integer nanoseconds since 1970 UTC."""

import calendar
import re

DAY_NS = 86_400 * 10**9
END_NS = calendar.timegm((2100, 1, 1, 0, 0, 0)) * 10**9
CACHED = 1 << 16

_MINUTE = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])-([0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):")
_REST = re.compile(r"([0-5][0-9]|60)(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))")
_minutes: dict[str, int] = {}
_rests: dict[str, int] = {}


def instant_ns(text: str) -> int:
    """The instant of an RFC 3339 text with offset; digits beyond nanoseconds are ignored, second 60 is the next minute.

    Raises ValueError with a sentence for any other text and outside of 1970 to 2099.
    """
    try:
        return _minutes[text[:17]] + _rests[text[17:]]
    except KeyError:
        return _parsed(text)


def _parsed(text: str) -> int:
    """The same without what is remembered; remembers the minute and what follows it, unless no offset may be added."""
    minute = _minute_ns(text)
    rest = _rest_ns(text)
    if not 0 <= minute + rest < END_NS:
        raise ValueError(f"`{text[:64]}` is outside of the years 1970 to 2099.")
    if DAY_NS <= minute < END_NS - DAY_NS:
        _remember(_minutes, text[:17], minute)
    if len(text) <= len("2026-01-05T09:30:00.000+01:00"):
        _remember(_rests, text[17:], rest)
    return minute + rest


def _minute_ns(text: str) -> int:
    """Of `2026-01-05T09:30:15.250+01:00` what stands before the seconds, as if in UTC."""
    match = _MINUTE.match(text) or _refuse(text)
    year, month, day, hour, minute = map(int, match.groups())
    if not year or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError(f"`{text[:64]}` names a day that does not exist.")
    return calendar.timegm((year, month, day, hour, minute, 0)) * 10**9


def _rest_ns(text: str) -> int:
    """The seconds less the offset."""
    second, fraction, sign, hours, minutes = (_REST.fullmatch(text, 17) or _refuse(text)).groups()
    offset = int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60) if sign else 0
    return (int(second) - offset) * 10**9 + int((fraction or "")[:9].ljust(9, "0"))


def _refuse(text: str) -> re.Match[str]:
    raise ValueError(f"`{text[:64]}` is not an RFC 3339 time with offset, such as 2026-01-05T09:30:00+01:00.")


def _remember(known: dict[str, int], text: str, value: int) -> None:
    if len(known) >= CACHED:
        known.clear()
    known[text] = value
