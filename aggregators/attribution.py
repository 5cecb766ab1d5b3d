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


def touched(records: Mapping[str, Record], _: About) -> Iterator[tuple[str, Moment]]:
    """Return the latest close of each deal with the number of its touches until then, and of each activity."""
    for subject, closes, touches in _closed(records):
        counts = Counter(touch.activity for touch in touches)
        facts = {"touches": len(touches), "by_activity": {name: {"touches": counts[name]} for name in ACTIVITIES}}
        yield subject, _as("deal.touched", closes[0], facts)


def attributed(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return what each touch before the close of a won deal earned; without any, the deal by itself."""
    for subject, closes, touches in _closed(records):
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


def _closed(records: Mapping[str, Record]) -> Iterator[tuple[str, list[Moment], list[Touch]]]:
    """Each deal that is closed: its latest close with the orders that it was worth, and the touches until then."""
    touches = Touches(records)
    for subject, told in touches.deals():
        if closes := [*deals.closes(told, records[subject].links)]:
            until_ns = deals.closed_ns(told) or 0
            yield subject, closes, touches.of_deal(subject, told, until_ns)


def _as(anchor: str, close: Moment, extra: Mapping[str, object]) -> Moment:
    return Moment(anchor, close.at_ms, close.holder, close.current, {**close.facts, **extra})


def _by(touch: Touch, close: Moment, extra: Mapping[str, object]) -> Moment:
    """What a touch earned is credited to who did it, else to the owner of the deal at its close."""
    said = {name: touch.facts.get(name) or close.facts.get(name) for name in ("source", "channel")}
    facts = {**close.facts, **extra, **said, "activity": touch.activity}
    if touch.holder == NOBODY:
        return Moment("deal.attributed", close.at_ms, close.holder, close.current, facts)
    return Moment("deal.attributed", close.at_ms, touch.holder, touch.current, facts)
