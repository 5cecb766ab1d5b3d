"""When people work: days, hours, holidays and seasons of an office in Berlin."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from crmpulse.company.tables import ZONE

DAY_S = 86_400
HOUR_S = 3_600
OPENS_S, CLOSES_S = 8 * HOUR_S, 19 * HOUR_S
WEEKDAY_LOAD = (1.05, 1.15, 1.1, 1.05, 0.75, 0.0, 0.0)
MONTH_LOAD = (0.95, 1.0, 1.1, 1.0, 1.0, 0.95, 0.7, 0.65, 1.1, 1.1, 1.1, 0.75)
HOUR_LOAD = {8: 5, 9: 12, 10: 15, 11: 14, 12: 6, 13: 9, 14: 14, 15: 13, 16: 9, 17: 4, 18: 2}
HOLIDAYS = ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26))
HOURS = [hour for hour, load in HOUR_LOAD.items() for _ in range(load)]


@lru_cache(4096)
def midnight(day: int) -> float:
    """Epoch seconds of the day's local midnight, the day counted from 1970."""
    return datetime.combine(_date(day), datetime.min.time(), ZoneInfo(ZONE)).timestamp()


@lru_cache(4096)
def load(day: int) -> float:
    """How much happens that day: 1 on an ordinary one, 0 when nobody works, more in the last days of a month."""
    on = _date(day)
    if (on.month, on.day) in HOLIDAYS:
        return 0.0
    month_end = 1.25 if (on + timedelta(days=4)).month != on.month else 1.0
    return WEEKDAY_LOAD[on.weekday()] * MONTH_LOAD[on.month - 1] * month_end


def morning(day: int) -> float:
    """Before anybody works that day."""
    return midnight(day) + 6 * HOUR_S


def day_of(at: float) -> int:
    """The day in Berlin, exact in working hours."""
    return int((at + 1.5 * HOUR_S) // DAY_S)


def moment(rng: Random, day: int) -> float:
    """Some moment of the day, rarely at its edges."""
    return midnight(day) + rng.choice(HOURS) * HOUR_S + rng.random() * HOUR_S


def moments(rng: Random, day: int, mean: float) -> list[float]:
    """When the day's about `mean` things happen, in order; fewer or more by load and luck."""
    count = mean * load(day) * (0.6 + 0.8 * rng.random())
    return sorted(moment(rng, day) for _ in range(int(count + rng.random())))


def working(rng: Random, at: float) -> float:
    """`at` in working time, else some moment of the next working day, `at` being early that day included."""
    day = day_of(at)
    in_day_s = at - midnight(day)
    if load(day) and OPENS_S <= in_day_s < CLOSES_S:
        return at
    if in_day_s >= OPENS_S:
        day += 1
    while not load(day):
        day += 1
    return moment(rng, day)


def month_end(rng: Random, at: float) -> float:
    """Some working moment in the last days of the month, or `at` where that is over."""
    on = _date(day_of(at))
    last = date(on.year + on.month // 12, on.month % 12 + 1, 1) - timedelta(days=rng.randint(1, 3))
    return max(at, working(rng, moment(rng, (last - date(1970, 1, 1)).days)))


def text(at: float) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def date_text(at: float) -> str:
    """The local date."""
    return _date(day_of(at)).isoformat()


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)
