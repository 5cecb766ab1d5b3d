"""How the system is used: users who were there, and what they used."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from tests.oracle import MS_NS, NONE, Group, Oracle, logged

USERS = {"active_users", "feature_utilization"}


def users(
    it: Oracle, kpi_id: str, scope: str, window_ms: tuple[int, int], by: Sequence[str], where: Sequence[tuple[str, str]]
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
