"""Who is meant: from a scope or a group to the holders that are credited, and when."""

from collections.abc import Sequence

from aggregators.moment import NOBODY
from aggregators.org import Org
from aggregators.teams import Part, Teams
from aggregators.windows import Window

NONE = "(none)"


def label(value: object) -> str:
    """Return a value as it is named in a question: as in JSON, but that text has no quotes."""
    return NONE if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def parts(teams: Teams, scope: str, from_ms: int, to_ms: int, current_at_ms: int | None) -> list[Part]:
    """Return the parts that make up a scope in a window.

    ``scope`` is ``org``, ``user:<id>``, ``team:<id>``, or ``user:(none)`` and ``team:(none)`` for what has none. With
    ``current_at_ms`` the members of a team are those of that instant; the caller adds what changed hands.
    """
    kind, _, name = scope.partition(":")
    if kind == "org":
        return [Part("o", from_ms, to_ms)]
    if kind == "user":
        holders = [NOBODY, *(f"t:{t}" for t in teams.ids)] if name == NONE else [f"u:{name}"]
        return [Part(holder, from_ms, to_ms) for holder in holders]
    if current_at_ms is None:
        return teams.without(from_ms, to_ms) if name == NONE else teams.parts(name, from_ms, to_ms)
    if name == NONE:
        holders = [NOBODY, *(f"u:{u}" for u in teams.users if not teams.of(f"u:{u}", current_at_ms))]
    else:
        holders = [
            *(f"t:{t}" for t in sorted(teams.below(name))),
            *(f"u:{u}" for u in teams.members(name, current_at_ms)),
        ]
    return [Part(holder, from_ms, to_ms) for holder in holders]


def reach(windows: Sequence[Window]) -> Window:
    """Return the window from where the first of some begins to where the last one ends."""
    return Window(min((w.from_ms for w in windows), default=0), max((w.to_ms for w in windows), default=0))


def active_users(org: Org) -> set[str]:
    """Return the users who are there now."""
    users = ((s.removeprefix("user/"), e) for s, e in org.entries.items() if s.startswith("user/"))
    return {user for user, entry in users if entry.get("active", True) and not entry.get("deleted")}


def everyone(teams: Teams) -> list[str]:
    """Return every holder of an organisation."""
    return [NOBODY, *(f"u:{u}" for u in teams.users), *(f"t:{t}" for t in teams.ids)]
