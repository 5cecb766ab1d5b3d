"""Modules: what people write of which kind of record."""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregators import activities, fields
from aggregators.moment import Moment, moment
from aggregators.record import Record, is_initial
from aggregators.story import Facts, Story, story
from events import Entry

LOGGED = ("call.logged", "email.logged", "message.logged")
"""Anchors of records that are written once, when they are counted."""
WRITTEN = frozenset({"task", "order", "contract", "invoice", "payment", "spend", "feedback", "visit", "automation"})
"""Entities whose records nothing else that counts finds whenever there are such: they have a moment for that."""
FOUND_BY = (*fields.FOUND_BY.values(), "record.written")
"""Anchors by which all others are found, whenever something was written."""

_OTHERS: dict[str, tuple[str, frozenset[Any]]] = {
    "crm.ticket.message": ("author", frozenset({"customer", "bot", "system"})),
    "crm.ticket.created": ("created_by", frozenset({"customer"})),
    "crm.lead.created": ("inbound", frozenset({True})),
    "crm.contact.created": ("origin", frozenset({"import", "api", "form"})),
}
"""Types whose events nobody of ours wrote where a member has one of some values, if they do not name who of us did it."""
_OF_OTHERS = frozenset({"crm.feedback.received", "crm.web.visit", "crm.automation.run"})
"""Types whose events somebody of ours wrote only if they name who."""


def acted(records: Mapping[str, Record]) -> Iterator[tuple[str, Moment]]:
    """Return each time that somebody of ours wrote something, with its ``module``."""
    for subject in sorted(records):
        told, module = story(records[subject]), subject.partition("/")[0]
        if told and f"{module}.logged" in LOGGED:
            for one in activities.logged(told):
                if _is_our_touch(one.facts, told.points[0].entry):
                    facts = {**one.facts, "module": module}
                    yield subject, Moment("module.acted", one.at_ms, one.holder, one.current, facts)
        elif told:
            for entry in _ours(told):
                yield subject, moment("module.acted", entry.time_ns, told, actor=entry.actor, module=module)


def written(told: Story) -> Iterator[Moment]:
    """Return the moment by which a record is found that somebody of ours wrote something of."""
    if any(_ours(told)):
        yield moment("record.written", told.created_ns, told)


def _ours(told: Story) -> Iterator[Entry]:
    first, *later = told.points
    for point in [first, *later] if is_initial(first.entry) else later:
        if _is_ours(point.entry):
            yield point.entry


def _is_ours(entry: Entry) -> bool:
    data = entry.data
    if entry.actor or data.type in _OF_OTHERS:
        return bool(entry.actor)
    member, values = _OTHERS.get(data.type, ("", frozenset()))
    return getattr(data, member, None) not in values and not getattr(data, "form_id", None)


def _is_our_touch(facts: Facts, logged: Entry) -> bool:
    """A touch of ours, and one of a customer that names who of us took it, but what no person wrote."""
    by_machine = facts.get("automated") or facts.get("author") == "bot"
    return activities.acted(facts) or bool(logged.actor and not by_machine)
