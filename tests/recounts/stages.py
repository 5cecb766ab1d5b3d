"""Deals on their way, recounted stage by stage: for each, when the deal was in it, came into it or passed over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from tests.recounts.deals import DEAL_STATUS, deal_part
from tests.recounts.record import MS_NS, Part, Record, label, mentions, order
from tests.recounts.told import Told


class Stand(NamedTuple):
    """Where a deal is from an instant on."""

    at_ns: int
    pipeline: str | None
    stage: str | None
    status: str


class Pass(NamedTuple):
    """When a deal comes into a stage or passes over it."""

    at_ns: int
    forward: bool
    skipped: bool
    at_visit: int
    """Which of the deal's visits it is or is on the way to."""


def stands(deal: Record) -> list[Stand]:
    """After each event, also where several are at one instant; the first stage is one that outranks that of the creation."""
    begun = [deal.created] if deal.created else []
    before = [event for event in deal.explicit if deal.created and order(event) < order(deal.created)]
    outranking = [n for n, e in enumerate(before, 1) if e["type"] in DEAL_STATUS or [*mentions(e, "stage_id")]]
    first = outranking[0] if outranking else 1 - len(begun)
    told = [deal.explicit[:n] for n in range(first, len(deal.explicit) + 1)]
    return [stand(deal, replace(deal, events=[*begun, *said], known={})) for said in told]


def stand(deal: Record, sofar: Record) -> Stand:
    ends = sofar.happened(*DEAL_STATUS)
    at_ns = deal.effective_ns(sofar.explicit[-1]) if sofar.explicit else deal.created_ns
    status = DEAL_STATUS[ends[-1]["type"]] if ends else "open"
    return Stand(at_ns, sofar.final("pipeline_id"), sofar.final("stage_id"), status)


def listed(it: Told, pipeline: str | None) -> list[str]:
    """The stages that lead to a win; an empty list where none are told."""
    record = it.records["pipeline"].get(pipeline or "")
    told = (record.final("stages") if record else None) or []
    told = sorted(told, key=lambda stage: stage["order"])
    return [
        stage["id"]
        for n, stage in enumerate(told)
        if stage.get("probability") != 0
        or not any(before.get("probability") for before in told[:n])
        or any(after.get("probability") for after in told[n:])
    ]


def visits(deal: Record) -> list[Stand]:
    there = [one for one in stands(deal) if one.stage and one.status != "lost"]
    return there[:1] + [now for was, now in pairwise(there) if was[1:3] != now[1:3]]


def order_of(it: Told, deal: Record, pipeline: str | None) -> list[str]:
    known = [one.stage for one in visits(deal) if one.pipeline == pipeline and one.stage]
    return listed(it, pipeline) or sorted(set(known), key=known.index)


def passes(it: Told, deal: Record, pipeline: str | None, stage: str) -> list[Pass]:
    line, found = order_of(it, deal, pipeline), list[Pass]()
    for n, now in enumerate(visits(deal)):
        was = visits(deal)[n - 1] if n else None
        ahead = was is not None and was.pipeline == now.pipeline == pipeline and is_before(line, was.stage, now.stage)
        if (now.pipeline, now.stage) == (pipeline, stage):
            found.append(
                Pass(now.at_ns, ahead if n else stage in line and is_late_start(deal), skipped=False, at_visit=n)
            )
        elif ahead and was and is_before(line, was.stage, stage) and is_before(line, stage, now.stage):
            found.append(Pass(now.at_ns, forward=True, skipped=True, at_visit=n))
    return sorted([*found, *passed_by_win(it, deal, pipeline, stage)], key=lambda one: one.at_ns)


def is_before(line: list[str], one: str | None, other: str | None) -> bool:
    return one in line and other in line and line.index(one) < line.index(other)


def is_late_start(deal: Record) -> bool:
    """Whether the deal was without a stage at first, and was not lost when it got one of its pipeline later."""
    known = stands(deal)
    at = next(n for n, one in enumerate(known) if one.stage)
    was, first = known[at - 1], known[at]
    return first.at_ns > known[0].at_ns and first.status != "lost" and was.pipeline == first.pipeline


def passed_by_win(it: Told, deal: Record, pipeline: str | None, stage: str) -> list[Pass]:
    known = stands(deal)
    if known[-1].status != "won" or all(one.status == "won" for one in known):
        return []
    before = max(n for n, one in enumerate(known) if one.status != "won")
    was, win, line = known[before], known[before + 1], listed(it, pipeline)
    reached = [line.index(one.stage) for one in (was, win) if one.stage in line]
    if was.status != "open" or not was.stage or not was.pipeline == win.pipeline == pipeline or not reached:
        return []
    return (
        [Pass(win.at_ns, forward=False, skipped=True, at_visit=len(visits(deal)))]
        if stage in line[max(reached) + 1 :]
        else []
    )


def all_passes(it: Told) -> Iterator[tuple[Record, str | None, str, list[Pass]]]:
    for deal in it.live("deal"):
        for pipeline in {one.pipeline for one in visits(deal)}:
            for stage in {*order_of(it, deal, pipeline), *(one.stage for one in visits(deal))}:
                if stage and (found := passes(it, deal, pipeline, stage)):
                    yield deal, pipeline, stage, found


def part(it: Told, deal: Record, at_ns: int, pipeline: str | None, stage: str) -> Part:
    told = deal_part(it, deal, at_ns)
    return replace(told, dims={**told.dims, "pipeline": label(pipeline), "stage": stage})


def deals_progressed(it: Told) -> Iterator[Part]:
    for deal, pipeline, stage, found in all_passes(it):
        forward = [one.at_ns for one in found if one.forward]
        if forward:
            yield part(it, deal, forward[0], pipeline, stage)


def stage_conversion_rate(it: Told) -> Iterator[Part]:
    for deal, pipeline, stage, found in all_passes(it):
        at_ns, line = found[0].at_ns, order_of(it, deal, pipeline)
        later = [one for one in visits(deal)[found[0].at_visit :] if one.pipeline == pipeline]
        went_on = stands(deal)[-1].status == "won" or any(is_before(line, stage, one.stage) for one in later)
        yield replace(part(it, deal, at_ns, pipeline, stage), top=Fraction(went_on))


def time_in_stage(it: Told) -> Iterator[Part]:
    for deal in it.live("deal"):
        known = stands(deal)
        for place in {one[1:3] for one in known if one.stage}:
            there = [one.status == "open" and one[1:3] == place for one in known]
            left = [n for n in range(1, len(known)) if there[n - 1] and not there[n]]
            if left:
                spent = sum(known[n + 1].at_ns // MS_NS - known[n].at_ns // MS_NS for n in range(left[-1]) if there[n])
                told = part(it, deal, known[left[-1]].at_ns, place[0], place[1] or "")
                yield replace(told, top=Fraction(spent, 1000))


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "deals_progressed": deals_progressed,
    "stage_conversion_rate": stage_conversion_rate,
    "time_in_stage": time_in_stage,
}
DURATIONS: set[str] = {"time_in_stage"}
RATIOS: set[str] = {"stage_conversion_rate"}
