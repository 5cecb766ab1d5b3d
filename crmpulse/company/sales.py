"""How leads come in, become deals, and how deals end."""

from typing import Any

from crmpulse.company import mishaps
from crmpulse.company.office import Deal, Office, Seller, Story, money
from crmpulse.company.rhythm import DAY_S, date_text, month_end
from crmpulse.company.tables import (
    COMPANY_WORDS,
    COMPETITORS,
    DEAL_TYPES,
    DISQUALIFIED,
    INDUSTRIES,
    LOST_REASONS,
    PIPELINES,
    PRODUCTS,
    REGIONS,
    SOURCES,
)  # fmt: skip

SOURCE_WEIGHTS = {name: source.weight for name, source in SOURCES.items()}


def lead(office: Office) -> Story:
    """From the first contact to a deal, or to nothing."""
    origin = _origin(office)
    quality = SOURCES[origin.get("source", "")].quality
    seller, number = office.rng.choice(office.sellers), f"L{office.number()}"
    subject = f"lead/{number}"
    office.say("lead.created", subject, {"name": office.person(), "owner_id": seller.name, **origin})
    if office.chance(0.04):
        yield office.after(0.4)
        office.say("record.deleted", subject, {"reason": "spam"}, seller.name)
        return
    seller.leads.append(number)
    yield office.after(0.3 * seller.habit.pace)
    _move_lead(office, subject, seller, "working")
    yield office.after(2 * seller.habit.pace)
    if not office.chance(0.5 * quality):
        _move_lead(office, subject, seller, "disqualified", reason=office.pick(DISQUALIFIED))
        seller.leads.remove(number)
        if not office.chance(0.03):
            return
        yield office.after(9)
        _move_lead(office, subject, seller, "working")
        yield office.after(2)
        seller.leads.append(number)
    _move_lead(office, subject, seller, "qualified")
    yield office.after(3 * seller.habit.pace)
    seller.leads.remove(number)
    if office.chance(0.35):
        return
    sold = new_deal(office, seller)
    _move_lead(office, subject, seller, "converted", deal_id=sold.name, account_id=sold.account)
    office.start(deal(office, sold, {**origin, "lead_id": number}))


def own_deal(office: Office) -> Story:
    """A deal that a seller finds without a lead."""
    office.start(deal(office, new_deal(office, office.rng.choice(office.sellers)), {"source": "existing_business"}))
    yield from ()


def new_deal(office: Office, seller: Seller) -> Deal:
    """What somebody might buy, with a known or a new client."""
    account, contact = office.rng.choice(office.accounts) if office.chance(0.45) else client(office, seller)
    lines, cents = _basket(office)
    return Deal(f"D{office.number()}", account, contact, "", "", seller, lines, cents)


def deal(office: Office, it: Deal, origin: dict[str, Any]) -> Story:
    """Through the stages of its pipeline to its end."""
    _create(office, it, origin)
    for name, stage in PIPELINES[it.pipeline][1].items():
        if name != it.stage:
            move = {"pipeline_id": it.pipeline, "new_stage_id": name, "old_stage_id": it.stage}
            office.say("deal.stage_changed", f"deal/{it.name}", move, it.owner.name)
            it.stage = name
        office.start(mishaps.trouble(office, it))
        yield office.after(stage.days * it.owner.habit.pace)
        if office.chance(stage.loss * (2.1 - it.owner.habit.closing)):
            yield from _lose(office, it)
            return
    if office.chance(0.35):
        yield month_end(office.rng, office.now)
    yield from _win(office, it)


def _create(office: Office, it: Deal, origin: dict[str, Any]) -> None:
    it.pipeline, deal_type, subtype = office.pick(DEAL_TYPES)
    stages = PIPELINES[it.pipeline][1]
    it.stage = next(iter(stages))
    it.owner.deals.append(it)
    typo = 10 if office.chance(0.04) else 1
    created = {
        "name": f"{it.lines[0]['product_id']} for {it.account}",
        **origin,
        "account_id": it.account,
        "contact_ids": [it.contact],
        "owner_id": it.owner.name,
        "region": office.pick(REGIONS),
        "pipeline_id": it.pipeline,
        "stage_id": it.stage,
        "deal_type": deal_type,
        "deal_subtype": subtype,
        "value": money(it.cents * typo),
        "expected_close": date_text(office.now + sum(stage.days for stage in stages.values()) * DAY_S),
        "lines": it.lines,
    }
    office.say("deal.created", f"deal/{it.name}", created, it.owner.name)
    if typo > 1:
        office.start(mishaps.corrected_value(office, it))


def _win(office: Office, it: Deal) -> Story:
    won = {"value": money(it.cents), "lines": it.lines, "stage_id": it.stage}
    office.say("deal.won", f"deal/{it.name}", won, it.owner.name, mishaps.forgotten_s(office))
    it.owner.deals.remove(it)
    if office.chance(0.03):
        yield from _reopen(office, it, days=2)
        yield office.after(4)
        yield from _lose(office, it) if office.chance(0.5) else _win(office, it)


def _lose(office: Office, it: Deal) -> Story:
    reason = office.pick(LOST_REASONS)
    rival = office.rng.choice(COMPETITORS) if reason == "competitor" else None
    lost = {"value": money(it.cents), "lost_reason": reason, "competitor": rival, "stage_id": it.stage}
    office.say("deal.lost", f"deal/{it.name}", lost, it.owner.name)
    it.owner.deals.remove(it)
    if office.chance(0.04):
        yield from _reopen(office, it, days=15)
        yield office.after(8)
        yield from _win(office, it)


def _reopen(office: Office, it: Deal, days: float) -> Story:
    yield office.after(days)
    it.owner.deals.append(it)
    office.say("deal.reopened", f"deal/{it.name}", {"stage_id": it.stage}, it.owner.name)


def _move_lead(office: Office, subject: str, seller: Seller, new: str, **data: str) -> None:
    office.say("lead.status_changed", subject, {"new": new, **data}, seller.name)


def _origin(office: Office) -> dict[str, Any]:
    name = office.pick(SOURCE_WEIGHTS)
    source = SOURCES[name]
    told = {"source": name, "channel": office.rng.choice(source.channels), "region": office.pick(REGIONS)}
    told["campaign_id"] = office.rng.choice(source.campaigns)
    return {member: value for member, value in told.items() if value} | {"inbound": source.inbound}


def client(office: Office, seller: Seller) -> tuple[str, str]:
    """A company and a person in it, both new: their ids."""
    first, second, form = (office.rng.choice(words) for words in COMPANY_WORDS)
    account, contact = f"A{office.number()}", f"C{office.number()}"
    trade = {"industry": office.rng.choice(INDUSTRIES), "size": office.rng.choice((12, 40, 120, 350, 1500))}
    office.say(
        "account.created",
        f"account/{account}",
        {"name": f"{first}{second} {form}", "owner_id": seller.name, **trade},
        seller.name,
    )
    person = {"name": office.person(), "owner_id": seller.name, "account_id": account, "origin": "manual"}
    office.say("contact.created", f"contact/{contact}", {**person, "filled": ["name", "email"]}, seller.name)
    office.accounts.append((account, contact))
    return account, contact


def _basket(office: Office) -> tuple[list[dict[str, Any]], int]:
    lines, cents = [], 0
    for name in office.rng.sample(tuple(PRODUCTS), office.pick({1: 60, 2: 30, 3: 10})):
        product = PRODUCTS[name]
        quantity = office.rng.randint(1, product.most)
        price = product.price * (100 - office.pick({0: 60, 5: 20, 10: 15, 20: 5}))
        cents += quantity * price
        cost = money(product.cost * 100)
        lines.append({"product_id": name, "quantity": quantity, "unit_price": money(price), "unit_cost": cost})
    return lines, cents
