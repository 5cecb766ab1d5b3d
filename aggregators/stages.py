"""How deals pass through the stages of their pipelines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple

from msgspec import Struct

from aggregators.moment import Moment, holder
from aggregators.org import Org
from aggregators.story import Facts, Story, milliseconds
from events import Entry

ANCHORS = frozenset({"deal.stage_entered", "deal.stage_left"})
WHERE = frozenset({"stage_id", "status"})
Place = tuple[str, str]
"""A pipeline and a stage of it, empty for none."""
Lines = Mapping[str, Mapping[str, int]]
"""The place of each stage in the order of its pipeline."""


class Step(Struct, gc=False):
    """A deal is in a place, open, won or lost, from an instant on; ``holder`` is who has it then."""

    at_ns: int
    place: Place
    status: str
    holder: str


class Passage(NamedTuple):
    """A deal comes into a stage, or passes it over; ``forward`` where it moves on from one before it."""

    step: Step
    place: Place
    forward: bool = False
    skipped: bool = False


def counted(anchors: Iterable[str]) -> bool:
    """Tell whether stages are among what counts: to tell of them takes as long as all else about a deal."""
    return not ANCHORS.isdisjoint(anchors)


def steps(told: Story) -> list[Step]:
    """Return where a deal was, change by change, those at one instant too: for who has it when that is over.

    It never was where it was created where an event before the creation says another stage or how it ended.
    """
    points = told.points
    had = {point.time_ns: point.facts for point in points}
    began = (
        n
        for n, point in enumerate(points)
        if not WHERE.isdisjoint(point.stated) and _is_before(point.entry, points[0].entry)
    )
    found: list[Step] = []
    for point in points[next(began, 0) :]:
        found += stepped(found, point.time_ns, point.facts, had[point.time_ns])
    return found


def _is_before(one: Entry, other: Entry) -> bool:
    return one.time_ns <= other.time_ns and one.order < other.order


def stepped(known: Sequence[Step], at_ns: int, facts: Facts, had: Facts) -> list[Step]:
    """Return the step that a deal takes when these facts hold from an instant on; none where it stays.

    ``had`` are the facts that tell who has it at that instant.
    """
    place, status = (facts.get("pipeline_id") or "", facts.get("stage_id") or ""), facts.get("status", "open")
    stays = known and (known[-1].place, known[-1].status) == (place, status)
    return [] if stays else [Step(at_ns, place, status, holder(had))]


def moments(steps: Sequence[Step], facts: Facts, org: Org) -> Iterator[Moment]:
    """Return what the steps of a deal contribute: the stages that it entered or passed over, and its time in each.

    ``facts`` are those that hold now. A stage counts when it is first entered, and when it is first entered from before.
    """
    visits, won, current = _visits(steps), steps[-1].status == "won", holder(facts)
    lines = _lines(visits, org)
    entered, progressed = set[Place](), set[Place]()
    order = {id(step): n for n, step in enumerate(steps)}
    for one in sorted(chain(_moves(steps, visits, lines), _leap(steps, lines, org)), key=lambda p: p.step.at_ns):
        first, forward = one.place not in entered, one.forward and one.place not in progressed
        entered.add(one.place)
        if forward:
            progressed.add(one.place)
        if first or forward:
            after = (visit for visit in visits if order[id(visit)] >= order[id(one.step)])
            converted = won or any(_is_beyond(visit, one, lines) for visit in after)
            told = {**facts, "first": first, "forward": forward, "skipped": one.skipped, "converted": converted}
            yield _moment("deal.stage_entered", one.step, one.place, current, told)
    for place, (left, took_ms) in stays(steps).items():
        yield _moment("deal.stage_left", left, place, current, {**facts, "took_ms": took_ms})


def _moment(anchor: str, step: Step, place: Place, current: str, told: dict[str, object]) -> Moment:
    told["pipeline_id"], told["stage_id"] = place[0] or None, place[1]
    return Moment(anchor, milliseconds(step.at_ns), step.holder, current, told)


def _visits(steps: Sequence[Step]) -> list[Step]:
    """The steps into another stage; what is said of the stage of a lost deal is none."""
    found: list[Step] = []
    for step in steps:
        if step.place[1] and step.status != "lost" and not (found and found[-1].place == step.place):
            found.append(step)
    return found


def _lines(visits: Sequence[Step], org: Org) -> Lines:
    """The order of each pipeline: the one that it lists its stages in, else that in which the deal first came into them."""
    listed = {
        pipeline: org.stages.get(pipeline) or dict.fromkeys(v.place[1] for v in visits if v.place[0] == pipeline)
        for pipeline in {visit.place[0] for visit in visits}
    }
    return {pipeline: {stage: rank for rank, stage in enumerate(line)} for pipeline, line in listed.items()}


def _rank(place: Place, lines: Lines) -> int:
    """Where a stage stands in its pipeline, -1 where that is not known."""
    return lines.get(place[0], {}).get(place[1], -1)


def _is_beyond(visit: Step, one: Passage, lines: Lines) -> bool:
    return visit.place[0] == one.place[0] and -1 < _rank(one.place, lines) < _rank(visit.place, lines)


def _between(first: int, last: int, pipeline: str, lines: Lines) -> list[Place]:
    return [(pipeline, stage) for stage, rank in lines[pipeline].items() if first < rank < last]


def _moves(steps: Sequence[Step], visits: Sequence[Step], lines: Lines) -> Iterator[Passage]:
    """Each visit, and what was passed over on the way to it."""
    if visits:
        at = next(n for n, step in enumerate(steps) if step.place[1])
        origin = steps[at]  # where it begins is no move, unless that came later, in its pipeline, and has a place there
        late = visits[0] is origin and origin.at_ns > steps[0].at_ns and steps[at - 1].place[0] == origin.place[0]
        yield Passage(visits[0], visits[0].place, forward=late and _rank(origin.place, lines) > -1)
    for before, visit in pairwise(visits):
        pipeline, (start, end) = visit.place[0], (_rank(step.place, lines) for step in (before, visit))
        forward = before.place[0] == pipeline and -1 < start < end
        if forward:
            for place in _between(start, end, pipeline, lines):
                yield Passage(visit, place, forward=True, skipped=True)
        yield Passage(visit, visit.place, forward)


def _leap(steps: Sequence[Step], lines: Lines, org: Org) -> Iterator[Passage]:
    """What a deal that is won passed over on the way to it: all that its pipeline lists after the stage that it was open in."""
    first = len(steps)
    while first and steps[first - 1].status == "won":
        first -= 1
    if not 0 < first < len(steps):
        return
    before, win = steps[first - 1], steps[first]
    pipeline = before.place[0]
    if before.status == "open" and before.place[1] and win.place[0] == pipeline in org.stages:
        start = max(_rank(before.place, lines), _rank(win.place, lines))
        if start > -1:
            for place in _between(start, len(lines[pipeline]), pipeline, lines):
                yield Passage(win, place, skipped=True)


def stays(steps: Sequence[Step]) -> dict[Place, tuple[Step, int]]:
    """Return how long (ms) the deal was open in each stage that it left, all stays together, and the step that ended the last."""
    found: dict[Place, tuple[Step, int]] = {}
    for stay, left in pairwise(steps):
        if stay.place[1] and stay.status == "open":
            took_ms = milliseconds(left.at_ns) - milliseconds(stay.at_ns)
            found[stay.place] = left, found.get(stay.place, (left, 0))[1] + took_ms
    return found
