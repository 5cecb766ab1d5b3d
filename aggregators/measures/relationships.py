"""What is added up of how accounts and we stand."""

from aggregators.measure import Measure, one


def _part(measure: str, anchor: str, part: str) -> Measure:
    return Measure(measure, (anchor,), "count", part, lambda f: f.get(part))


def _whom(measure: str, outcome: str) -> Measure:
    return Measure(
        measure, ("contact.tried",), "names", f"whom {outcome}", lambda f: [f["whom"]] if f[outcome] else None
    )


MEASURES: tuple[Measure, ...] = (
    Measure("contacts_begun", ("contact.begun",), "count", "", one),
    Measure("contacts_begun_deals", ("contact.begun",), "count", "deal", lambda f: f["deal"]),
    Measure("contacts_begun_open", ("contact.begun",), "count", "open", lambda f: f["open"]),
    Measure("contacts_tried", ("contact.tried",), "names", "whom", lambda f: [f["whom"]]),
    _whom("contacts_replied", "reply"),
    _whom("contacts_met", "meeting"),
    _whom("contacts_won", "win"),
    Measure("away", ("account.stands",), "names", "away_ms", lambda f: None if f["away_ms"] is None else [str(f["away_ms"])]),
    Measure("accounts_neglected", ("account.stands",), "count", "neglected", lambda f: f["neglected"]),
    Measure("accounts_known", ("account.stands",), "count", "level", lambda f: f.get("level") is not None),
    _part("engagement_level", "account.stands", "level"),
    _part("engagement_recency", "account.stands", "recency"),
    _part("engagement_frequency", "account.stands", "frequency"),
    _part("engagement_reply", "account.stands", "reply"),
    _part("engagement_breadth", "account.stands", "breadth"),
    Measure("accounts_tied", ("account.tied",), "count", "", one),
    _part("relationship_strength", "account.tied", "level"),
    _part("strength_reciprocity", "account.tied", "reciprocity"),
    _part("strength_recency", "account.tied", "recency"),
    _part("strength_contacts", "account.tied", "contacts"),
    _part("strength_csat", "account.tied", "csat"),
)  # fmt: skip
