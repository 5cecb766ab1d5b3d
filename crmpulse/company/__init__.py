"""A company that never existed, at work: believable people, habits, seasons and mistakes, from a seed."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from math import floor, inf

from crmpulse.cloudevent import Event, Publisher
from crmpulse.company import desk, mishaps, sales, support
from crmpulse.company.aims import aim
from crmpulse.company.directory import found
from crmpulse.company.haste import hurried
from crmpulse.company.office import Office, daily
from crmpulse.company.rhythm import DAY_S
from crmpulse.shift import later

LEADS_A_DAY, DEALS_A_DAY, TICKETS_A_DAY, LOOKS_A_DAY, RUNS_A_DAY, VISITS_A_DAY = 24, 4, 16, 12, 6, 20
FIRST_CLIENTS, FIRST_DEALS, FIRST_DAYS = 60, 120, 15
LIVE_PER_SECOND = 3.0


class Company:
    """The same seed, end and days make the same events.

    `history()` gives those of the `days` before `until` in the order in which they were reported, which is that of
    their times but for a few late ones; after it, `live()` goes on from there.
    """

    def __init__(self, seed: int, until: datetime, days: int = 120, org: str = "demo") -> None:
        self.until_s = until.timestamp()
        start_s = self.until_s - days * DAY_S
        self.office = Office(seed, start_s, Publisher(org, f"/crm/generated/{seed}/{self.until_s:.0f}"))
        agents = found(self.office)
        aim(self.office)
        for seller in self.office.sellers:
            self.office.start(desk.acts(self.office, seller))
        for _ in range(FIRST_CLIENTS):
            sales.client(self.office, self.office.rng.choice(self.office.sellers))
        for _ in range(FIRST_DEALS):
            self.office.start(sales.own_deal(self.office), self.office.after(FIRST_DAYS))
        self.office.start(mishaps.moved_team(self.office, days / 2))
        self.office.start(daily(self.office, LEADS_A_DAY, sales.lead))
        self.office.start(daily(self.office, DEALS_A_DAY, sales.own_deal))
        self.office.start(daily(self.office, TICKETS_A_DAY, partial(support.ticket, agents=agents)))
        self.office.start(daily(self.office, LOOKS_A_DAY, desk.look))
        self.office.start(daily(self.office, RUNS_A_DAY, desk.run))
        self.office.start(daily(self.office, VISITS_A_DAY, desk.browse))
        self.office.start(desk.campaign(self.office))

    def history(self) -> Iterator[Event]:
        """The past."""
        return self.office.run(self.until_s)

    def live(self, per_second: float = LIVE_PER_SECOND) -> Iterator[tuple[float, Event]]:
        """Endless: seconds to wait, then an event of about `until` plus all waits.

        The company's days pass as fast as they must for that many events a second, and what is due comes as much sooner.
        """
        now_s = self.until_s
        for event in self.office.run(inf):
            delay_s = self.office.rng.expovariate(per_second)
            now_s += delay_s
            yield delay_s, later(hurried(event, self.office.now, per_second), floor(now_s - self.office.now))
