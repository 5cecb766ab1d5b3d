"""Who uses the system, and how people stand among their peers, recounted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from fractions import Fraction
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING, Any

from tests.recounts.activities import logged
from tests.recounts.forecasts import grouped, quantile
from tests.recounts.record import MS_NS, NONE, Part, data
from tests.recounts.usage import module_actions

if TYPE_CHECKING:
    from tests.oracle import Oracle

By = list[str]
Where = list[tuple[str, str]]
DAY_MS = 86_400_000
SCORED = ("tickets_resolved", "first_response_time", "csat_score", "sla_first_response_rate")
TRAINED = (
    "time_in_system", "module_actions", "activities_completed", "task_on_time_rate", "contact_completeness", "csat_score",
)  # fmt: skip
COUNTS = {"tickets_resolved", "time_in_system", "module_actions", "activities_completed"}
"""What is 0 of who did nothing."""


@cache
def active_users(it: Oracle) -> set[str]:
    """All who are announced, own a record or did something, but those who are said to be gone."""
    known: set[Any] = {*it.records["user"]}
    for event in (event for of in it.records.values() for record in of.values() for event in record.events):
        said, changed = data(event), data(event).get("changed") or {}
        known |= {
            event.get("actorid"),
            *(said.get(name) for name in ("owner_id", "assignee_id", "new_owner", "old_owner")),
        }
        known |= {changed[name]["new"] for name in ("owner_id", "assignee_id") if name in changed}
    gone = {user.key for user in it.records["user"].values() if user.deleted or user.final("active") is False}
    return known - gone - {None, ""}


def teams_of(it: Oracle, user: str, at_ns: int) -> list[str]:
    return it.teams(Part(at_ns, user, None, {})) or [NONE]


def adoption_rate(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    acts = [part for _, part in logged(it, "heartbeat")], [*module_actions(it)]
    spans = [[part for part in one if from_ms <= part.at_ns // MS_NS < to_ms] for one in acts]
    there, wrote = (grouped(it, "", parts, scope, by, where, _users) for parts in spans)
    teams = [name for _, name in where]
    within = ([] if scope == "org" else [scope]) + [f"team:{name}" for name in teams]

    def share(both: set[str], *team: str) -> dict[str, Any]:
        scopes = [*within, *(f"team:{name}" for name in team)]
        licences = next((n for org in it.records["org"].values() if (n := org.final("licences")) is not None), None)
        might = len(
            both | {user for user in active_users(it) if all(_was_in(it, user, s, from_ms, to_ms) for s in scopes)}
        )
        under = might if scopes or licences is None else licences
        return {"value": Fraction(len(both), under) if under else None, "numerator": len(both), "denominator": under}

    told = share(there["users"] & wrote["users"])
    if by:
        groups, others = there["groups"], wrote["groups"]
        none: dict[str, Any] = {"users": set()}
        keys = {*groups, *others, *((team,) for team in it.records["team"])}
        told["groups"] = {
            key: share(groups.get(key, none)["users"] & others.get(key, none)["users"], *key) for key in keys
        }
    return told


def _users(parts: list[Part]) -> dict[str, Any]:
    return {"users": {part.user for part in parts if part.user}}


def _was_in(it: Oracle, user: str, scope: str, from_ms: int, to_ms: int) -> bool:
    """Whether a user, or on one of the local days of a window a member."""
    kind, _, name = scope.partition(":")
    if kind == "user":
        return user == name
    day, last = it.day(from_ms * MS_NS), it.day((to_ms - 1) * MS_NS)
    days = [day + timedelta(days=n) for n in range((last - day).days + 1)] if from_ms < to_ms else []
    return any(name in teams_of(it, user, it.midnight_ns(one)) for one in days)


def agent_performance_score(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    """The scores of all peers, or that of the one who is asked about."""
    level, _, name = scope.partition(":")
    peers = _scores(it, scope if by else "org", from_ms, to_ms, by or [level])
    return (
        {"value": None, "groups": {(who,): {"value": z} for who, z in peers.items()}}
        if by
        else {"value": peers.get(name)}
    )


def _scores(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By) -> dict[str, float]:
    ends = {"sla_first_response_rate": min(to_ms, it.now_ns // MS_NS)}
    found = {kpi: _known(it.kpi(kpi, scope, from_ms, ends.get(kpi, to_ms), by)) for kpi in SCORED}
    peers = {who for kpi, of in found.items() for who, value in of.items() if value or kpi not in COUNTS}
    zs: dict[str, list[float]] = {who: [] for who in peers}
    for kpi, of in found.items():
        values = {who: of.get(who, Fraction(0)) for who in peers if who in of or kpi in COUNTS}
        for who, value in values.items():
            zs[who].append(-_z(value, values.values()) if kpi == "first_response_time" else _z(value, values.values()))
    return {who: sum(of) / len(of) for who, of in zs.items()}


def _known(answer: dict[str, Any]) -> dict[str, Fraction]:
    told = {key[0]: one.get("mean", one["value"]) for key, one in answer["groups"].items()}
    return {who: value for who, value in told.items() if who != NONE and value is not None}


def _z(value: Fraction, values: Iterable[Fraction]) -> float:
    all_of = [*values]
    mean = sum(all_of, Fraction(0)) / len(all_of)
    variance = sum(((one - mean) ** 2 for one in all_of), Fraction(0)) / len(all_of)
    return float(value - mean) / sqrt(variance) if variance else 0.0


def training_need_users(it: Oracle, scope: str, from_ms: int, to_ms: int, by: By, where: Where) -> dict[str, Any]:
    """Who is in the lowest quarter by three KPIs at least."""
    active, low = active_users(it), dict[str, set[str]]()
    for kpi in TRAINED:
        of = _known(it.kpi(kpi, "org", to_ms - 90 * DAY_MS, to_ms, ["user"]))
        values = {user: of.get(user, Fraction(0)) for user in active if user in of or kpi in COUNTS}
        low[kpi] = {user for user, value in values.items() if value < quantile(sorted(values.values()), Fraction(1, 4))}
    behind = {user for user in active if sum(user in of for of in low.values()) >= 3}
    at_ns = to_ms * MS_NS - 1
    parts = [Part(at_ns, user, None, {}) for user in sorted(behind)]
    told = grouped(it, "", parts, scope, by, where, lambda own: {"value": len(own)})
    meant = {user for part in parts if (user := part.user) and it.in_scope(part, scope)}
    meant &= {user for user in meant if all(team in teams_of(it, user, at_ns) for _, team in where)}
    return told | {"parts": {kpi: len(of & meant) for kpi, of in low.items()}}


TOLD: dict[str, Callable[..., dict[str, Any]]] = {
    "adoption_rate": adoption_rate,
    "agent_performance_score": agent_performance_score,
    "training_need_users": training_need_users,
}
