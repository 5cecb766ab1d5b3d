"""The clockwork: stories take turns in the order of time, and what they say becomes events.

A story is a generator: it says what happens now and yields the time at which it goes on.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Any, TypeVar

from crmpulse.cloudevent import Event, Publisher
from crmpulse.company import rhythm
from crmpulse.company.tables import CURRENCY, FIRST_NAMES, LAST_NAMES, Habit

Story = Generator[float, None, None]
T = TypeVar("T")
REMEMBERED = 300


@dataclass(slots=True, eq=False)
class Deal:
    """What its story and the people around it need to know."""

    name: str
    account: str
    contact: str
    pipeline: str
    stage: str
    owner: "Seller"
    lines: list[dict[str, Any]]
    cents: int


@dataclass(slots=True, eq=False)
class Seller:
    """A person who sells, and what is on the desk now."""

    name: str
    title: str
    team: str
    habit: Habit
    leads: list[str] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)


class Office:
    """Everybody's common clock, dice and memory."""

    def __init__(self, seed: int, start_s: float, publisher: Publisher) -> None:
        self.rng = Random(seed)
        self.now = start_s
        self.publisher = publisher
        self.sellers: list[Seller] = []
        self.accounts: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        self._said: list[Event] = []
        self._stories: list[tuple[float, int, Story]] = []
        self._count = 0

    def run(self, until_s: float) -> Iterator[Event]:
        """What is said before that time; call it again to go on."""
        while self._stories and self._stories[0][0] < until_s:
            self.now, _, story = heappop(self._stories)
            wake = next(story, None)
            if wake is not None:
                self.start(story, max(wake, self.now))
            yield from self._said
            self._said.clear()

    def start(self, story: Story, at: float = 0.0) -> None:
        """Let the story begin, now or later."""
        heappush(self._stories, (max(at, self.now), self.number(), story))

    def say(self, kind: str, subject: str, data: Mapping[str, Any], actor: str = "", ago_s: float = 0.0) -> None:
        """It happened now, or as long ago as nobody has told until now."""
        event = self.publisher.event(kind, subject, rhythm.text(self.now - ago_s), data, f"{self.number():x}")
        if actor:
            event["actorid"] = actor
        self._said.append(event)

    def number(self) -> int:
        """One that nobody has had."""
        self._count += 1
        return self._count

    def after(self, days: float) -> float:
        """A working moment in about that many days, sooner or much later."""
        return rhythm.working(self.rng, self.now + self.rng.gammavariate(2.0, days / 2) * rhythm.DAY_S)

    def minutes(self, most: float) -> float:
        """Within so many minutes."""
        return self.now + self.rng.random() * most * 60

    def chance(self, probability: float) -> bool:
        """Whether it comes to that."""
        return self.rng.random() < probability

    def pick(self, weights: Mapping[T, int]) -> T:
        """One of the keys, the heavier the likelier."""
        left = self.rng.random() * sum(weights.values())
        for key, weight in weights.items():
            left -= weight
            if left < 0:
                return key
        raise ValueError("Nothing to pick from.")

    def person(self) -> str:
        """Somebody's name."""
        return f"{self.rng.choice(FIRST_NAMES)} {self.rng.choice(LAST_NAMES)}"


def money(cents: int) -> dict[str, str]:
    """An amount in the company's currency."""
    return {"amount": f"{cents // 100}.{cents % 100:02}", "currency": CURRENCY}


def daily(office: Office, mean: float, story: Callable[[Office], Story]) -> Story:
    """Start the story about `mean` times on an ordinary day, for ever."""
    day = rhythm.day_of(office.now)
    while True:
        for at in rhythm.moments(office.rng, day, mean):
            office.start(story(office), at)
        day += 1
        yield rhythm.morning(day)
