"""Goals as alerts see them: which shares of a target are reached, and which goals are off their pace.

A goal that is seen for the first time, or first after history was told, is only remembered: nothing that was so before is news.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from aggregators.alerts import BY_NAME, OFF_PACE, manager
from aggregators.ledger import Entry, Owned, Turn, envelope, event_id, fired, resolved
from aggregators.org import Org
from events.published import GoalMilestone, GoalMilestoneRevoked, Milestone, Published

OFF_TRACK = "off_track"
DATE = len("2026-01-05")


class Seen(msgspec.Struct):
    """How a goal stood when it was last looked at.

    ``begin`` is the first day of its period, the same in every zone, ``shares`` those that were reached, ``off`` whether it was
    off track, ``next`` the offset up to which the log had been applied.
    """

    begin: str
    shares: list[float]
    off: bool
    next: int


read_seen = msgspec.json.Decoder(Seen).decode


def judged(
    org: str, standing: Mapping[str, Any], before: Seen | None, entry: Entry | None, at_ms: int, *, silent: bool,
    next_offset: int, directory: Org,
) -> tuple[Seen, Turn]:  # fmt: skip
    """Return how a goal stands, as it is remembered, and what comes of it; ``entry`` is its alert where one fires."""
    shares = [each["share"] for each in standing["milestones"] if each["reached"]]
    off = standing["state"] == OFF_TRACK
    seen = Seen(standing["from"][:DATE], shares, off, next_offset)
    if entry and not off:
        turn = resolved(org, entry, at_ms)
    elif off and not (entry or silent or before is None or before.off):
        turn = fired(
            BY_NAME[OFF_PACE], org, f"goal/{standing['goal']}", at_ms, at_ms, _owned(standing, directory, at_ms)
        )
    else:
        turn = Turn()
    if silent or before is None:
        return seen, turn
    return seen, turn._replace(events=(*turn.events, *_milestones(org, standing, before, seen, at_ms)))


def _milestones(org: str, standing: Mapping[str, Any], before: Seen, seen: Seen, at_ms: int) -> Iterator[Published]:
    """Shares that are reached and were not, and the other way round; those of another period are none of this one."""
    was = before.shares if before.begin == seen.begin else []
    for share in (each["share"] for each in standing["milestones"]):
        if (share in was) != (share in seen.shares):
            kind = GoalMilestone if share in seen.shares else GoalMilestoneRevoked
            subject = f"goal/{standing['goal']}"
            id_ = event_id(org, kind.__name__, subject, share, seen.begin, at_ms)
            yield kind(**envelope(id_, org, subject, at_ms), data=Milestone(standing["goal"], share))


def _owned(standing: Mapping[str, Any], directory: Org, at_ms: int) -> Owned:
    kind, _, name = standing["assignee"].partition(":")
    user, team = (name if kind == "user" else None), (name if kind == "team" else None)
    pace = standing["pace"]
    value = None if pace is None else float(pace)
    return Owned(user, team, manager(directory, user, team, at_ms), value)
