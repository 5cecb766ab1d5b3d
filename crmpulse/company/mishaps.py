"""What goes wrong and is put right later: wrong values, doubled calls, troubled deals, changed owners, late reports."""

from collections.abc import Mapping
from typing import Any

from crmpulse.company.office import Deal, Office, Story, money
from crmpulse.company.rhythm import DAY_S, date_text


def corrected_value(office: Office, it: Deal) -> Story:
    """Somebody typed a zero too many, and notices."""
    yield office.after(1.5)
    office.say("deal.updated", f"deal/{it.name}", {"changed": {"value": {"new": money(it.cents)}}}, it.owner.name)


def trouble(office: Office, it: Deal) -> Story:
    """A deal in a stage: its health, its owner, its date, its record may change."""
    subject, stage, dice = f"deal/{it.name}", it.stage, office.rng.random()
    if dice > 0.28:
        return
    yield office.after(2)
    if it not in it.owner.deals or it.stage != stage:
        return
    if dice < 0.14:
        health = office.pick({"at_risk": 60, "has_problems": 40})
        office.say("deal.health_changed", subject, {"new": health, "note": "no answer for weeks"}, it.owner.name)
        yield office.after(4)
        if it in it.owner.deals and office.chance(0.6):
            office.say("deal.health_changed", subject, {"new": "ok"}, it.owner.name)
    elif dice < 0.23:
        later = {"new": date_text(office.now + 20 * DAY_S)}
        office.say("deal.updated", subject, {"changed": {"expected_close": later}}, it.owner.name)
    elif dice < 0.26:
        _hand_over(office, it)
    else:
        office.say("record.deleted", subject, {"reason": "user"}, it.owner.name)
        yield office.after(0.5)
        office.say("record.deleted", subject, {"restored": True}, it.owner.name)


def repeated(office: Office, kind: str, subject: str, data: Mapping[str, Any], actor: str) -> Story:
    """The same record is logged once more, and this time it is right."""
    yield office.minutes(30)
    office.say(kind, subject, data, actor)


def forgotten_s(office: Office) -> float:
    """How long ago it was, when somebody enters it: mostly just now, now and then two days."""
    return office.rng.random() * 2 * DAY_S if office.chance(0.015) else 0.0


def moved_team(office: Office, days: float) -> Story:
    """After so many days, one seller changes the team."""
    yield office.now + days * DAY_S
    seller, other = office.rng.sample(office.sellers, 2)
    seller.team = other.team
    office.say("user.updated", f"user/{seller.name}", {"name": seller.title, "team_id": other.team})


def _hand_over(office: Office, it: Deal) -> None:
    old, new = it.owner, office.rng.choice(office.sellers)
    old.deals.remove(it)
    new.deals.append(it)
    it.owner = new
    owners = {"new_owner": new.name, "old_owner": old.name}
    office.say("record.owner_changed", f"deal/{it.name}", owners, old.name)
