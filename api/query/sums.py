"""The sums behind an answer, from rows where there are any and from records where not."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import cache

from aggregators.composed import Composed
from aggregators.formulas import TRAILING_MS, Together, read_by
from aggregators.freshness import Freshness
from aggregators.moment import NOBODY
from aggregators.results import PerActivity
from aggregators.rollup import is_level, is_settled
from aggregators.tables import Row
from aggregators.teams import ALWAYS, Part
from aggregators.users import Users
from aggregators.windows import Window
from api.query.cells import STRUCTURAL, WHOLE, Group, Rows, Term, add, adding, by_rows, rest, together
from api.query.composed import joined, parts_of
from api.query.distinct import Sums, fewer, users
from api.query.edges import added
from api.query.freshness import fresh
from api.query.per_activity import earned_and_done
from api.query.question import CLOCK, Question
from api.query.scan import Key, Scan, clock
from api.query.selection import NONE, everyone, parts, reach
from api.query.tables import Directory, Tables

MANY = 20
"""From so many sums on it pays to remember them."""


class Summing:
    """Sums a question's measures over windows, all read at one applied offset."""

    def __init__(self, asked: Question, tables: Tables, directory: Directory) -> None:
        self.asked = asked
        self.kpi = asked.counted
        self.gauge = self.kpi.gauge
        self.tables = tables
        self.directory = directory
        self.rows = Rows(tables.keys, directory.org.calendar, directory.months, self.kpi.formula.measures)

    async def over(self, windows: Sequence[Window]) -> list[Sums]:
        """Return the sums of each window; of a gauge, what is held as of the window's end.

        What of a gauge is not held but happens is counted over the ``TRAILING_MS`` before that instant, and what of a window
        is held, as of its beginning.
        """
        if isinstance(self.kpi.formula, Users):
            return await users(self.asked, self.kpi.formula, self.directory, lambda each: self._asked(each, windows))
        if isinstance(self.kpi.formula, Freshness):
            return await fresh(self.asked, self.tables, self.directory, windows)
        if self.kpi.due:
            past = [window.upto(self.asked.now_ms) for window in windows]
            if settled := tuple(filter(is_settled, self.kpi.formula.measures)):
                others = tuple(name for name in self.kpi.formula.measures if name not in settled)
                both = await self.part("count", settled, windows), await self.part("count", others, past)
                return [joined(each) for each in zip(*both, strict=True)]
            windows = past
        if isinstance(self.kpi.formula, PerActivity):
            return await earned_and_done(self, self.kpi.formula, windows)
        if isinstance(self.kpi.formula, Composed):
            return await parts_of(self, self.kpi.formula, windows)
        measures = self.kpi.formula.measures
        held = tuple(name for name in measures if is_level(name))
        happens = tuple(name for name in measures if not is_level(name))
        if not (held and happens):
            return await self._over(windows)
        ends = windows if self.gauge else [Window(w.from_ms, w.from_ms) for w in windows]
        spans = [Window(w.to_ms - TRAILING_MS, w.to_ms) for w in windows] if self.gauge else windows
        levels, flows = self.part("gauge", held, ends), self.part("count", happens, spans)
        return [joined(both) for both in zip(await levels, await flows, strict=True)]

    def asking(self, asked: Question) -> "Summing":
        """Return what sums another question's measures."""
        return Summing(asked, self.tables, self.directory)

    async def _asked(self, each: Question, windows: Sequence[Window]) -> list[Sums]:
        return await self.asking(each._replace(window=reach(windows))).over(windows)

    async def part(self, kind: str, measures: tuple[str, ...], windows: Sequence[Window]) -> list[Sums]:
        """Return the sums of some of the measures, of no others."""
        kpi = self.kpi._replace(kind=kind, formula=Together(measures))
        reached = reach(windows)
        asked = self.asked._replace(kpi=kpi, of=None, window=reached, at_ms=reached.to_ms)
        found = await self.asking(asked)._over(windows)
        return [
            Sums(read_by(kpi.formula, one.whole), {key: read_by(kpi.formula, row) for key, row in one.groups.items()})
            for one in found
        ]

    async def _over(self, windows: Sequence[Window]) -> list[Sums]:
        if self.asked.by and {*self.asked.by} <= {*CLOCK} and not self.asked.where:
            return await self._from_hours(windows)
        if by_rows(self.asked, self.kpi, self.tables.plan):
            return await self._from_rows(windows)
        return await self._from_records(windows)

    # From rows

    async def _from_rows(self, windows: Sequence[Window]) -> list[Sums]:
        by, where = self.asked.by, self.asked.where
        if by and by[0] in STRUCTURAL:
            scopes = {(name,): (scope, WHOLE) for name, scope in self._groups(by[0]).items()}
        else:
            dimension = by[0] if by else ""
            values = await self._values(dimension) if dimension else []
            scopes = {(value,): (self.asked.scope, Group(dimension, value)) for value in values}
        whole = Group(*where[0]) if where else WHOLE
        wanted = [(scope, w, group) for w in windows for scope, group in ((self.asked.scope, whole), *scopes.values())]
        of_some = by[0] in STRUCTURAL if by else self.asked.scope != "org"
        if of_some and not where and len(wanted) >= MANY:
            flat = await self._remembered(wanted)
        else:
            flat = await self._rows([self._terms(*one) for one in wanted])
        size = len(scopes) + 1
        found, formula = [], self.kpi.formula
        for i in range(len(windows)):
            total, *rows = flat[i * size : (i + 1) * size]
            groups = dict(zip(scopes, rows, strict=True))
            there = self._there()
            if by and by[0] not in STRUCTURAL and by[0] != "product":
                named = {**groups, (NONE,): {}}.values()  # a value may have the very name that stands for none
                groups[NONE,] = rest(total, [*named])
            found.append(
                Sums(total, {key: row for key, row in groups.items() if key[0] in there or read_by(formula, row)})
            )
        return found

    async def _from_hours(self, windows: Sequence[Window]) -> list[Sums]:
        """By weekday and hour: from the rows of hours, or of days where no hour is asked for."""
        asked, calendar = self.asked, self.directory.org.calendar
        first_ms, last_ms, every = self.rows.first_ms, self.rows.last_ms, "hour" if "hour" in asked.by else "day"
        clipped = [Window(max(w.from_ms, first_ms), min(w.to_ms, last_ms)) for w in windows]
        spans = [asked.periods.series(every, window) for window in clipped]
        found = iter(await self._rows([self._terms(asked.scope, span, WHOLE) for of in spans for span in of]))
        sums = [Sums({}, {}) for _ in windows]
        for one, of_window in zip(sums, spans, strict=True):
            groups: dict[Key, Row] = defaultdict(dict)
            for span in of_window:
                row = next(found)
                add(one.whole, row)
                add(groups[tuple(clock(span.from_ms, name, calendar) for name in asked.by)], row)
            kept = {key: row for key, row in groups.items() if read_by(self.kpi.formula, row)}
            one.groups.update(kept)
        return sums

    def _there(self) -> Collection[str]:
        """The groups that are told also where there is nothing of them: users or teams that were not deleted."""
        if not self.asked.by or self.asked.by[0] not in STRUCTURAL:
            return ()
        level, entries = self.asked.by[0], self.directory.org.entries
        return {name for name in self._groups(level) if not entries.get(f"{level}/{name}", {}).get("deleted")}

    def _groups(self, level: str) -> dict[str, str]:
        """The users or teams of the scope, and the scope that each is."""
        teams, (kind, _, name) = self.directory.teams, self.asked.scope.partition(":")
        if level == "team":
            names = sorted(teams.below(name)) if kind == "team" else [*teams.ids, NONE]
        elif kind == "user":
            names = [name]
        elif kind == "team":
            holders = {p.holder for p in self._parts(self.asked.scope, *self._membership())}
            names = [*sorted(h[2:] for h in holders if h.startswith("u:") and h != NOBODY), NONE]
        else:
            names = [*teams.users, NONE]
        return {one: f"{level}:{one}" for one in names}

    def _membership(self) -> tuple[int, int]:
        """The time in which members of a team are looked for."""
        asked = self.asked
        return (asked.at_ms - 1, asked.at_ms) if self.gauge and not asked.every else asked.window[:2]

    def _parts(self, scope: str, from_ms: int, to_ms: int) -> list[Part]:
        teams, current = self.directory.teams, self.asked.now_ms if self.asked.credit == "current" else None
        kind, _, name = scope.partition(":")
        if not (self.asked.scope.startswith("team:") and kind == "user"):
            return parts(teams, scope, from_ms, to_ms, current)
        # A member counts for the team on the days of membership only; nobody, for what the team owns itself.
        mine = parts(teams, self.asked.scope, from_ms, to_ms, current)
        nobody = [p for p in mine if p.holder.startswith("t:") or p.holder == NOBODY]
        return nobody if name == NONE else [p for p in mine if p.holder == f"u:{name}"]

    async def _remembered(self, wanted: Sequence[tuple[str, Window, Group]]) -> list[Row]:
        """The sums of users or teams; those of whom nothing has changed are known."""
        memo = await self.tables.remembered(*self._likely({window: None for _, window, _ in wanted}))
        whats = cache(self._what)
        parts = [[(p, w.to_ms) for p in self._credited(scope, w)] for scope, w, _ in wanted]
        sums = [[memo.get(p.holder, whats(p.from_ms, p.to_ms, to_ms)) for p, to_ms in one] for one in parts]
        unknown = [*dict.fromkeys(of for one, rows in zip(parts, sums, strict=True) if None in rows for of in one)]
        terms = [self._terms_of(*of) for of in unknown]
        read = dict(zip(unknown, await self._rows(terms), strict=True))
        for (part, to_ms), of in zip(unknown, terms, strict=True):
            if not any(term.edges for term in of):
                memo.put(part.holder, whats(part.from_ms, part.to_ms, to_ms), read[part, to_ms])
        return [
            together([row if row is not None else read[of] for of, row in zip(one, rows, strict=True)])
            for one, rows in zip(parts, sums, strict=True)
        ]

    def _likely(self, windows: Iterable[Window]) -> tuple[list[str], list[str]]:
        """What is asked for in any case: the keys of the organisation's rows, and what those of who was touched end with."""

        def keys(holder: str) -> list[str]:
            terms = [term for w in windows for term in self._terms_of(Part(holder, w.from_ms, w.to_ms), w.to_ms)]
            return list(dict.fromkeys(key for term in terms for key in (*term.rows, *term.edges)))

        begin = len(self.tables.keys.holder(""))
        return keys("o") if self.asked.scope == "org" else [], [key[begin:] for key in keys("")]

    def _what(self, from_ms: int, to_ms: int, end_ms: int) -> tuple[object, ...]:
        """By what a sum is remembered: after the last month that has rows nothing changes with the time alone."""
        last_ms, measures = self.rows.last_ms, self.kpi.formula.measures
        return (min(end_ms, last_ms), measures) if self.gauge else (from_ms, min(to_ms, last_ms), measures)

    def _credited(self, scope: str, window: Window) -> list[Part]:
        from_ms, is_current = window.to_ms - 1 if self.gauge else window.from_ms, self.asked.credit == "current"
        if scope[:5] == "user:" and scope[5:] != NONE and self.asked.scope == "org" and not is_current:
            return [Part(f"u:{scope[5:]}", from_ms, window.to_ms)]  # as below, for the many that there are
        found = self._parts(scope, from_ms, window.to_ms)
        if is_current:
            found += [p._replace(holder=f"x{p.holder}") for p in found if p.holder != "o"]
        return found

    def _terms(self, scope: str, window: Window, group: Group) -> list[Term]:
        return [term for part in self._credited(scope, window) for term in self._terms_of(part, window.to_ms, group)]

    def _terms_of(self, part: Part, to_ms: int, group: Group = WHOLE) -> list[Term]:
        return self.rows.held(part.holder, to_ms, group) if self.gauge else self.rows.over(part, group)

    async def _rows(self, sums: Sequence[Sequence[Term]]) -> list[Row]:
        terms = [term for one in sums for term in one]
        loaded = await self.tables.load(key for t in terms for key in (*t.rows, *t.edges))
        edges = await added(
            {e for t in terms for probe, e in t.edges.items() if loaded[probe]}, self.kpi, self.tables, self.directory
        )
        found, add_to = [], adding(self.kpi.formula.measures)
        for one in sums:
            total: Row = {}
            for term in one:
                for key in term.rows:
                    add_to(total, loaded[key], term.sign)
                for edge in term.edges.values():
                    add_to(total, edges.get(edge, {}), term.sign)
            found.append({name: value for name, value in total.items() if value})
        return found

    async def _values(self, dimension: str) -> list[str]:
        key = self.tables.keys.values(dimension)
        return sorted((await self.tables.load([key]))[key])

    # From records

    async def _from_records(self, windows: Sequence[Window]) -> list[Sums]:
        scan = Scan(self.asked, self.tables, self.directory)
        reached = reach(windows)
        holders = everyone(self.directory.teams) if self.asked.scope == "org" else self._holders(windows)
        await scan.fetch(holders, ALWAYS[0] if self.gauge else reached.from_ms, reached.to_ms)
        # Users and teams have their row where nothing of theirs is found, too.
        alone = self.asked.by in (("user",), ("team",)) and not self.asked.scope.startswith("user:")
        listed: dict[Key, Row] = {(name,): {} for name in self._groups(self.asked.by[0])} if alone else {}
        found = []
        for window in windows:
            chosen = scan.select(self.spans(window), window)
            groups = fewer(scan.summed(chosen), self.kpi.formula, self.asked.by) if self.asked.by else {}
            found.append(Sums(scan.whole(chosen), {**listed, **groups}))
        return found

    def _holders(self, windows: Sequence[Window]) -> set[str]:
        return {p.holder for w in windows for p in self.spans(w)}

    def spans(self, window: Window) -> list[Part]:
        """Return the parts of a window in which each holder's records count."""
        if self.asked.scope == "org":
            found = [Part(holder, window.from_ms, window.to_ms) for holder in everyone(self.directory.teams)]
        else:
            found = self._parts(self.asked.scope, window.to_ms - 1 if self.gauge else window.from_ms, window.to_ms)
        return [p._replace(from_ms=ALWAYS[0], to_ms=window.to_ms) for p in found] if self.gauge else found
