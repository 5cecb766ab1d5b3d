"""Custom fields: which are filled with what, whether that is proper, and who writes and reads them."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from aggregators import deals
from aggregators.about import About
from aggregators.expressions import matches
from aggregators.moment import Moment, level, moment
from aggregators.record import Record, is_initial
from aggregators.story import Facts, Story, story

FOUND_BY = {
    "deal": "deal.created",
    "lead": "lead.created",
    "contact": "contact.created",
    "account": "account.created",
    "ticket": "ticket.created",
    "quote": "quote.created",
    "meeting": "meeting.booked",
}
"""Entities whose custom fields can be asked about, and the anchor by which all of their records are found."""
NONE = "(none)"


def declared(entries: Mapping[str, Facts], entity: str) -> dict[str, Facts]:
    """Return the declarations of an entity's custom fields by key, of a directory's entries."""
    start = f"field/{entity}."
    return {s[len(start) :]: e for s, e in entries.items() if s.startswith(start) and not e.get("deleted")}


def filled(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return each record as long as there is it, once for each field, with the value that it has then."""
    stories = _stories(records)
    keys = _keys(stories.values(), about)
    for subject, told in stories.items():
        for key in keys:
            steps = ((point.time_ns, told.seen(point.facts) | _said(point.facts, key)) for point in told.points)
            for one in level("field.live", told, steps):
                yield subject, one


def entered(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return the creation of each record, once for each field that it has filled."""
    stories = _stories(records)
    for subject, told in stories.items():
        for key in _keys([told], about._replace(declared={})):
            own = _said(told.final, key)
            if own["value"] is not None:
                invalid = not _proper(told.final[f"custom.{key}"], about.declared.get(key, {}))
                yield subject, moment("field.entered", told.created_ns, told, **own, invalid=invalid)


def decided(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return the close of each deal, once for each field, with the value that it has now."""
    stories = _stories(records)
    keys = _keys(stories.values(), about)
    for subject, told in stories.items():
        closed_ns = deals.closed_ns(told)
        for key in keys if closed_ns is not None else ():
            won = deals.won_ns(told) is not None
            yield subject, moment("field.decided", closed_ns or 0, told, **_said(told.final, key), won=won)


def changed(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return each change of a field: into its value (1), and out of the one before (-1)."""
    for subject, told in _stories(records).items():
        for key in _keys([told], about._replace(declared={})):
            before: str | None = None
            for point in told.points:
                now = _text(point.facts.get(f"custom.{key}"))
                for value, sign in ((before, -1), (now, 1)):
                    if value is not None and now != before:
                        one = moment("field.changed", point.time_ns, told, field=key, value=value)
                        yield subject, Moment(one.anchor, one.at_ms, one.holder, one.current, one.facts, sign)
                before = now


def used(records: Mapping[str, Record], about: About) -> Iterator[tuple[str, Moment]]:
    """Return each event that says what is in a field, and each heartbeat that names one."""
    for subject, told in _stories(records).items():
        first, *later = told.points
        is_beat = subject.startswith("heartbeat/")
        for point in [first] if is_beat else [first, *later]:
            if is_beat and not is_initial(point.entry):
                continue
            for key in _read(told, about) if is_beat else filter(None, map(_custom_key, point.stated)):
                if key == (about.field or key):
                    yield subject, moment("field.used", point.entry.time_ns, told, actor=point.entry.actor, field=key)


def _stories(records: Mapping[str, Record]) -> dict[str, Story]:
    return {subject: told for subject in sorted(records) if (told := story(records[subject]))}


def _custom_key(name: str) -> str:
    return name.removeprefix("custom.") if name.startswith("custom.") else ""


def _keys(stories: Any, about: About) -> list[str]:
    """The field that is asked about, else all that are declared or known of the records."""
    if about.field:
        return [about.field]
    return sorted({*about.declared, *(key for told in stories for key in map(_custom_key, told.final) if key)})


def _said(facts: Facts, key: str) -> dict[str, Any]:
    return {"field": key, "value": _text(facts.get(f"custom.{key}"))}


def _text(value: Any) -> str | None:
    """A value as it is named; blank text is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(told: Story, about: About) -> list[str]:
    """The field of the entity that a heartbeat names: `<entity>.<key>`, or the key alone in the entity's module."""
    name = told.final.get("field") or ""
    if name.startswith(f"{about.entity}."):
        return [name.removeprefix(f"{about.entity}.")]
    return [name] if name and told.final.get("module") == about.entity else []


def _proper(value: Any, rule: Facts) -> bool:
    """Tell whether a value is as its field is declared, in all that is said of it."""
    text = _text(value) or ""
    if (rule.get("choices") or rule.get("kind") == "choice") and text not in (rule.get("choices") or ()):
        return False
    pattern = rule.get("pattern")
    return (not pattern or matches(pattern, text)) and _READ.get(rule.get("kind", ""), lambda _: True)(value)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and (
        isinstance(value, int | float) or bool(re.fullmatch(r"[+-]?\d+(\.\d+)?", str(value).strip(), re.ASCII))
    )


def _is_date(value: Any) -> bool:
    try:
        return date.fromisoformat(str(value)).isoformat() == str(value)  # other spellings of ISO 8601 are none of ours
    except ValueError:
        return False


_READ = {"number": _is_number, "date": _is_date}
