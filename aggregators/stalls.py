"""Deals that stall: nothing moves on, or nobody is in touch."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from aggregators import deals, stages
from aggregators.about import About
from aggregators.moment import Moment, holder
from aggregators.record import Record
from aggregators.story import DAY_NS, Story
from aggregators.touches import Touches
from aggregators.windows import Window
from events.instants import instant_ns

TIMES, SILENT_DAYS = 2, 30
"""A deal is in a stage for too long after so many times the usual, and nobody is in touch after so many days."""


class Deal(NamedTuple):
    """A deal: its way through the stages, when somebody was in touch about it, and the meetings about it that have a start."""

    subject: str
    told: Story
    steps: list[stages.Step]
    touched_ns: list[int]
    meetings: list[tuple[int, Story]]


def stalled(records: Mapping[str, Record], about: About) -> Callable[[Window], Iterator[tuple[str, Moment]]]:
    """Return what tells the open deals that stall as of the end of a window."""
    found = _deals(Touches(records))
    stays: dict[stages.Place, list[tuple[int, int]]] = defaultdict(list)
    for deal in found:
        for place, (left, took_ms) in stages.stays(deal.steps).items():
            stays[place].append((left.at_ns, took_ms))
    said_days = about.org.stalled_after_days

    def as_of(window: Window) -> Iterator[tuple[str, Moment]]:
        to_ns = window.to_ms * 10**6
        usual = {place: _middle([took for left, took in own if left < to_ns]) for place, own in stays.items()}
        for deal in found:
            facts = deal.told.as_of(to_ns - 1)
            if deal.told.created_ns < to_ns and facts.get("status", "open") not in deals.CLOSED:
                step = _entered(deal, to_ns)
                if _is_stuck(step, to_ns, usual, said_days) or _is_silent(deal, to_ns):
                    yield deal.subject, _moment(deal.told, window.to_ms - 1, facts)

    return as_of


def _deals(touches: Touches) -> list[Deal]:
    meetings: dict[str, dict[str, tuple[int, Story]]] = defaultdict(dict)
    for subject, told in touches.stories.items():
        if subject.startswith("meeting/") and (start := told.final.get("start")):
            for name in touches.concerned(told.final):
                meetings[name][subject] = instant_ns(start), told
    found = []
    for subject, told in touches.deals():
        known = {key: one for name in touches.names(subject, told) for key, one in meetings[name].items()}
        touched = [touch.at_ns for touch in touches.of_deal(subject, told, 1 << 80)]
        found.append(Deal(subject, told, stages.steps(told), touched, [*known.values()]))
    return found


def _entered(deal: Deal, to_ns: int) -> stages.Step:
    """The step by which an open deal came to where it is, or was opened again there."""
    return next(step for step in reversed(deal.steps) if step.at_ns < to_ns)


def _is_stuck(
    step: stages.Step, to_ns: int, usual: Mapping[stages.Place, int | None], said: Mapping[str, float]
) -> bool:
    """Tell whether a deal is in its stage for longer than the organisation says, else than is usual there."""
    here_ns, days = to_ns - step.at_ns, said.get(step.place[1])
    if days is not None:
        return here_ns > days * DAY_NS
    usual_ms = usual.get(step.place)
    return usual_ms is not None and here_ns > TIMES * usual_ms * 10**6


def _is_silent(deal: Deal, to_ns: int) -> bool:
    """Tell whether nobody was in touch since long, nor will meet as far as is known."""
    last_ns = max([deal.told.created_ns, *(at_ns for at_ns in deal.touched_ns if at_ns < to_ns)])
    ahead = any(
        start_ns >= to_ns and told.created_ns < to_ns and told.as_of(to_ns - 1).get("status") not in _OVER
        for start_ns, told in deal.meetings
    )
    return not ahead and to_ns - last_ns > SILENT_DAYS * DAY_NS


_OVER = frozenset({"completed", "no_show", "cancelled"})


def _middle(numbers: list[int]) -> int | None:
    return sorted(numbers)[(len(numbers) - 1) // 2] if numbers else None


def _moment(told: Story, at_ms: int, timed: Mapping[str, object]) -> Moment:
    facts = deals.opened(told.seen(timed), timed)
    return Moment("deal.stalled", at_ms, holder(timed), holder(told.final), facts)
