"""What is spent for leads, what automation saves, and tickets that repeat others."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from math import floor

from tests.recounts.activities import logged
from tests.recounts.record import MS_NS, Part
from tests.recounts.told import Told, created


def cost_per_lead(it: Told) -> Iterator[Part]:
    for part in created(it, "lead"):
        part.top = Fraction(0)
        yield part
    yield from spent(it, "marketing")


def spent(it: Told, *kinds: str) -> Iterator[Part]:
    """A part of each amount on each of its days, with nothing below the line."""
    for spend in it.live("spend"):
        value = spend.final("value")
        if value is None or (spend.final("kind") or "marketing") not in kinds:
            continue
        said = [spend.final(name) for name in ("start", "end")]
        named = [date.fromisoformat(day) for day in said if day] or [it.day(spend.created_ns // MS_NS * MS_NS)]
        first, end = named[0], max(named)
        days = [first + timedelta(days=n) for n in range((end - first).days + 1)]
        counted = Fraction(0)
        for n, day in enumerate(days, 1):
            upto = Fraction(floor(Fraction(value["amount"]) * 10_000 * n / len(days)), 10_000)
            top, missing = it.money([(upto - counted, value["currency"])], day)
            at_ns, counted = it.midnight_ns(day), upto
            yield Part(at_ns, *spend.holder(at_ns), spend.timeless, top, 0, missing)


def automation_savings(it: Told) -> Iterator[Part]:
    for run, part in logged(it, "automation"):
        part.top = Fraction(round(Fraction(str(run.final("minutes_saved") or 0)) * 60_000), 3_600_000)
        yield Part(
            part.at_ns, part.user, part.team, {**part.dims, "process": run.final("workflow_id") or "(none)"}, part.top
        )


def repeat_issue_share(it: Told) -> Iterator[Part]:
    month_ns = 30 * 86_400 * 10**9
    for ticket in it.live("ticket"):
        category, requester, at_ns = ticket.final("category"), ticket.final("requester_id"), ticket.created_ns
        again = any(
            other.final("category") == category
            and other.final("requester_id") not in (None, requester)
            and abs(other.created_ns - at_ns) <= month_ns
            for other in it.live("ticket")
        )
        yield Part(at_ns, *ticket.holder(at_ns), ticket.timeless, Fraction(bool(category and requester and again)))


FLOWS: dict[str, Callable[[Told], Iterator[Part]]] = {
    "cost_per_lead": cost_per_lead,
    "automation_savings": automation_savings,
    "repeat_issue_share": repeat_issue_share,
}
RATIOS: set[str] = {"cost_per_lead", "repeat_issue_share"}
MONEY: set[str] = {"cost_per_lead"}
