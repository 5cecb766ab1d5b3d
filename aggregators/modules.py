"""Modules: what people write of which kind of record."""

from collections.abc import Iterator, Mapping
from typing import Any

from aggregators import activities, fields
from aggregators.moment import Moment, moment
from aggregators.record import Record, is_initial
from aggregators.story import Story, story

LOGGED = ("call.logged", "email.logged", "message.logged")
"""Anchors of records that are written once, when they are counted."""
FOUND_BY = (*fields.FOUND_BY.values(), "task.due", "task.done", "order.confirmed", "contract.signed")
"""Anchors by which all others are found, whenever something was written."""

_OTHERS: dict[str, tuple[str, frozenset[Any]]] = {
    "crm.ticket.message": ("author", frozenset({"customer", "bot", "system"})),
    "crm.ticket.created": ("created_by", frozenset({"customer"})),
    "crm.lead.created": ("inbound", frozenset({True})),
    "crm.contact.created": ("origin", frozenset({"import", "api", "form"})),
}
"""Types whose events nobody of ours wrote where a member has one of some values."""


def acted(records: Mapping[str, Record]) -> Iterator[tuple[str, Moment]]:
    """Return each time that somebody of ours wrote something, with its ``module``."""
    for subject in sorted(records):
        told, module = story(records[subject]), subject.partition("/")[0]
        if told and f"{module}.logged" in LOGGED:
            for one in activities.logged(told):
                if activities.acted(one.facts):
                    facts = {**one.facts, "module": module}
                    yield subject, Moment("module.acted", one.at_ms, one.holder, one.current, facts)
        elif told:
            for one in _written(told, module):
                yield subject, one


def _written(told: Story, module: str) -> Iterator[Moment]:
    first, *later = told.points
    for point in [first, *later] if is_initial(first.entry) else later:
        entry = point.entry
        if _is_ours(entry.data):
            yield moment("module.acted", entry.time_ns, told, actor=entry.actor, module=module)


def _is_ours(data: Any) -> bool:
    member, values = _OTHERS.get(data.type, ("", frozenset()))
    return getattr(data, member, None) not in values and not getattr(data, "form_id", None)
