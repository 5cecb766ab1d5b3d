"""How the system is used: users who were there, and what they used."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

from tests.recounts.activities import logged
from tests.recounts.record import MS_NS, NONE, Group, Holder, Part, data, time_ns
from tests.recounts.told import Told

GAP_MS, QUARTER_MS = 5 * 60_000, 15 * 60_000
TOUCHES = {"call", "email", "message"}
NOT_WRITTEN = {"org", "team", "user", "pipeline", "segment", "field", "fx", "goal", "heartbeat"}


def time_in_system(it: Told) -> Iterator[Part]:
    """Every stretch between two edges that is covered, or lies in a short gap; told by quarters of an hour."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for heartbeat, part in logged(it, "heartbeat"):
        if part.user:
            at_ms = part.at_ns // MS_NS
            spans[part.user].append((at_ms - min(heartbeat.final("active_ms") or 0, GAP_MS), at_ms))
    for user, own in spans.items():
        edges = sorted({edge for span in own for edge in span})
        edges = sorted({*edges, *(q for a, b in pairwise(edges) if b - a <= GAP_MS for q in quarters(a, b))})
        pieces: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for start, end in pairwise(edges):
            covered = any(a <= start and end <= b for a, b in own)
            before = max(b for a, b in own if a <= start)
            after = min((a for a, b in own if a >= end), default=end + 2 * GAP_MS)
            if covered or after - before <= GAP_MS:
                pieces[start // QUARTER_MS].append((start, end))
        for parts in pieces.values():
            yield from joined(user, parts)


def joined(user: str, parts: list[tuple[int, int]]) -> Iterator[Part]:
    """Parts that touch are one, which counts where it begins."""
    start, length = parts[0][0], 0
    for begin, end in parts:
        if begin != start + length:
            yield Part(start * MS_NS, user, None, {}, Fraction(length, 1000))
            start, length = begin, 0
        length += end - begin
    yield Part(start * MS_NS, user, None, {}, Fraction(length, 1000))


def quarters(start_ms: int, end_ms: int) -> range:
    return range(-(-start_ms // QUARTER_MS) * QUARTER_MS, end_ms, QUARTER_MS)


def module_actions(it: Told) -> Iterator[Part]:
    """Calls, and mail and messages of ours or taken by one of us, once each; of other records each event that we wrote."""
    for module in TOUCHES:
        for record, part in logged(it, module):
            machine = record.final("automated") or record.final("author") == "bot"
            ours = record.final("direction") == "outbound" or (record.created or {}).get("actorid")
            if module == "call" or (ours and not machine):
                yield replace(part, dims={**part.dims, "module": module})
    for module in it.records.keys() - NOT_WRITTEN - TOUCHES:
        for record in it.live(module):
            for event in [*([record.created] if record.created else []), *record.explicit]:
                if not by_others(event):
                    at_ns, actor = time_ns(event["time"]), event.get("actorid")
                    holder: Holder = (actor, None) if actor else record.holder(at_ns)
                    yield Part(at_ns, *holder, {**record.timeless, "module": module})


def by_others(event: dict[str, Any]) -> bool:
    said = data(event)
    if event.get("actorid"):
        return False
    return {
        "crm.feedback.received": True,
        "crm.web.visit": True,
        "crm.automation.run": True,
        "crm.ticket.message": said.get("author") not in (None, "agent"),
        "crm.ticket.created": said.get("created_by") == "customer",
        "crm.lead.created": bool(said.get("inbound") or said.get("form_id")),
        "crm.contact.created": said.get("origin") not in (None, "manual"),
    }.get(event["type"], False)


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "time_in_system": time_in_system,
    "module_actions": module_actions,
}


def users(
    it: Told, kpi_id: str, scope: str, window_ms: tuple[int, int], by: Sequence[str], where: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The users with a heartbeat, and those of them with one that passes the filters on features."""
    there: dict[Group, set[str]] = defaultdict(set)
    using: dict[Group, set[str]] = defaultdict(set)
    wanted = {value for name, value in where if name == "feature"}
    for heartbeat, part in logged(it, "heartbeat"):
        if not (window_ms[0] * MS_NS <= part.at_ns < window_ms[1] * MS_NS and part.user and it.in_scope(part, scope)):
            continue
        teams, feature = it.teams(part) or [NONE], heartbeat.final("feature") or None
        if not all(value in teams for name, value in where if name == "team"):
            continue
        for group in {(), *product(*(teams for name in by if name == "team"))}:
            there[group].add(part.user)
            if feature and wanted <= {feature}:
                using[group].add(part.user)
                at = by.index("feature") if "feature" in by else None
                if at is not None and len(group) == len(by) - 1:
                    using[*group[:at], "is " + feature, *group[at:]].add(part.user)
    if kpi_id == "active_users":
        return {
            "value": len(there[()]),
            "groups": {group: {"value": len(them)} for group, them in there.items() if group},
        }
    shares = {
        tuple(name.removeprefix("is ") for name in group): {
            "value": Fraction(len(them), len(there[tuple(name for name in group if not name.startswith("is "))]))
        }
        for group, them in using.items()
        if by and len(group) == len(by)
    }
    return {"value": Fraction(len(using[()]), len(there[()])) if there[()] else None, "groups": shares}


def told(kpi_id: str) -> Callable[..., dict[str, Any]]:
    return lambda it, scope, from_ms, to_ms, by, where: users(it, kpi_id, scope, (from_ms, to_ms), by, where)


TOLD: dict[str, Callable[..., dict[str, Any]]] = {kpi: told(kpi) for kpi in ("active_users", "feature_utilization")}
