"""Who belonged to which team when: what makes a team's number out of its members' rows."""

from collections import defaultdict
from typing import NamedTuple

from aggregators.calendar import FOREVER_MS
from aggregators.moment import NOBODY
from aggregators.org import Org

ALWAYS = (-FOREVER_MS, FOREVER_MS)


class Part(NamedTuple):
    """What a holder is credited with in ``[from_ms, to_ms)``."""

    holder: str
    from_ms: int
    to_ms: int


class Teams:
    """The teams of an organisation and their members over time; also those that were deleted, since what they did counts."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.users = sorted(s[5:] for s in org.entries if s.startswith("user/"))
        ids = (s[5:] for s in org.entries if s.startswith("team/"))
        self.stays = {user: self._stays(user) for user in self.users}
        named = {team for stays in self.stays.values() for _, _, team in stays}
        parents = {e["parent_id"] for s, e in org.entries.items() if s.startswith("team/") and e.get("parent_id")}
        self.ids = sorted({*ids, *named, *parents})

    def _stays(self, user: str) -> list[tuple[int, int, str]]:
        """From, to and team of each stay, in whole local days."""
        said = self.org.entries[f"user/{user}"].get("teams", [])
        return [stay for stay in self.org.calendar.stretches(said) if stay[2]]

    def below(self, team: str) -> set[str]:
        """Return a team with its sub-teams, however deep."""
        children: dict[str, set[str]] = defaultdict(set)
        for subject, entry in self.org.entries.items():
            if subject.startswith("team/") and entry.get("parent_id"):
                children[entry["parent_id"]].add(subject[5:])
        found, waiting = set[str](), [team]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += children[one]
        return found

    def above(self, team: str) -> list[str]:
        """Return a team with all the teams that it is a part of."""
        found: list[str] = []
        while team and team not in found:
            found.append(team)
            team = self.org.entries.get(f"team/{team}", {}).get("parent_id", "")
        return found

    def parts(self, team: str, from_ms: int, to_ms: int) -> list[Part]:
        """Return what a team is credited with in a window: its members of each day, and what it owns itself."""
        teams = self.below(team)
        found = [Part(f"t:{t}", from_ms, to_ms) for t in sorted(teams)]
        for user, stays in self.stays.items():
            for start, end, of in stays:
                if of in teams and max(start, from_ms) < min(end, to_ms):
                    found.append(Part(f"u:{user}", max(start, from_ms), min(end, to_ms)))
        return found

    def members(self, team: str, at_ms: int) -> list[str]:
        """Return the users who are in a team or its sub-teams at an instant."""
        teams = self.below(team)
        return [u for u, stays in self.stays.items() if any(a <= at_ms < b and of in teams for a, b, of in stays)]

    def without(self, from_ms: int, to_ms: int) -> list[Part]:
        """Return what no team is credited with in a window: what nobody owns, and the days of users in no team."""
        found = [Part(NOBODY, from_ms, to_ms)]
        for user, stays in self.stays.items():
            at = from_ms
            for start, end, _ in stays:
                if at < min(start, to_ms):
                    found.append(Part(f"u:{user}", at, min(start, to_ms)))
                at = max(at, end)
            if at < to_ms:
                found.append(Part(f"u:{user}", at, to_ms))
        return found

    def of(self, holder: str, at_ms: int) -> list[str]:
        """Return the teams that a holder counts for at an instant, from its own upwards."""
        kind, _, name = holder.partition(":")
        if kind == "t":
            return self.above(name)
        return next((self.above(team) for a, b, team in self.stays.get(name, []) if a <= at_ms < b), [])
