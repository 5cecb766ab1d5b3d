"""RFC 3339 texts as integer nanoseconds since 1970 UTC."""

import calendar
import re

DAY_NS = 86_400 * 10**9
END_NS = calendar.timegm((2100, 1, 1, 0, 0, 0)) * 10**9
CACHED_MINUTES = 1 << 16

_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)"
    r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_SECONDS = {f"{second:02}": second * 10**9 for second in range(60)}
_minutes: dict[str, int] = {}


def instant_ns(text: str) -> int:
    """The instant of an RFC 3339 text with offset; digits beyond nanoseconds are ignored.

    Raises ValueError with a sentence for any other text and outside of 1970 to 2099.
    """
    zone = text[19:] if len(text) == 20 else text[-1:] if text[-1:] in "Zz" else text[-6:]
    minute = _minutes.get(text[:17] + zone)
    second = _SECONDS.get(text[17:19])
    if minute is None or second is None:
        return _slowly(text)
    fraction = text[19 : len(text) - len(zone)]
    if not fraction:
        return minute + second
    if fraction[0] == "." and fraction[1:].isdecimal() and fraction.isascii():
        return minute + second + int(fraction[1:10].ljust(9, "0"))
    return _slowly(text)


def _slowly(text: str) -> int:
    """The same with every rule checked; remembers the minute for the next text."""
    match = _RFC3339.fullmatch(text)
    if not match:
        raise ValueError(f"`{text[:64]}` is not an RFC 3339 time with offset, such as 2026-01-05T09:30:00+01:00.")
    minute = _minute_ns(match)
    instant = minute + int(match[6]) * 10**9 + int((match[7] or "")[:9].ljust(9, "0"))
    if not 0 <= instant < END_NS:
        raise ValueError(f"`{text}` is outside of the years 1970 to 2099.")
    if match[6] == "60" and (minute // 10**9 + 60) % 86_400:
        raise ValueError(f"`{text}` has a second 60 that is not a leap second at the end of a day in UTC.")
    if len(_minutes) >= CACHED_MINUTES:
        _minutes.clear()
    _minutes[text[:17] + text[match.end(7) if match[7] else 19 :]] = minute
    return instant


def _minute_ns(match: re.Match[str]) -> int:
    """Start of the minute in UTC; refuses days that the calendar does not have."""
    year, month, day, hour, minute = (int(match[group]) for group in range(1, 6))
    if not 1 <= month <= 12 or not year or not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise ValueError(f"`{match[0]}` names a day that does not exist.")
    offset = int(f"{match[8]}1") * (int(match[9]) * 60 + int(match[10])) if match[8] else 0
    return (calendar.timegm((year, month, day, hour, minute, 0)) - offset * 60) * 10**9
