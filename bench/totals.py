"""Whether an engine counted what happened: calls by organisation, user and hour, as ``org-0/u7/2026-01-05T09`` (UTC)."""

import re
from collections.abc import Iterable, Mapping

from redis import Redis

from aggregators.tables import decode_row
from bench.mix import Event

Calls = dict[str, int]

_ROW = re.compile(r"\{[^}]*\}:(?P<org>[^:]+):u:(?P<user>[^:]+):h:(\d{4})(\d\d)(\d\d)(\d\d)00")


class CountedWrongError(Exception):
    """An engine counted something else than what happened; the message says where."""


def happened(events: Iterable[Event]) -> Calls:
    """Return what there is to count."""
    calls: Calls = {}
    for event in events:
        if event["type"] == "crm.call.logged":
            key = f"{event['orgid']}/{event['actorid']}/{event['time'][:13]}"
            calls[key] = calls.get(key, 0) + 1
    return calls


def in_tables(redis: Redis) -> Calls:
    """Return what the tables in Redis say."""
    calls: Calls = {}
    keys = [key for key in redis.scan_iter(match="*:u:*:h:*", count=10_000) if _ROW.fullmatch(key.decode())]
    for start in range(0, len(keys), 5_000):
        part = keys[start : start + 5_000]
        calls |= from_rows(zip((key.decode() for key in part), redis.mget(part), strict=True))
    return calls


def from_rows(rows: Iterable[tuple[str, bytes]]) -> Calls:
    """Return the calls that rows of users' hours tell; other rows tell nothing."""
    found = [(match, decode_row(packed).get("calls_made", 0)) for key, packed in rows if (match := _ROW.fullmatch(key))]
    return {"{}/{}/{}-{}-{}T{}".format(*match.groups()): calls for match, calls in found if calls}


def check(engine: str, expected: Mapping[str, int], counted: Mapping[str, int]) -> None:
    """Raise CountedWrongError unless ``counted`` is ``expected``."""
    wrong = sorted(key for key in {**expected, **counted} if expected.get(key, 0) != counted.get(key, 0))
    if wrong:
        first = wrong[0]
        raise CountedWrongError(
            f"{engine} counted {len(wrong)} of {len(expected)} cells wrong, such as {first}: "
            f"{counted.get(first, 0)} calls, not {expected.get(first, 0)}"
        )
