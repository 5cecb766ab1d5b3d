"""What is wrong with a file of KPIs of one's own: everything at once, each with its entry and the nearest names."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

import msgspec

from aggregators import own_facts
from aggregators.happened import own_members
from aggregators.kpi import Kpi
from aggregators.own import COMPARISONS, Definition
from events import EVENTS

MEMBERS: Mapping[str, type | tuple[type, ...]] = {
    "id": str, "definition": str, "version": int, "area": str, "unit": str, "event": str, "moment": str, "where": dict,
    "sum": str, "duration": str, "dimensions": list, "ratio": list, "test": list,
}  # fmt: skip
"""Members of an entry `[[kpi]]`, and what each is."""
TEST = ("name", "events", "answers")
"""Members of an entry `[[kpi.test]]`."""
_NAMES = {str: "a text", int: "a whole number", dict: "a table", list: "a list"}
_SCALAR = (str, int, float, bool)
RATIOED = ("count", "sum", "distinct", "gauge")
"""Kinds of KPIs that a ratio may be one of."""


class Mistake(NamedTuple):
    """What is wrong: in which entry, in which of its members (empty: in the entry as a whole), and what is nearest."""

    entry: str
    member: str
    reason: str
    nearest: Sequence[str] = ()

    def __str__(self) -> str:
        """Return it as a line for people."""
        where = f"{self.entry}, {self.member}" if self.member else self.entry
        return f"{where}: {self.reason}" + (f"; nearest: {', '.join(self.nearest)}" if self.nearest else "")


def read(content: Mapping[str, Any], known: Mapping[str, Kpi]) -> tuple[list[Definition], list[Mistake]]:
    """Return the definitions of a file, and all that is wrong with it; ``known`` is the catalogue."""
    mistakes = [
        Mistake("the file", name, "is no member of it; it has [[kpi]]", _near(name, ["kpi"]))
        for name in content
        if name != "kpi"
    ]
    entries = content.get("kpi", [])
    if not isinstance(entries, list) or not entries:
        return [], [*mistakes, Mistake("the file", "", "has no [[kpi]]")]
    raw = [entry if isinstance(entry, dict) else {} for entry in entries]
    ids = [entry.get("id") for entry in raw]
    for number, entry in enumerate(raw, 1):
        name = f"kpi {number} ({entry['id']})" if isinstance(entry.get("id"), str) else f"kpi {number}"
        others = [one for index, one in enumerate(raw, 1) if index != number]
        check = _Entry(name, entry, known, {one["id"]: one for one in others if isinstance(one.get("id"), str)})
        mistakes += check.mistakes()
        if ids.index(entry.get("id")) != number - 1 and entry.get("id"):
            mistakes.append(Mistake(name, "id", f"{entry['id']!r} is that of an entry above, too"))
    if mistakes:
        return [], mistakes
    return [msgspec.convert({n: v for n, v in entry.items() if n != "test"}, Definition) for entry in raw], []


class _Entry:
    """One entry `[[kpi]]`; ``others`` are those beside it, by id."""

    def __init__(self, name: str, entry: dict[str, Any], known: Mapping[str, Kpi], others: Mapping[str, Any]) -> None:
        self.name, self.entry, self.known, self.others = name, entry, known, others

    def mistakes(self) -> list[Mistake]:
        return [
            Mistake(self.name, *found) for found in (*self._members(), *self._names(), *self._counted(), *self._tests())
        ]

    def _members(self) -> Iterator[tuple[Any, ...]]:
        for name, value in self.entry.items():
            kind = MEMBERS.get(name)
            if kind is None:
                yield name, f"is no member of a KPI; it has {', '.join(MEMBERS)}", _near(name, MEMBERS)
            elif not isinstance(value, kind) or isinstance(value, bool):
                yield name, f"{value!r} is not {_NAMES[kind]}"  # type: ignore[index]

    def _names(self) -> Iterator[tuple[Any, ...]]:
        own = self._text("id")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", own):
            yield "id", f"{own!r} is none: a to z, 0 to 9 and _, at most 63, a letter first"
        elif own in self.known:
            yield "id", f"{own!r} is that of a KPI of the catalogue"
        if not self._text("definition").strip():
            yield "definition", "is missing: what it counts, in a sentence"
        version = self.entry.get("version", 1)
        if isinstance(version, int) and not isinstance(version, bool) and version < 1:
            yield "version", f"{version} is not at least 1"

    def _counted(self) -> Iterator[tuple[Any, ...]]:
        given = [name for name in ("event", "moment", "ratio") if self.entry.get(name)]
        if len(given) != 1:
            yield "", f"has {' and '.join(given) or 'nothing to count'}; give one of event, moment, ratio"
        elif given == ["ratio"]:
            yield from self._ratio()
        elif anchor := self._anchor():
            yield from self._filter(anchor)
            yield from self._measure(anchor)
            yield from self._dimensions(own_facts.dimensions(anchor))
        elif given == ["event"]:
            known = [name.removeprefix("crm.") for name in EVENTS]
            yield (
                "event",
                f"there is no type {self._text('event')!r}",
                _near(self._text("event").removeprefix("crm."), known),
            )
        else:
            yield (
                "moment",
                f"there is no moment {self._text('moment')!r}",
                _near(self._text("moment"), own_facts.MOMENTS),
            )

    def _anchor(self) -> str:
        moment, event = self._text("moment"), self._text("event")
        if moment:
            return moment if moment in own_facts.MOMENTS else ""
        kind = event if event.startswith("crm.") else f"crm.{event}"
        return kind if kind in EVENTS else ""

    def _ratio(self) -> Iterator[tuple[Any, ...]]:
        names = self.entry["ratio"]
        if not isinstance(names, list) or len(names) != 2:
            yield "ratio", f"{names!r} is not two KPIs, the one above the line first"
            return
        shared = ["org"]
        for name in names:
            by = self._by_of(name)
            if by is None:
                known = [*(n for n, kpi in self.known.items() if _is_plain(kpi)), *self.others]
                yield "ratio", f"{name!r} is no KPI that counts or adds up", _near(str(name), known)
            shared = [d for d in by or () if name == names[0] or d in shared]
        for name in ("where", "sum", "duration"):
            if name in self.entry:
                yield name, "has no meaning for a ratio: it is that of its two KPIs"
        yield from self._dimensions(shared)

    def _by_of(self, name: Any) -> Sequence[str] | None:
        """The dimensions of a KPI that a ratio may be one of, None for another."""
        if isinstance(name, str) and name in self.known:
            return self.known[name].by if _is_plain(self.known[name]) else None
        other = self.others.get(name) if isinstance(name, str) else None
        if other is None or other.get("ratio") or other.get("duration"):
            return None
        return other.get("dimensions") if isinstance(other.get("dimensions"), list) else ()

    def _filter(self, anchor: str) -> Iterator[tuple[Any, ...]]:
        where = self.entry.get("where", {})
        known = own_facts.facts(anchor)
        for name, condition in where.items() if isinstance(where, dict) else ():
            if not _is_fact(name, anchor, known):
                yield f"where.{name}", f"nothing of that name is known of {anchor}", _near(name, known)
            yield from (_said(name, condition))

    def _measure(self, anchor: str) -> Iterator[tuple[Any, ...]]:
        if self.entry.get("sum") and self.entry.get("duration"):
            yield "sum", "cannot be given beside duration"
        for name, known in (("sum", own_facts.amounts(anchor)), ("duration", own_facts.durations(anchor))):
            fact = self._text(name)
            if fact and fact not in known and not (name == "sum" and _is_custom(fact)):
                what = "number or amount of money" if name == "sum" else "number of milliseconds"
                yield (
                    name,
                    f"{fact!r} is no {what} of {anchor}; there are {', '.join(sorted(known)) or 'none'}",
                    _near(fact, known),
                )

    def _dimensions(self, known: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        named = self.entry.get("dimensions", [])
        for name in named if isinstance(named, list) else ():
            if name not in known:
                yield "dimensions", f"{name!r} is none of {', '.join(known)}", _near(str(name), known)

    def _tests(self) -> Iterator[tuple[Any, ...]]:
        tests = self.entry.get("test", [])
        for number, test in enumerate(tests if isinstance(tests, list) else (), 1):
            at = f"test {number}"
            if not isinstance(test, dict):
                yield at, "is not a table"
                continue
            yield from (
                (f"{at}.{n}", f"is no member of a test; it has {', '.join(TEST)}", _near(n, TEST))
                for n in test
                if n not in TEST
            )
            if not (
                isinstance(test.get("events"), list)
                and test["events"]
                and all(isinstance(e, dict) for e in test["events"])
            ):
                yield f"{at}.events", "is not a list of events"
            if not (isinstance(test.get("answers"), dict) and test["answers"]):
                yield f"{at}.answers", "is not a table of questions and their answers"

    def _text(self, name: str) -> str:
        value = self.entry.get(name, "")
        return value if isinstance(value, str) else ""


def _said(name: str, condition: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(condition, dict):
        for how, value in condition.items():
            if how not in COMPARISONS:
                yield f"where.{name}", f"{how!r} is none of {', '.join(COMPARISONS)}", _near(how, COMPARISONS)
            elif how == "known" and not isinstance(value, bool):
                yield f"where.{name}", f"known is true or false, not {value!r}"
            elif how in ("at_least", "below") and (isinstance(value, bool) or not isinstance(value, str | int | float)):
                yield f"where.{name}", f"{how} takes a number or a text, not {value!r}"
        return
    values = condition if isinstance(condition, list) else [condition]
    if not values or not all(isinstance(value, _SCALAR) for value in values):
        yield (
            f"where.{name}",
            f"{condition!r} is neither a value, nor a list of some, nor a table of {', '.join(COMPARISONS)}",
        )


def _is_fact(name: str, anchor: str, known: Collection[str]) -> bool:
    changes = anchor in EVENTS and "changed" in own_members(EVENTS[anchor])
    return name in known or _is_custom(name) or (changes and bool(re.fullmatch(r"changed\.\S+", name)))


def _is_custom(name: str) -> bool:
    return bool(re.fullmatch(r"custom\.\S+", name))


def _is_plain(kpi: Kpi) -> bool:
    return kpi.counts and kpi.kind in RATIOED


def _near(name: str, known: Collection[str]) -> list[str]:
    return get_close_matches(name, list(known), n=3, cutoff=0.5)
