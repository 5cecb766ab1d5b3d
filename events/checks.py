"""What JSON types cannot express: checks on members, compiled per type so that most events run none."""

import datetime
import re
import zoneinfo
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from msgspec import inspect

from events.instants import instant_ns

Check = Callable[[Any], object]
Walk = Callable[[Any, str], None]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DATE = re.compile("(19[7-9]|20[0-9])[0-9]-[0-9]{2}-[0-9]{2}")


class Refused(ValueError):  # noqa: N818 - a verdict on input, not a fault
    """Something is wrong with an event: a sentence, and the path of the member."""

    def __init__(self, reason: str, path: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


def compiled(type_: Any, *, ids: bool) -> Walk | None:
    """Runs the checks of all members of a value of the type: those of ids, or all others. None where it has none.

    The walk raises Refused with the path of the member.
    """
    return _walk(inspect.type_info(type_), ids)


def no_control(text: str) -> None:
    """Refuses control characters (Unicode Cc)."""
    if _CONTROL.search(text):
        raise ValueError("An id has no control characters.")


@lru_cache(1 << 14)
def date(text: str) -> None:
    """Refuses what is not a day of the calendar from 1970 to 2099."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"`{text[:64]}` is not a date such as 2026-01-05, from 1970 to 2099.")
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` names a day that does not exist.") from None


def time(text: str) -> None:
    """Refuses what is not an instant from 1970 to 2099."""
    instant_ns(text)


def lines(products: list[Any]) -> None:
    """Refuses lines whose amounts would not fit, or are in several currencies."""
    prices = [price for line in products for price in (line.unit_price, line.unit_cost)]
    currencies = {price.currency for price in prices if price is not None and not isinstance(price, str)}
    if len(currencies) > 1:
        raise ValueError(f"The lines are in {' and '.join(sorted(currencies))}; they have to be in one currency.")
    for line in products:
        for price in line.unit_price, line.unit_cost:
            amount = price if isinstance(price, str | None) else price.amount
            if abs(float(amount or 0) * line.quantity) >= 10**12:
                raise ValueError("Quantity times price is not below 10^12.")


def hours(days: dict[str, list[tuple[str, str]]]) -> None:
    """Refuses hours that end before they begin."""
    for day, spans in days.items():
        for start, end in spans:
            if start >= end:
                raise ValueError(f"The hours from {start} to {end} of {day} end before they begin.")


def time_zone(name: str) -> None:
    """Refuses what is not in the IANA database."""
    if name not in _time_zones():
        raise ValueError(f"`{name[:64]}` is not an IANA time zone, such as Europe/Rome.")


@cache
def _time_zones() -> set[str]:
    return zoneinfo.available_timezones()


def _walk(node: inspect.Type, ids: bool) -> Walk | None:
    match node:
        case inspect.Metadata(type=inner, extra=extra):
            own = (extra or {}).get("check")
            return _both(_leaf(own) if own and (own is no_control) == ids else None, _walk(inner, ids))
        case inspect.UnionType(types=types):
            walks = [walk for inner in types if (walk := _walk(inner, ids))]
            return _present(walks[0]) if walks else None
        case inspect.StructType(fields=fields):
            members = [(f.name, f.encode_name, walk) for f in fields if (walk := _walk(f.type, ids))]
            return _members(members) if members else None
        case inspect.ListType(item_type=inner):
            walk = _walk(inner, ids)
            return _items(walk) if walk else None
    return None


def _leaf(check: Check) -> Walk:
    def walk(value: Any, path: str) -> None:
        try:
            check(value)
        except ValueError as error:
            raise Refused(str(error), path) from None

    return _present(walk)


def _both(first: Walk | None, second: Walk | None) -> Walk | None:
    if not (first and second):
        return first or second

    def walk(value: Any, path: str) -> None:
        first(value, path)
        second(value, path)

    return walk


def _present(inner: Walk) -> Walk:
    def walk(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return walk


def _members(members: list[tuple[str, str, Walk]]) -> Walk:
    def walk(value: Any, path: str) -> None:
        for name, encoded, inner in members:
            member = getattr(value, name)
            if member is not None:
                inner(member, f"{path}.{encoded}")

    return walk


def _items(inner: Walk) -> Walk:
    def walk(value: Any, path: str) -> None:
        for index, item in enumerate(value):
            inner(item, f"{path}[{index}]")

    return walk
