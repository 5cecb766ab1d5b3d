"""What customers ask for, how they are helped, and how they like it."""

from crmpulse.company.office import Office, Story
from crmpulse.company.rhythm import DAY_S, HOUR_S
from crmpulse.company.tables import AGENTS, CATEGORIES, PRIORITIES, RATINGS, TICKET_CHANNELS

SLA_HOURS = {"low": (24, 120), "normal": (8, 72), "high": (4, 24), "urgent": (1, 8)}


def ticket(office: Office, agents: dict[str, str]) -> Story:
    """From the question to the rating. `agents`: id by name."""
    title = office.rng.choice(tuple(agents))
    agent, skill = agents[title], AGENTS[title]
    number, priority = f"{office.number()}", office.pick(PRIORITIES)
    subject = f"ticket/{number}"
    account, contact = office.rng.choice(office.accounts)
    first, resolution = SLA_HOURS[priority]
    promised = {"first_response_ms": first * HOUR_S * 1000, "resolution_ms": resolution * HOUR_S * 1000}
    created = {
        "name": f"Request {number}",
        "owner_id": agent,
        "account_id": account,
        "requester_id": contact,
        "channel": office.pick(TICKET_CHANNELS),
        "category": office.pick(CATEGORIES),
        "priority": priority,
        "created_by": "customer",
        "sla": {**promised, "hours": "calendar" if priority == "urgent" else "business"},
    }
    office.say("ticket.created", subject, created)
    yield office.after(0.08 / skill)
    while True:
        yield from _work(office, subject, agent, skill)
        office.say("ticket.status_changed", subject, {"new": "solved"}, agent)
        yield office.after(0.5)
        if office.chance(0.35):
            office.start(_rating(office, number, account, skill))
        if not office.chance(0.08 / skill):
            break
        office.say("ticket.message", subject, {"author": "customer", "public": True})
        office.say("ticket.status_changed", subject, {"new": "open"})
    yield office.now + 3 * DAY_S
    office.say("ticket.status_changed", subject, {"new": "closed"})


def _work(office: Office, subject: str, agent: str, skill: float) -> Story:
    office.say("ticket.status_changed", subject, {"new": "open"}, agent)
    office.say("ticket.message", subject, {"author": "agent", "public": True}, agent)
    for _ in range(office.pick({0: 45, 1: 35, 2: 20})):
        yield office.minutes(20)
        office.say("ticket.status_changed", subject, {"new": "pending"}, agent)
        yield office.after(0.5)
        office.say("ticket.message", subject, {"author": "customer", "public": True})
        office.say("ticket.status_changed", subject, {"new": "open"})
        yield office.after(0.2 / skill)
        office.say("ticket.message", subject, {"author": "agent", "public": True}, agent)
    yield office.after(0.4 / skill)


def _rating(office: Office, ticket: str, account: str, skill: float) -> Story:
    while True:
        score = min(5, max(1, round(office.pick(RATINGS) * skill)))
        rating = {"kind": "csat", "score": score, "scale": 5, "ticket_id": ticket, "account_id": account}
        office.say("feedback.received", f"feedback/{office.number()}", rating)
        if not office.chance(0.05):
            return
        yield office.after(1)
