"""What a seller does all day: calls, mails, chats, tasks and meetings about the leads and deals on the desk."""

from typing import Any

from crmpulse.company import mishaps, rhythm
from crmpulse.company.office import Office, Seller, Story
from crmpulse.company.tables import (
    CALL_OUTCOMES,
    CURRENCY,
    DUE_DAYS,
    FEATURES,
    MEETING_KINDS,
    PRIORITIES,
    SOURCES,
    TASK_KINDS,
    WORKFLOWS,
)


def acts(office: Office, seller: Seller) -> Story:
    """One thing after the other, as many a day as is the seller's habit."""
    while True:
        for at in rhythm.moments(office.rng, rhythm.day_of(office.now), seller.habit.acts):
            yield at
            office.start(ACTS[office.pick(seller.habit.mix)](office, seller))
        yield rhythm.morning(rhythm.day_of(office.now) + 1)


def call(office: Office, seller: Seller) -> Story:
    """Somebody is rung up or rings, and seldom it has to be logged once more."""
    outcome = office.pick(CALL_OUTCOMES)
    seconds = office.rng.lognormvariate(5.2, 0.9) if outcome == "connected" else office.rng.uniform(2, 25)
    data = {
        **about(office, seller),
        "direction": "outbound" if office.chance(0.82) else "inbound",
        "outcome": outcome,
        "duration_ms": int(seconds * 1000),
    }
    subject = f"call/{office.number()}"
    office.say("call.logged", subject, data, seller.name, mishaps.forgotten_s(office))
    if office.chance(0.01):
        right = {**data, "outcome": "connected", "duration_ms": 180_000}
        office.start(mishaps.repeated(office, "call.logged", subject, right, seller.name))
    yield from ()


def email(office: Office, seller: Seller) -> Story:
    """A mail goes out, now and then by itself, and may be opened and answered."""
    number = f"{office.number()}"
    links = about(office, seller)
    automated = office.chance(0.18)
    sent = {**links, "direction": "outbound", "thread_id": f"T{number}", "automated": automated}
    office.say("email.logged", f"email/{number}", sent, seller.name)
    if office.chance(0.3):
        yield office.minutes(300)
        office.say("email.engaged", f"email/{number}", {"kind": "open"})
    if not automated and office.chance(0.3):
        yield office.after(0.6)
        answer = {**links, "direction": "inbound", "thread_id": f"T{number}", "in_reply_to": number}
        office.say("email.logged", f"email/{office.number()}", {**answer, "owner_id": seller.name})


def chat(office: Office, seller: Seller) -> Story:
    """A few messages to and fro."""
    links, conversation = about(office, seller), f"{office.number()}"
    for turn in range(office.rng.randint(2, 6)):
        ours = turn % 2 == 1
        author = "bot" if ours and turn == 1 and office.chance(0.3) else "human"
        told = {
            **links,
            "owner_id": seller.name,
            "channel": "whatsapp" if len(conversation) % 2 else "chat",
            "conversation_id": conversation,
            "direction": "outbound" if ours else "inbound",
            "author": author,
        }
        office.say(
            "message.logged", f"message/{office.number()}", told, seller.name if ours and author == "human" else ""
        )
        yield office.minutes(4)


def task(office: Office, seller: Seller) -> Story:
    """To be done by a date, which is kept, moved, missed or forgotten."""
    subject, days = f"task/{office.number()}", office.rng.choice(DUE_DAYS)
    doer = seller if office.chance(0.85) else office.rng.choice(office.sellers)
    due = rhythm.working(office.rng, office.now + days * rhythm.DAY_S)
    created = {
        **about(office, seller),
        "assignee_id": doer.name,
        "assigned_by": seller.name,
        "kind": (kind := office.pick(TASK_KINDS)),
        "name": kind.replace("_", " "),
        "priority": office.pick(PRIORITIES),
        **({"due_date": rhythm.date_text(due)} if office.chance(0.5) else {"due_at": rhythm.text(due)}),
    }
    office.say("task.created", subject, created, seller.name)
    if office.chance(doer.habit.prompt):
        yield max(office.now, rhythm.working(office.rng, due - office.rng.random() * days * rhythm.DAY_S))
        done = {"new": "done"} if office.chance(0.95) else {"new": "cancelled"}
        office.say("task.status_changed", subject, done, doer.name)
        if office.chance(0.02):
            yield office.after(1)
            office.say("task.status_changed", subject, {"new": "reopened"}, doer.name)
    elif office.chance(0.3):
        yield due
        later = rhythm.text(rhythm.working(office.rng, due + 3 * rhythm.DAY_S))
        office.say("task.status_changed", subject, {"new": "due_changed", "due_at": later}, doer.name)
    elif office.chance(0.75):
        yield rhythm.working(office.rng, due + office.rng.expovariate(1 / 4) * rhythm.DAY_S)
        office.say("task.status_changed", subject, {"new": "done"}, doer.name)


def meeting(office: Office, seller: Seller) -> Story:
    """Arranged for one of the next days, then held, missed, moved or called off."""
    subject = f"meeting/{office.number()}"
    start = rhythm.working(office.rng, office.now + office.rng.uniform(1, 7) * rhythm.DAY_S)
    links = {**about(office, seller), "owner_id": seller.name, "kind": office.pick(MEETING_KINDS)}
    office.say("meeting.scheduled", subject, {**links, **_slot(start)}, seller.name)
    if office.chance(0.12):
        yield start - rhythm.HOUR_S
        start = rhythm.working(office.rng, start + office.rng.uniform(1, 4) * rhythm.DAY_S)
        office.say("meeting.status_changed", subject, {"new": "rescheduled", **_slot(start)}, seller.name)
    yield start + rhythm.HOUR_S
    end = office.pick({"completed": 80, "no_show": 10, "cancelled": 10})
    office.say("meeting.status_changed", subject, {"new": end}, seller.name)


def look(office: Office) -> Story:
    """Somebody looks something up, for a few minutes."""
    seller, session = office.rng.choice(office.sellers), f"{office.number()}"
    feature = office.pick(FEATURES)
    for _ in range(office.rng.randint(1, 4)):
        told = {"session_id": session, "module": "sales", "feature": feature, "active_ms": 60_000}
        office.say("session.heartbeat", f"heartbeat/{office.number()}", told, seller.name)
        yield office.now + 60


def run(office: Office) -> Story:
    """A workflow spares somebody work."""
    yield office.minutes(5)
    told = {"workflow_id": office.pick(WORKFLOWS), "minutes_saved": office.rng.randint(2, 15)}
    office.say("automation.run", f"automation/{office.number()}", told, office.rng.choice(office.sellers).name)


def browse(office: Office) -> Story:
    """Somebody comes to the site, looks at a few pages, and perhaps at what is for sale."""
    yield office.minutes(1)
    source = office.rng.choice(("web", "ads"))
    told = {
        "visitor_hash": f"{office.number()}",
        "source": source,
        "channel": office.rng.choice(SOURCES[source].channels),
    }
    for kind in ("session", *["page"] * office.rng.randint(1, 4), *["click"] * office.rng.randint(0, 1)):
        office.say("web.visit", f"visit/{office.number()}", {"kind": kind, **told})


def campaign(office: Office) -> Story:
    """Money is spent to be found, month by month."""
    while True:
        value = {"amount": f"{office.rng.randint(40, 90)}00", "currency": CURRENCY}
        days = {"start": rhythm.date_text(office.now), "end": rhythm.date_text(office.now + 29 * rhythm.DAY_S)}
        office.say("spend.recorded", f"spend/{office.number()}", {"kind": "marketing", "value": value, **days})
        yield office.now + 30 * rhythm.DAY_S


ACTS = {"call": call, "email": email, "chat": chat, "task": task, "meeting": meeting}


def about(office: Office, seller: Seller) -> dict[str, Any]:
    """What it is about: a deal, a lead or a client."""
    if seller.deals and office.chance(0.6):
        it = office.rng.choice(seller.deals)
        return {"deal_id": it.name, "account_id": it.account, "contact_ids": [it.contact]}
    if seller.leads:
        return {"lead_id": office.rng.choice(seller.leads)}
    account, contact = office.rng.choice(office.accounts)
    return {"account_id": account, "contact_ids": [contact]}


def _slot(start: float) -> dict[str, str]:
    return {"start": rhythm.text(start), "end": rhythm.text(start + rhythm.HOUR_S)}
