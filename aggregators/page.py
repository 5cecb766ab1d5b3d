"""The catalogue as a page for people: `python -m aggregators.page`."""

from aggregators.catalogue import KPIS
from aggregators.kpi import Kpi

HEAD = """# KPIs

Made from the catalogue (`aggregators/kpis/`). Each may be asked with the selectors of the [API](api.md), by the
dimensions listed; `custom` stands for `custom.<key>` with any key of an event's `custom` member. Money is in the
organisation's currency, durations are in seconds, ratios between 0 and 1.

What an event tells counts at its own time, also where that is before the creation of its record (for who owned that
when it was created); a duration that would be less than nothing is 0. What holds for a while, such as being open or
in a stage, begins with the creation. An e-mail or a message that is not said to be outbound is the customer's; what
is said in a conversation at one instant goes by the names of its records. Sources, channels, regions and custom
fields are those that are known of a record now.
"""


def page() -> str:
    """Return the page as Markdown."""
    areas = dict.fromkeys(kpi.area for kpi in KPIS)
    return "\n".join([HEAD, *(_area(area) for area in areas)])


def _area(area: str) -> str:
    return "\n".join([f"## {area}\n", *(_kpi(kpi) for kpi in KPIS if kpi.area == area)])


def _kpi(kpi: Kpi) -> str:
    formula = kpi.formula
    options = [
        f"`{name}`: {', '.join(of)}" for name, of in (("stat", formula.stats), (kpi.chooser, formula.variants)) if of
    ]
    options += ["`hours`: calendar, business"] if "hours" in kpi.params else []
    facts = [
        f"{kpi.kind}, {kpi.unit}, {kpi.tier}, version {kpi.version}",
        f"by {', '.join(name for name in kpi.by if name != 'org')}",
        *options,
        *([f"made of {', '.join(f'`{name}`' for name in formula.measures)}"] if formula.measures else []),
    ]
    return f"### {kpi.id}\n\n{kpi.definition}\n\n{'; '.join(facts)}.\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - what it is for
