"""A question, read from the parameters of a request and checked against the catalogue."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from aggregators.catalogue import BY_ID
from aggregators.contribution import DIMENSIONS
from aggregators.fields import FOUND_BY
from aggregators.kpi import Kpi
from aggregators.org import Org
from aggregators.own import TIER as OWN_TIER
from aggregators.story import normalised
from aggregators.unsummed import Growth, Ranked, Seasonality
from aggregators.windows import NAMES, UNITS, Periods, Window, instant, named
from api.query.errors import ImpossibleError, Mistake, UnknownError
from events.nearest import nearest

Params = Mapping[str, Sequence[str]]

SELECTORS = ("scope", "window", "from", "to", "by", "every", "where", "compare", "credit", "now", "limit", "cursor")
RANKED = tuple(name for name in SELECTORS if name not in ("by", "every", "compare", "cursor"))
"""What narrows a ranking."""
BUSINESS = "business"
HOURS = ("calendar", BUSINESS)
"""How durations are counted that tell both; the first by default."""
LARGEST = 10_000
OF_ANOTHER = Ranked, Growth, Seasonality
"""Formulas of KPIs that have to be told of which other one they speak."""
CLOCK = ("weekday", "hour")
"""Dimensions that an instant has by itself."""


class Question(NamedTuple):
    """What is asked. ``scope`` is ``org``, ``team:<id>`` or ``user:<id>``; ``at_ms`` the instant that gauges refer to."""

    kpi: Kpi
    scope: str
    window: Window
    at_ms: int
    now_ms: int
    periods: Periods
    by: tuple[str, ...] = ()
    every: str = ""
    where: tuple[tuple[str, str], ...] = ()
    compare: str = ""
    credit: str = "at_event"
    stat: str = ""
    variant: str = ""
    hours: str = ""
    of: Kpi | None = None
    goal: str = ""
    entity: str = ""
    field: str = ""
    limit: int = 100
    cursor: int = 0

    @property
    def counted(self) -> Kpi:
        """Return the KPI that counts records: the one that the asked one speaks of, else itself."""
        return self.of or self.kpi


def without(params: Params, *names: str) -> Params:
    """Return parameters but for those of some names."""
    return {name: values for name, values in params.items() if name not in names}


def kpi_of(kpi_id: str, known: Mapping[str, Kpi]) -> Kpi:
    """Return one of the KPIs that are known here; UnknownError with the nearest names for any other."""
    if kpi_id in BY_ID and kpi_id not in known:
        is_own = BY_ID[kpi_id].tier == OWN_TIER
        what = "KPI in these tables (CRMPULSE_KPIS)" if is_own else "enabled KPI (CRMPULSE_ENABLE)"
        raise UnknownError(what, kpi_id, known)
    if kpi_id not in known:
        raise UnknownError("KPI", kpi_id, known)
    return known[kpi_id]


class Reading:
    """Reads parameters one by one and gathers all that is wrong with them."""

    def __init__(self, params: Params, known: Sequence[str]) -> None:
        self.params = {name: params[name] for name in params if name in known}
        self.mistakes: list[Mistake] = [
            Mistake(name, f"there is no parameter {name!r}; there are {', '.join(known)}", nearest(name, known))
            for name in params
            if name not in known
        ]

    def one(self, name: str, default: str = "") -> str:
        """Return a parameter that may be given once."""
        found = self.params.get(name, ())
        if len(found) > 1:
            self.mistakes.append(Mistake(name, "may be given only once"))
        return found[0] if found else default

    def choice(self, name: str, allowed: Sequence[str], default: str = "") -> str:
        """Return a parameter that has to be one of some names."""
        found = self.one(name, default) or default
        if found and found not in allowed:
            reason = f"{found!r} is none of {', '.join(allowed)}" if allowed else "has no meaning for this KPI"
            self.mistakes.append(Mistake(name, reason, nearest(found, allowed)))
            return default
        return found

    def read(self, name: str, text: str, read: Callable[[str], int], default: int) -> int:
        """Return what ``read`` makes of a text; its ValueError is a problem of the parameter."""
        if not text:
            return default
        try:
            return read(text)
        except (ValueError, OverflowError) as error:
            self.mistakes.append(Mistake(name, str(error)))
            return default

    def page(self, most: int) -> tuple[int, int]:
        """Return how many are asked for, ``most`` where it is not said, and after how many of them."""
        limit = self.read("limit", self.one("limit"), lambda text: _whole(text, 1), most)
        return limit, self.read("cursor", self.one("cursor"), lambda text: _whole(text, 0), 0)

    def done(self) -> None:
        """Raise ImpossibleError where anything was wrong."""
        if self.mistakes:
            raise ImpossibleError(*self.mistakes)


def question(kpi: Kpi, params: Params, org: Org, selectors: Sequence[str] = SELECTORS) -> Question:
    """Return the question that parameters ask of a KPI; ImpossibleError with all that is wrong with them."""
    reading = Reading(
        params, [*selectors, *kpi.params, *(p for p in ("stat", "variant", "hours") if p not in kpi.params)]
    )
    periods = periods_of(org)
    now_ms = now_of(reading, periods)
    window, explicit = _window(reading, periods, now_ms)
    of, (limit, cursor) = _of(reading, kpi), reading.page(100)
    meant = BY_ID.get(of, kpi) if isinstance(kpi.formula, OF_ANOTHER) else kpi
    asked = Question(
        kpi=kpi,
        scope=scope_of(reading),
        window=window,
        at_ms=window.to_ms if explicit else min(window.to_ms, now_ms),
        now_ms=now_ms,
        periods=periods,
        by=_by(reading, meant),
        every=reading.choice("every", UNITS),
        where=_where(reading, meant),
        compare=reading.choice("compare", ("previous", "last_year")),
        credit=reading.choice("credit", ("at_event", "current"), "at_event"),
        stat=reading.choice("stat", meant.formula.stats),
        variant=_variant(reading, kpi if isinstance(kpi.formula, Growth | Seasonality) else meant),
        hours=reading.choice("hours", HOURS if "hours" in meant.params else ()),
        of=BY_ID.get(of),
        goal=reading.one("goal") if "goal" in kpi.params else "",
        entity=reading.choice("entity", tuple(FOUND_BY), next(iter(FOUND_BY))) if "entity" in kpi.params else "",
        field=reading.one("field").removeprefix("custom.") if "field" in kpi.params else "",
        limit=limit,
        cursor=cursor,
    )
    reading.done()
    return asked


def _variant(reading: Reading, kpi: Kpi) -> str:
    """The variant of a KPI, by the parameter that it is asked with there."""
    if kpi.chooser != "variant":
        reading.choice("variant", ())
    return reading.choice(kpi.chooser, kpi.formula.variants)


def _of(reading: Reading, kpi: Kpi) -> str:
    """The KPI that another one speaks of; a rank has to have one."""
    of = reading.one("of") if "of" in kpi.params else ""
    known = [name for name, one in BY_ID.items() if one.counts]
    needed = isinstance(kpi.formula, OF_ANOTHER)
    if of not in known and (of or needed):
        what = "to rank by" if isinstance(kpi.formula, Ranked) else "to tell it of" if needed else "to have goals on"
        reason = f"{of!r} is no KPI {what}" if of else f"says which KPI {what}"
        reading.mistakes.append(Mistake("of", reason, nearest(of, known)))
    return of


def periods_of(org: Org) -> Periods:
    """Return the calendar units of an organisation."""
    return Periods(org.calendar, org.week_start, org.fiscal_year_start_month)


def now_of(reading: Reading, periods: Periods) -> int:
    """Return the instant (ms) that a question speaks of: the present where it names none."""
    return reading.read("now", reading.one("now"), lambda t: _now(t, periods), int(time.time() * 1000))


def _now(text: str, periods: Periods) -> int:
    now_ms = instant(text, periods.calendar)
    ever = named("all", periods, now_ms)
    if not ever.from_ms <= now_ms < ever.to_ms:
        raise ValueError(f"{text!r} is not between 1970 and 2100")
    return now_ms


def _window(reading: Reading, periods: Periods, now_ms: int) -> tuple[Window, bool]:
    """The window, and whether its end was given by itself."""
    start, end = reading.one("from"), reading.one("to")
    everything = named("all", periods, now_ms)
    if start or end:
        if reading.one("window"):
            reading.mistakes.append(Mistake("window", "cannot be given beside from and to"))
        from_ms = reading.read("from", start, lambda t: instant(t, periods.calendar), everything.from_ms)
        to_ms = reading.read("to", end, lambda t: instant(t, periods.calendar), everything.to_ms)
        if from_ms > to_ms:
            reading.mistakes.append(Mistake("to", "is before from"))
            to_ms = from_ms
        start_ms, end_ms = (min(max(at, everything.from_ms), everything.to_ms) for at in (from_ms, to_ms))
        return Window(start_ms, end_ms), bool(end)
    name = reading.choice("window", NAMES, "all")
    return named(name, periods, now_ms), False


def scope_of(reading: Reading, default: str = "org") -> str:
    """Return `org`, `team:<id>` or `user:<id>`; ``default`` where a question names none."""
    scope = reading.one("scope", default)
    if scope == default:
        return default
    kind, colon, name = scope.partition(":")
    if scope != "org" and not (kind in ("team", "user") and colon and name):
        reading.mistakes.append(Mistake("scope", f"{scope!r} is none of org, team:<id>, user:<id>", ["org"]))
        return "org"
    return scope


def dimensions(kpi: Kpi) -> list[str]:
    """Return the names that a KPI may be asked by, ``custom.<key>`` for any custom field."""
    return [("custom.<key>" if d == "custom" else d) for d in kpi.by if d not in ("org", "all")]


def _is_dimension(name: str, kpi: Kpi) -> bool:
    if name.startswith("custom.") and len(name) > len("custom."):
        return "custom" in kpi.by
    told = (*DIMENSIONS, *CLOCK, "user", "team", "goal", "segment", "feature", "field", "value", "module")
    return name in kpi.by and name in told


def _by(reading: Reading, kpi: Kpi) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(n for n in reading.one("by").split(",") if n))
    for name in names:
        _check_dimension(reading, "by", name, kpi)
    return names


def _where(reading: Reading, kpi: Kpi) -> tuple[tuple[str, str], ...]:
    found = []
    for text in reading.params.get("where", ()):
        name, colon, value = text.partition(":")
        if not colon:
            reading.mistakes.append(Mistake("where", f"{text!r} is not <dimension>:<value>"))
        elif _check_dimension(reading, "where", name, kpi):
            found.append((name, normalised(value) or value if name == "lost_reason" else value))
    return tuple(found)


def _check_dimension(reading: Reading, parameter: str, name: str, kpi: Kpi) -> bool:
    known = _is_dimension(name, kpi)
    if not known:
        allowed = dimensions(kpi)
        reason = f"{kpi.id} has no dimension {name!r}; it has {', '.join(allowed)}"
        reading.mistakes.append(Mistake(parameter, reason, nearest(name, allowed)))
    return known


def _whole(text: str, least: int) -> int:
    if not (re.fullmatch(r"[0-9]{1,9}", text) and int(text) >= least and (least == 0 or int(text) <= LARGEST)):
        raise ValueError(f"{text[:64]!r} is no number from {least}" + (f" to {LARGEST}" if least else ""))
    return int(text)
