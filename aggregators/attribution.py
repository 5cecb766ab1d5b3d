"""What touches had to do with how deals ended: how many it took, and what each of them earned."""

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import accumulate, pairwise

from aggregators import deals
from aggregators.about import About
from aggregators.moment import NOBODY, Moment
from aggregators.money import Amount
from aggregators.record import Record
from aggregators.touches import ACTIVITIES, Touch, Touches

MODELS = ("linear", "first", "last", "u_shape")
"""How what a deal earned is split over its touches."""
MONTH_NS = 30 * 86_400 * 10**9
BANDS: dict[str, int | None] = {"0-1": 2, "2-3": 4, "4-6": 7, "7+": None}
"""Bands of touches in 30 days: each up to less than a number."""


def touched(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return the latest close of each deal with the number of its touches until then, and of each activity."""
    for subject, closes, touches, took_ns in _closed(records):
        counts = Counter(touch.activity for touch in touches)
        facts = {
            "touches": len(touches),
            "band": band(len(touches), took_ns),
            "by_activity": {name: {"touches": counts[name]} for name in ACTIVITIES},
        }
        yield subject, _as("deal.touched", closes[0], facts)


def band(touches: int, took_ns: int) -> str:
    """Return the band of so many touches in so long a time, at least 30 days."""
    per_month = Fraction(touches * MONTH_NS, max(took_ns, MONTH_NS))
    return next(name for name, upto in BANDS.items() if upto is None or per_month < upto)


def attributed(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return what each touch before the close of a won deal earned; without any, the deal by itself."""
    for subject, closes, touches, _ in _closed(records):
        for close in closes:
            amount: Amount | None = close.facts["amount"]
            if close.facts["status"] != "won" or not amount:
                continue
            if not touches:
                yield subject, _as("deal.attributed", close, {})
                continue
            shares = split(amount.units, about.variant or MODELS[0], len(touches))
            for touch, units in zip(touches, shares, strict=True):
                yield subject, _by(touch, close, {"amount": Amount(units, amount.currency)})


def split(units: int, model: str, touches: int) -> list[int]:
    """Return the shares of one or more touches in their order, which sum up to ``units``: all up to each is rounded down."""
    upto = [0, *(int(units * weight // 1) for weight in accumulate(_weights(model, touches)))]
    return [after - before for before, after in pairwise(upto)]


def _weights(model: str, touches: int) -> list[Fraction]:
    one, none = Fraction(1), Fraction(0)
    if model == "first":
        return [one, *[none] * (touches - 1)]
    if model == "last":
        return [*[none] * (touches - 1), one]
    if model == "u_shape" and touches > 2:
        return [Fraction(2, 5), *[Fraction(1, 5) / (touches - 2)] * (touches - 2), Fraction(2, 5)]
    return [one / touches] * touches


def _closed(records: Mapping[str, Record]) -> Iterator[tuple[str, list[Moment], list[Touch], int]]:
    """Each deal that is closed: its latest close with the orders that it was worth, the touches until then, how long (ns) it took."""
    touches = Touches(records)
    for subject, told in touches.deals():
        if closes := [*deals.closes(told, records[subject].links)]:
            until_ns = deals.closed_ns(told) or 0
            took_ns = until_ns - touches.begun_ns(subject, told)
            yield subject, closes, touches.of_deal(subject, told, until_ns), took_ns


def _as(anchor: str, close: Moment, extra: Mapping[str, object]) -> Moment:
    return Moment(anchor, close.at_ms, close.holder, close.current, {**close.facts, **extra})


def _by(touch: Touch, close: Moment, extra: Mapping[str, object]) -> Moment:
    """What a touch earned is credited to who did it, else to the owner of the deal at its close."""
    said = {name: touch.facts.get(name) or close.facts.get(name) for name in ("source", "channel")}
    facts = {**close.facts, **extra, **said, "activity": touch.activity}
    if touch.holder == NOBODY:
        return Moment("deal.attributed", close.at_ms, close.holder, close.current, facts)
    return Moment("deal.attributed", close.at_ms, touch.holder, touch.current, facts)
