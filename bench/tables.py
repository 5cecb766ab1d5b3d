"""What the tables of crmpulse say of the work that is the same for all."""

import re
from collections.abc import Iterable, Iterator

from redis import Redis

from aggregators.money import amount
from aggregators.record import decode_record
from aggregators.story import story
from aggregators.tables import decode_row, unescaped
from bench.totals import MEASURES, Totals

_ROW = re.compile(r"\{[^}]*\}:(?P<org>[^:]+):u:(?P<user>[^:]+):h:(\d{4})(\d\d)(\d\d)(\d\d)00")
_DEAL = re.compile(r"\{[^}]*\}:(?P<org>[^:]+):r:(?P<subject>deal/[^:]+)")
_AT_ONCE = 5_000


def counted(redis: Redis) -> Totals:
    """Return the rows of users' hours and the deals in Redis."""
    rows = from_rows(_found(redis, "*:u:*:h:*", _ROW))
    return Totals(rows, from_records(_found(redis, "*:r:deal/*", _DEAL)))


def from_rows(rows: Iterable[tuple[str, bytes]]) -> dict[str, list[int]]:
    """Return the measures that the hours of users tell; other rows tell nothing."""
    found = {"{}/{}/{}-{}-{}T{}".format(*match.groups()): decode_row(packed) for match, packed in _matching(rows, _ROW)}
    told = {key: [cells.get(name, 0) for name in MEASURES] for key, cells in found.items()}
    return {key: row for key, row in told.items() if any(row)}


def from_records(records: Iterable[tuple[str, bytes]]) -> dict[str, list[object]]:
    """Return status, stage and amount of the deals among states of records."""
    deals: dict[str, list[object]] = {}
    for match, packed in _matching(records, _DEAL):
        told = story(decode_record(packed))
        worth = amount(told.final.get("value")) if told else None
        if told and worth:
            state = [told.final.get("status", "open"), told.final["stage_id"], worth.units]
            deals["/".join(map(unescaped, match.groups()))] = state
    return deals


def _matching(found: Iterable[tuple[str, bytes]], form: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    return ((match, value) for key, value in found if (match := form.fullmatch(key)))


def _found(redis: Redis, like: str, form: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    keys = [key for found in redis.scan_iter(match=like, count=10_000) if form.fullmatch(key := found.decode())]
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        yield from zip(part, redis.mget(part), strict=True)
